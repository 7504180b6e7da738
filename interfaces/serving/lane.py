"""A lane: the jobs that one thread does, one after the other, each run claimed in the ledger before it begins.

    enter   what the timetable and the events made due since the last look, written down once
    claim   the oldest run that nobody is at
    do      with signs of life; done and failed are on record, and a run that was stopped half-way is given back

Runs of one job follow one another. Jobs of different lanes go on beside each other, so that a cycle which waits for a
model keeps neither the comparison with the broker nor a sliced order from its time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from time import perf_counter

from domain.errors import OversightError, RetryableError
from interfaces.scheduler.jobs import Job, JobKind, due_times, event_due, next_due, outstanding
from interfaces.serving.events import OF_USE, Lookout
from interfaces.serving.holding import Busy, kept_alive
from interfaces.serving.work import WORK, Stopping, Worker
from trading.monitor.logs import correlated
from trading.store.scheduling.runs import Run, RunState, RunStore

LONGEST_LOOK_S = 30.0
"""So often a lane looks even if nothing is due: for events, and for runs that others have left."""
_log = logging.getLogger(__name__)


class Lane:
    """Jobs in the order in which they are done when they are due together."""

    def __init__(self, name: str, jobs: Sequence[Job], worker: Worker, lookout: Lookout) -> None:
        self.name = name
        self._jobs = tuple(jobs)
        self._worker = worker
        self._lookout = lookout
        self._entered: dict[JobKind, datetime] = {}

    @property
    def runs(self) -> RunStore:
        """The ledger."""
        return self._worker.runtime.duties.runs

    def tick(self, now: datetime) -> datetime | None:
        """Do everything that is due at ``now``; the answer is when the next run is due."""
        for job in self._jobs:
            if self._worker.stopping():
                break
            self._enter(job, now)
            # Looked at before it is claimed: most looks find nothing, and a claim takes the turn of a writer.
            while not self._worker.stopping() and self.runs.open_runs(job.kind):
                run = self.runs.claim(job.kind)
                if run is None or not self._do(job, run):
                    break
        coming = next_due((job for job in self._jobs if self._wanted(job)), self._worker.runtime.deps.calendar, now)
        self._worker.vitals.beat(self.name, coming)
        return coming

    def live(self, wait: Callable[[float], bool]) -> None:
        """Tick until ``wait`` says that it is over; it sleeps so many seconds, or less when it is woken."""
        clock = self._worker.runtime.deps.clock
        while True:
            coming = self.tick(clock.now())
            left = LONGEST_LOOK_S if coming is None else (coming - clock.now()).total_seconds()
            # Never nothing: what is due and held by another process would make this a loop without rest.
            if wait(min(LONGEST_LOOK_S, max(0.05, left))):
                return

    def _wanted(self, job: Job) -> bool:
        """A minute without a sliced order is no run at all: the ledger of runs is not to fill up with nothing."""
        return job.kind is not JobKind.ALGO_STEP or bool(self._worker.runtime.duties.algo_store.open())

    def _enter(self, job: Job, now: datetime) -> None:
        calendar = self._worker.runtime.deps.calendar
        before = self._entered.get(job.kind)
        # The first look asks the ledger what was missed; later ones touch it only when something is due.
        if before is None or due_times(job, calendar, before, now):
            if self._wanted(job):
                self.runs.enter(job.kind, now, lambda since: outstanding(job, calendar, since, now))
            self._entered[job.kind] = now
        if job.kind is JobKind.CYCLE and job.on:
            self._lookout.look(now)
            self._enter_event(job, now)

    def _enter_event(self, job: Job, now: datetime) -> None:
        inbox, deps = self._worker.inbox, self._worker.runtime.deps
        last = deps.stores.cycles.last(self._worker.runtime.setup.account_id)
        waiting = [(at, trigger) for at, trigger in inbox.waiting() if last is None or at > last.as_of]
        due = event_due(job, (at for at, _ in waiting), None if last is None else last.as_of, deps.calendar)
        if due is not None and now - OF_USE < due <= now:
            self.runs.enter_event(job.kind, waiting[0][1], due, apart=job.apart)
            inbox.use_up(now)

    def _do(self, job: Job, run: Run) -> bool:
        """One run; False where the lane should go on with something else."""
        with correlated(f"{run.job} {run.due_at:%Y-%m-%dT%H:%M:%SZ}"):
            return self._done(job, run)

    def _done(self, job: Job, run: Run) -> bool:
        began, outcome, goes_on = perf_counter(), "done", True
        try:
            with kept_alive(run.job, lambda: self.runs.renew(run)) as still_ours:
                note = WORK[job.kind](self._worker, run, still_ours)
            if job.kind is not JobKind.CYCLE:  # whose end is written with the cycle's own
                self.runs.end(run, RunState.DONE, note)
            _log.info("%s done: %s", run.job, note)
        except (Stopping, Busy) as reason:
            # Busy had not begun: what it gives back is no cycle that the next one has to finish.
            self.runs.give_back(run, begun=isinstance(reason, Stopping))
            outcome, goes_on = "stopped" if isinstance(reason, Stopping) else "busy", False
            _log.info("%s: %s", run.job, reason.what)
        except OversightError as error:
            outcome = "failed"
            self._failed(run, error)
        self._worker.vitals.ran(run.job, outcome, perf_counter() - began)
        return goes_on

    def _failed(self, run: Run, error: OversightError) -> None:
        _log.warning("%s failed: %s", run.job, error)
        try:
            self.runs.end(run, RunState.FAILED, error.what)
        except RetryableError as lost:
            _log.warning("%s", lost.what)
