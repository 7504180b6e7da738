"""What is wrong with the newest bars of a symbol, in words: the first fault found, oldest bar first.

Looked at are the last ten bars of the cycle's timeframe and the last ten daily bars, and whether each of the last ten
sessions has a bar. A vendor may publish a daily bar late, so a session is missed from twelve hours after its close on;
sessions before a symbol's first bar are not missed. How old the last bar may be is a matter of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from operator import attrgetter

from domain.market import Bar, Session
from domain.money import ZERO
from domain.ports import Calendar
from trading.features.remembered import Remembered

LOOKED_AT = 10
LATE = timedelta(hours=12)
_REACH = timedelta(days=30)
"""Ten sessions, whatever the holidays."""
_END = attrgetter("end")


def bar_fault(bars: Sequence[Bar], daily: Sequence[Bar], sessions: Sequence[Session]) -> str | None:
    """The first fault, "" where there is none; None without any bar: nothing can be said of nothing."""
    if not bars:
        return None
    return next(_faults(bars, daily, sessions), "")


def expected_sessions(calendar: Calendar, as_of: datetime) -> tuple[Session, ...]:
    """The last ten sessions that must have a daily bar by now."""
    closed = (each for each in calendar.sessions(as_of - _REACH, as_of) if each.closes_at + LATE <= as_of)
    return tuple(closed)[-LOOKED_AT:]


def _faults(bars: Sequence[Bar], daily: Sequence[Bar], sessions: Sequence[Session]) -> Iterator[str]:
    yield from _broken(daily[-LOOKED_AT:])
    if bars is not daily:
        yield from _broken(bars[-LOOKED_AT:])
    yield from _missed(daily or bars, sessions)


@Remembered
def _broken(bars: Sequence[Bar]) -> tuple[str, ...]:
    """What is wrong with these bars by themselves, whatever the time."""
    return tuple(_broken_bars(bars))


def _broken_bars(bars: Sequence[Bar]) -> Iterator[str]:
    for bar in bars:
        fault = _figures(bar)
        if fault:
            yield f"bar of {_when(bar)}: {fault}"
    for before, bar in pairwise(bars):
        if bar.start == before.start:
            yield f"bar of {_when(bar)}: there twice"
        elif bar.start < before.end:
            yield f"bar of {_when(bar)}: not in order of time"


def _figures(bar: Bar) -> str:
    """What is wrong with one bar by itself."""
    prices = (bar.open, bar.high, bar.low, bar.close)
    # NaN compares as an error and infinity as a price, so both are asked for before anything is compared.
    if not all(each.is_finite() for each in (*prices, bar.volume)):
        return "not a number"
    if min(prices) <= ZERO or bar.volume < ZERO:
        return "a price or volume below zero" if bar.volume < ZERO else "a price that is not positive"
    if bar.high < bar.low:
        return "high below low"
    if not bar.low <= bar.close <= bar.high:
        return "close outside high and low"
    if not bar.low <= bar.open <= bar.high:
        return "open outside high and low"
    return "no volume" if bar.volume == ZERO else ""


def _missed(bars: Sequence[Bar], sessions: Sequence[Session]) -> Iterator[str]:
    for session in sessions:
        place = bisect_right(bars, session.opens_at, key=_END)
        covered = place < len(bars) and bars[place].start < session.closes_at
        if not covered and bars[0].end <= session.opens_at:
            yield f"session of {session.day}: no bar"


def _when(bar: Bar) -> str:
    return bar.start.strftime("%Y-%m-%d %H:%MZ")
