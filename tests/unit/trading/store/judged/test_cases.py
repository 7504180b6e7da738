"""Judged cases: what was kept comes back as it was, once however often it is kept, and a change does not go unseen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from domain.errors import IntegrityError
from tests.builders.policies import a_case
from trading.store.judged.cases import CaseStore
from trading.store.judged.tables import case_parts, judged_cases

CASE = a_case()
KNOWN = frozenset() if CASE.proposal is None else CASE.proposal.known


@pytest.fixture
def kept(database):
    """The case, kept for a cycle."""
    store = CaseStore(database)
    return store, store.keep(CASE, "cyc-1")


def rows(database) -> tuple[int, int]:
    with database.reading() as connection:
        heads, parts = (select(func.count()).select_from(table) for table in (judged_cases, case_parts))
        return connection.execute(heads).scalar_one(), connection.execute(parts).scalar_one()


def test_a_case_comes_back_as_it_was(database, kept):
    _, named = kept
    assert CaseStore(database).find(named, KNOWN) == CASE


def test_it_is_kept_once_and_shares_its_parts(database, kept):
    store, named = kept
    assert store.keep(CASE, "cyc-1") == CaseStore(database).keep(CASE, "cyc-2") == named
    other = replace(CASE, order=replace(CASE.order, qty=CASE.order.qty + 1))
    assert store.keep(other, "cyc-1") != named
    assert rows(database) == (2, 2)


def test_what_was_rolled_back_is_kept_again(database):
    store = CaseStore(database)
    with pytest.raises(RuntimeError):
        keep_and_fail(database, store)
    assert rows(database) == (0, 0)
    assert store.find(store.keep(CASE, "cyc-1"), KNOWN) == CASE


def keep_and_fail(database, store) -> None:
    with database.transaction():
        store.keep(CASE, "cyc-1")
        raise RuntimeError("something else failed")


def test_an_unknown_case_is_none(database):
    assert CaseStore(database).find("0" * 64, frozenset()) is None


@pytest.mark.parametrize("statement", [
    "UPDATE judged_cases SET body = replace(body, '\"side\":\"buy\"', '\"side\":\"sell\"')",
    "UPDATE judged_cases SET body = '{}'",
    "UPDATE case_parts SET body = '{}'",
    "DELETE FROM case_parts",
])  # fmt: skip
def test_a_changed_case_is_found(database, kept, statement):
    store, named = kept
    with database.transaction() as connection:
        connection.execute(text(statement))
    with pytest.raises(IntegrityError, match="judged case"):
        store.find(named, KNOWN)


@pytest.mark.parametrize(("cycle", "leg", "noted"), [("cyc-1", "entry", True), ("", "entry", False),
                                                     ("cyc-1", "stop", False)])  # fmt: skip
def test_only_what_carries_out_a_decision_of_a_cycle_is_kept(database, cycle, leg, noted):
    case = replace(CASE, order=replace(CASE.order, leg=leg, qty=Decimal(7)))
    assert bool(CaseStore(database).noted(case, cycle)) is noted
    assert rows(database)[0] == noted
