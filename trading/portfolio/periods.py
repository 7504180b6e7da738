"""Profit and loss by exchange days, weeks, months: what equity did beyond the money that was moved.

    pnl     = sum over days of (last equity seen - equity the day began with)
    percent = 100 (product over days of last / began - 1)

A day begins with the last equity before it, moved by what was transferred, so that 2,000 paid in is no profit. Days of
10,000 -> 10,100 and 12,100 -> 11,979 (2,000 came in): pnl 100 - 121 = -21, percent 1.01 x 0.99 - 1 = -0.01 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from domain.money import HUNDRED, ONE, ZERO
from trading.portfolio.performance import Day

_CENT = Decimal("0.01")


class Period(StrEnum):
    """How far back; weeks start on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YTD = "ytd"
    TOTAL = "total"


class Unit(StrEnum):
    """What is put on one line."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SYMBOL = "symbol"


class Gain(NamedTuple):
    """What some days brought; None where no day is known, and in percent where one began with nothing."""

    first: date
    pnl: Decimal | None
    pct: Decimal | None


def first_day(period: Period, today: date) -> date:
    """The first day of a period that ends today."""
    starts = {
        Period.DAY: today,
        Period.WEEK: today - timedelta(days=today.weekday()),
        Period.MONTH: today.replace(day=1),
        Period.YTD: today.replace(month=1, day=1),
        Period.TOTAL: date.min,
    }
    return starts[period]


def start_of(unit: Unit, day: date) -> date:
    """The first day of the day, week or month that a day is in."""
    return first_day({Unit.WEEK: Period.WEEK, Unit.MONTH: Period.MONTH}.get(unit, Period.DAY), day)


def gain(first: date, days: Iterable[Day]) -> Gain:
    """What these days brought together."""
    known = tuple(days)
    if not known:
        return Gain(first, None, None)
    grown = ONE
    for each in known:
        grown *= each.close / each.start if each.start > ZERO else ZERO
    bare = any(each.start <= ZERO for each in known)
    pct = None if bare else ((grown - ONE) * HUNDRED).quantize(_CENT)
    return Gain(first, sum((each.close - each.start for each in known), ZERO), pct)


def gains(days: Sequence[Day], unit: Unit) -> tuple[Gain, ...]:
    """The same by day, week or month, newest first; ``days`` are in order."""
    by_start = groupby(days, lambda each: start_of(unit, each.day))
    return tuple(gain(first, members) for first, members in by_start)[::-1]


def until_now(days: Sequence[Day], today: date, start: Decimal | None, equity: Decimal | None) -> tuple[Day, ...]:
    """The days up to today, today with the equity as it is told now; a clock's days of the future are left out."""
    past = tuple(each for each in days if each.day < today)
    seen = next((each for each in days if each.day == today), None)
    began = start if seen is None else seen.start
    now = equity if equity is not None else (None if seen is None else seen.close)
    return past if began is None or now is None else (*past, Day(today, began, now))
