"""Exchange sessions from exchange_calendars, between fixed days, so that no answer depends on today's date.

The library is loaded at the first question only (it takes a second), and once for each exchange. Early closes and
daylight saving come with its schedule: the regular XNYS session of 2026-03-17 is 13:30Z to 20:00Z, a week before the
clocks change it is 14:30Z to 21:00Z, and on 2026-11-27 it ends at 18:00Z.
"""

from __future__ import annotations

import warnings
from bisect import bisect_left, bisect_right
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from domain.clock import in_utc
from domain.errors import ConfigurationError, DataQualityError
from domain.market import Session

# By itself exchange_calendars ends a year after today, so that the same question would have other answers next year.
FIRST_DAY = date(1990, 1, 2)
LAST_DAY = date(2035, 12, 31)


class Schedule(NamedTuple):
    """All sessions of an exchange in order, with their openings and days beside them for bisection."""

    sessions: tuple[Session, ...]
    openings: tuple[datetime, ...]
    days: tuple[date, ...]


class ExchangeCalendar:
    """The ``Calendar`` port over one exchange, by its ISO 10383 code (``24/7`` for what never closes)."""

    def __init__(self, name: str = "XNYS", *, first_day: date = FIRST_DAY, last_day: date = LAST_DAY) -> None:
        self._name = name
        self._first_day = first_day
        self._last_day = last_day

    @property
    def name(self) -> str:
        """The exchange's code."""
        return self._name

    def session_at(self, at: datetime) -> Session | None:
        """The session open at ``at``; None between sessions."""
        schedule = self._schedule()
        at = self._known(at)
        place = bisect_right(schedule.openings, at) - 1
        if place >= 0 and schedule.sessions[place].contains(at):
            return schedule.sessions[place]
        return None

    def sessions(self, start: datetime, end: datetime) -> tuple[Session, ...]:
        """Sessions that open in [start, end), in order."""
        schedule = self._schedule()
        start, end = self._known(start), self._known(end)
        return schedule.sessions[bisect_left(schedule.openings, start) : bisect_left(schedule.openings, end)]

    def session_after(self, at: datetime) -> Session | None:
        """The first session that opens after ``at``; None beyond the last day of the schedule."""
        schedule = self._schedule()
        place = bisect_right(schedule.openings, self._known(at))
        return schedule.sessions[place] if place < len(schedule.sessions) else None

    def session_on(self, day: date) -> Session | None:
        """The session of an exchange day; None on a day without one."""
        schedule = self._schedule()
        place = bisect_left(schedule.days, day)
        if place < len(schedule.days) and schedule.days[place] == day:
            return schedule.sessions[place]
        return None

    def _known(self, at: datetime) -> datetime:
        at = in_utc(at)
        if not self._first_day <= at.date() <= self._last_day:
            raise DataQualityError(
                f"{at.isoformat()} is outside the {self._name} calendar",
                f"It knows {self._first_day} to {self._last_day}.",
            )
        return at

    def _schedule(self) -> Schedule:
        return _load(self._name, self._first_day, self._last_day)


@lru_cache(maxsize=8)
def _load(name: str, first_day: date, last_day: date) -> Schedule:
    """Read the schedule once; an exchange that the library does not know, or not for these days, cannot be used."""
    import exchange_calendars
    from exchange_calendars.errors import InvalidCalendarName
    from pandas.errors import Pandas4Warning

    try:
        with warnings.catch_warnings():
            # exchange_calendars 4.13 still asks pandas 3.1 for `.values` of zoned columns.
            warnings.simplefilter("ignore", Pandas4Warning)
            calendar = exchange_calendars.get_calendar(name, start=first_day.isoformat(), end=last_day.isoformat())
            columns = calendar.schedule[["open", "close"]]
    except InvalidCalendarName as error:
        raise ConfigurationError(
            f"there is no exchange calendar {name!r}", "Use an exchange code like XNYS, or 24/7."
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            f"the {name} calendar does not reach from {first_day} to {last_day}", str(error)
        ) from error
    sessions = tuple(
        Session(day.date(), in_utc(opens.to_pydatetime()), in_utc(closes.to_pydatetime()))
        for day, opens, closes in zip(columns.index, columns["open"], columns["close"], strict=True)
    )
    return Schedule(sessions, tuple(each.opens_at for each in sessions), tuple(each.day for each in sessions))


@lru_cache(maxsize=16)
def calendar_named(name: str) -> ExchangeCalendar:
    """The calendar of an exchange, made once."""
    return ExchangeCalendar(name)
