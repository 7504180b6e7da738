"""The jobs on the timetable: what each does, when, what becomes of a run that nobody was there for, and on what event.

skip   a run that is later than ``GRACE`` is left out; the next one comes anyway
once   of several that were missed the newest is made up for
all    each is made up for, the oldest first
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from domain.errors import ConfigurationError
from domain.ports import Calendar
from interfaces.scheduler.rules import Rule, moments, parse_rule
from trading.store.scheduling.runs import Dues

GRACE = timedelta(minutes=2)
"""A run that is so late is still in time."""
LONGEST_GAP = timedelta(days=7)
"""Of a longer absence only this much is looked back at."""
FARTHEST = timedelta(days=21)
"""How far ahead the next run is looked for: no exchange is closed longer."""


class JobKind(StrEnum):
    """What can be scheduled, in the order in which what is due together is done: the books before what uses them."""

    RECONCILE = "reconcile"
    POLICY_RELOAD = "policy-reload"
    ALGO_STEP = "algo-step"
    CYCLE = "cycle"
    REPORT = "report"
    LEARN = "learn"
    MAINTENANCE = "maintenance"


IN_SESSION = frozenset({JobKind.CYCLE, JobKind.ALGO_STEP})
"""What trades: of no use once the session in which it was due is over."""


class MissedRuns(StrEnum):
    """What becomes of runs that nobody was there for."""

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


class Trigger(StrEnum):
    """Events that can start a cycle between two of its times."""

    ALERT = "alert"
    NEWS = "news"
    FILL = "fill"
    BREACH = "breach"


@dataclass(frozen=True, slots=True)
class Job:
    """One job. ``apart`` is the least time between two runs for events, however many events there are."""

    kind: JobKind
    rules: tuple[Rule, ...]
    missed: MissedRuns
    on: frozenset[Trigger] = frozenset()
    apart: timedelta = timedelta(minutes=10)


class JobTerms(Protocol):
    """A job as the settings have it."""

    @property
    def at(self) -> Sequence[str]:
        """Its rules, in words."""
        ...

    @property
    def missed(self) -> str:
        """``skip``, ``once`` or ``all``."""
        ...

    @property
    def on(self) -> Sequence[str]:
        """Events."""
        ...

    @property
    def apart_minutes(self) -> int:
        """The least time between two runs for events."""
        ...


class Next(NamedTuple):
    """A run to come: which job, when, and the rule that says so."""

    at: datetime
    job: JobKind
    rule: str


def jobs_of(told: Mapping[str, JobTerms]) -> tuple[Job, ...]:
    """The jobs of the settings, in the order of ``JobKind``; ConfigurationError for one that cannot be read."""
    found = []
    for kind in JobKind:
        given = told.get(kind)
        if given is None:
            continue
        if given.on and kind is not JobKind.CYCLE:
            raise ConfigurationError(f"[schedule.{kind}] waits for events", "Only the cycle does: `on` goes there.")
        try:
            rules, on = tuple(map(parse_rule, given.at)), frozenset(map(Trigger, given.on))
        except ConfigurationError as error:
            raise ConfigurationError(f"[schedule.{kind}]: {error.what}", error.remedy) from None
        found.append(Job(kind, rules, MissedRuns(given.missed), on, timedelta(minutes=given.apart_minutes)))
    return tuple(found)


def due_times(job: Job, calendar: Calendar, after: datetime, until: datetime) -> tuple[datetime, ...]:
    """Every moment in ``(after, until]`` at which the job is due by its timetable, each once."""
    return tuple(sorted({at for rule in job.rules for at in moments(rule, calendar, after, until)}))


def outstanding(job: Job, calendar: Calendar, since: datetime, now: datetime) -> Dues:
    """What the job was due in ``(since, now]``, sorted by what its policy makes of lateness."""
    dues = due_times(job, calendar, max(since, now - LONGEST_GAP), now)
    of_use = tuple(at for at in dues if not _is_over(job, calendar, at, now))
    if job.missed is MissedRuns.ALL:
        run = of_use
    elif job.missed is MissedRuns.ONCE:
        run = of_use[-1:]
    else:
        run = tuple(at for at in of_use if now - at <= GRACE)
    # What is left out is on record as left out: a gap in the ledger of runs must have a reason.
    return Dues(run=run, skip=tuple(at for at in dues if at not in run))


def _is_over(job: Job, calendar: Calendar, due: datetime, now: datetime) -> bool:
    session = calendar.session_at(due) if job.kind in IN_SESSION else None
    return session is not None and now >= session.closes_at


def next_due(jobs: Iterable[Job], calendar: Calendar, after: datetime) -> datetime | None:
    """The first moment after ``after`` at which any of the jobs is due."""
    coming = next_runs(jobs, calendar, after, 1)
    return coming[0].at if coming else None


def next_of_each(jobs: Iterable[Job], calendar: Calendar, after: datetime) -> tuple[Next, ...]:
    """The next run of every rule, soonest first; a rule that is not due in three weeks is left out."""
    each = (replace(job, rules=(rule,)) for job in jobs for rule in job.rules)
    return _in_order(run for one in each for run in next_runs((one,), calendar, after, 1))


def next_runs(jobs: Iterable[Job], calendar: Calendar, after: datetime, count: int) -> tuple[Next, ...]:
    """The next runs of all jobs, soonest first."""
    jobs, reach = tuple(jobs), timedelta(days=1)
    while True:
        found = [
            Next(at, job.kind, str(rule))
            for job in jobs
            for rule in job.rules
            for at in moments(rule, calendar, after, after + reach)
        ]
        if len(found) >= count or reach >= FARTHEST:
            return _in_order(found)[:count]
        # Most answers lie within a day; three weeks of minutes are not counted to find the next one.
        reach = min(FARTHEST, reach * 3)


def _in_order(runs: Iterable[Next]) -> tuple[Next, ...]:
    order = list(JobKind)
    return tuple(sorted(runs, key=lambda each: (each.at, order.index(each.job))))


def event_due(job: Job, events: Iterable[datetime], last: datetime | None, calendar: Calendar) -> datetime | None:
    """When the job runs for these events: at the first that is newer than its last run, but ``apart`` from that run.

    Worked: the last run was at 15:00 and runs are 10 minutes apart; alerts at 15:04 and 15:06 make one run at 15:10.
    Outside a session nothing can be traded, so nothing runs; the timetable's next run sees what happened.
    """
    fresh = sorted(at for at in events if last is None or at > last)
    if not fresh:
        return None
    due = fresh[0] if last is None else max(fresh[0], last + job.apart)
    return due if calendar.session_at(due) is not None else None
