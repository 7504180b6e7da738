"""A suite as a task of inspect_ai: the same cases, played by the same runner and judged by the same scorer.

    case      sample    its inputs as text, what is expected as target, its tags beside them
    play      solver    one case at a time in a thread, on the one stage of the suite
    result    score     correct or incorrect as our scorer found, with its note as explanation
    measure   metric    what a release is held to, as figures, and whether all of them are kept

A case that was not played raises in its sample and has no score, so that its task ends as failed. Which of them, and
why, stands in the log, a line each. ``python -m evals.inspect_adapter`` makes an exit code of it, bars included.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import cached_property
from math import nan

from anyio import Lock, to_thread
from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import (
    CORRECT,
    INCORRECT,
    Metric,
    SampleScore,
    Score,
    Scorer,
    Target,
    Value,
    accuracy,
    metric,
    scorer,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.viewer import ViewerConfig

from domain.errors import ConfigurationError
from evals.case import Case
from evals.inspect_adapter.replay import replayed
from evals.outcome import Outcome, Result, Status
from evals.product import Opener
from evals.runner import play
from evals.suite import Measure, Stage, Suite


class NotPlayed(Exception):
    """A case could not be played."""


class Playing:
    """One suite under way: its stage, opened when the first case is played, and what became of each case so far."""

    def __init__(self, suite: Suite, product: Opener) -> None:
        self.name, self.suite = suite.name, suite
        self.cases = {case.id: case for case in suite.cases()}
        self.results: dict[str, Result] = {}
        self._product = product
        self._opened = ExitStack()
        # inspect_ai tells a task when a sample ends, and never when all have: whoever holds the last reference closes.
        weakref.finalize(self, self._opened.close)

    def play(self, case_id: str) -> None:
        """One case by our own runner; raises NotPlayed where the product gave no answer to judge."""
        result = play(self.suite, self.suite.solve, self._stage, self.cases[case_id])
        self.results[case_id] = result
        if not result.completed:
            raise NotPlayed(f"{case_id} was not played, {result.status}: {result.score.note}")

    @cached_property
    def _stage(self) -> Stage:
        return replayed(self._opened.enter_context(self.suite.opened(self._product)))


def task_of(suite: Suite, product: Opener) -> Task:
    """The task of a suite; raises ConfigurationError for a suite without cases, which nothing can pass."""
    playing = Playing(suite, product)
    if not playing.cases:
        raise ConfigurationError(f"suite {suite.name} has no cases", "Its data are missing: see docs/operating.md.")
    return Task(
        dataset=MemoryDataset([sample_of(case) for case in playing.cases.values()], name=suite.name),
        solver=played(playing),
        scorer=judged(playing),
        metrics=[accuracy(), kept(playing)],
        model="none/none",
        fail_on_error=True,
        continue_on_fail=True,  # every case that was not played is told, and not only the first
        display_name=suite.title,
        description=suite.claim,
        tags=[suite.opponents],
        viewer=ViewerConfig(trust_content=False),  # half of the cases are what attackers write
    )


def sample_of(case: Case) -> Sample:
    """A case as inspect_ai shows it, in ASCII: what is invisible or runs backwards is seen as what it is."""
    told = {"tags": dict(case.tags), "origin": case.origin, "license": case.license, "version": case.version}
    return Sample(
        id=case.id, input=json.dumps(case.inputs, indent=1), target=json.dumps(dict(case.expect)), metadata=told
    )


@solver
def played(playing: Playing) -> Solver:
    """Plays the sample's case."""
    # In the order of the cases, like our own runner: on some stages a case finds what the one before it has left.
    turn = Lock()

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        async with turn:
            await to_thread.run_sync(playing.play, str(state.sample_id))
        return state

    return solve


@scorer(metrics=[accuracy()])
def judged(playing: Playing) -> Scorer:
    """Says what our own scorer has said."""

    async def score(state: TaskState, target: Target) -> Score:
        result = playing.results.get(str(state.sample_id))
        if result is None:
            raise NotPlayed(f"{state.sample_id} was not played here: a log cannot be scored anew, only played again")
        outcome = result.outcome or Outcome("NOT_PLAYED")
        return Score(
            value=CORRECT if result.status is Status.PASSED else INCORRECT,
            answer=outcome.verdict,
            explanation=result.score.note,
            metadata={**asdict(outcome), "scores": dict(result.score.values)},
        )

    return score


@metric
def kept(playing: Playing) -> Metric:
    """The share of cases that was played and every figure with a bar; not a number until all cases are judged."""

    def compute(scores: list[SampleScore]) -> Value:
        results = [playing.results[str(each.sample_id)] for each in scores]
        whole = len(results) == len(playing.cases)
        barred = [each for each in playing.suite.measure(results) if each.bound != "reported"] if whole else []
        held = float(all(each.holds for each in barred)) if whole else nan
        return {"played": _share_of(playing), "bars held": held, **_figures(barred)}

    return compute


def _share_of(playing: Playing) -> float:
    tried = playing.results.values()
    return sum(each.completed for each in tried) / len(tried) if tried else nan


def _figures(barred: Sequence[Measure]) -> dict[str, float]:
    return {
        f"{' '.join(filter(None, (each.name, each.of)))}, {each.bound} {each.bar:g}": each.interval.value
        for each in barred
    }
