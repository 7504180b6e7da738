"""A suite: cases, a way to play them, a scorer, and the bar that stops a release.

Each suite also names a ``good`` and a ``bad`` solver, scripted both. Every case must be passed by the good one and
failed by the bad one; a test runs that check, so that no case can rot into one that nobody can fail.

What a solver may be, from suite to suite: the product with a scripted model that obeys every attack, the product with
recorded answers, a checker of explanations. ``opened`` gives what all cases of a suite share, such as a start of the
product; it is closed when the suite ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evals.case import Case
from evals.outcome import Outcome, Result, Score
from evals.product import Opener
from evals.statistics import Interval

Stage = Any
"""What the cases of one suite are played on; each suite has its own kind."""
Solver = Callable[[Stage, Case], Outcome]
Scorer = Callable[[Case, Outcome], Score]
Bound = Literal["at most", "at least", "reported"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a suite with its interval; ``bound`` and ``bar`` are what it must keep, if anything.

    ``of`` is the slice: empty for the whole suite, else for example ``channel=news``. ``note`` says what no figure
    does, such as why there is none.
    """

    name: str
    interval: Interval
    n: int
    unit: str = "share"
    bound: Bound = "reported"
    bar: float = 0.0
    of: str = ""
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its bar; what is only reported always does."""
        if self.bound == "at most":
            return self.interval.value <= self.bar
        return self.bound == "reported" or self.interval.value >= self.bar

    @property
    def missing(self) -> bool:
        """Whether there was nothing to measure it on: it is told as not measured, and neither holds nor is broken."""
        return self.n == 0 and self.bound == "reported"


@contextmanager
def nothing_shared(_product: Opener) -> Iterator[Stage]:
    """For suites whose cases stand alone."""
    yield None


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite as the catalogue lists it. ``claim`` says in one sentence what it shows, and what it does not.

    ``opponents`` names who played the models: ``scripted``, ``recorded``, or ``none`` where no model is asked.
    """

    name: str
    title: str
    claim: str
    cases: Callable[[], Sequence[Case]]
    solve: Solver
    score: Scorer
    measure: Callable[[Sequence[Result]], Sequence[Measure]]
    good: Solver
    bad: Solver
    opponents: Literal["scripted", "recorded", "none"] = "scripted"
    opened: Callable[[Opener], AbstractContextManager[Stage]] = nothing_shared
    labelled: Callable[[Path], Sequence[Case]] | None = None
    """More cases, of labelled sets in a folder that somebody brings; what is not there has none."""

    def cases_with(self, data: Path | None) -> tuple[Case, ...]:
        """The cases that ship with the code, and those of ``data`` where the suite reads any."""
        more = () if data is None or self.labelled is None else self.labelled(data)
        return (*self.cases(), *more)
