"""A figure of a series of bars that is made once for as long as the series is the very same.

A cycle looks at the market as it observes, as the gates inform and as the orders go out; between these the bars have
mostly not moved, and what takes a pass over all of them need not be computed again. The same means the same objects in
the same order, which takes no look inside: a source that sends a bar anew, corrected or not, has the figure made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Generic, NamedTuple, TypeVar

from domain.market import Bar, Symbol, Timeframe

T = TypeVar("T")
MOST = 1024
"""Series that are kept; beyond them all are forgotten, which costs time and nothing else."""


class _Known(NamedTuple, Generic[T]):
    bars: tuple[Bar, ...]
    value: T


class Remembered(Generic[T]):
    """``figure``, with the last series of every symbol and timeframe kept beside what it came to."""

    def __init__(self, figure: Callable[[Sequence[Bar]], T]) -> None:
        self._figure = figure
        self._known: dict[tuple[Symbol, Timeframe], _Known[T]] = {}

    def __call__(self, bars: Sequence[Bar]) -> T:
        """The figure of these bars."""
        if not bars:
            return self._figure(bars)
        key = (bars[-1].symbol, bars[-1].timeframe)
        known = self._known.get(key)
        if known is not None and len(known.bars) == len(bars) and all(map(is_, known.bars, bars)):
            return known.value
        value = self._figure(bars)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = _Known(tuple(bars), value)
        return value
