"""How far a session has moved from the close before it, in percent of that close.

    gap   = 100 (open / close before - 1)        open: that of the session's first completed bar; before there is one,
                                                 or where bars are daily, the middle of a quote of this session
    index = 100 (quote of now / close before - 1)

Worked number: a close of 50.00 and a first bar that opens at 47.00 are a gap of -6 %.

The close before is that of the session before, no older one: a missing day makes the move unknown. A quote from before
the opening, or from after the moment asked about, says nothing. With daily bars the gap is thus the whole move since
the last close, which is the honest stand-in: the open is not known, and what has moved away since matters as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from domain.market import Bar, Quote, Session, Timeframe
from domain.money import HUNDRED, ONE, ZERO

_MICRO = Decimal("0.000001")


def gap_pct(
    session: Session | None, close: Decimal | None, bars: Sequence[Bar], quote: Quote | None, *, as_of: datetime
) -> Decimal | None:
    """The gap of the session at hand; None between sessions, or where no price of it is known."""
    if session is None:
        return None
    first = opening_bar(session, bars)
    return moved_pct(price_of(session, quote, as_of=as_of) if first is None else first.open, close)


def opening_bar(session: Session, bars: Sequence[Bar]) -> Bar | None:
    """The first completed bar inside the session; None where bars are longer, or begin only later in it."""
    place = next((place for place, bar in enumerate(bars) if bar.start >= session.opens_at), None)
    if place is None or bars[place].timeframe is Timeframe.DAY_1:
        return None
    # With a bar before it the series reaches back beyond the opening; without one it may begin in mid-session.
    return bars[place] if place > 0 or bars[place].start == session.opens_at else None


def close_before(previous: Session | None, daily: Sequence[Bar]) -> Decimal | None:
    """The close of the daily bar of exactly that session, from bars in order; None without it."""
    if previous is None:
        return None
    found = next((bar for bar in reversed(daily) if bar.start < previous.closes_at), None)
    return None if found is None or found.end <= previous.opens_at else found.close


def price_of(session: Session | None, quote: Quote | None, *, as_of: datetime) -> Decimal | None:
    """The middle of a quote that was made in this session, by now."""
    if session is None or quote is None or not session.opens_at <= quote.at <= as_of:
        return None
    return quote.mid


def moved_pct(price: Decimal | None, close: Decimal | None) -> Decimal | None:
    """The move from ``close`` to ``price`` in percent; None where either is no price."""
    if price is None or close is None or not (price.is_finite() and close.is_finite()) or min(price, close) <= ZERO:
        return None
    return (HUNDRED * (price / close - ONE)).quantize(_MICRO, ROUND_HALF_EVEN)
