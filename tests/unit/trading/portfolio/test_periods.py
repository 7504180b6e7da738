"""Profit and loss by days, weeks and months: what equity did beyond the money that was moved."""

from datetime import date
from decimal import Decimal

import pytest

from trading.portfolio.performance import Day
from trading.portfolio.periods import Gain, Period, Unit, first_day, gain, gains, until_now

TUESDAY = date(2026, 3, 17)


def day(text, start, close):
    return Day(date.fromisoformat(text), Decimal(start), Decimal(close))


FRIDAY, MONDAY = day("2026-02-27", 10_000, 10_100), day("2026-03-02", 12_100, 11_979)
"""2,000 came in between them."""


@pytest.mark.parametrize(
    ("period", "first"),
    [
        (Period.DAY, "2026-03-17"),
        (Period.WEEK, "2026-03-16"),
        (Period.MONTH, "2026-03-01"),
        (Period.YTD, "2026-01-01"),
        (Period.TOTAL, "0001-01-01"),
    ],
)
def test_a_period_begins_with_its_first_day(period, first):
    assert first_day(period, TUESDAY) == date.fromisoformat(first)


def test_a_week_that_began_in_another_year_is_whole():
    assert first_day(Period.WEEK, date(2026, 1, 1)) == date(2025, 12, 29)


def test_money_that_came_in_is_no_profit():
    assert gain(TUESDAY, (FRIDAY, MONDAY)) == Gain(TUESDAY, Decimal(-21), Decimal("-0.01"))


@pytest.mark.parametrize(
    ("unit", "found"),
    [
        (Unit.DAY, [("2026-03-02", "-121", "-1.00"), ("2026-02-27", "100", "1.00")]),
        (Unit.WEEK, [("2026-03-02", "-121", "-1.00"), ("2026-02-23", "100", "1.00")]),
        (Unit.MONTH, [("2026-03-01", "-121", "-1.00"), ("2026-02-01", "100", "1.00")]),
    ],
)
def test_days_are_put_together_by_unit_newest_first(unit, found):
    expected = [Gain(date.fromisoformat(first), Decimal(pnl), Decimal(pct)) for first, pnl, pct in found]
    assert list(gains((FRIDAY, MONDAY), unit)) == expected


def test_nothing_known_is_unknown_and_a_day_that_began_with_nothing_has_no_percent():
    assert gain(TUESDAY, ()) == Gain(TUESDAY, None, None)
    assert gain(TUESDAY, (day("2026-03-17", 0, 50),)) == Gain(TUESDAY, Decimal(50), None)


@pytest.mark.parametrize(
    ("days", "start", "equity", "today"),
    [
        pytest.param((day("2026-03-17", 100, 90),), "100", "80", (100, 80), id="as_it_is_told_now"),
        pytest.param((day("2026-03-17", 100, 90),), "100", None, (100, 90), id="as_it_was_seen_last"),
        pytest.param((), "100", "120", (100, 120), id="nothing_seen_today_yet"),
        pytest.param((), None, "120", None, id="nobody_knows_how_it_began"),
        pytest.param((day("2026-03-18", 7, 7),), "100", "120", (100, 120), id="a_day_of_the_future_is_left_out"),
    ],
)
def test_today_counts_with_the_equity_of_now(days, start, equity, today):
    told = until_now(days, TUESDAY, *(None if each is None else Decimal(each) for each in (start, equity)))
    assert told == (() if today is None else (Day(TUESDAY, *map(Decimal, today)),))
