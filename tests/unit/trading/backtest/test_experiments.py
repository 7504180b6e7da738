"""Experiments: ids and digests, what is stored is never changed, and what the gates said, counted."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from domain.errors import IntegrityError
from tests.builders.experiments import an_answer, an_experiment
from tests.builders.market import NOON
from trading.backtest.experiment import GateTally, Stopped
from trading.backtest.rulings import judged
from trading.store.database import open_database
from trading.store.research.experiments import ExperimentStore
from trading.store.research.tables import experiments


@pytest.fixture
def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    yield opened
    opened.close()


@pytest.fixture
def store(database):
    return ExperimentStore(database)


CHANGES: list[dict[str, Any]] = [
    {"strategy": "all"}, {"seed": 8}, {"cash": Decimal(1)}, {"approves": True}, {"policy_digest": "e"},
    {"code_digest": "e"}, {"data_digest": "e"}, {"sessions": 6},
]  # fmt: skip


def test_every_part_of_the_question_is_in_its_id():
    assert len({an_experiment(**change).id for change in ({}, *CHANGES)}) == 1 + len(CHANGES)


def test_the_digest_is_of_question_and_answer_and_not_of_the_asking():
    made = an_experiment()
    assert replace(made, made_at=NOON + timedelta(days=9), made_by="somebody").digest == made.digest
    assert replace(made, answer=an_answer(degraded=1)).digest != made.digest


def test_what_is_stored_comes_back_and_is_never_changed(store):
    made = an_experiment()
    assert store.save(made)
    assert not store.save(replace(made, answer=an_answer(degraded=1)))
    assert store.get(made.id) == made
    later = replace(an_experiment(strategy="all"), made_at=NOON + timedelta(hours=1))
    store.save(later)
    assert [one.id for one in store.newest(9)] == [later.id, made.id]
    assert store.newest(9, "momentum") == (made,)
    assert store.named(made.id[:9]) == (made,)
    assert (store.named("exp-%"), store.get("exp-x")) == ((), None)


def test_a_changed_row_is_told(database, store):
    store.save(an_experiment())
    with database.transaction() as connection:
        connection.execute(update(experiments).values(answer=an_answer(open_positions=7)))
    with pytest.raises(IntegrityError, match="was changed after it was stored"):
        store.newest(1)


def verdicts(decision, outcome, *denied, leg="entry"):
    each = [
        {"gate": gate, "code": code, "outcome": "DENY", "limit": None, "value": None, "margin": None, "quantity": None,
         "note": ""} for gate, code in denied
    ]  # fmt: skip
    said = {"outcome": outcome, "final_qty": "0", "codes": [], "verdicts": each, "policy_digest": "p"}
    return SimpleNamespace(body={"evaluation": said, "intent": {"decision_id": decision, "leg": leg}})


def test_every_order_counts_once_by_the_last_word_on_it():
    found = judged(
        [
            verdicts("dec-1", "PASS"),
            verdicts("dec-1", "DENY", ("E7", "WIDE")),
            verdicts("dec-2", "DENY", ("E7", "WIDE"), ("B1", "LARGE")),
            verdicts("dec-3", "NEED_APPROVAL"),
            verdicts("dec-3", "REDUCE"),
            verdicts("dec-4", "NEED_APPROVAL"),
            verdicts("dec-5", "PASS", leg="exit"),
            verdicts("dec-5", "DENY", ("E7", "WIDE"), leg="stop"),
        ]
    )
    assert found == GateTally(5, 1, 1, 1, 2, (Stopped("E7", "WIDE", 2), Stopped("B1", "LARGE", 1)))
