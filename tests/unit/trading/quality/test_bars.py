"""Faults of bars, each told in words."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.market import Timeframe
from tests.builders.market import NOON, WeekdayCalendar, a_bar, a_session, at, daily_bars
from trading.data.calendar import ExchangeCalendar
from trading.quality.bars import LATE, bar_fault, expected_sessions

DAILY = daily_bars(range(100, 115))
SESSIONS = expected_sessions(WeekdayCalendar(), NOON)
row = pytest.param


def with_last(**changes):
    return (*DAILY[:-1], a_bar(**{"start": DAILY[-1].start, "end": DAILY[-1].end} | changes))


def with_bar(place: int, **changes):
    return tuple(replace(bar, **changes) if bar is DAILY[place] else bar for bar in DAILY)


@pytest.mark.parametrize(
    ("daily", "fault"),
    [
        row(DAILY, "", id="sound"),
        row(with_last(high="98"), "bar of 2026-03-16 13:30Z: high below low", id="high_below_low"),
        row(with_last(close="103"), "bar of 2026-03-16 13:30Z: close outside high and low", id="close_above"),
        row(with_last(close="98"), "bar of 2026-03-16 13:30Z: close outside high and low", id="close_below"),
        row(with_last(close="102"), "", id="close_at_the_high"),
        row(with_last(open="98"), "bar of 2026-03-16 13:30Z: open outside high and low", id="open_outside"),
        row(with_last(low="0"), "bar of 2026-03-16 13:30Z: a price that is not positive", id="zero"),
        row(with_last(low="-1"), "bar of 2026-03-16 13:30Z: a price that is not positive", id="negative"),
        row(with_last(close="NaN"), "bar of 2026-03-16 13:30Z: not a number", id="nan"),
        row(with_last(high="Infinity"), "bar of 2026-03-16 13:30Z: not a number", id="infinite"),
        row(with_last(volume="NaN"), "bar of 2026-03-16 13:30Z: not a number", id="nan_volume"),
        row(with_last(volume="0"), "bar of 2026-03-16 13:30Z: no volume", id="no_volume"),
        row(with_last(volume="-1"), "bar of 2026-03-16 13:30Z: a price or volume below zero", id="negative_volume"),
        row((*DAILY, DAILY[-1]), "bar of 2026-03-16 13:30Z: there twice", id="duplicated"),
        row((*DAILY[:-2], DAILY[-1], DAILY[-2]), "bar of 2026-03-13 13:30Z: not in order of time", id="out_of_order"),
        row(DAILY[:-1], "session of 2026-03-16: no bar", id="the_last_session_is_missing"),
        row((*DAILY[:-3], *DAILY[-2:]), "session of 2026-03-12: no bar", id="one_in_the_middle_is_missing"),
        row((*DAILY[:5], *DAILY[6:]), "session of 2026-03-03: no bar", id="the_tenth_is_missing"),
        row((*DAILY[:4], *DAILY[5:]), "", id="the_eleventh_is_missing"),
        row(DAILY[-3:], "", id="what_was_before_the_first_bar_is_not_missing"),
        row(with_bar(5, volume=Decimal(0)), "bar of 2026-03-03 13:30Z: no volume", id="the_tenth_bar_has_a_fault"),
        row(with_bar(4, volume=Decimal(0)), "", id="the_eleventh_bar_has_a_fault"),
    ],
)
def test_the_first_fault_of_daily_bars(daily, fault):
    assert bar_fault(daily, daily, SESSIONS) == fault


def hours(count: int, **last):
    """Hourly bars from the opening of NOON's day on; ``last`` changes the last one."""
    start = a_session().opens_at
    bars = [
        a_bar(timeframe=Timeframe.HOUR_1, start=start + timedelta(hours=n), end=start + timedelta(hours=n + 1))
        for n in range(count)
    ]
    return (*bars[:-1], replace(bars[-1], **last))


def test_bars_of_the_cycles_timeframe_are_looked_at_beside_the_daily_ones():
    assert bar_fault(hours(3), DAILY, SESSIONS) == ""
    assert bar_fault(hours(3, volume=Decimal(0)), DAILY, SESSIONS) == "bar of 2026-03-17 15:30Z: no volume"
    assert bar_fault(hours(3), DAILY[:-1], SESSIONS) == "session of 2026-03-16: no bar"


def test_bars_that_overlap_are_not_in_order():
    early = replace(hours(3)[-1], start=at("2026-03-17T15:29"), end=at("2026-03-17T16:29"))
    assert bar_fault((*hours(2), early), DAILY, SESSIONS) == "bar of 2026-03-17 15:29Z: not in order of time"


def test_without_daily_bars_the_others_show_which_sessions_are_missing():
    monday = replace(hours(1)[0], start=at("2026-03-16T14:00"), end=at("2026-03-16T15:00"))
    thursday = replace(monday, start=monday.start - timedelta(days=4), end=monday.end - timedelta(days=4))
    assert bar_fault((thursday, monday), (), SESSIONS) == "session of 2026-03-13: no bar"
    assert bar_fault((monday,), (), SESSIONS) == ""


def test_of_no_bars_nothing_can_be_said():
    assert bar_fault((), DAILY, SESSIONS) is None
    assert bar_fault((), (), ()) is None


def test_a_bar_that_a_vendor_ends_later_than_an_early_close_covers_its_session():
    calendar = ExchangeCalendar()
    friday = calendar.session_on(at("2026-11-27T00:00").date())
    bar = a_bar(start=at("2026-11-27T05:00"), end=at("2026-11-27T21:00"))
    assert friday is not None
    assert friday.closes_at == at("2026-11-27T18:00")
    assert bar_fault((bar,), (bar,), [friday]) == ""


@pytest.mark.parametrize(
    ("as_of", "last"),
    [
        row(a_session().closes_at + LATE, "2026-03-17", id="twelve_hours_after_the_close"),
        row(a_session().closes_at + LATE - timedelta(seconds=1), "2026-03-16", id="a_second_earlier"),
        row(a_session().opens_at, "2026-03-16", id="at_the_opening"),
    ],
)
def test_a_session_is_expected_to_have_a_bar_twelve_hours_after_its_close(as_of, last):
    found = expected_sessions(WeekdayCalendar(), as_of)
    assert (len(found), found[-1].day.isoformat()) == (10, last)


def test_holidays_are_no_missing_sessions():
    found = expected_sessions(ExchangeCalendar(), at("2026-01-05T15:00"))
    assert [each.day.isoformat() for each in found[-3:]] == ["2025-12-30", "2025-12-31", "2026-01-02"]
