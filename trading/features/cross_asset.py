"""Statistics of daily returns for many symbols at once: volatility, beta against the index, correlations.

    r_t   = close_t / close_(t-1) - 1                       the last 60 of each symbol's own daily bars
    sigma = sqrt(sum (r - mean r)^2 / (n - 1))              60 returns; ``sigma_now`` the last 10
    beta  = cov(r, r_index) / var(r_index)                  over the days that both have, at least 40
    rho   = cov(r_a, r_b) / (sd(r_a) sd(r_b))               likewise

Worked number: closes 100, 102, 99.96 give returns 0.02 and -0.02, so sigma = sqrt(2 x 0.0004 / 1) = 0.028284.

A return belongs to the two days it spans, and only returns over the same two days are compared: a symbol that misses a
day, or trades at week-ends, never lends a two-day move to somebody's one-day move. Sample covariance and Pearson's
coefficient as in Casella and Berger, Statistical Inference (2002), 4.5 and 5.2. Whatever cannot be told is None, or not
in the mapping; prices that are no prices give no returns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from domain.market import Bar, Symbol
from domain.record.identity import Itself
from trading.features.remembered import Remembered

RETURNS = 60
RETURNS_NOW = 10
LEAST_COMMON = 40
DAILY_BARS = RETURNS + 1
PLACES = 6

Floats = npt.NDArray[np.float64]
Returns = Mapping[tuple[date, date], float]
"""Returns by the two days they span, oldest first."""

_SMALLEST, _LARGEST = Decimal("1e-12"), Decimal("1e12")
_FLAT = 1e-12
"""A variance relative to the squares below this is rounding, not movement."""


class Statistics(NamedTuple):
    """What the daily bars of one symbol tell; None, or not in ``correlations``, where they tell too little."""

    daily_sigma: Decimal | None = None
    sigma_now: Decimal | None = None
    beta: Decimal | None = None
    correlations: Mapping[Symbol, Decimal] | None = None


class Alone(NamedTuple):
    """What the bars of one symbol tell without any other's."""

    returns: Returns
    daily_sigma: Decimal | None = None
    sigma_now: Decimal | None = None


class Pairs(NamedTuple):
    """Correlation and slope of each column on each other, NaN where too few rows are common or one does not move."""

    rho: Floats
    slope: Floats


def statistics_of(
    daily: Mapping[Symbol, Sequence[Bar]], index: Sequence[Bar], partners: Collection[Symbol] | None = None
) -> dict[Symbol, Statistics]:
    """Every symbol's statistics from its completed daily bars, oldest first; those of the index come apart.

    Correlations are told with ``partners`` alone, where they are given: all pairs of 500 symbols are 250,000 figures.
    """
    symbols = tuple(daily)
    others = tuple(place for place, symbol in enumerate(symbols) if partners is None or symbol in partners)
    alone = [_alone(bars) for bars in daily.values()]
    columns = tuple(Itself(each.returns) for each in (*alone, _alone(index)))
    return {
        symbol: Statistics(each.daily_sigma, each.sigma_now, beta, correlations)
        for symbol, each, (beta, correlations) in zip(symbols, alone, _together(symbols, others, columns), strict=True)
    }


@Remembered
def _alone(bars: Sequence[Bar]) -> Alone:
    if not bars:
        return _NO_BARS
    returns = returns_of(bars)
    return Alone(returns, sigma(returns, RETURNS), sigma(returns, RETURNS_NOW))


# The last alone: between the gates' look and the sending the bars have mostly not moved, and all pairs are many.
@lru_cache(maxsize=1)
def _together(
    symbols: tuple[Symbol, ...], others: tuple[int, ...], columns: tuple[Itself[Returns], ...]
) -> list[tuple[Decimal | None, Mapping[Symbol, Decimal]]]:
    """Beta and correlations of every symbol; of the columns, those of the symbols come first, and the index last."""
    pairs = pairs_of(aligned([column.value for column in columns]))
    names = tuple(symbols[other] for other in others)
    found = list[tuple[Decimal | None, Mapping[Symbol, Decimal]]]()
    for own, slope, row in zip(symbols, pairs.slope[:-1, -1].tolist(), _figures(pairs.rho[:-1, others]), strict=True):
        told = dict(zip(names, row, strict=True))
        told.pop(own, None)
        found.append((_figure(slope), {name: rho for name, rho in told.items() if rho is not None}))
    return found


def returns_of(bars: Sequence[Bar]) -> Returns:
    """The last 60 returns; none across a close that is no price, or between bars that are not in order."""
    found = {}
    for before, bar in pairwise(bars[-DAILY_BARS:]):
        if _is_price(before.close) and _is_price(bar.close) and before.start < bar.start:
            found[before.start.date(), bar.start.date()] = float(bar.close / before.close) - 1.0
    return found


def sigma(returns: Returns, count: int) -> Decimal | None:
    """Sample standard deviation of the last ``count`` returns; None with fewer."""
    if len(returns) < count:
        return None
    return _figure(float(np.std(list(returns.values())[-count:], ddof=1)))


def aligned(columns: Sequence[Returns]) -> Floats:
    """One row a span of days, one column a symbol, NaN where a symbol has no return over exactly these days."""
    spans = sorted({span for column in columns for span in column})
    places = {span: place for place, span in enumerate(spans)}
    table = np.full((len(spans), len(columns)), np.nan)
    for number, column in enumerate(columns):
        table[[places[span] for span in column], number] = list(column.values())
    return table


def pairs_of(table: Floats) -> Pairs:
    """All pairs of columns at once, each over the rows that both have, as n S_xy - S_x S_y = n (n - 1) cov(x, y)."""
    known = ~np.isnan(table)
    # Sums of squares lose digits far from zero; the shift changes no covariance.
    count = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, table - np.nansum(table, axis=0) / count, 0.0)
    there = known.astype(np.float64)
    n = there.T @ there
    sums, squares = centred.T @ there, (centred**2).T @ there
    covariance = n * (centred.T @ centred) - sums * sums.T
    variance = n * squares - sums**2
    moves = variance > _FLAT * n * squares
    moving = (n >= LEAST_COMMON) & moves & moves.T
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = np.where(moving, covariance / np.sqrt(variance * variance.T), np.nan)
        slope = np.where(moving, covariance / variance.T, np.nan)
    return Pairs(np.clip(rho, -1.0, 1.0), slope)


def _is_price(value: Decimal) -> bool:
    # Beyond these no market has a price, and one infinite return would spread through the sums to every symbol.
    return value.is_finite() and _SMALLEST <= value <= _LARGEST


def _figure(value: float) -> Decimal | None:
    """Six decimals, and never a negative zero; None where there is no finite number."""
    number = Decimal(f"{value:.{PLACES}f}")
    return number + 0 if number.is_finite() else None


def _figures(table: Floats) -> list[list[Decimal | None]]:
    """The same of a whole table, each once: a correlation is one of two symbols, and stands at two places."""
    values, places = np.unique(table, return_inverse=True)
    finite = np.isfinite(values)
    figures = np.full(values.shape, None, dtype=object)
    # Written in one go, which takes a third of the time; the plus makes nought of a negative zero.
    texts = (f"%.{PLACES}f " * int(finite.sum()) % tuple(values[finite].tolist())).split()
    figures[finite] = [+Decimal(text) for text in texts]
    told: list[list[Decimal | None]] = figures[places.reshape(table.shape)].tolist()
    return told


_NO_BARS = Alone({})
