"""Which of the newest stored answers could not be used."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.decisions import ModelCall
from domain.ids import CycleId
from tests.builders.market import NOON
from trading.store.calls import CallStore

CALL = ModelCall("call-0", CycleId("cyc-1"), "advisor", "AAPL", "m", "scripted", "r-0", "p", "{}", "stop", 1, 1,
                 Decimal(0), 1, NOON)  # fmt: skip


@pytest.fixture
def calls(database):
    """Four calls a minute apart; the second and the fourth could not be used."""
    store = CallStore(database)
    for number in range(4):
        call = replace(
            CALL, call_id=f"call-{number}", request_digest=f"r-{number}", at=NOON + timedelta(minutes=number)
        )
        store.save(call)
        if number % 2:
            store.unusable(call, "schema")
    return store


def test_newest_first_and_no_more_than_asked_for(calls):
    assert calls.newest_faults(9) == ("schema", None, "schema", None)
    assert calls.newest_faults(2) == ("schema", None)


def test_only_since_the_owner_looked(calls):
    assert calls.newest_faults(9, since=NOON + timedelta(minutes=2)) == ("schema",)
    assert calls.newest_faults(9, since=NOON + timedelta(minutes=3)) == ()


def test_the_answer_itself_stays_as_it_was(calls):
    assert calls.finished(CycleId("cyc-1"), "r-1").response == "{}"
    calls.unusable(replace(CALL, request_digest="r-1"), "schema")
    assert calls.newest_faults(9).count("schema") == 2
