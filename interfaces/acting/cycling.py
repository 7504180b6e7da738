"""Running a cycle: claim it, run or resume its graph, open a thread for every decision that waits, report.

A cycle that a crash cut off is resumed before a new one starts; its finished model calls are not made again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from time import perf_counter
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver

from domain.errors import IntegrityError, RetryableError, UsageError
from domain.ids import CycleId, cycle_id
from domain.market import Symbol
from domain.record.entries import RecordKind
from graphs.nodes.observe import catch_up
from graphs.record import record_once, records_of
from graphs.reproduction.conditions import conditions_of
from graphs.state import CycleInput
from interfaces.acting import approving, closing, slicing
from interfaces.runtime import Runtime
from interfaces.serving import holding
from interfaces.telling.announcing import announce_cycle
from interfaces.telling.reporting import report_of
from interfaces.views.cycles import CycleReport
from trading.execution.brokers.several.silence import asked_once
from trading.monitor.logs import correlated
from trading.store.cycles import CycleRecord

RECURSION_LIMIT = 40
Progress = Callable[[str], None]
Also = Callable[[CycleReport], None]
"""What becomes durable together with the end of a cycle, or not at all."""


def nothing_else(_report: CycleReport) -> None:
    """A cycle that nobody has scheduled."""


def silent(_text: str) -> None:
    """Progress that nobody watches."""


def oversee(
    runtime: Runtime,
    symbols: tuple[Symbol, ...],
    as_of: datetime,
    progress: Progress = silent,
    also: Also = nothing_else,
) -> CycleReport:
    """One cycle, or the rest of the one that was cut off; refused while another process is at one in this home."""
    if runtime.kill_switch.engaged():
        runtime.deps.desk.cancel_working()
    slicing.check_time(runtime)
    with holding.held(runtime.duties.leases, holding.CYCLE, "a cycle") as still_ours, asked_once():

        def told(text: str) -> None:
            still_ours()
            progress(text)

        runtime.advance(as_of)
        closing.go_on_closing(runtime)
        approving.recover(runtime)
        report = run_cycle(runtime, symbols, as_of, told, also)
        slicing.step(runtime)
    return report


def run_cycle(
    runtime: Runtime, symbols: tuple[Symbol, ...], as_of: datetime, progress: Progress, also: Also
) -> CycleReport:
    """One cycle as of ``as_of``, or the rest of the one that was cut off."""
    deps = runtime.deps
    account = runtime.setup.account_id
    # What an earlier process left in flight is looked up before anything is decided on the books.
    deps.desk.recover()
    last = deps.stores.cycles.last(account)
    if last is not None and last.finished_at is None:
        progress(f"resuming cycle {last.cycle_id}")
        # A new cycle does this in its first node; of this one that node may be over.
        for line in catch_up(deps):
            progress(line)
        return finish(runtime, last, drive(runtime, last.cycle_id, rest_of(runtime, last), progress), also)
    if last is not None and as_of < last.as_of:
        raise UsageError(
            f"{as_of.isoformat()} lies before the last cycle of this home, {last.as_of.isoformat()}",
            "Choose a later time, or another --home.",
        )
    cycle = started(runtime, account, symbols, as_of)
    forget(runtime, cycle.cycle_id)
    start = CycleInput(cycle_id=cycle.cycle_id, as_of=as_of, symbols=list(symbols))
    return finish(runtime, cycle, drive(runtime, cycle.cycle_id, start, progress), also)


def started(runtime: Runtime, account: str, symbols: tuple[Symbol, ...], as_of: datetime) -> CycleRecord:
    """Claim the next cycle of the account; of two processes one gets it."""
    stores, sequence = runtime.deps.stores, runtime.deps.stores.cycles.next_sequence(account)
    cycle = CycleRecord(cycle_id(account, as_of, sequence), account, sequence, as_of, runtime.deps.clock.now())
    body = {
        "symbols": symbols,
        "model": runtime.setup.model,
        "market": runtime.setup.market,
        "policy": runtime.deps.policy.digest,
        "prompts": runtime.setup.prompt_digest,
        "conditions": conditions_of(runtime.deps),
    }
    with stores.database.transaction():
        if not stores.cycles.start(cycle):
            raise RetryableError("another process has just started this cycle", "Wait for it, then try again.")
        stores.ledger.append(RecordKind.CYCLE_STARTED, cycle.cycle_id, body, at=as_of, cycle_id=cycle.cycle_id)
    return cycle


def forget(runtime: Runtime, cycle: CycleId) -> None:
    """Drop checkpoints that bear the id of a cycle which begins now: they belong to a database that was put back."""
    saver = runtime.oversight.checkpointer
    if isinstance(saver, BaseCheckpointSaver):
        saver.delete_thread(cycle)


def rest_of(runtime: Runtime, cycle: CycleRecord) -> CycleInput | None:
    """What a cut-off cycle goes on with: None for its newest checkpoint, its own beginning where there is none yet."""
    stored = runtime.oversight.get_state(config_of(runtime, cycle.cycle_id))
    if stored.next or stored.values:
        return None
    begun = runtime.deps.stores.ledger.entries(subject=cycle.cycle_id, kind=RecordKind.CYCLE_STARTED)
    if not begun:
        raise IntegrityError(f"the start of cycle {cycle.cycle_id} is not on record", "Run `sage audit verify`.")
    return CycleInput(cycle_id=cycle.cycle_id, as_of=cycle.as_of, symbols=list(begun[-1].body["symbols"]))


def drive(runtime: Runtime, cycle: CycleId, start: CycleInput | None, progress: Progress) -> Mapping[str, int]:
    """Run the graph to its end; the answer is how long each node took, in milliseconds."""
    timings: dict[str, int] = {}
    since = perf_counter()
    with correlated(cycle), runtime.deps.stores.calls.held(cycle):
        for update in runtime.oversight.stream(start, config_of(runtime, cycle), stream_mode="updates"):
            for node in update:
                now = perf_counter()
                timings[node] = timings.get(node, 0) + round((now - since) * 1000)
                since = now
                progress(f"{node.replace('_', ' ')} done")
    return timings


def config_of(runtime: Runtime, cycle: str) -> RunnableConfig:
    """One thread a cycle, bounded in steps and in candidates in work at once."""
    return {
        "configurable": {"thread_id": cycle},
        "recursion_limit": RECURSION_LIMIT,
        "max_concurrency": runtime.deps.rules.in_work,
    }


def finish(runtime: Runtime, cycle: CycleRecord, timings: Mapping[str, int], also: Also) -> CycleReport:
    """Open the threads of what waits, write the report, close the cycle."""
    stores, state = runtime.deps.stores, state_of(runtime, cycle.cycle_id)
    approving.open_threads(runtime, cycle.cycle_id)
    sent = sum(bool(each.client_order_id) for each in state.get("sent", ()))
    record_once(
        stores.ledger,
        RecordKind.CYCLE_FINISHED,
        cycle.cycle_id,
        {"decisions": len(state["decisions"]), "orders": sent},
        at=cycle.as_of,
        cycle_id=cycle.cycle_id,
    )
    records = records_of(stores, cycle.cycle_id, state["decisions"])
    unheard = announce_cycle(runtime, state, records)
    report = report_of(runtime, cycle, state, records, timings, unheard)
    with stores.database.transaction():
        stores.cycles.finish(cycle.cycle_id, report, at=runtime.deps.clock.now())
        also(report)
    return report


def state_of(runtime: Runtime, cycle: str) -> Mapping[str, Any]:
    """The channels of a cycle as its newest checkpoint has them."""
    values: Mapping[str, Any] = runtime.oversight.get_state(config_of(runtime, cycle)).values
    return values
