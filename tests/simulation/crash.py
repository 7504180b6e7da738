"""``make crash``: every point of the send path, once and twice, times every behaviour of a broker, on both databases.

python -m tests.simulation.crash [--workers N] [--deaths N] [--databases sqlite,postgresql] [--behaviours A,B]
python -m tests.simulation.crash --brokers 2                 before two brokers, in each home of homes.py
python -m tests.simulation.crash --sample 500 [--seed S]     cases drawn at random, each from start to end
python -m tests.simulation.crash --only 'Fills,wire:sent,'   one of them: behaviour, first and second death
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg

from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.crashing import ready
from tests.simulation.explore import Explored, State, explore
from tests.simulation.homes import HOMES, ready_with_two
from tests.simulation.stage import FileStage, Maker, ServerStage, Stage
from tests.simulation.theatre import Case, Theatre, run

SERVER = "postgresql://postgres@127.0.0.1:5432"
SECONDS_A_CASE = 60
STAGE: dict[str, Stage] = {}
READY: dict[int, Maker] = {1: ready, 2: ready_with_two}
"""How a place is made ready for so many brokers."""


def prepare(folder: str, server: str | None, make: Maker) -> None:
    """A stage for this worker alone, which leaves interrupts to its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    own = Path(folder) / str(os.getpid())
    STAGE["mine"] = FileStage(own, make) if server is None else ServerStage(own, make, server, f"crash_{os.getpid()}")
    logging.disable()  # what goes wrong is judged, not told


def explored(plays: Sequence[str], deaths: int) -> Explored:
    """All of one behaviour in this worker, in every home."""
    begun: dict[str, dict[str, State]] = {}
    told = [explore(STAGE["mine"], play, deaths=deaths, begun=begun) for play in plays]
    whole = Explored(plays[0].partition("/")[0])
    for each in told:
        whole.add(each)
    return whole


def tried(case: Case) -> Explored:
    """One case in this worker; one that does not end is wrong too."""
    stage = STAGE["mine"]
    # It ends the worker, and the run with it: better than a matrix that never comes to its end.
    signal.alarm(SECONDS_A_CASE)
    try:
        wrong, kills = run(stage, case)
    finally:
        signal.alarm(0)
    named = ",".join(name or "" for name in case)
    return Explored(case.behaviour, 0, 1, kills, 1, [f"--only '{named}': {'; '.join(wrong)}"] if wrong else [])


def spread(stage: Stage, count: int, seed: int, behaviours: Sequence[str] = tuple(BEHAVIOURS)) -> Iterator[Case]:
    """Cases drawn at random: the first death at a point that is passed, the second where the next one comes by."""
    rng = random.Random(seed)
    for number in range(count):
        theatre = Theatre(stage, behaviours[number % len(behaviours)])
        first = rng.choice((None, *theatre.acts(theatre.play.acts[0], record=True).lines))
        stage.restore()
        theatre.acts(theatre.play.acts[0], kill_at=first)
        yield Case(theatre.behaviour, first, rng.choice((None, *theatre.acts(theatre.play.acts[1], record=True).lines)))


def main() -> int:
    """Run the matrix and report; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--deaths", type=int, default=2, choices=(1, 2, 3))
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--brokers", type=int, default=1, choices=(1, 2))
    parser.add_argument("--behaviours", default=",".join(BEHAVIOURS))
    parser.add_argument("--homes", default=",".join(HOMES), help="of two brokers, those to try")
    parser.add_argument("--sample", type=int, help="this many cases at random instead of all of them")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--only", help="one case: behaviour,first,second")
    chosen = parser.parse_args()
    if chosen.only:
        chosen.brokers = 2 if "/" in chosen.only else 1
    return 1 if sum(matrix(kind, chosen) for kind in chosen.databases.split(",")) else 0


def tasks(chosen: argparse.Namespace) -> list[tuple[Any, ...]]:
    """What the workers are asked, one by one."""
    if chosen.only:
        return [(tried, case_of(chosen.only))]
    behaviours, homes = chosen.behaviours.split(","), chosen.homes.split(",")
    plays = [(each,) if chosen.brokers == 1 else tuple(f"{each}/{home}" for home in homes) for each in behaviours]
    if chosen.sample is None:
        return [(explored, each, chosen.deaths) for each in plays]
    with tempfile.TemporaryDirectory() as folder:
        logging.disable()
        stage = FileStage(Path(folder), READY[chosen.brokers])
        return [(tried, case) for case in spread(stage, chosen.sample, chosen.seed, sum(plays, ()))]


def case_of(told: str) -> Case:
    """``Fills,wire:sent,`` as a failure names it."""
    behaviour, *deaths = told.split(",")
    return Case(behaviour, *(point or None for point in deaths))


def matrix(kind: str, chosen: argparse.Namespace) -> int:
    """Everything on one database; the answer is how many went wrong or were not tried."""
    begun, counts, wrong = perf_counter(), Counter[str](), Counter[str]()
    asked = tasks(chosen)
    with own_server(kind) as server, tempfile.TemporaryDirectory() as folder:
        pool = ProcessPoolExecutor(
            chosen.workers,
            mp_context=get_context("spawn"),
            initializer=prepare,
            initargs=(folder, server, READY[chosen.brokers]),
        )
        with pool, stopped_by_hand():
            for number, future in enumerate(as_completed([pool.submit(*task) for task in asked]), 1):
                done = future.result()
                counts.update(points=done.points, ways=done.ways, kills=done.kills, judged=done.judged)
                counts.update(done=1, failed=len(done.wrong))
                wrong.update(what for told in done.wrong for what in ("lost", "double") if f"{what}:" in told)
                for told in done.wrong:
                    say(f"\nFAILED --databases {kind} {told}\n")
                if chosen.sample is None or number % 50 == 0:
                    say(f"{kind} {number}/{len(asked)} {done.behaviour}: {told_of(counts)}\n")
    say(
        f"{kind}: {counts['done']} of {len(asked)} tasks done, {told_of(counts)}, {wrong['lost']} lost, "
        f"{wrong['double']} double, {perf_counter() - begun:.0f} s\n"
    )
    return counts["failed"] + len(asked) - counts["done"]  # what was not tried proves nothing


def told_of(counts: Counter[str]) -> str:
    """How far it is."""
    return (
        f"{counts['points']} first points, {counts['ways']} ways, {counts['kills']} processes killed, "
        f"{counts['judged']} ends judged, {counts['failed']} failed"
    )


@contextmanager
def stopped_by_hand() -> Iterator[None]:
    """An interrupt ends the workers at once; what was found until then is told."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        for worker in active_children():
            worker.kill()


@contextmanager
def own_server(kind: str) -> Iterator[str | None]:
    """A database on the server for this run; None where files will do."""
    if kind == "sqlite":
        yield None
        return
    name = f"sage_crash_{os.getpid()}_{random.SystemRandom().randrange(10**6)}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{SERVER.replace('://', '+psycopg://')}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def say(what: str) -> None:
    """Progress and findings, at once."""
    sys.stderr.write(what)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
