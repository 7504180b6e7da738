"""Regular sessions of the New York exchange in 2026, from its published calendar, written down by hand.

09:30 to 16:00 New York time, 13:00 on the two early closes; an independent table, because a shared calendar library
would share its mistakes with what is judged.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
_HOLIDAYS = frozenset(
    date(2026, month, day)
    # 4 July 2026 is a Saturday, so the exchange rests on the 3rd.
    for month, day in ((1, 1), (1, 19), (2, 16), (4, 3), (5, 25), (6, 19), (7, 3), (9, 7), (11, 26), (12, 25))
)
_EARLY = frozenset({date(2026, 11, 27), date(2026, 12, 24)})
_SATURDAY = 5


def session_of(day: date) -> tuple[datetime, datetime] | None:
    """Opening and close of a day, or None when the exchange stays closed."""
    if day.weekday() >= _SATURDAY or day in _HOLIDAYS:
        return None
    close = time(13) if day in _EARLY else time(16)
    return datetime.combine(day, time(9, 30), NEW_YORK), datetime.combine(day, close, NEW_YORK)


def session_at(now: datetime) -> tuple[datetime, datetime] | None:
    """The session that holds ``now``: from the opening up to, but not at, the close."""
    hours = session_of(now.astimezone(NEW_YORK).date())
    return hours if hours is not None and hours[0] <= now < hours[1] else None


def session_after(now: datetime) -> tuple[datetime, datetime]:
    """The first session that opens after ``now``."""
    day = now.astimezone(NEW_YORK).date()
    while True:
        hours = session_of(day)
        if hours is not None and hours[0] > now:
            return hours
        day += timedelta(days=1)
