"""What daily returns tell a gate: how two symbols move together, and square roots that never flatter.

The square root of Decimal rounds half to even whatever the context says, so it is moved up where it falls short of the
true root: the root of 2 to five digits is 1.4143 here, never 1.4142.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any, TypeGuard

from domain.case import SymbolView
from domain.market import Symbol
from domain.money import ONE
from policies.measures.worst_case import NOTHING, is_finite

OPPOSED = -ONE
YEAR_ROOT = Decimal("15.8745078664")
"""The root of the 252 trading days of a year, rounded up: a daily deviation times this is the annual one."""

EXACT = Context(prec=400, rounding=ROUND_CEILING)
"""Products of six figures as sources give them (up to 60 digits each) are exact in it, and sums of them too."""

_UP = Context(prec=28, rounding=ROUND_CEILING)
_DOWN = Context(prec=50, rounding=ROUND_FLOOR)
times_up = _UP.multiply
"""A product, rounded up at 28 digits."""


def correlations(views: Mapping[Symbol, SymbolView], symbol: Symbol, others: Sequence[Symbol]) -> list[Decimal] | None:
    """Of ``symbol`` with each of ``others``; None where one is unknown, or no number from -1 to 1.

    Either view may tell it. All pairs of a book are asked for, so that the usual case, in which the symbol's own view
    tells them all, is one pass.
    """
    if not others:
        return []
    own = views.get(symbol, NOTHING).correlations
    row = [None] * len(others) if own is None else [*map(own.get, others)]
    if _are_correlations(row):
        return row
    found: list[Decimal] = []
    for rho, other in zip(row, others, strict=True):
        theirs = views.get(other, NOTHING).correlations if rho is None else None
        told = rho if theirs is None else theirs.get(symbol)
        if not is_finite(told) or not OPPOSED <= told <= ONE:
            return None
        found.append(told)
    return found


def _are_correlations(row: Sequence[Any]) -> TypeGuard[list[Decimal]]:
    """True where all of ``row``, which is not empty, are numbers from -1 to 1."""
    try:
        return all(map(Decimal.is_finite, row)) and bool(min(row) >= OPPOSED and max(row) <= ONE)
    except TypeError:  # one of them is no Decimal
        return False


def annual(daily_sigma: Decimal) -> Decimal:
    """The deviation of a year from that of a day, rounded up."""
    return _UP.multiply(daily_sigma, YEAR_ROOT)


def root_up(square: Decimal) -> Decimal:
    """The smallest number of 28 digits whose square is at least ``square``."""
    root = _UP.sqrt(square)
    return root if EXACT.multiply(root, root) >= square else _UP.next_plus(root)


def root_down(square: Decimal) -> Decimal:
    """The largest number of 50 digits whose square is at most ``square``."""
    root = _DOWN.sqrt(square)
    return root if EXACT.multiply(root, root) <= square else _DOWN.next_minus(root)
