"""The market of a case, symbol by symbol: what the gates and strategies may look at, gathered from one source.

Average true range over 14 bars after Wilder, New Concepts in Technical Trading Systems (1978):

    TR  = max(high - low, |high - close before|, |low - close before|)
    ATR = mean of the first 14 TR, then (13 ATR + TR) / 14 for every further bar

Worked number: fourteen TR of 2.00 and then one of 4.80 give (13 x 2.00 + 4.80) / 14 = 2.20.

ADV20 is the mean volume of the last 20 completed daily bars, in shares. Too few bars, or a source that fails, leave
None; one symbol's trouble never reaches another. Events that a source failed to tell are unknown in every kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import TypeVar

from domain.case import MarketView, SymbolView
from domain.errors import DataQualityError, SourceUnavailable
from domain.market import Bar, Symbol, Timeframe
from domain.ports import Calendar, Market

T = TypeVar("T")
ATR_BARS = 14
ADV_BARS = 20
EVENTS_AHEAD = timedelta(days=7)
_MICRO = Decimal("0.000001")

Report = Callable[[str], None]
"""Is told, in words for the operator, what did not answer."""


def market_view(
    market: Market,
    calendar: Calendar,
    symbols: Sequence[Symbol],
    *,
    as_of: datetime,
    timeframe: Timeframe,
    bars: Mapping[Symbol, tuple[Bar, ...]],
    report: Report,
) -> MarketView:
    """Everything about ``symbols`` at ``as_of``; ``bars`` are theirs of ``timeframe``, oldest first, already fetched.

    ``report`` is called with one line for every answer that failed, e.g. ``missing.append``.
    """
    views = {
        symbol: _symbol_view(market, symbol, as_of=as_of, timeframe=timeframe, bars=bars.get(symbol, ()), report=report)
        for symbol in symbols
    }
    return MarketView(as_of, calendar.name, calendar.session_at(as_of), views)


def _symbol_view(
    market: Market, symbol: Symbol, *, as_of: datetime, timeframe: Timeframe, bars: Sequence[Bar], report: Report
) -> SymbolView:
    def asked(what: str, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except (SourceUnavailable, DataQualityError) as error:
            report(f"{market.name}: {what} of {symbol}: {error}")
            return None

    def daily_bars() -> tuple[Bar, ...]:
        return market.bars(symbol, Timeframe.DAY_1, as_of=as_of, limit=ADV_BARS)

    daily = bars if timeframe is Timeframe.DAY_1 else asked("daily bars", daily_bars)
    events = asked("events", lambda: market.events(symbol, as_of=as_of, until=as_of + EVENTS_AHEAD))
    return SymbolView(
        instrument=asked("instrument", lambda: market.instrument(symbol)),
        quote=asked("quote", lambda: market.quote(symbol, as_of=as_of)),
        status=asked("status", lambda: market.status(symbol, as_of=as_of)),
        last_bar_end=bars[-1].end if bars else None,
        timeframe=timeframe,
        atr=average_true_range(bars),
        adv_shares=average_daily_volume(daily or ()),
        events=events or (),
        event_kinds=frozenset() if events is None else market.event_kinds,
    )


def average_true_range(bars: Sequence[Bar]) -> Decimal | None:
    """ATR14 at the end of the last bar, in the currency; None with fewer than 15 bars."""
    ranges = [
        max(bar.high - bar.low, abs(bar.high - before.close), abs(bar.low - before.close))
        for before, bar in pairwise(bars)
    ]
    if len(ranges) < ATR_BARS:
        return None
    average = sum(ranges[:ATR_BARS], Decimal(0)) / ATR_BARS
    for each in ranges[ATR_BARS:]:
        average = ((ATR_BARS - 1) * average + each) / ATR_BARS
    return average.quantize(_MICRO, ROUND_HALF_EVEN)


def average_daily_volume(bars: Sequence[Bar]) -> Decimal | None:
    """Mean volume of the last 20 daily bars, in shares; None with fewer."""
    if len(bars) < ADV_BARS:
        return None
    return sum((bar.volume for bar in bars[-ADV_BARS:]), Decimal(0)) / ADV_BARS
