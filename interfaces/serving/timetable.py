"""Looking at what goes on by itself: the runs to come, those that were, who is at work, and what the watchdog says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.clock import SystemClock
from interfaces.runtime import Runtime
from interfaces.scheduler.jobs import JobKind, due_times, next_of_each, next_runs
from interfaces.serving.holding import SERVICE
from interfaces.serving.process import told
from interfaces.views.duties import NextRun, PastRun, ScheduleView, ServiceRow, WatchView
from trading.store.scheduling.leases import Lease
from trading.store.scheduling.runs import Run, RunState, RunStore

PAST_SHOWN = 8
LOOKED_BACK = timedelta(days=7)


def schedule(runtime: Runtime, count: int | None = None) -> ScheduleView:
    """The next run of every rule, or the next ``count`` of all, the newest that were, and the services of this home."""
    now, duties = runtime.deps.clock.now(), runtime.duties
    idle = {JobKind.ALGO_STEP} if not duties.algo_store.open() else set()
    jobs, calendar = [job for job in duties.jobs if job.kind not in idle], runtime.deps.calendar
    # Where something is due every few minutes the next ten of all would hide the cycles.
    coming = next_of_each(jobs, calendar, now) if count is None else next_runs(jobs, calendar, now, count)
    return ScheduleView(
        as_of=now,
        next=tuple(NextRun(each.at, each.job.value, each.rule) for each in coming),
        runs=tuple(map(_past, duties.runs.newest(PAST_SHOWN))),
        services=tuple(_service(runtime, lease) for lease in duties.leases.named(SERVICE)),
    )


def watch(runtime: Runtime, longest: timedelta) -> WatchView:
    """What is wrong with the service of this home, asked from outside it; nothing where all is well."""
    now = SystemClock().now()
    alerts = (*_silent(runtime, longest, now), *_overdue(runtime, longest, now), *_failed(runtime))
    newest = runtime.duties.runs.newest(1, job=JobKind.CYCLE, state=RunState.DONE)
    note = f"last scheduled cycle was due {newest[0].due_at:%Y-%m-%d %H:%M}Z" if newest else "no scheduled cycle yet"
    return WatchView(now, not alerts, alerts, note)


def _silent(runtime: Runtime, longest: timedelta, now: datetime) -> Iterator[str]:
    leases = runtime.duties.leases
    services = leases.named(SERVICE)
    if any(not leases.is_over(each) and now - each.beat_at <= longest for each in services):
        return
    newest = max((each.beat_at for each in services), default=None)
    since = "there has been none" if newest is None else f"the last sign of life was at {newest:%Y-%m-%d %H:%M:%S}Z"
    yield f"no service is alive in this home: {since}"


def _overdue(runtime: Runtime, longest: timedelta, now: datetime) -> Iterator[str]:
    """A cycle that was due so long ago and has not ended. In simulated time none may take so long to come about."""
    duties, minutes = runtime.duties, longest // timedelta(minutes=1)
    if runtime.setup.own_time:
        done = duties.runs.newest(1, job=JobKind.CYCLE, state=RunState.DONE)
        last = done[0].ended_at if done else None
        begun = min((each.since for each in duties.leases.named(SERVICE)), default=now)
        if now - max(begun, last or begun) > longest:
            yield f"no cycle for {minutes} minutes of the wall clock"
        return
    cycles = [job for job in duties.jobs if job.kind is JobKind.CYCLE]
    dues = [at for job in cycles for at in due_times(job, runtime.deps.calendar, now - LOOKED_BACK, now - longest)]
    last_cycle = runtime.deps.stores.cycles.last(runtime.setup.account_id, finished=True)
    if dues and (last_cycle is None or last_cycle.as_of < max(dues)) and not _was_left_out(duties.runs, max(dues)):
        yield f"no cycle for {minutes} minutes: one was due at {max(dues):%Y-%m-%d %H:%M}Z and has not ended"


def _was_left_out(runs: RunStore, due: datetime) -> bool:
    found = runs.get(JobKind.CYCLE, due)
    return found is not None and found.state is RunState.SKIPPED


def _failed(runtime: Runtime) -> Iterator[str]:
    for kind in (JobKind.CYCLE, JobKind.RECONCILE, JobKind.MAINTENANCE):
        # The newest may still be running or given back; how the job stands is told by the last that ended.
        ended = [each for each in runtime.duties.runs.newest(3, job=kind) if each.ended_at is not None]
        if ended and ended[0].state is RunState.FAILED:
            yield f"the last {kind} failed: {ended[0].note}"


def _past(run: Run) -> PastRun:
    return PastRun(
        run.job, run.due_at, run.trigger, run.state.value, run.attempts, run.begun_at, run.ended_at, run.note
    )


def _service(runtime: Runtime, lease: Lease) -> ServiceRow:
    alive = not runtime.duties.leases.is_over(lease)
    return ServiceRow(told(lease.holder), lease.since, lease.beat_at, alive, lease.what)
