"""Which of the newest stored answers could not be used."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.decisions import ModelCall
from domain.ids import CycleId
from domain.record.model_use import Handover
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


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [(0, 0, True), (-60, 60, True), (1, 60, False), (-60, -1, False)],
    ids=["to_the_second", "around_it", "too_old", "from_the_future"],
)
def test_an_offered_answer_is_found_within_its_span(calls, since, until, found):
    calls.offer(CALL)
    span = {"since": NOON + timedelta(seconds=since), "until": NOON + timedelta(seconds=until)}
    assert (calls.offered("r-0", **span) is not None) is found
    assert calls.offered("r-1", **span) is None, "nobody offered that one"


def test_the_newest_offer_counts(calls):
    later = replace(CALL, cycle_id=CycleId("cyc-2"), call_id="call-9", at=NOON + timedelta(minutes=9))
    calls.save(later)
    for call in (CALL, later):
        calls.offer(call)
    assert calls.offered("r-0", since=NOON, until=NOON + timedelta(hours=1)) == later


def test_who_runs_a_cycle_holds_its_calls_and_the_call_that_was_stored_first_counts(calls, database):
    cycle, others = CycleId("cyc-1"), CallStore(database)
    with calls.held(cycle):
        assert calls.finished(cycle, "r-1") == others.finished(cycle, "r-1"), "what was on record before"
        new = calls.save(replace(CALL, call_id="call-9", request_digest="r-9"))
        assert calls.finished(cycle, "r-9") == new == others.finished(cycle, "r-9"), "known, and on disk already"
        first = others.save(replace(CALL, call_id="call-8", request_digest="r-8", response="first"))
        second = replace(first, response="second")
        assert calls.save(second) == calls.finished(cycle, "r-8") == first
        assert calls.of_cycle(cycle) == others.of_cycle(cycle)
    assert calls.finished(cycle, "r-8") == first


def test_handovers_are_counted_with_their_like(calls):
    passed = Handover(CycleId("cyc-1"), "advisor", "openai:first", "openai:second", "timeout")
    for each in (passed, passed, replace(passed, reason="quota"), replace(passed, cycle_id=CycleId("cyc-2"))):
        calls.handed_over(each)
    assert calls.handovers(CycleId("cyc-1")) == (replace(passed, reason="quota"), replace(passed, count=2))


def test_calls_of_a_span(calls):
    minute = timedelta(minutes=1)
    assert [call.call_id for call in calls.since(NOON + minute)] == ["call-1", "call-2", "call-3"]
    assert [call.call_id for call in calls.since(NOON, NOON + minute)] == ["call-0"]
