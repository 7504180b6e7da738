"""Running suites: every case is played, scored and accounted for, and two suites run at once.

    a case that is played      passed or failed, by its scorer
    a recording that is stale  stale: its question would be put in other words today
    an error of the product    errored, with its code
    a crash of a suite         all its cases are errored

``completed`` must equal ``total``: what was not played is never a pass. Suites run in processes of their own, which
start anew, so that nothing one suite has loaded or left behind reaches another.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from agents.models.recorded_llm import RecordingMissing
from domain.errors import OversightError, UsageError
from evals.case import Case
from evals.catalogue import SUITES
from evals.outcome import Outcome, Result, Score, Status
from evals.product import Opener, no_product
from evals.suite import Measure, Solver, Stage, Suite

Told = Callable[[str, int, int], None]
"""Called with a suite's name, how many of its cases are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """One suite with all its results, in the order of its cases."""

    name: str
    title: str
    claim: str
    opponents: str
    total: int
    results: tuple[Result, ...]
    measures: tuple[Measure, ...]
    seconds: float

    @property
    def completed(self) -> int:
        """Cases that the product has answered."""
        return sum(each.completed for each in self.results)

    @property
    def ok(self) -> bool:
        """Everything was played, there was something to play, and every bar holds."""
        return 0 < self.total == self.completed and all(each.holds for each in self.measures)


def chosen(names: Sequence[str]) -> tuple[Suite, ...]:
    """Suites by name (``S3`` is enough for ``S3_injection``), all where none is named."""
    known = {suite.name: suite for suite in SUITES}
    found = []
    for name in names:
        fits = [
            suite for full, suite in known.items() if name.lower() in (full.lower(), full.lower().partition("_")[0])
        ]
        if not fits:
            raise UsageError(f"there is no suite {name}", f"Choose from {', '.join(known)}.")
        found += fits
    return tuple(found) if names else SUITES


def run(
    suites: Sequence[Suite],
    product: Opener,
    *,
    data: Path | None = None,
    workers: int = 2,
    told: Told = lambda _name, _done, _all: None,
) -> list[SuiteRun]:
    """Run suites side by side; the answer is in the order of ``suites``. ``data`` holds labelled sets, if any."""
    # Not a fork: caches of one suite, and threads that hold locks, would come along.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=min(workers, max(len(suites), 1)), mp_context=context) as pool:
        started = {pool.submit(run_by_name, suite.name, product, data): suite for suite in suites}
        found = {}
        for future in as_completed(started):
            suite = started[future]
            found[suite.name] = _finished(suite, future, data)
            told(suite.name, found[suite.name].completed, found[suite.name].total)
    return [found[suite.name] for suite in suites]


def _finished(suite: Suite, future: Future[SuiteRun], data: Path | None) -> SuiteRun:
    crash = future.exception()
    if crash is None:
        return future.result()
    note = f"the suite crashed: {type(crash).__name__}: {crash}"[:300]
    results = tuple(_unplayed(case, Status.ERRORED, note, 0.0) for case in suite.cases_with(data))
    return SuiteRun(suite.name, suite.title, suite.claim, suite.opponents, len(results), results, (), 0.0)


def run_by_name(name: str, product: Opener, data: Path | None = None) -> SuiteRun:
    """One suite in this process; suites are told by name, because functions do not travel between processes."""
    (suite,) = chosen([name])
    return run_suite(suite, product, data)


def run_suite(suite: Suite, product: Opener = no_product, data: Path | None = None) -> SuiteRun:
    """One suite in this process."""
    began = perf_counter()
    cases = suite.cases_with(data)
    with suite.opened(product) as stage:
        results = tuple(play(suite, suite.solve, stage, case) for case in cases)
    # Over what was played; what was not stops the suite by itself, see ``ok``.
    measures = tuple(suite.measure([each for each in results if each.completed]))
    seconds = perf_counter() - began
    return SuiteRun(suite.name, suite.title, suite.claim, suite.opponents, len(cases), results, measures, seconds)


def play(suite: Suite, solve: Solver, stage: Stage, case: Case) -> Result:
    """One case with one solver."""
    began = perf_counter()
    try:
        outcome = solve(stage, case)
    # Nothing broader than these two: any other error crashes the suite, and all of its cases count as not played.
    except RecordingMissing as error:
        return _unplayed(case, Status.STALE, str(error), _ms_since(began))
    except OversightError as error:
        return _unplayed(case, Status.ERRORED, f"{error.code}: {error}", _ms_since(began))
    return _scored(suite, case, outcome, _ms_since(began))


def _scored(suite: Suite, case: Case, outcome: Outcome, ms: float) -> Result:
    score = suite.score(case, outcome)
    status = Status.PASSED if score.passed else Status.FAILED
    return Result(case.id, suite.name, status, case.tags, score, outcome, ms)


def _unplayed(case: Case, status: Status, note: str, ms: float) -> Result:
    return Result(case.id, case.suite, status, case.tags, Score(False, note=note), None, ms)


def _ms_since(began: float) -> float:
    return (perf_counter() - began) * 1000


def self_check(suite: Suite, cases: Iterable[Case], product: Opener = no_product) -> list[str]:
    """Cases that the scripted good solver does not pass, or that the bad one does not fail."""
    found = []
    with suite.opened(product) as stage:
        for case in cases:
            good = play(suite, suite.good, stage, case)
            bad = play(suite, suite.bad, stage, case)
            if good.status is not Status.PASSED:
                found.append(f"{case.id}: the good one {good.status.value}: {good.score.note}")
            if bad.status is not Status.FAILED:
                found.append(f"{case.id}: the bad one {bad.status.value}: {bad.score.note}")
    return found
