"""The mean and deviation of the last so many values, and means that forget, each in one pass and in a fixed order.

    rolling_mean       sum of the last n / n                      carried on, with Kahan's correction
    rolling_deviation  sqrt(M / (n - d)), M = sum (x - mean)^2    carried on by Welford's rule, corrected likewise
    forgetting_mean    m = (1 - a) m + a x                        from the first x on
    wilder_mean        m = ((n - 1) m + x) / n                    from a given start on
    wilder_sum         s = s - s / n + x                          likewise

Worked number: 1, 2, 4 have the mean 3 over the last two; forgetting by a half they give 1, 1.5, 2.75.

Floats are rounded at every step, so the order of the steps is a part of the definition: a mean of prices in cents often
lies exactly between two figures of five digits, and would be rounded up here and down there. The order is that of
pandas and ``ta``, and the results are theirs to the last bit at a tenth of the price for some hundred bars. Sources:
Kahan, Further remarks on reducing truncation errors (1965); Welford, Note on a method for calculating corrected sums of
squares and products (1962); Wilder, New Concepts in Technical Trading Systems (1978).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import nan, sqrt
from sys import float_info

Floats = list[float]

_SPENT = 1000 * float_info.epsilon
"""Squares that fall by so much at once keep three digits or fewer, and are added up anew."""


def rolling_mean(values: Sequence[float], count: int) -> float:
    """The mean of the last ``count`` values, of a sum carried on from the first; NaN where there are not so many."""
    if len(values) < count:
        return nan
    total = added = removed = 0.0
    for value in values[:count]:
        step = value - added
        raised = total + step
        added = raised - total - step
        total = raised
    for value, gone in zip(values[count:], values, strict=False):
        step = -gone - removed
        raised = total + step
        removed = raised - total - step
        total = raised
        step = value - added
        raised = total + step
        added = raised - total - step
        total = raised
    last = values[-1]
    # Equal values have their value as the mean, whatever the sum has gathered in rounding.
    return last if all(value == last for value in values[-count:]) else total / count


def rolling_deviation(values: Sequence[float], count: int, *, less: int) -> float:
    """The standard deviation of the last ``count`` values, squares divided by ``count - less``; NaN likewise."""
    if len(values) < count:
        return nan
    mean, squares, added = _squares_of(values[:count])
    removed = 0.0
    for place, (value, gone) in enumerate(zip(values[count:], values, strict=False), 1):
        before, were = mean - removed, squares
        step = gone - removed
        moved = step - mean
        removed = moved + mean - step
        mean -= moved / (count - 1)
        squares -= (gone - before) * (gone - mean)
        if were * _SPENT > squares:
            mean, squares, added = _squares_of(values[place : place + count])
            removed = 0.0
            continue
        before = mean - added
        step = value - added
        moved = step - mean
        added = moved + mean - step
        mean += moved / count
        squares += (value - before) * (value - mean)
    # Not ``max``: of NaN it would make no deviation at all, and what nobody knows would look calm.
    return 0.0 if squares <= 0.0 else sqrt(squares / (count - less))


def forgetting_mean(values: Sequence[float], weight: float) -> Floats:
    """The mean in which each value weighs ``weight`` and all before it the rest."""
    rest, means = 1.0 - weight, list(values[:1])
    mean = means[0] if means else nan
    for value in values[1:]:
        if mean != value:  # what stands still stays where it is, to the last bit
            mean = rest * mean + weight * value
        means.append(mean)
    return means


def wilder_mean(start: float, values: Sequence[float], count: int) -> Floats:
    """Wilder's average: ``start``, and then after each of ``values``."""
    means, mean = [start], start
    for value in values:
        mean = (mean * (count - 1) + value) / count
        means.append(mean)
    return means


def wilder_sum(start: float, values: Sequence[float], count: int) -> Floats:
    """Wilder's running sum, which forgets a ``count``-th of itself before each of ``values``."""
    sums, total = [start], start
    for value in values:
        total = total - total / count + value
        sums.append(total)
    return sums


def _squares_of(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean, sum of squared deviations and correction, from nothing."""
    mean = squares = added = 0.0
    for number, value in enumerate(values, 1):
        before = mean - added
        step = value - added
        moved = step - mean
        added = moved + mean - step
        mean += moved / number
        squares += (value - before) * (value - mean)
    return mean, squares, added
