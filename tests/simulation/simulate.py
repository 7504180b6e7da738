"""``make simulate``: as many lives as asked for, each from one seed; the seed of one that fails is printed.

    python -m tests.simulation.simulate [--seeds N] [--from SEED] [--workers N]
    python -m tests.simulation.simulate --from 17 --seeds 1 --tell     what seed 17 drew, step by step

Every 25th seed lives on PostgreSQL where there is one, so a seed is replayed on the database it failed on.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from sqlalchemy.exc import SQLAlchemyError

from tests.builders.execution import a_house
from tests.simulation.crash import own_server, say, stopped_by_hand
from tests.simulation.driver import opened
from tests.simulation.lives.world import LIMITS, World, live
from tests.simulation.stage import FileStage, Place, ServerStage, Stage

SEEDS = 10_000
BATCH = 5
EVERY = 25
BROKEN = (AssertionError, SQLAlchemyError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""How a life goes wrong: what must hold does not, or the product raises what is no error of its own."""
STAGES: dict[str, Stage] = {}


@dataclass
class Lived:
    """What seeds came to: how much went on in them, which fault met which state of an order, and what did not hold."""

    seeds: int = 0
    decisions: int = 0
    posts: int = 0
    met: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def add(self, other: Lived) -> None:
        """Both together."""
        self.seeds += other.seeds
        self.decisions += other.decisions
        self.posts += other.posts
        self.met += other.met
        self.failed += other.failed


def ready(place: Place) -> None:
    """Tables, limits and a first reconciliation."""
    database = opened(place.url)
    a_house(database, place.folder, limits=LIMITS)
    database.close()


def prepare(folder: str, server: str | None) -> None:
    """The stages of this worker, which leaves interrupts to its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable()
    own = Path(folder) / str(os.getpid())
    STAGES["file"] = FileStage(own / "file", ready)
    STAGES["server"] = (
        STAGES["file"] if server is None else ServerStage(own / "server", ready, server, f"life_{os.getpid()}")
    )
    gc.collect()
    # What is there now is there for good; without this every collection walks through all of it.
    gc.freeze()


def stage_of(seed: int) -> Stage:
    """Where a seed lives."""
    return STAGES["server" if seed % EVERY == 7 else "file"]


def batch(first: int, count: int) -> Lived:
    """Lives of consecutive seeds, one after the other."""
    lived = Lived(count)
    for seed in range(first, first + count):
        try:
            world = live(seed, stage_of(seed))
        except BROKEN as broken:
            lived.failed.append(str(broken) if isinstance(broken, AssertionError) else f"seed {seed}: {broken!r}")
            continue
        lived.decisions += world.decisions
        lived.posts += len(world.exchange.books.posts)
        lived.met += world.met
    return lived


@contextmanager
def workers(count: int, server: str | None, folder: Path) -> Iterator[ProcessPoolExecutor]:
    """Processes side by side, each with stages of its own."""
    given = (str(folder), server)
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=prepare, initargs=given) as pool:
        yield pool


def lives(pool: ProcessPoolExecutor, seeds: range) -> Iterator[Lived]:
    """What they have come to so far, after every few of them."""
    done = Lived()
    starts = range(seeds.start, seeds.stop, BATCH)
    waiting = [pool.submit(batch, first, min(BATCH, seeds.stop - first)) for first in starts]
    for future in as_completed(waiting):
        done.add(future.result())
        yield done


def watched(pool: ProcessPoolExecutor, seeds: range) -> Lived:
    """The same for somebody who waits for it; what was lived until he has had enough counts."""
    done, told = Lived(), 0
    with stopped_by_hand():
        for done in lives(pool, seeds):
            say("".join(f"\nFAILED {what}\n" for what in done.failed[told:]))
            told = len(done.failed)
            say(f"\r{done.seeds}/{len(seeds)} seeds  {told} failed")
    return done


def table(met: Counter[tuple[str, str]]) -> str:
    """How often each fault met each state of an order, as a table of Markdown."""
    states = sorted({state for _, state in met})
    lines = [["fault", *states], ["---", *["---:"] * len(states)]]
    lines += [[fault, *(str(met[fault, state]) for state in states)] for fault in sorted({fault for fault, _ in met})]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    """Run, report, and fail where anything did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--tell", action="store_true", help="print what a seed drew, step by step")
    parser.add_argument("--files-only", action="store_true", help="no PostgreSQL")
    chosen = parser.parse_args()
    begun = perf_counter()
    with own_server("sqlite" if chosen.files_only else "postgresql") as server, tempfile.TemporaryDirectory() as folder:
        if chosen.tell:
            prepare(folder, server)
            for seed in range(chosen.first, chosen.first + chosen.seeds):
                told(seed)
            return 0
        with workers(chosen.workers, server, Path(folder)) as pool:
            done = watched(pool, range(chosen.first, chosen.first + chosen.seeds))
    say("\n")
    sys.stdout.write(f"{table(done.met)}\n")
    say(
        f"{done.seeds} seeds, {done.decisions} decisions, {done.posts} orders sent, {done.met.total()} meetings of a "
        f"fault and an order, {len(done.failed)} failed, {perf_counter() - begun:.0f} s\n"
    )
    return 1 if done.failed or done.seeds < chosen.seeds else 0  # what was not lived proves nothing


def told(seed: int) -> None:
    """One life, step by step."""
    stage = stage_of(seed)
    stage.restore()
    world = World(seed, stage)
    try:
        world.live()
    except AssertionError as broken:
        sys.stdout.write(f"{broken}\n\n")
    finally:
        sys.stdout.write("\n".join((f"seed {seed}", *world.log, "")))


if __name__ == "__main__":
    sys.exit(main())
