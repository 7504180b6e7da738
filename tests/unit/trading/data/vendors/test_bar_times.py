from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import parse_time
from domain.market import Timeframe
from trading.data.calendar import ExchangeCalendar
from trading.data.vendors.bar_times import NEW_YORK, bar_end, reach


@pytest.mark.parametrize(
    ("start", "timeframe", "zone", "end"),
    [
        ("2026-03-16T13:30:00Z", Timeframe.MIN_1, "America/New_York", "2026-03-16T13:31:00Z"),
        ("2026-03-16T19:30:00Z", Timeframe.HOUR_1, "America/New_York", "2026-03-16T20:30:00Z"),
        ("2026-03-16T04:00:00Z", Timeframe.DAY_1, "America/New_York", "2026-03-16T20:00:00Z"),
        ("2026-01-16T05:00:00Z", Timeframe.DAY_1, "America/New_York", "2026-01-16T21:00:00Z"),
        ("2026-01-16T00:00:00Z", Timeframe.DAY_1, "Europe/London", "2026-01-17T00:00:00Z"),
        ("2026-03-28T23:00:00Z", Timeframe.DAY_1, "Europe/Berlin", "2026-03-29T22:00:00Z"),
    ],
    ids=["minute", "last_hour", "summer_day", "winter_day", "elsewhere", "elsewhere_as_the_clocks_change"],
)
def test_a_bar_is_known_from_its_end_on(start, timeframe, zone, end):
    assert bar_end(parse_time(start), timeframe, ZoneInfo(zone)) == parse_time(end)


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.sampled_from(Timeframe))
def test_no_bar_ends_before_it_begins_or_later_than_the_day_after(day, timeframe):
    midnight = datetime.combine(day, time(0), NEW_YORK)
    assert timedelta(0) < bar_end(midnight, timeframe) - midnight.astimezone(UTC) <= timedelta(hours=25)


@pytest.mark.parametrize("limit", [1, 5, 20, 100, 250, 1000])
def test_the_reach_holds_enough_sessions_for_daily_bars_wherever_it_ends(limit):
    calendar = ExchangeCalendar()
    for month in range(1, 13):
        end = datetime(2026, month, 5, 13, tzinfo=UTC)
        assert len(calendar.sessions(end - reach(Timeframe.DAY_1, limit), end)) >= limit
