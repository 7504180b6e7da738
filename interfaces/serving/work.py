"""What each job does when its time has come. The answer is a few words for the ledger of runs.

Everything here can be done twice without harm but for the cycle, whose end and whose run's end are one transaction.
What asks the broker waits within one run for one of several that hangs only once, as a cycle does.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple

from domain.clock import SystemClock
from domain.errors import IntegrityError, OversightError, RetryableError
from domain.market import Symbol
from domain.record.canonical import plain
from interfaces.acting import approving, ordering, remembering, slicing
from interfaces.acting.cycling import oversee
from interfaces.acting.rereading import reread
from interfaces.delivery.running import tell_day
from interfaces.runtime import SAID_KEPT, Runtime
from interfaces.scheduler.jobs import JobKind
from interfaces.serving.events import Inbox
from interfaces.serving.holding import SERVICE
from interfaces.serving.vitals import Vitals
from interfaces.telling import looking, recorded
from interfaces.views.cycles import CycleReport
from interfaces.views.plain import counted
from trading.execution.brokers.several.silence import asked_once
from trading.store.scheduling.runs import Run, RunState

RUNS_KEPT = timedelta(days=30)
REPORTS = "reports"
"""Folder of the daily reports, in the home folder."""
_log = logging.getLogger(__name__)


class Stopping(RetryableError):
    """The service is told to stop: what is under way ends at the next safe point."""

    def __init__(self) -> None:
        super().__init__("the service is stopping", "The next start goes on from here.")


class Worker(NamedTuple):
    """What the jobs work with; ``stopping`` is looked at between two nodes of a cycle."""

    runtime: Runtime
    universe: tuple[Symbol, ...]
    vitals: Vitals
    inbox: Inbox
    stopping: Callable[[], bool]


Job = Callable[[Worker, Run, Callable[[], None]], str]


def cycle(worker: Worker, run: Run, still_ours: Callable[[], None]) -> str:
    """One cycle. One that was cut off before this run began is finished first and is not this run's."""
    runtime = worker.runtime

    def progress(text: str) -> None:
        still_ours()
        _log.info("%s", text)
        if worker.stopping():
            raise Stopping

    left = runtime.deps.stores.cycles.last(runtime.setup.account_id)
    if left is not None and left.finished_at is None and not run.goes_on:
        told(worker, oversee(runtime, worker.universe, runtime.deps.clock.now(), progress))

    def also(report: CycleReport) -> None:
        runtime.duties.runs.end(run, RunState.DONE, report.cycle_id)

    now = runtime.deps.clock.now()
    report = oversee(runtime, worker.universe, now, progress, also)
    worker.inbox.use_up(now)
    return told(worker, report)


def told(worker: Worker, report: CycleReport) -> str:
    """A cycle in the figures and in the log."""
    spent = report.model_calls
    worker.vitals.cycled(report.cycle_id, calls=spent.count, usd=float(spent.cost_usd), orders=len(report.orders))
    _log.info("cycle %s: %d decisions, %d orders", report.cycle_id, len(report.decisions), len(report.orders))
    return report.cycle_id


def reconcile(worker: Worker, _run: Run, _still_ours: Callable[[], None]) -> str:
    """Bring the books up to the broker's and compare them; see to what waits for a person."""
    return compared(worker)


@asked_once()
def compared(worker: Worker) -> str:
    """One comparison."""
    runtime = worker.runtime
    now = runtime.deps.clock.now()
    runtime.advance(now)
    found = runtime.deps.reconciler.reconcile(now)
    worker.vitals.reconciled(ok=found.ok, differences=len(found.differences))
    if not found.ok:
        _log.warning("the books differ in %s", ", ".join(sorted({each.symbol for each in found.differences})))
    for each in ordering.protect(runtime):
        _log.warning("unprotected: %s", each.told)
    approving.pending(runtime)  # closes what nobody has answered in time
    return counted(len(found.differences), "difference")


@asked_once()
def algo_step(worker: Worker, _run: Run, _still_ours: Callable[[], None]) -> str:
    """One step of every sliced order."""
    return f"{slicing.step(worker.runtime)} open"


def policy_reload(worker: Worker, _run: Run, _still_ours: Callable[[], None]) -> str:
    """A policy file that only tightens comes into force without a restart."""
    return reread(worker.runtime).told or "nothing has changed"


@asked_once()
def report(worker: Worker, _run: Run, _still_ours: Callable[[], None]) -> str:
    """The day on one page: profit and loss, holdings, orders, how things stand."""
    runtime = worker.runtime
    now, folder = runtime.deps.clock.now(), runtime.setup.home / REPORTS
    pnl = looking.pnl(runtime)
    page = {"pnl": pnl, "positions": looking.positions(runtime), "orders": looking.orders(runtime), "as_of": now}
    name = f"{now:%Y-%m-%d}.json"
    try:
        folder.mkdir(exist_ok=True)
        draft = folder / f".{name}"
        draft.write_text(json.dumps(plain({**page, "status": looking.status(runtime)}), indent=2), encoding="utf-8")
        draft.replace(folder / name)
    except OSError as error:
        raise RetryableError(f"the report cannot be written: {error.strerror}", f"Look at {folder}.") from error
    tell_day(runtime, pnl)
    return f"{REPORTS}/{name}"


def learn(worker: Worker, _run: Run, _still_ours: Callable[[], None]) -> str:
    """Lessons from the trades that closed since the last time."""
    found = remembering.learn_now(worker.runtime)
    for problem in found.problems:
        _log.warning("learning: %s", problem)
    return f"{counted(len(found.trades), 'trade')}, {found.waiting} waiting"


def maintenance(worker: Worker, _run: Run, _still_ours: Callable[[], None]) -> str:
    """Prove the ledger and the tables, forget old runs and the leases of processes that are gone."""
    found = recorded.verify(worker.runtime)
    if not found.ok:
        raise IntegrityError(f"the record does not verify: {found.problems[0]}", "Run `sage audit verify`.")
    duties = worker.runtime.duties
    gone = duties.runs.prune(worker.runtime.deps.clock.now() - RUNS_KEPT)
    duties.leases.clear(SERVICE)
    duties.telling.outbox.prune(SystemClock().now() - SAID_KEPT)
    return f"{found.entries} ledger entries verified, {gone} old runs forgotten"


WORK: Mapping[JobKind, Job] = {
    JobKind.CYCLE: cycle,
    JobKind.RECONCILE: reconcile,
    JobKind.ALGO_STEP: algo_step,
    JobKind.POLICY_RELOAD: policy_reload,
    JobKind.REPORT: report,
    JobKind.LEARN: learn,
    JobKind.MAINTENANCE: maintenance,
}


def first_comparison(worker: Worker, wait: Callable[[float], bool], *, pause_s: float = 5.0) -> bool:
    """After a start nothing new may be opened before the books were compared; asked again until the broker answers.

    False where the service was told to stop meanwhile.
    """
    worker.runtime.deps.desk.recover()
    while True:
        try:
            compared(worker)
        except OversightError as error:
            _log.warning("the books cannot be compared yet: %s", error)
            if wait(pause_s):
                return False
        else:
            return True
