"""The measuring, as a pytest plugin: tests are collected once, and a fork of that process tries each mutant.

A mutant is tried by the tests that run its statement, those that found its neighbours and the quickest first, until
one fails. Which tests run which line is learned from one run under coverage, in a fork as well, so that nothing is
cached in the process that forks.
"""

from __future__ import annotations

import gc
import json
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import coverage
import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.forks import Constants, attempt, first_failing, in_fork, passes
from tests.mutation.mutants import ROOT, Mutant
from tests.mutation.swap import Holders, holders, swap

AT_IMPORT = "at import"
SPARE_S, SLOWER = 3.0, 6.0
"""A test of a mutant may take this many seconds more, and this many times as long, as on the true code."""
CONTROL_S = 600.0
KILLED, LATE, SURVIVED, UNREACHED = "killed", "timed out", "survived", "no test"

settings.register_profile(
    "mutation",
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # a failure is enough, its smallest example is not wanted
    suppress_health_check=tuple(HealthCheck),
)


class Result(NamedTuple):
    """What became of a mutant, and by which test."""

    mutant: Mutant
    outcome: str
    by: str = ""


class Seen(NamedTuple):
    """The run on the true code: seconds of each test that passed, and the tests of each line."""

    seconds: dict[str, float]
    tests: dict[str, list[str]]


class Warm:
    """Looks which test runs which line, then tries each mutant in a fork and hands its result on."""

    def __init__(
        self, mutants: Sequence[Mutant], scratch: Path, told: Callable[[Result], None], longest: float
    ) -> None:
        self.mutants, self.scratch, self.told, self.longest = mutants, scratch, told, longest
        self.seen = Seen({}, {})
        self.items: dict[str, Any] = {}
        self.live: Holders = {}
        self.constants: Constants = {}
        self.coverage = coverage.Coverage(
            data_file=str(scratch / "coverage"), source=[str(ROOT / "policies")], config_file=False
        )

    def pytest_sessionstart(self) -> None:
        """What runs from here on runs at import."""
        self.coverage.start()
        self.coverage.switch_context(AT_IMPORT)

    def pytest_collection_finish(self) -> None:
        """All is imported."""
        self.coverage.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of running the tests once."""
        if session.testsfailed:
            raise session.Interrupted("the tests cannot be collected")
        self.items = {item.nodeid: item for item in session.items}
        self.seen = Seen(*json.loads(in_fork(lambda: json.dumps(_looked(self.coverage, session.items))) or "[{}, {}]"))
        self.live = holders("policies")
        self.constants = {
            path: compile(path.read_bytes(), path, "exec", dont_inherit=True)
            for path in {item.path for item in session.items}
        }
        gc.collect()
        gc.freeze()
        self._check_that_nothing_changed_is_not_found()
        finders: dict[str, Counter[str]] = defaultdict(Counter)
        for mutant in self.mutants:
            self.told(self._tried(mutant, finders[mutant.place]))
        return True

    def _check_that_nothing_changed_is_not_found(self) -> None:
        """A control: every test that is used, constants made anew, in a fork and without a mutant."""
        used = [item for name, item in self.items.items() if self.seen.seconds.get(name, self.longest) < self.longest]
        found = in_fork(lambda: f"found {first_failing(used, [CONTROL_S] * len(used), self.constants)}")
        if found is None or found.strip() != "found":
            place = (found or "").removeprefix("found ")
            raise pytest.UsageError(f"without a mutant fails: {used[int(place)].nodeid if place else found!r}")

    def _tried(self, mutant: Mutant, finders: Counter[str]) -> Result:
        names = set[str]().union(*(self.seen.tests.get(f"{mutant.path}:{line}", ()) for line in mutant.lines))
        # What test modules made at their import of a function that ran then would still be of the true code.
        constants = self.constants if AT_IMPORT in names else {}
        seconds = {name: self.seen.seconds[name] for name in names & set(self.seen.seconds)}
        chosen = [name for name in seconds if seconds[name] < self.longest]
        if not chosen:
            return Result(mutant, UNREACHED)
        # Most mutants of a function are found by the test that found the one before.
        chosen.sort(key=lambda name: (-finders[name], seconds[name], name))
        items, allowed = zip(*((self.items[name], SPARE_S + SLOWER * seconds[name]) for name in chosen), strict=True)

        def work() -> str:
            # A mutant that cannot even be defined is found by whoever imports it.
            defined = attempt(lambda: swap(mutant, self.live))
            return f"found {first_failing(items, allowed, constants)}" if defined else "found 0"

        answer = in_fork(work)
        for each in (self.scratch / "tmp").glob("*"):
            shutil.rmtree(each, ignore_errors=True)
        if answer is None:
            return Result(mutant, LATE)
        place = answer.removeprefix("found ").strip() if answer else "0"  # it took the whole process down
        if not place:
            return Result(mutant, SURVIVED)
        finders[chosen[int(place)]] += 1
        return Result(mutant, KILLED, chosen[int(place)])


def _looked(measured: coverage.Coverage, items: Sequence[Any]) -> Seen:
    seconds = {}
    for place, item in enumerate(items):
        measured.start()
        measured.switch_context(item.nodeid)
        began = time.process_time()
        passed = passes(item, items[place + 1] if place + 1 < len(items) else None)
        measured.stop()
        if passed:
            seconds[item.nodeid] = time.process_time() - began
    data = measured.get_data()
    return Seen(
        seconds,
        {
            f"{path}:{line}": sorted(contexts)
            for path in data.measured_files()
            for line, contexts in data.contexts_by_lineno(path).items()
        },
    )
