"""The ledger of runs on both databases: each run once, whoever asks, whatever dies."""

from datetime import datetime, timedelta

import pytest

from domain.errors import RetryableError
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.serving import a_run_store
from tests.unit.trading.store.conftest import database, url  # noqa: F401  # the fixtures of the folder above
from trading.store.scheduling.runs import MOST_ATTEMPTS, Dues, RunState

JOB = "cycle"
BEFORE, LATER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def ours(database, clock):  # noqa: F811
    return a_run_store(database, "desk:1:1", clock)


@pytest.fixture
def theirs(database, clock):  # noqa: F811
    return a_run_store(database, "desk:2:2", clock)


def enter(store, *dues, skip=()):
    store.enter(JOB, BEFORE, lambda _since: Dues())
    store.enter(JOB, NOON, lambda _since: Dues(run=dues, skip=skip))


def test_a_run_that_was_written_down_is_not_written_down_again(ours, theirs):
    for store in (ours, theirs, ours):
        enter(store, NOON, LATER)
    assert [run.due_at for run in ours.open_runs(JOB)] == [NOON, LATER]


def test_the_first_look_only_begins_and_each_later_one_goes_on_from_the_last(ours, theirs):
    seen: list[datetime] = []

    def dues(since):
        seen.append(since)
        return Dues(run=(since,))

    for store, now in ((ours, BEFORE), (theirs, NOON), (ours, LATER)):
        store.enter(JOB, now, dues)
    assert seen == [BEFORE, NOON]
    assert [run.due_at for run in ours.open_runs(JOB)] == [BEFORE, NOON]
    ours.enter(JOB, NOON, lambda _since: Dues())
    assert ours.looked_at(JOB) == LATER, "a clock that is behind takes nothing back"


def test_what_was_too_late_is_on_record_and_never_run(ours):
    enter(ours, skip=(NOON,))
    assert ours.claim(JOB) is None
    assert [(run.state, run.note) for run in ours.newest(9)] == [(RunState.SKIPPED, "too late")]


def test_one_process_gets_a_run_and_a_job_does_one_after_the_other(ours, theirs):
    enter(ours, NOON, LATER)
    run = ours.claim(JOB)
    assert (run.due_at, run.state, run.attempts, run.goes_on) == (NOON, RunState.RUNNING, 1, False)
    assert theirs.claim(JOB) is None, "the next one waits until this one has ended"
    ours.end(run, RunState.DONE, "well")
    assert theirs.claim(JOB).due_at == LATER


def test_a_lease_that_ran_out_is_taken_over_and_its_old_holder_cannot_end_the_run(ours, theirs, clock):
    enter(ours, NOON)
    run = ours.claim(JOB, term=timedelta(seconds=60))
    clock.wait(seconds=30)
    assert ours.renew(run, term=timedelta(seconds=60))
    clock.wait(seconds=59)
    assert theirs.claim(JOB) is None
    clock.wait(seconds=1)
    taken = theirs.claim(JOB)
    assert (taken.due_at, taken.attempts, taken.goes_on) == (NOON, 2, True)
    assert not ours.renew(run)
    with pytest.raises(RetryableError, match="taken over by another process"):
        ours.end(run, RunState.DONE)
    theirs.end(taken, RunState.DONE)
    assert ours.claim(JOB) is None


def test_what_a_dead_process_had_is_taken_over_at_once(ours, database, clock):  # noqa: F811
    enter(ours, NOON)
    ours.claim(JOB)
    other = a_run_store(database, "desk:2:2", clock, gone=lambda name: name == "desk:1:1")
    taken = other.claim(JOB)
    assert taken is not None
    assert taken.attempts == 2


def test_a_run_that_was_given_back_is_had_at_once_and_costs_no_attempt(ours, theirs):
    enter(ours, NOON)
    for _ in range(MOST_ATTEMPTS + 1):
        run = ours.claim(JOB)
        assert run.attempts == 1
        ours.give_back(run, begun=False)
    assert not theirs.claim(JOB).goes_on
    theirs.give_back(theirs.get(JOB, NOON), begun=True)
    assert ours.claim(JOB).goes_on, "what was begun belongs to this run"


def test_a_run_that_kills_its_process_again_and_again_is_given_up(ours):
    enter(ours, NOON, LATER)
    for _ in range(MOST_ATTEMPTS):
        assert ours.claim(JOB).due_at == NOON
    assert ours.claim(JOB).due_at == LATER
    assert (ours.get(JOB, NOON).state, ours.get(JOB, NOON).note) == (RunState.FAILED, "given up after 3 attempts")


def test_the_end_of_a_run_is_part_of_the_transaction_around_it(ours, database):  # noqa: F811
    enter(ours, NOON)
    run = ours.claim(JOB)

    def fails():
        with database.transaction():
            ours.end(run, RunState.DONE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert ours.get(JOB, NOON).state is RunState.RUNNING


def test_events_close_together_are_one_run(ours, theirs):
    apart = timedelta(minutes=10)
    assert ours.enter_event(JOB, "fill", NOON, apart=apart)
    assert not theirs.enter_event(JOB, "alert", NOON + timedelta(minutes=9), apart=apart)
    assert theirs.enter_event(JOB, "alert", NOON + apart, apart=apart)
    assert [run.trigger for run in ours.open_runs(JOB)] == ["fill", "alert"]


def test_old_runs_are_forgotten_and_do_not_come_back(ours):
    enter(ours, NOON, LATER)
    ours.end(ours.claim(JOB), RunState.DONE)
    assert ours.prune(LATER + timedelta(days=30)) == 1
    assert [run.due_at for run in ours.newest(9)] == [LATER], "what is still to be done is never forgotten"
    assert ours.looked_at(JOB) == NOON
