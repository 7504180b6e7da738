"""VWAP: slices along the day's usual volume, measured in our own intraday bars of the last 20 sessions.

The curve is the share of a session's volume that falls into each bar of the day, summed over the sessions; the slices
follow it between start and end, a bar that is only partly inside by that part. Each slice is what the cumulated curve
wants beyond the slices before, in whole lots, so the rounding never adds up: 10 shares over bars of 50 %, 25 % and 25 %
are 5, 2 and 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from domain.errors import DataQualityError, UsageError
from domain.market import Bar, Session
from domain.money import ZERO, floor_to
from trading.execution.algos.base import Slice

SESSIONS, FEWEST = 20, 5
# Spans are divided as whole microseconds: ``timedelta / timedelta`` is a float, and this is a quantity.
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class VolumeSlice:
    """The volume that fell between ``since`` and ``until`` after the opening."""

    since: timedelta
    until: timedelta
    volume: Decimal


def volume_curve(bars: Iterable[Bar], session_at: Callable[[datetime], Session | None]) -> tuple[VolumeSlice, ...]:
    """Volume by time of day over the last 20 sessions that have bars; DataQualityError for fewer than 5."""
    days: dict[date, list[tuple[Session, Bar]]] = {}
    for bar in bars:
        session = session_at(bar.start)
        if session is not None and bar.volume.is_finite() and bar.volume >= ZERO:
            days.setdefault(session.day, []).append((session, bar))
    used = [days[day] for day in sorted(days)[-SESSIONS:]]
    total: dict[tuple[timedelta, timedelta], Decimal] = {}
    for session, bar in (pair for day in used for pair in day):
        # From the opening, not by the clock: an early close or a change of clocks moves no volume.
        when = (bar.start - session.opens_at, min(bar.end, session.closes_at) - session.opens_at)
        total[when] = total.get(when, ZERO) + bar.volume
    if len(used) < FEWEST or not any(total.values()):
        raise DataQualityError(f"{len(used)} sessions of volume are no curve", "Slice by time instead (twap).")
    return tuple(VolumeSlice(since, until, volume) for (since, until), volume in sorted(total.items()))


def schedule(
    qty: Decimal, lot: Decimal, session: Session, start: datetime, end: datetime, curve: Sequence[VolumeSlice]
) -> tuple[Slice, ...]:
    """The slices between ``start`` and ``end``, which add up to ``qty``."""
    weights = [(max(start, session.opens_at + point.since), _inside(point, session, start, end)) for point in curve]
    weights = [(at, weight) for at, weight in weights if weight > ZERO]
    whole = sum((weight for _, weight in weights), ZERO)
    if whole <= ZERO or qty <= ZERO or lot <= ZERO:
        raise UsageError("no volume is usual between these times", "Name a start and an end inside a session.")
    slices, given, seen = [], ZERO, ZERO
    for number, (at, weight) in enumerate(weights, 1):
        seen += weight
        # The last slice takes what is left, also what is no whole lot and what division lost.
        upto = qty if number == len(weights) else floor_to(qty * seen / whole, lot)
        if upto > given:
            slices.append(Slice(at, upto - given))
            given = upto
    return tuple(slices)


def _inside(point: VolumeSlice, session: Session, start: datetime, end: datetime) -> Decimal:
    """The part of the bar's volume that falls between start and end, as if it came evenly."""
    since, until = session.opens_at + point.since, session.opens_at + point.until
    overlap = max(timedelta(0), min(until, end) - max(since, start))
    return point.volume * (overlap // _TICK) / ((until - since) // _TICK)
