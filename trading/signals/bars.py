"""What every figure from bars starts with: refuse a series that no figure may be computed from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from domain.canonical import time_text
from domain.errors import DataQualityError
from domain.market import Bar


def check_bars(bars: Sequence[Bar]) -> None:
    """Refuse what no figure may be computed from; raises DataQualityError naming the symbol and the bar."""
    if not bars:
        raise DataQualityError("there are no bars", "Look at the source of the bars.")
    for bar in bars:
        prices = (bar.open, bar.high, bar.low, bar.close)
        if not all(price.is_finite() and price > 0 for price in prices):
            raise _bad(bar, "has a price that is not a positive number")
        if not bar.volume.is_finite() or bar.volume < 0:
            raise _bad(bar, "has a volume that is not a number from zero up")
        if bar.low > min(prices) or bar.high < max(prices):
            raise _bad(bar, "has an open or close outside its low and high")
    for earlier, later in pairwise(bars):
        if later.start < earlier.end:
            raise _bad(later, "overlaps the bar before it or is out of order")
        if (later.symbol, later.timeframe) != (bars[0].symbol, bars[0].timeframe):
            raise _bad(later, "belongs to another series")


def _bad(bar: Bar, what: str) -> DataQualityError:
    return DataQualityError(
        f"the bar of {bar.symbol} that ends {time_text(bar.end)} {what}", f"Look at the source {bar.source!r}."
    )
