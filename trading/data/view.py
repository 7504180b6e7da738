"""The market of a case, symbol by symbol: what the gates and strategies may look at, gathered from one source.

Average true range over 14 bars after Wilder, New Concepts in Technical Trading Systems (1978):

    TR  = max(high - low, |high - close before|, |low - close before|)
    ATR = mean of the first 14 TR, then (13 ATR + TR) / 14 for every further bar

Worked number: fourteen TR of 2.00 and then one of 4.80 give (13 x 2.00 + 4.80) / 14 = 2.20.

ADV20 is the mean volume of the last 20 completed daily bars, in shares. Statistics of returns and the moves of the
session are those of ``trading/features/``. Too few bars, or a source that fails, leave None; one symbol's trouble never
reaches another. Events that a source failed to tell are unknown in every kind. A bar that has not ended by then does
not exist, whatever a source hands out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import TypeVar

from domain.case import MarketView, SymbolView
from domain.errors import DataQualityError, SourceUnavailable
from domain.market import Bar, EventKind, MarketEvent, Session, Symbol, Timeframe
from domain.ports import Calendar, Market
from trading.features.cross_asset import DAILY_BARS, Statistics, statistics_of
from trading.features.moves import close_before, gap_pct, moved_pct, price_of
from trading.features.remembered import Remembered
from trading.quality.bars import bar_fault, expected_sessions

T = TypeVar("T")
ATR_BARS = 14
ADV_BARS = 20
EVENTS_AHEAD = timedelta(days=7)
# No exchange has been closed for so long in the years that the calendar knows.
_LAST_SESSION = timedelta(days=30)
_MICRO = Decimal("0.000001")

Report = Callable[[str], None]
"""Is told, in words for the operator, what did not answer."""
Bars = Mapping[Symbol, tuple[Bar, ...]]


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a market: what is the same for every symbol."""

    market: Market
    as_of: datetime
    timeframe: Timeframe
    session: Session | None
    previous: Session | None
    """The session before the one at hand."""
    expected: tuple[Session, ...]
    """Sessions that must have a bar."""
    report: Report

    def asked(self, what: str, symbol: Symbol, question: Callable[[], T]) -> T | None:
        """An answer of the source; None, and a line for the operator, where it fails."""
        try:
            return question()
        # A wrong key (ConfigurationError) goes through: it would silence every symbol, and only the owner can mend it.
        except (SourceUnavailable, DataQualityError) as error:
            self.report(f"{self.market.name}: {what} of {symbol}: {error}")
            return None

    def daily(self, symbol: Symbol) -> tuple[Bar, ...]:
        """As many daily bars as any statistic needs."""

        def question() -> tuple[Bar, ...]:
            return self.market.bars(symbol, Timeframe.DAY_1, as_of=self.as_of, limit=DAILY_BARS)

        return self.ended(self.asked("daily bars", symbol, question) or ())

    def ended(self, bars: tuple[Bar, ...]) -> tuple[Bar, ...]:
        """Those bars that could be known."""
        # In nearly every case the tuple is handed on as it is, without a copy for each symbol.
        if not bars or _last_end(bars) <= self.as_of:
            return bars
        return tuple(bar for bar in bars if bar.end <= self.as_of)


def market_view(
    market: Market,
    calendar: Calendar,
    symbols: Sequence[Symbol],
    *,
    as_of: datetime,
    timeframe: Timeframe,
    bars: Bars,
    report: Report,
    partners: Collection[Symbol] | None = None,
) -> MarketView:
    """Everything about ``symbols`` at ``as_of``; ``bars`` are theirs of ``timeframe``, oldest first, already fetched.

    ``report`` is called with one line for every answer that failed, e.g. ``missing.append``. Correlations are told with
    the ``partners`` among the symbols, or with all of them where none are given.
    """
    session = calendar.session_at(as_of)
    # The close before is that of the session before the one at hand, not of the one that is open now.
    opened = as_of if session is None else session.opens_at
    before = calendar.sessions(opened - _LAST_SESSION, opened)
    look = _Look(
        market, as_of, timeframe, session, before[-1] if before else None, expected_sessions(calendar, as_of), report
    )
    given = {symbol: look.ended(bars.get(symbol, ())) for symbol in symbols}
    daily = given if timeframe is Timeframe.DAY_1 else {symbol: look.daily(symbol) for symbol in symbols}
    index = _index_bars(look, daily)
    statistics = statistics_of(daily, index, partners)
    return MarketView(
        as_of,
        calendar.name,
        session,
        {symbol: _symbol_view(look, symbol, given[symbol], daily[symbol], statistics[symbol]) for symbol in symbols},
        index_move_pct=_index_move(look, index),
        next_session=calendar.session_after(as_of),
    )


def _index_bars(look: _Look, daily: Bars) -> tuple[Bar, ...]:
    """The daily bars of the index, asked for unless it is among the symbols; none where the source has no index."""
    index = look.market.index
    if index is None:
        return ()
    return daily[index] if index in daily else look.daily(index)


def _index_move(look: _Look, bars: Sequence[Bar]) -> Decimal | None:
    """How far the index stands from its close before, in percent; None between sessions."""
    index = look.market.index
    if index is None or look.session is None:
        return None
    quote = look.asked("quote", index, lambda: look.market.quote(index, as_of=look.as_of))
    return moved_pct(price_of(look.session, quote, as_of=look.as_of), close_before(look.previous, bars))


def _symbol_view(
    look: _Look, symbol: Symbol, bars: tuple[Bar, ...], daily: tuple[Bar, ...], statistics: Statistics
) -> SymbolView:
    market, as_of = look.market, look.as_of
    # Asked together: an empty list would say "no earnings are due", which a source that failed has not said.
    events, event_kinds = look.asked("events", symbol, lambda: _events(look, symbol)) or ((), frozenset())
    instrument = look.asked("instrument", symbol, lambda: market.instrument(symbol))
    quote = look.asked("quote", symbol, lambda: market.quote(symbol, as_of=as_of))
    status = look.asked("status", symbol, lambda: market.status(symbol, as_of=as_of))
    return SymbolView(
        instrument=instrument,
        quote=quote,
        status=status,
        last_bar_end=bars[-1].end if bars else None,
        timeframe=look.timeframe,
        atr=average_true_range(bars),
        adv_shares=average_daily_volume(daily),
        events=events,
        event_kinds=event_kinds,
        beta=statistics.beta,
        daily_sigma=statistics.daily_sigma,
        sigma_now=statistics.sigma_now,
        correlations=statistics.correlations,
        recent_volume=bars[-1].volume if bars else None,
        gap_pct=gap_pct(look.session, close_before(look.previous, daily or bars), bars, quote, as_of=as_of),
        bar_fault=bar_fault(bars, daily, look.expected),
        easy_to_borrow=None if instrument is None else instrument.easy_to_borrow,
        short_restricted=None if status is None else status.short_restricted,
    )


def _events(look: _Look, symbol: Symbol) -> tuple[tuple[MarketEvent, ...], frozenset[EventKind]]:
    """The events of the next week, and the kinds of which they are all."""
    as_of, market = look.as_of, look.market
    found = market.events(symbol, as_of=as_of, until=as_of + EVENTS_AHEAD)
    return found, market.event_kinds(symbol, as_of=as_of)


@Remembered
def _last_end(bars: Sequence[Bar]) -> datetime:
    # The latest and not that of the last bar: that a source keeps them in order is not known here.
    return max(bar.end for bar in bars)


@Remembered
def average_true_range(bars: Sequence[Bar]) -> Decimal | None:
    """ATR14 at the end of the last bar, in the currency; None with fewer than 15 bars."""
    ranges = [
        max(bar.high - bar.low, abs(bar.high - before.close), abs(bar.low - before.close))
        for before, bar in pairwise(bars)
    ]
    # No shorter average in its place: a stop is placed by it, and too small an ATR makes too large an order.
    if len(ranges) < ATR_BARS:
        return None
    # Decimals before the loop: turning an integer into one takes as long as the sum.
    count, kept = Decimal(ATR_BARS), Decimal(ATR_BARS - 1)
    average = sum(ranges[:ATR_BARS], Decimal(0)) / count
    for each in ranges[ATR_BARS:]:
        average = (kept * average + each) / count
    return average.quantize(_MICRO, ROUND_HALF_EVEN)


def average_daily_volume(bars: Sequence[Bar]) -> Decimal | None:
    """Mean volume of the last 20 daily bars, in shares; None with fewer."""
    if len(bars) < ADV_BARS:
        return None
    return sum((bar.volume for bar in bars[-ADV_BARS:]), Decimal(0)) / ADV_BARS
