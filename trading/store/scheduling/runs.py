"""The ledger of runs: every run that a job was due, entered once, claimed by one process at a time, ended once.

    due -> running -> done | failed          skipped: too late for its job, and on record as that
            |  ^
            +--+  the lease ran out, or the process gave it back: the next claim is another attempt at the same run

What decides is the row, so restarts and other processes change nothing: a run that has its row is not entered again,
and whoever claims it has changed its state by compare-and-set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, or_, select

from domain.errors import RetryableError
from domain.ports import Clock
from trading.store.database import Database
from trading.store.scheduling.leases import TERM, Process
from trading.store.scheduling.tables import job_looks, job_runs

MOST_ATTEMPTS = 3
"""A run that its process did not survive so often is given up and says so."""


BEGUN = "begun"
"""Note of a run that was given back half-way."""


class RunState(StrEnum):
    """How a run stands."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class Dues(NamedTuple):
    """Moments at which a job was due: which are still to be run, and which it is too late for."""

    run: tuple[datetime, ...] = ()
    skip: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One run. ``begun_at`` and ``ended_at`` are by the wall clock."""

    job: str
    due_at: datetime
    trigger: str
    state: RunState
    holder: str
    lease_until: datetime | None
    attempts: int
    begun_at: datetime | None
    ended_at: datetime | None
    note: str

    @property
    def goes_on(self) -> bool:
        """True where somebody had begun with it before: what that one has left unfinished belongs to this run."""
        return self.attempts > 1 or self.note == BEGUN


class RunStore:
    """Runs by job and moment; ``clock`` is the wall's."""

    def __init__(self, database: Database, clock: Clock, process: Process) -> None:
        self._database = database
        self._clock = clock
        self._process = process

    def enter(self, job: str, now: datetime, dues_since: Callable[[datetime], Dues]) -> None:
        """Write down what the job was due since the last look at its timetable, whoever looked.

        The first look of all only begins: before it there was nothing to miss.
        """
        with self._database.transaction() as connection:
            since = self.looked_at(job)
            if since is None:
                connection.execute(job_looks.insert().values(job=job, at=now))
                return
            dues = dues_since(since)
            # With the mark in one transaction: a crash between them would miss runs or enter them twice.
            for due, state in (*((at, RunState.SKIPPED) for at in dues.skip), *((at, RunState.DUE) for at in dues.run)):
                self._insert(job, due, "", state)
            # Never back: simulated time may have been further when another process looked.
            if now > since:
                connection.execute(job_looks.update().where(job_looks.c.job == job).values(at=now))

    def enter_event(self, job: str, trigger: str, at: datetime, *, apart: timedelta) -> bool:
        """Write down a run for an event; False where the job had a run for an event within ``apart`` of it."""
        # In both directions: another process may have entered one for an event a moment later.
        near = (job_runs.c.due_at > at - apart) & (job_runs.c.due_at < at + apart) & (job_runs.c.trigger != "")
        with self._database.transaction() as connection:
            if connection.execute(select(job_runs.c.job).where(job_runs.c.job == job, near).limit(1)).first():
                return False
            self._insert(job, at, trigger, RunState.DUE)
        return True

    def looked_at(self, job: str) -> datetime | None:
        """When the job's timetable was last looked at; None before the first time."""
        with self._database.reading() as connection:
            query = select(job_looks.c.at).where(job_looks.c.job == job)
            found: datetime | None = connection.execute(query).scalar_one_or_none()
        return found

    def claim(self, job: str, *, term: timedelta = TERM) -> Run | None:
        """The oldest run of the job that nobody is at, now ours; None where there is none."""
        now = self._clock.now()
        with self._database.transaction() as connection:
            for run in self._of(job, RunState.DUE, RunState.RUNNING):
                if run.state is RunState.RUNNING and not self._is_left(run, now):
                    # A job does one run after the other, in whichever process.
                    return None
                # Counted when claimed and not when failed: a run that kills its process leaves no other trace.
                if run.attempts >= MOST_ATTEMPTS:
                    self._set(run, state=RunState.FAILED, ended_at=now, note=f"given up after {run.attempts} attempts")
                    continue
                values = {
                    "state": RunState.RUNNING, "holder": self._process.name, "lease_until": now + term,
                    "attempts": run.attempts + 1, "begun_at": run.begun_at or now,
                }  # fmt: skip
                connection.execute(job_runs.update().where(_row(run)).values(values))
                return self.get(run.job, run.due_at, run.trigger)
        return None

    def renew(self, run: Run, *, term: timedelta = TERM) -> bool:
        """A sign of life; False where another process has taken it over meanwhile."""
        with self._database.transaction() as connection:
            values = {"lease_until": self._clock.now() + term}
            return bool(connection.execute(job_runs.update().where(self._own(run)).values(values)).rowcount)

    def end(self, run: Run, state: RunState, note: str = "") -> None:
        """Done or failed, in the transaction of whatever it did where there is one; RetryableError for a lost run."""
        with self._database.transaction() as connection:
            values = {"state": state, "ended_at": self._clock.now(), "lease_until": None, "note": note}
            if not connection.execute(job_runs.update().where(self._own(run)).values(values)).rowcount:
                raise RetryableError(f"{run.job} was taken over by another process", "It goes on there.")

    def give_back(self, run: Run, *, begun: bool) -> None:
        """Let the next one have it at once; being stopped from outside is no failed attempt."""
        with self._database.transaction() as connection:
            note = BEGUN if begun else run.note
            values = {
                "state": RunState.DUE, "holder": "", "lease_until": None, "attempts": run.attempts - 1, "note": note,
            }  # fmt: skip
            connection.execute(job_runs.update().where(self._own(run)).values(values))

    def get(self, job: str, due_at: datetime, trigger: str = "") -> Run | None:
        """One run."""
        query = select(job_runs).where(
            job_runs.c.job == job, job_runs.c.due_at == due_at, job_runs.c.trigger == trigger
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _run(row)

    def newest(self, count: int, *, job: str | None = None, state: RunState | None = None) -> tuple[Run, ...]:
        """The newest runs, newest first."""
        query = select(job_runs).order_by(job_runs.c.due_at.desc(), job_runs.c.job).limit(count)
        if job is not None:
            query = query.where(job_runs.c.job == job)
        if state is not None:
            query = query.where(job_runs.c.state == state)
        with self._database.reading() as connection:
            return tuple(map(_run, connection.execute(query)))

    def open_runs(self, job: str) -> tuple[Run, ...]:
        """What is due or running, oldest first."""
        return self._of(job, RunState.DUE, RunState.RUNNING)

    def prune(self, before: datetime) -> int:
        """Forget ended runs that were due before."""
        ended = job_runs.c.state.in_((RunState.DONE, RunState.FAILED, RunState.SKIPPED))
        with self._database.transaction() as connection:
            return connection.execute(job_runs.delete().where(ended, job_runs.c.due_at < before)).rowcount

    def _insert(self, job: str, due: datetime, trigger: str, state: RunState) -> None:
        with self._database.transaction() as connection:
            if self.get(job, due, trigger) is not None:
                return
            empty = {"holder": "", "attempts": 0, "note": "too late" if state is RunState.SKIPPED else ""}
            connection.execute(job_runs.insert().values(job=job, due_at=due, trigger=trigger, state=state, **empty))

    def _of(self, job: str, *states: RunState) -> tuple[Run, ...]:
        query = select(job_runs).where(job_runs.c.job == job, or_(*(job_runs.c.state == state for state in states)))
        with self._database.reading() as connection:
            return tuple(map(_run, connection.execute(query.order_by(job_runs.c.due_at, job_runs.c.trigger))))

    def _is_left(self, run: Run, now: datetime) -> bool:
        # Of one process one thread does a job, so what it seems to be at itself is what a crash of that thread left.
        return run.holder == self._process.name or (
            run.lease_until is None or run.lease_until <= now or self._process.is_gone(run.holder)
        )

    def _set(self, run: Run, **values: object) -> None:
        with self._database.transaction() as connection:
            connection.execute(job_runs.update().where(_row(run)).values(values))

    def _own(self, run: Run) -> ColumnElement[bool]:
        return _row(run) & (job_runs.c.state == RunState.RUNNING) & (job_runs.c.holder == self._process.name)


def _row(run: Run) -> ColumnElement[bool]:
    key = (job_runs.c.job == run.job) & (job_runs.c.due_at == run.due_at)
    return key & (job_runs.c.trigger == run.trigger)


def _run(row: Row[Any]) -> Run:
    found = dict(row._mapping)
    return Run(**{**found, "state": RunState(found["state"])})
