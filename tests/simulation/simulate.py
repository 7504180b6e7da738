"""``make simulate``: as many lives as asked for, each from one seed; the seed of one that fails is printed.

python -m tests.simulation.simulate [--seeds N] [--from SEED] [--workers N]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from tests.simulation.world import live

SEEDS = 10_000
BATCH = 20


class Lived(NamedTuple):
    """What a batch of seeds came to: how much went on in them, and what did not hold."""

    seeds: int
    orders: int
    crashes: int
    faults: int
    failed: tuple[str, ...]


def batch(first: int, count: int) -> Lived:
    """Lives of consecutive seeds, one after the other."""
    orders = crashes = faults = 0
    failed = []
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder:
            try:
                world = live(seed, Path(folder) / "life")
            except AssertionError as broken:
                failed.append(str(broken))
                continue
        orders += len(world.exchange.books.posts)
        crashes += world.crashes
        faults += world.faults
    return Lived(count, orders, crashes, faults, tuple(failed))


def main() -> int:
    """Run, report, and fail where anything did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument(
        "--from", type=int, default=0, dest="first", help="the first seed; with --seeds 1 it is replayed"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    begun, done = perf_counter(), Lived(0, 0, 0, 0, ())
    ends = chosen.first + chosen.seeds
    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(batch, first, min(BATCH, ends - first)) for first in range(chosen.first, ends, BATCH)]
        for future in as_completed(waiting):
            lived = future.result()
            for told in lived.failed:
                sys.stderr.write(f"\nFAILED {told}\n")
            done = Lived(*(old + new for old, new in zip(done, lived, strict=True)))  # type: ignore[operator]
            sys.stderr.write(f"\r{done.seeds}/{chosen.seeds} seeds  {len(done.failed)} failed")
            sys.stderr.flush()
    sys.stderr.write(
        f"\n{done.seeds} seeds, {done.orders} orders sent, {done.crashes} crashes, {done.faults} faults of the "
        f"database, {len(done.failed)} failed, {perf_counter() - begun:.0f} s\n"
    )
    return 1 if done.failed else 0


if __name__ == "__main__":
    sys.exit(main())
