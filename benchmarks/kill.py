"""Kills against a process that submits as fast as it can while a model hangs in another of its threads.

    acknowledged    from the call to the moment at which latch and mark are durable; then `sage kill` says so
    after it        submits that a broker took although they began after the acknowledgement: there must be none
    in flight       submits that had begun before it and ended after it; the process behind a kill cancels them

Each kill comes from another process than the submits, at another moment of their loop, and is lifted again by removing
the latch. Times are of the one monotonic clock that both processes read. The second table is the whole command, from
its start to its line on standard output, in a home without a database.
"""

from __future__ import annotations

import multiprocessing
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from desk import a_shop
from harness.report import Report, Row, arguments

from domain.orders import ApprovedOrder, OrderReport
from policies.kill_switch import KillSwitch

ROOT = Path(__file__).resolve().parents[1]
RECORD = struct.Struct("qq")
LONGEST_WAIT_S = 60
PHASES_S = 0.015
"""Kills fall at moments spread over this long after a submit: about as long as a placement takes."""
LASTING_S = 0.05
"""How long each kill lasts before it is lifted: several placements."""


class Submit(NamedTuple):
    """A submit that the broker took: when it was called and when it returned, in nanoseconds."""

    began: int
    ended: int


class Timed:
    """A broker that writes down when it was called for each order it took."""

    def __init__(self, broker: Any, log: Path) -> None:
        self._broker = broker
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """As the broker does it."""
        began = time.monotonic_ns()
        report: OrderReport = self._broker.submit(approved)
        os.write(self._log, RECORD.pack(began, time.monotonic_ns()))
        return report


def submitting(folder: Path, log: Path, stop: Any) -> None:
    """A process of its own: place resting orders until told to stop; what a kill left open is cancelled."""
    threading.Thread(target=threading.Event().wait, daemon=True, name="a model that never answers").start()
    with a_shop(folder) as shop:
        shop.desk._outbox._broker = Timed(shop.desk._outbox._broker, log)
        number = 0
        while not stop.is_set():
            number += 1
            intent = shop.intent(number, rests=True)
            placed = shop.desk.place(intent, market=shop.market)
            if placed.order is None or not placed.order.status.is_open:
                shop.desk.cancel_working()


def submits_in(log: Path) -> list[Submit]:
    """Everything that was taken so far."""
    content = log.read_bytes() if log.exists() else b""
    return [Submit(*fields) for fields in RECORD.iter_unpack(content[: len(content) // RECORD.size * RECORD.size])]


def next_submit(log: Path, known: int, process: Any) -> int:
    """Wait until more was taken than before; how much."""
    until = time.monotonic() + LONGEST_WAIT_S
    while (size := log.stat().st_size if log.exists() else 0) <= known:
        if time.monotonic() > until or not process.is_alive():
            raise RuntimeError("the other process does not submit")
        time.sleep(0.001)
    return size


def kills(folder: Path, count: int) -> tuple[list[Submit], list[Submit]]:
    """``count`` kills, each as call and acknowledgement, and every submit that was taken."""
    spawn = multiprocessing.get_context("spawn")
    stop, log, latch = spawn.Event(), folder / "submits.log", KillSwitch(folder / "killed")
    process = spawn.Process(target=submitting, args=(folder, log, stop))
    process.start()
    done, known = [], 0
    try:
        for number in range(count):
            known = next_submit(log, known, process)
            time.sleep(PHASES_S * number / count)
            called = time.monotonic_ns()
            latch.engage("owner", "benchmark", datetime.now(UTC).isoformat())
            done.append(Submit(called, time.monotonic_ns()))
            time.sleep(LASTING_S)
            known = log.stat().st_size
            latch.release()
    finally:
        stop.set()
        process.join(LONGEST_WAIT_S)
    return done, submits_in(log)


def killed_row(done: Sequence[Submit], taken: Sequence[Submit]) -> Row:
    """What the kills did to the submits. A kill counts from its acknowledgement until it was lifted."""
    windows = [(kill.ended, kill.ended + int(LASTING_S * 1e9)) for kill in done]
    after = sum(any(start < each.began < end for start, end in windows) for each in taken)
    flying = sum(any(each.began <= start < each.ended for start, _ in windows) for each in taken)
    return {"kills": len(done), "submits": len(taken), **spread([kill.ended - kill.began for kill in done]),
            "in flight": flying, "after it": after}  # fmt: skip


def spread(nanoseconds: Sequence[int]) -> dict[str, float]:
    """Median, 99th percentile and worst in milliseconds."""
    found = [each / 1e6 for each in nanoseconds]
    p99 = quantiles(found, n=100)[98] if len(found) > 1 else found[0]
    return {
        "median ms": round(median(found), 3),
        "p99 ms": round(min(p99, max(found)), 3),
        "max ms": round(max(found), 3),
    }


def command(folder: Path) -> int:
    """Nanoseconds from the start of ``sage kill`` to its acknowledgement; then the process behind it is waited for."""
    began = time.monotonic_ns()
    words = [sys.executable, str(ROOT / "app.py"), "--home", str(folder), "kill", "--json"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        told = time.monotonic_ns() - began
    until = time.monotonic() + LONGEST_WAIT_S
    while not (folder / "cancelled.json").exists() and time.monotonic() < until:
        time.sleep(0.05)
    return told


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--count", type=int, default=200, help="kills against the submitting process")
    parser.add_argument("--commands", type=int, default=20, help="whole commands")
    parser.add_argument("--folder", type=Path, help="where to write; the temporary folder if left out")
    chosen = parser.parse_args()
    report = Report("kill")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        done, taken = kills(Path(name), chosen.count)
        row = killed_row(done, taken)
        report.add("Kills against a process that submits", [row])
        times = []
        for number in range(chosen.commands):
            folder = Path(name) / f"home-{number}"
            folder.mkdir()
            times.append(command(folder))
        report.add("The whole command, to its acknowledgement", [{"commands": len(times), **spread(times)}])
    report.write(chosen.json)


if __name__ == "__main__":
    main()
