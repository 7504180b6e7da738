"""``make crash``: every point of the send path, once and twice, times every behaviour of a broker, on both databases.

    python -m tests.simulation.crash [--workers N] [--once] [--sample N] [--databases sqlite,postgresql] [--seed S]

A case that fails is printed as it can be run again: ``--only Behaviour,first,second``.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import psycopg
from sqlalchemy import make_url

from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.crashing import DECISIVE, DECISIVE_AGAIN, Case, Outcome, Stage, points, run

SERVER = "postgresql://postgres@127.0.0.1:5432"
SAMPLE = 60
SECONDS_A_CASE = 60
STAGE: dict[str, Stage] = {}


def prepare(folder: str, postgres: str | None) -> None:
    """A stage for this worker alone."""
    own = Path(folder) / str(os.getpid())
    own.mkdir()
    STAGE["mine"] = Stage(own, postgres, f"crash_{os.getpid()}")


def tried(case: Case) -> tuple[Case, Outcome]:
    """One case in this worker; one that does not end is wrong too."""
    stage = STAGE["mine"]
    place = stage.place()
    signal.alarm(SECONDS_A_CASE)
    try:
        return case, run(place, case)
    finally:
        signal.alarm(0)
        stage.leave(place)


def once() -> Iterator[Case]:
    """Every point that the path of each behaviour passes."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder) / "points")
        for behaviour in BEHAVIOURS:
            yield Case(behaviour)
            # The second line kills twice: what recovers after a death can be killed at more places than what sends.
            for point in points(stage.place(), behaviour):
                yield Case(behaviour, point)
            for point in points(stage.place(), behaviour, second=True):
                yield Case(behaviour, "orders.claim:before", point)


def twice() -> Iterator[Case]:
    """Every state that a first death leaves, times every step of the recovery."""
    for behaviour, first, second in itertools.product(BEHAVIOURS, DECISIVE, DECISIVE_AGAIN):
        yield Case(behaviour, first, second)


def spread(count: int, seed: int = 4) -> list[Case]:
    """A sample in which every behaviour and every decisive point comes up."""
    rng, behaviours = random.Random(seed), itertools.cycle(BEHAVIOURS)
    firsts, seconds = itertools.cycle(DECISIVE), [None, *DECISIVE_AGAIN]
    return [Case(next(behaviours), next(firsts), rng.choice(seconds)) for _ in range(count)]


def main() -> int:
    """Run the matrix and report; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sample", type=int, help="this many cases of the matrix instead of all")
    parser.add_argument("--once", action="store_true", help="one death a case, at every point there is")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--only", help="one case: behaviour,first,second")
    chosen = parser.parse_args()
    cases = list(dict.fromkeys((*once(), *(() if chosen.once else twice()))))
    if chosen.sample is not None:
        cases = random.Random(chosen.seed).sample(cases, min(chosen.sample, len(cases)))
    if chosen.only:
        behaviour, *died = chosen.only.split(",")
        cases = [Case(behaviour, *died)]
    failed = sum(matrix(kind, cases, chosen.workers) for kind in chosen.databases.split(","))
    return 1 if failed else 0


def matrix(kind: str, cases: list[Case], workers: int) -> int:
    """All cases on one database; the answer is how many went wrong."""
    begun, counts = perf_counter(), Counter[str]()
    address = None if kind == "sqlite" else own_server()
    with tempfile.TemporaryDirectory() as folder:
        pool = ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=prepare, initargs=(folder, address)
        )
        with pool:
            waiting = {pool.submit(tried, case): case for case in cases}
            for number, done in enumerate(as_completed(waiting), 1):
                case, outcome = done.result()
                counts.update(killed=outcome.kills, failed=int(bool(outcome.wrong)))
                counts.update({what.partition(":")[0]: 1 for what in outcome.wrong})
                if outcome.wrong:
                    told = ",".join(name for name in case if name is not None)
                    say(f"\nFAILED --databases {kind} --only '{told}': {'; '.join(outcome.wrong)}\n")
                if number % 50 == 0 or number == len(cases):
                    say(f"\r{kind}: {number}/{len(cases)}  killed {counts['killed']}  failed {counts['failed']}")
    if address is not None:
        drop(address)
    say(
        f"\n{kind}: {len(cases)} cases, {len(BEHAVIOURS)} behaviours, {counts['killed']} processes killed, "
        f"{counts['lost']} lost, {counts['double']} double, {counts['failed']} failed, "
        f"{perf_counter() - begun:.0f} s\n"
    )
    return counts["failed"]


def own_server() -> str:
    """A database for this run."""
    name = f"sage_crash_{os.getpid()}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    return f"{SERVER.replace('://', '+psycopg://')}/{name}"


def drop(address: str) -> None:
    """Take it away again."""
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {make_url(address).database} WITH (FORCE)")


def say(what: str) -> None:
    """Progress and findings, at once."""
    sys.stderr.write(what)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
