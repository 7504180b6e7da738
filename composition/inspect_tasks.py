"""The suites of ``sage evals run`` as tasks of inspect_ai, one function a suite; needs the extra ``inspect``.

    inspect eval composition/inspect_tasks.py@s10_cost --log-dir logs        then python -m evals.inspect_adapter logs

Part of the composition root, because two suites play on a whole start of the product. inspect_ai finds its tasks by
reading this file, so each of them is written out; a test holds them to the catalogue.
"""

from __future__ import annotations

from inspect_ai import Task, task

from composition.opening import product_for_evals
from evals.inspect_adapter.suite_task import task_of
from evals.runner import chosen


def _of(name: str) -> Task:
    (suite,) = chosen([name])
    return task_of(suite, product_for_evals)


@task
def s1_structured() -> Task:
    """Structured output."""
    return _of("S1_structured")


@task
def s2_gates() -> Task:
    """Gates."""
    return _of("S2_gates")


@task
def s3_injection() -> Task:
    """Injection."""
    return _of("S3_injection")


@task
def s3_cycles() -> Task:
    """Injection, whole cycles."""
    return _of("S3_cycles")


@task
def s4_quality() -> Task:
    """Decision quality."""
    return _of("S4_quality")


@task
def s5_leakage() -> Task:
    """Leakage."""
    return _of("S5_leakage")


@task
def s6_faithfulness() -> Task:
    """Explanations that say what was."""
    return _of("S6_faithfulness")


@task
def s7_memory() -> Task:
    """Memory of trades."""
    return _of("S7_memory")


@task
def s8_calibration() -> Task:
    """Calibration."""
    return _of("S8_calibration")


@task
def s9_abstention() -> Task:
    """Abstention."""
    return _of("S9_abstention")


@task
def s10_cost() -> Task:
    """Cost of a candidate."""
    return _of("S10_cost")


@task
def s12_sentiment() -> Task:
    """Headlines."""
    return _of("S12_sentiment")


@task
def s13_answers() -> Task:
    """Recorded answers."""
    return _of("S13_answers")
