"""What is due, what was missed and what an event starts, over two years of sessions in virtual time."""

import random
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from domain.errors import ConfigurationError
from interfaces.scheduler.jobs import (
    GRACE,
    Job,
    JobKind,
    MissedRuns,
    Trigger,
    due_times,
    event_due,
    jobs_of,
    next_due,
    next_of_each,
    next_runs,
    outstanding,
)
from interfaces.scheduler.rules import parse_rule
from settings.schedule import JobSettings, ScheduleSettings
from tests.builders.market import at
from tests.builders.runtime import the_calendar

MONDAY = "2026-03-16"


def a_job(*rules, kind=JobKind.RECONCILE, missed=MissedRuns.ONCE, **changes):
    return Job(kind, tuple(map(parse_rule, rules)), missed, **changes)


def times(found):
    return [f"{each:%H:%M}" for each in found]


@pytest.mark.parametrize(
    ("missed", "run", "skip"),
    [
        pytest.param(MissedRuns.SKIP, ["15:30"], ["13:30", "14:30"], id="skip"),
        pytest.param(MissedRuns.ONCE, ["15:30"], ["13:30", "14:30"], id="once"),
        pytest.param(MissedRuns.ALL, ["13:30", "14:30", "15:30"], [], id="all"),
    ],
)
def test_what_was_missed_by_the_policy_of_its_job(missed, run, skip):
    job = a_job("open", "open+1h", "open+2h", missed=missed)
    dues = outstanding(job, the_calendar(), at(f"{MONDAY}T12:00"), at(f"{MONDAY}T15:30") + GRACE)
    assert (times(dues.run), times(dues.skip)) == (run, skip)


def test_a_run_that_is_later_than_the_grace_is_left_out_where_the_policy_says_skip():
    job, due = a_job("open", missed=MissedRuns.SKIP), at(f"{MONDAY}T13:30")
    late = due + GRACE + timedelta(seconds=1)
    assert outstanding(job, the_calendar(), due - GRACE, late) == ((), (due,))


@pytest.mark.parametrize("missed", list(MissedRuns))
def test_a_cycle_is_not_made_up_for_once_its_session_is_over(missed):
    job = a_job("open+30m", "close-30m", kind=JobKind.CYCLE, missed=missed)
    closed = outstanding(job, the_calendar(), at(f"{MONDAY}T12:00"), at(f"{MONDAY}T20:00"))
    assert closed.run == ()
    assert len(closed.skip) == 2


def test_what_lies_farther_back_than_a_week_is_not_looked_for():
    job = a_job("open", missed=MissedRuns.ALL)
    assert len(outstanding(job, the_calendar(), at("2025-03-16T00:00"), at("2026-03-16T00:00")).run) == 5


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("missed", list(MissedRuns))
def test_two_years_of_looks_at_random_times_find_every_moment_once(missed, seed):
    """Restarts, sleeps of minutes and of days: what is run and what is left out are the whole timetable, each once."""
    rng, calendar = random.Random(seed), the_calendar()
    job = a_job("open+30m", "close-30m", "every 90m", kind=JobKind.CYCLE, missed=missed)
    now, end = at("2025-01-02T00:00"), at("2027-01-02T00:00")
    run: list[tuple[datetime, datetime]] = []
    skipped: list[datetime] = []
    began = now
    while now < end:
        since, now = now, min(end, now + timedelta(minutes=rng.choice((1, 3, 20, 200, 4000))))
        dues = outstanding(job, calendar, since, now)
        run, skipped = [*run, *((due, now) for due in dues.run)], [*skipped, *dues.skip]
    whole = due_times(job, calendar, began, end)
    assert sorted([due for due, _ in run] + skipped) == list(whole)
    assert all(earlier < later for earlier, later in pairwise(whole)), "two rules at one moment are one run"
    for due, when in run:
        session = calendar.session_at(due)
        assert session is not None, f"{due} is outside every session"
        assert when < session.closes_at, f"{due} was run at {when}, after its session"
    if missed is MissedRuns.ALL:
        assert all(when >= due for due, when in run)


def test_every_session_of_two_years_has_its_runs():
    """Both changes of clocks and five early closes lie in these years, and every session has exactly two."""
    calendar, job = the_calendar(), a_job("open+30m", "close-30m", kind=JobKind.CYCLE)
    sessions = calendar.sessions(at("2025-01-02T00:00"), at("2027-01-02T00:00"))
    whole = due_times(job, calendar, at("2025-01-02T00:00"), at("2027-01-02T00:00"))
    short = [each for each in sessions if each.closes_at - each.opens_at < timedelta(hours=6)]
    assert len(short) >= 5
    assert list(whole) == [
        moment
        for each in sessions
        for moment in (each.opens_at + timedelta(minutes=30), each.closes_at - timedelta(minutes=30))
    ]


def test_the_next_runs_of_all_jobs_soonest_first_and_the_books_before_the_cycle():
    jobs = (a_job("open", "open+30m"), a_job("open+30m", kind=JobKind.CYCLE), a_job("close", kind=JobKind.REPORT))
    coming = next_runs(jobs, the_calendar(), at(f"{MONDAY}T12:00"), 5)
    assert [(f"{each.at:%d %H:%M}", each.job.value) for each in coming] == [
        ("16 13:30", "reconcile"), ("16 14:00", "reconcile"), ("16 14:00", "cycle"), ("16 20:00", "report"),
        ("17 13:30", "reconcile"),
    ]  # fmt: skip
    each = next_of_each(jobs, the_calendar(), at(f"{MONDAY}T13:45"))
    assert [(f"{run.at:%d %H:%M}", run.job.value, run.rule) for run in each] == [
        ("16 14:00", "reconcile", "open+30m"), ("16 14:00", "cycle", "open+30m"), ("16 20:00", "report", "close"),
        ("17 13:30", "reconcile", "open"),
    ]  # fmt: skip
    assert next_due(jobs, the_calendar(), at("2026-12-24T19:00")) == at("2026-12-28T14:30")
    assert next_due((), the_calendar(), at(f"{MONDAY}T12:00")) is None


CYCLE = a_job("open+30m", kind=JobKind.CYCLE, on=frozenset({Trigger.ALERT}), apart=timedelta(minutes=10))


@pytest.mark.parametrize(
    ("events", "last", "due"),
    [
        pytest.param([], "15:00", None, id="nothing_happened"),
        pytest.param(["15:04", "15:06"], "15:00", "15:10", id="a_burst_is_one_run"),
        pytest.param(["15:25"], "15:00", "15:25", id="long_after_the_last_run_at_once"),
        pytest.param(["14:59", "15:00"], "15:00", None, id="the_last_run_has_seen_it"),
        pytest.param(["20:05"], "15:00", None, id="the_exchange_is_closed"),
        pytest.param(["19:55"], "19:52", None, id="the_run_would_be_after_the_close"),
        pytest.param(["15:04"], None, "15:04", id="no_run_yet"),
    ],
)
def test_what_an_event_starts(events, last, due):
    day = [at(f"{MONDAY}T{each}") for each in events]
    found = event_due(CYCLE, day, None if last is None else at(f"{MONDAY}T{last}"), the_calendar())
    assert found == (None if due is None else at(f"{MONDAY}T{due}"))


def test_the_defaults_can_be_read_and_name_every_job():
    jobs = jobs_of(ScheduleSettings().jobs)
    assert [job.kind for job in jobs] == list(JobKind)
    assert {job.missed for job in jobs} == {MissedRuns.ONCE}


@pytest.mark.parametrize(
    "told",
    [{"learn": JobSettings(at=("noon",))}, {"learn": JobSettings(on=("fill",))}],
    ids=["no_time", "an_event_for_another_job"],
)
def test_a_schedule_that_makes_no_sense_is_refused(told):
    with pytest.raises(ConfigurationError, match=r"^\[schedule\.learn\]"):
        jobs_of(told)
