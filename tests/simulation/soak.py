"""``make soak``: the service lives for so many simulated hours and dies in each of them; what must hold holds.

python -m tests.simulation.soak [--hours N] [--seed N]

Each hour is a life of its own: a new start over the same home, struck by a crash at a random write, so that the next
one finds whatever that left. After every hour, and with more care at the end:

    consistent   the ledger verifies, the books equal the broker's
    no loss      every order that the broker knows is in our books, and nothing is left in flight
    no double    no execution twice, no cycle twice, every run of the timetable exactly once
    flat         the process does not grow: what a life took it gives back
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from domain.orders import OrderStatus
from domain.record.entries import RecordKind
from interfaces.scheduler.jobs import JobKind, due_times, jobs_of
from tests.builders.lives import Home, a_schedule
from tests.builders.market import NOON
from tests.builders.runtime import LONG_AGO, the_calendar
from trading.store.scheduling.runs import RunState

HOURS = 240
WRITES, IDLE_WRITES = 60, 8
"""A crash lies among so many writes of an hour with a session in it, or without; an hour that has fewer lives."""
WARM_UP = 24
MOST_GROWTH_MB = 64
"""Over a soak, after the first day: caches of prices grow with the days that were looked at."""
SCHEDULE = a_schedule(
    cycle=("open+30m", "open+150m", "close-30m"), reconcile=("every 30m", "open-15m"), report=("close+20m",),
    learn=("close+45m",), maintenance=("03:10 America/New_York",),
)  # fmt: skip


class Soaked(NamedTuple):
    """What it came to."""

    hours: int
    crashes: int
    cycles: int
    orders: int
    fills: int
    grown_mb: float


def soak(folder: Path, hours: int, seed: int) -> Soaked:
    """Live hour by hour; AssertionError where something does not hold."""
    rng, home = random.Random(seed), Home(folder, SCHEDULE)
    crashes, warm = 0, memory_mb()
    for hour in range(1, hours + 1):
        ends = NOON + timedelta(hours=hour)
        trades = the_calendar().session_at(home.now) or the_calendar().session_at(ends)
        dies_at = rng.randint(1, WRITES if trades else IDLE_WRITES)
        if not home.live(dies_at=dies_at, seconds=(ends - home.now).total_seconds()):
            crashes += 1
        if hour == min(WARM_UP, hours):
            warm = memory_mb()
    grown = memory_mb() - warm
    ends = NOON + timedelta(hours=hours, minutes=1)  # not at a moment of the timetable, which the next life would do
    assert home.live(seconds=(ends - home.now).total_seconds())
    with home.opened() as runtime:
        settle(runtime)
        counted = held(runtime, home)
    assert grown < MOST_GROWTH_MB, f"grown by {grown:.0f} MB"
    return Soaked(hours, crashes, *counted, grown)


def settle(runtime: Any) -> None:
    """What every cycle does first: what was in flight at the last crash is looked up."""
    runtime.deps.desk.recover()
    found = runtime.deps.reconciler.reconcile(runtime.deps.clock.now())
    assert found.ok, found.differences


def held(runtime: Any, home: Home) -> tuple[int, int, int]:
    """What must hold at the end; the answer counts cycles, orders and fills."""
    stores, broker = runtime.deps.stores, runtime.deps.broker
    report = stores.ledger.verify()
    assert report.ok, report.problems
    ours = {order.client_order_id: order for order in stores.orders.newest(100_000)}
    theirs = broker.fills(since=LONG_AGO)
    booked = [fill.fill_id for order in ours for fill in stores.orders.fills_of(order)]
    assert sorted(booked) == sorted(fill.fill_id for fill in theirs), "executions here and there"
    assert max(Counter(booked).values(), default=1) == 1
    assert {order.client_order_id for order in broker.orders()} <= set(ours), "an order that only the broker knows"
    in_flight = (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN)
    assert not [name for name, order in ours.items() if order.status in in_flight]
    whole(runtime, home)
    finished = [entry.subject for entry in stores.ledger.entries(kind=RecordKind.CYCLE_FINISHED)]
    started = [entry.subject for entry in stores.ledger.entries(kind=RecordKind.CYCLE_STARTED)]
    assert sorted(started) == sorted(finished), "a cycle that was begun and not ended, or ended twice"
    return len(finished), len(ours), len(theirs)


def whole(runtime: Any, home: Home) -> None:
    """Every run of the timetable exactly once, and a cycle for each of its own."""
    runs = runtime.duties.runs.newest(100_000)
    assert {run.state for run in runs} <= {RunState.DONE}, [run for run in runs if run.state is not RunState.DONE]
    for job in jobs_of(home.schedule.jobs):
        due = set(due_times(job, the_calendar(), NOON, home.now))
        done = {run.due_at for run in runs if run.job == job.kind}
        assert done == due, f"{job.kind}: never run {sorted(due - done)}, not on the timetable {sorted(done - due)}"
    cycles = [run.note for run in runs if run.job == JobKind.CYCLE]
    assert len(cycles) == len(set(cycles)), "two runs of one cycle"


def memory_mb() -> float:
    """What this process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=HOURS)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    begun = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        done = soak(Path(folder) / "home", chosen.hours, chosen.seed)
    sys.stdout.write(
        f"{done.hours} simulated hours, {done.crashes} crashes, {done.cycles} cycles, {done.orders} orders, "
        f"{done.fills} fills; memory {done.grown_mb:+.0f} MB after the first day; {perf_counter() - begun:.0f} s\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
