"""Equity: a day starts once in exchange time, the peak only rises, transfers are no profit and no loss."""

from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.ids import DecisionId
from domain.orders import Side
from tests.builders.execution import an_equity_store
from tests.builders.market import AAPL, NOON, WeekdayCalendar, at
from trading.data.calendar import ExchangeCalendar
from trading.store.accounts.equity import EquityStore
from trading.store.trades import Trade, TradeStore

D = Decimal
TUESDAY = date(2026, 3, 17)


@pytest.fixture
def equity(database):
    return an_equity_store(database)


def counters(equity, now, told=None):
    seen = equity.performance(now, equity=None if told is None else D(told))
    return seen.day_start_equity, seen.peak_equity


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        pytest.param("2026-03-17T03:59", date(2026, 3, 16), id="before_midnight_in_summer"),
        pytest.param("2026-03-17T04:00", TUESDAY, id="midnight_in_summer"),
        pytest.param("2026-03-08T04:59", date(2026, 3, 7), id="before_midnight_on_the_day_the_clocks_change"),
        pytest.param("2026-01-05T05:00", date(2026, 1, 5), id="midnight_in_winter"),
    ],
)
def test_the_day_is_the_exchanges(equity, moment, day):
    assert equity.day_of(at(moment)) == day
    assert equity.day_of(equity.day_start(at(moment))) == day


def test_nothing_recorded_starts_from_what_the_broker_tells(equity):
    assert counters(equity, NOON) == (None, None)
    assert counters(equity, NOON, 900) == (900, 900)


def test_the_first_day_starts_with_its_first_point(equity):
    equity.record(NOON, D(1000))
    equity.record(NOON + timedelta(hours=1), D(900))
    assert counters(equity, NOON + timedelta(hours=2)) == (1000, 1000)


def test_a_day_starts_with_the_last_point_before_it(equity):
    equity.record(at("2026-03-16T20:00"), D(1000))
    equity.record(NOON, D(900))
    assert counters(equity, NOON) == (1000, 1000)


def test_a_new_day_resets_the_start_once_and_never_the_peak(equity):
    equity.record(NOON, D(1000))
    equity.record(at("2026-03-18T15:00"), D(800))
    equity.record(at("2026-03-18T16:00"), D(700))
    assert counters(equity, at("2026-03-18T16:00")) == (1000, 1000)
    assert counters(equity, at("2026-03-19T15:00"), 700) == (700, 1000)


def test_a_clock_that_jumps_back_starts_no_day_again(equity):
    equity.record(at("2026-03-16T15:00"), D(1000))
    equity.record(NOON, D(900))
    equity.record(at("2026-03-13T15:00"), D(500))
    assert counters(equity, NOON) == (1000, 1000)


def test_a_withdrawal_is_no_drawdown_and_a_deposit_no_profit(equity):
    equity.record(NOON, D(1000))
    assert equity.transfer("t-1", D(-400), at=NOON)
    assert not equity.transfer("t-1", D(-400), at=NOON)
    assert counters(equity, NOON, 600) == (600, 600)
    equity.transfer("t-2", D(100), at=NOON + timedelta(hours=1))
    assert counters(equity, NOON + timedelta(hours=1), 700) == (700, 700)


def test_a_transfer_over_night_moves_the_next_days_start(equity):
    equity.record(NOON, D(1000))
    equity.transfer("t-1", D(500), at=at("2026-03-18T10:00"))
    equity.record(at("2026-03-18T15:00"), D(1500))
    assert counters(equity, at("2026-03-18T15:00")) == (1500, 1500)


def test_the_last_word_of_a_moment_counts(equity):
    equity.record(NOON, D(1000))
    equity.record(NOON, D(999))
    assert counters(equity, NOON + timedelta(days=1)) == (999, 1000), "the next day starts with it"


def test_a_peak_of_nothing_is_still_a_peak(equity):
    equity.record(NOON, D(0))
    equity.record(NOON + timedelta(hours=1), D(-5))
    assert counters(equity, NOON + timedelta(hours=1)) == (0, 0)


@pytest.mark.parametrize(
    ("profits", "streak"),
    [
        pytest.param([], 0, id="no_trades"),
        pytest.param([-1, 5], 0, id="last_one_won"),
        pytest.param([5, -1, -2], 2, id="two_lost"),
        pytest.param([-1, 0], 0, id="break_even_ends_a_streak"),
        pytest.param([-1, -1, -1], 3, id="all_lost"),
    ],
)
def test_losses_in_a_row_are_counted_from_the_newest_trade(equity, database, profits, streak):
    for number, profit in enumerate(profits):
        closed = NOON + timedelta(minutes=number)
        trade = Trade(
            f"t-{number}", AAPL, "s", Side.BUY, DecisionId("d"), NOON, entry_qty=D(1), closed_at=closed, pnl=D(profit)
        )
        TradeStore(database).save(trade)
    seen = equity.performance(NOON, equity=None)
    assert seen.consecutive_losses == streak
    assert seen.last_loss_at == (NOON + timedelta(minutes=len(profits) - 1) if streak else None)


def test_a_losing_streak_ends_with_time_for_nothing_else_could_end_it_once_it_stops_every_entry(equity, database):
    trade = Trade("t-1", AAPL, "s", Side.BUY, DecisionId("d"), NOON, entry_qty=D(1), closed_at=NOON, pnl=D(-1))
    TradeStore(database).save(trade)
    week = NOON + timedelta(days=7)
    assert equity.performance(week, equity=None).consecutive_losses == 1
    assert equity.performance(week + timedelta(seconds=1), equity=None).consecutive_losses == 0


def test_each_strategy_has_a_row_of_losses_of_its_own(equity, database):
    for number, (strategy, profit) in enumerate([("a", 1), ("a", -1), ("b", 5), ("a", -2), ("b", 3), ("a", -3)]):
        closed = NOON + timedelta(minutes=number)
        trade = Trade(
            f"t-{number}",
            AAPL,
            strategy,
            Side.BUY,
            DecisionId("d"),
            NOON,
            entry_qty=D(1),
            closed_at=closed,
            pnl=D(profit),
        )
        TradeStore(database).save(trade)
    seen = equity.performance(NOON, equity=None)
    assert (seen.consecutive_losses, seen.strategy_losses) == (1, {"a": 3}), "what b won ends no row of a"


def periods(equity, moment, told=None):
    seen = equity.performance(at(moment), equity=None if told is None else D(told))
    return seen.day_start_equity, seen.week_start_equity, seen.month_start_equity


def test_nothing_recorded_starts_every_period_from_what_the_broker_tells(equity):
    assert periods(equity, "2026-03-17T15:00") == (None, None, None)
    assert periods(equity, "2026-03-17T15:00", 900) == (900, 900, 900)


RECORDED = {
    "2026-02-27T21:00": 100, "2026-03-02T15:00": 101, "2026-03-06T21:00": 102, "2026-03-09T15:00": 103,
    "2026-03-13T20:00": 104, "2026-03-16T15:00": 105, "2026-03-17T15:00": 106,
}  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "starts"),
    [
        pytest.param("2026-03-02T15:00", (100, 100, 100), id="first_day_of_month_and_week"),
        pytest.param("2026-03-06T21:00", (101, 100, 100), id="friday"),
        pytest.param("2026-03-08T06:59", (102, 100, 100), id="sunday_before_the_clocks_change"),
        pytest.param("2026-03-09T03:59", (102, 100, 100), id="the_last_minute_of_the_week_in_summer_time"),
        pytest.param("2026-03-09T04:00", (102, 102, 100), id="the_week_starts_at_midnight_of_summer_time"),
        pytest.param("2026-03-17T15:00", (105, 104, 100), id="tuesday"),
        pytest.param("2026-04-01T03:59", (106, 106, 100), id="the_last_minute_of_the_month"),
        pytest.param("2026-04-01T04:00", (106, 106, 106), id="a_month_that_has_seen_nothing_yet"),
    ],
)
def test_week_and_month_start_with_the_last_point_before_them(equity, moment, starts):
    for recorded, value in RECORDED.items():
        equity.record(at(recorded), D(value))
    assert periods(equity, moment) == starts


def test_a_week_over_the_end_of_the_year_goes_on_and_the_month_starts_anew(equity):
    for recorded, value in {"2025-12-26T21:00": 100, "2025-12-29T15:00": 90, "2025-12-31T21:00": 80}.items():
        equity.record(at(recorded), D(value))
    assert periods(equity, "2026-01-01T04:59") == (90, 100, 100)
    assert periods(equity, "2026-01-01T05:00") == (80, 100, 80)
    assert periods(equity, "2026-01-05T05:00") == (80, 80, 80)


def test_a_week_begins_with_its_first_recorded_day_where_there_is_nothing_before(equity):
    equity.record(at("2026-03-18T15:00"), D(1000))
    equity.record(at("2026-03-20T15:00"), D(700))
    assert periods(equity, "2026-03-20T16:00", 600) == (1000, 1000, 1000)


def test_a_clock_that_jumps_back_moves_no_start_and_none_twice(equity):
    for recorded, value in RECORDED.items():
        equity.record(at(recorded), D(value))
    before = periods(equity, "2026-03-17T15:00")
    for astray in ("2026-03-15T15:00", "2026-02-28T15:00", "2026-03-01T15:00"):
        equity.record(at(astray), D(1))
    assert periods(equity, "2026-03-17T15:00") == before
    equity.record(at("2026-03-17T16:00"), D(2))
    assert periods(equity, "2026-03-17T16:00") == before


def test_transfers_are_neither_profit_nor_loss_of_week_and_month(equity):
    equity.record(at("2026-03-09T15:00"), D(10_000))
    equity.transfer("t-1", D(-2_000), at=at("2026-03-10T14:00"))
    equity.record(at("2026-03-10T15:00"), D(8_000))
    equity.transfer("t-2", D(500), at=at("2026-03-10T16:00"))
    assert periods(equity, "2026-03-10T17:00", 8_500) == (8_500, 8_500, 8_500)
    equity.record(at("2026-03-13T15:00"), D(8_000))
    equity.transfer("t-3", D(100), at=at("2026-03-16T14:00"))
    assert periods(equity, "2026-03-16T15:00", 8_100) == (8_100, 8_100, 8_600), "500 were lost last week"


def test_the_week_starts_on_monday_and_not_with_what_sunday_saw(equity):
    for recorded, value in {"2026-03-13T20:00": 100, "2026-03-15T20:00": 90, "2026-03-16T15:00": 80}.items():
        equity.record(at(recorded), D(value))
    assert periods(equity, "2026-03-16T15:00") == (90, 90, 100)


def test_a_day_that_a_clock_has_opened_too_early_starts_nothing_before_it(equity):
    equity.record(at("2026-03-16T15:00"), D(100))
    equity.record(at("2026-03-20T15:00"), D(90))
    equity.record(at("2026-03-16T16:00"), D(70))
    assert periods(equity, "2026-03-17T15:00") == (70, 100, 100)


def test_money_that_moved_has_moved_for_a_clock_that_went_back(equity):
    equity.record(at("2026-03-16T15:00"), D(100))
    equity.record(at("2026-03-18T15:00"), D(100))
    equity.transfer("t-1", D(50), at=at("2026-03-18T16:00"))
    assert periods(equity, "2026-03-17T15:00", 120)[1:] == (150, 150)


def best(equity, moment, told=None):
    return equity.performance(moment, equity=None if told is None else D(told)).day_peak_equity


def test_the_best_of_the_day_rises_only_and_starts_anew_with_the_day(equity):
    assert best(equity, NOON) is None
    for hour, value in enumerate((1000, 1100, 900)):
        equity.record(NOON + timedelta(hours=hour), D(value))
    later = NOON + timedelta(hours=3)
    assert (best(equity, later), best(equity, later, 1200)) == (1100, 1200)
    tomorrow = NOON + timedelta(days=1)
    assert best(equity, tomorrow) == best(equity, tomorrow, 800) == 900, "the day starts with what was there last"
    equity.record(tomorrow, D(950))
    assert best(equity, tomorrow) == 950


def test_the_best_of_the_day_moves_with_money(equity):
    equity.record(NOON, D(1000))
    equity.record(NOON + timedelta(hours=1), D(1100))
    equity.transfer("t-1", D(-400), at=NOON + timedelta(hours=2))
    assert best(equity, NOON + timedelta(hours=2), 700) == 700


def test_a_clock_that_goes_back_over_midnight_forgets_no_best(equity):
    yesterday = NOON - timedelta(days=1)
    equity.record(yesterday, D(1000))
    equity.record(NOON, D(1100))
    equity.record(yesterday, D(1300))
    assert best(equity, yesterday) == best(equity, NOON) == 1300


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        pytest.param("2026-03-17T15:00", date(2026, 3, 11), id="over_a_weekend"),
        pytest.param("2026-03-17T03:59", date(2026, 3, 10), id="before_midnight_it_is_monday"),
        pytest.param("2026-03-17T04:00", date(2026, 3, 11), id="before_the_opening_today_counts"),
        pytest.param("2026-03-15T15:00", date(2026, 3, 9), id="on_a_sunday"),
        pytest.param("2026-07-06T15:00", date(2026, 6, 29), id="a_holiday_reaches_further_back"),
        pytest.param("2026-11-30T15:00", date(2026, 11, 23), id="an_early_close_is_a_session"),
        pytest.param("2026-01-02T15:00", date(2025, 12, 26), id="over_new_year"),
        pytest.param("2001-09-17T15:00", date(2001, 9, 5), id="closed_for_days"),
    ],
)
def test_five_sessions_back_is_a_day_of_the_exchanges_calendar(database, moment, day):
    equity = EquityStore(database, ZoneInfo("America/New_York"), ExchangeCalendar())
    assert equity.session_day(at(moment), 5) == day


def test_where_too_few_sessions_are_known_the_window_is_as_long_as_can_be(database):
    equity = EquityStore(database, ZoneInfo("America/New_York"), NoSessions())
    assert equity.session_day(NOON, 5) == date(2026, 3, 3)


class NoSessions(WeekdayCalendar):
    """An exchange that has closed for good."""

    def sessions(self, start, end):
        return ()
