"""When a bar of a vendor ends, and how far back a number of them reaches.

Vendors stamp a bar with its start. A bar inside the day ends one length later; a daily bar of a New York exchange ends
at the regular close, 16:00 there, and any other daily bar at the next midnight of its zone. On a half day that is
later than the truth, never earlier, so that no bar is known before its end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.market import Bar, Timeframe

NEW_YORK = ZoneInfo("America/New_York")
CLOSE = time(16)
SESSION = timedelta(hours=6, minutes=30)


def bar_end(start: datetime, timeframe: Timeframe, zone: ZoneInfo = NEW_YORK) -> datetime:
    """The first moment at which the bar that began at ``start`` may be known, in UTC."""
    if timeframe is not Timeframe.DAY_1:
        return start.astimezone(UTC) + timeframe.length
    # Vendors stamp a day with midnight of its exchange, which is 04:00 or 05:00Z in New York and the day before in
    # Tokyo.
    day = start.astimezone(zone).date()
    if zone.key == NEW_YORK.key:
        return datetime.combine(day, CLOSE, zone).astimezone(UTC)
    return datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)


def reach(timeframe: Timeframe, limit: int) -> timedelta:
    """A stretch of calendar time that holds ``limit`` bars of regular sessions, weekends and holidays included.

    100 daily bars are 20 weeks, one more for every ten of them, and two to begin with: 168 days.
    """
    days = limit if timeframe is Timeframe.DAY_1 else math.ceil(limit / (SESSION // timeframe.length))
    # Too far back costs a longer answer, too near costs bars; ``completed`` cuts what is too much.
    weeks = math.ceil(days / 5)
    return timedelta(weeks=weeks + weeks // 10 + 2)


def completed(bars: Iterable[Bar], as_of: datetime, limit: int) -> tuple[Bar, ...]:
    """The last ``limit`` bars that had ended by ``as_of``, oldest first, one for each start."""
    # Vendors send the bar under way as if it were over; it is known by its end, not by its place in the list.
    known = {bar.start: bar for bar in bars if bar.end <= as_of}
    return tuple(known[start] for start in sorted(known)[-limit:]) if limit > 0 else ()
