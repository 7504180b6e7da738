"""Intervals for what a suite measures. Floats: these are statistics, not money.

Wilson, n = 412 with no failure: upper bound 0.92 % (the rule of three says 3/n = 0.73 %)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import sqrt
from typing import NamedTuple

Z95 = 1.959964


class Interval(NamedTuple):
    """An estimate with the bounds between which the truth lies in 95 of 100 such samples."""

    value: float
    low: float
    high: float


def wilson(hits: int, n: int) -> Interval:
    """Share of ``hits`` in ``n`` with Wilson's score interval (Wilson 1927); (0, 0, 1) where there is no sample."""
    if n == 0:
        return Interval(0.0, 0.0, 1.0)
    share, square = hits / n, Z95**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z95 * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def bootstrap(
    sample: Sequence[float], statistic: Callable[[Sequence[float]], float], *, seed: int, rounds: int = 2000
) -> Interval:
    """The statistic with its percentile bootstrap interval (Efron 1979), the same for the same seed."""
    chance = random.Random(seed)
    # One generator for all rounds: the same seed gives the same bounds on every machine.
    drawn = sorted(statistic(chance.choices(sample, k=len(sample))) for _ in range(rounds))
    return Interval(statistic(sample), drawn[int(0.025 * rounds)], drawn[int(0.975 * rounds)])


def mean(sample: Sequence[float]) -> float:
    """The average; 0 of nothing."""
    return sum(sample) / len(sample) if sample else 0.0
