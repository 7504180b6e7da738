"""Buy and hold: what the same cash would have become in equal parts of all symbols, with nothing done to it.

    worth on a day = cash x mean over symbols of (close of the day / opening price of the first day)

Bars are those known at the end of the period, so a split is in all of them alike. Dividends are in neither curve. A
symbol without a bar on a day is worth what it was; before its first bar its part is cash. No cost is taken off, which
favours holding. Worked number: 100 becomes 110 and 50 becomes 45, half of 1,000 in each: 500 x 1.1 + 500 x 0.9 = 1,000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from domain.market import Bar, Session, Symbol
from domain.money import CENT, ONE, ZERO


def held_curve(
    cash: Decimal, bars: Mapping[Symbol, Sequence[Bar]], sessions: Sequence[Session]
) -> tuple[tuple[date, Decimal], ...]:
    """The worth of the holding at each close; ``bars`` are those of the sessions, oldest first."""
    grown = [_growth(bars[symbol], sessions) for symbol in sorted(bars)]
    return tuple(
        (session.day, (cash * sum((each[at] for each in grown), ZERO) / len(grown)).quantize(CENT))
        for at, session in enumerate(sessions)
    )


def _growth(bars: Sequence[Bar], sessions: Sequence[Session]) -> list[Decimal]:
    """What one unit of money has become by each close."""
    first = bars[0].open if bars else None
    found, worth, at = [], ONE, 0
    for session in sessions:
        while first is not None and at < len(bars) and bars[at].end <= session.closes_at:
            worth, at = bars[at].close / first, at + 1
        found.append(worth)
    return found
