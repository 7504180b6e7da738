"""Equity: a day starts once in exchange time, the peak only rises, transfers are no profit and no loss."""

from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.ids import DecisionId
from domain.orders import Side
from tests.builders.market import AAPL, NOON, at
from trading.store.equity import EquityStore
from trading.store.trades import Trade, TradeStore

D = Decimal
TUESDAY = date(2026, 3, 17)


@pytest.fixture
def equity(database):
    return EquityStore(database, ZoneInfo("America/New_York"))


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
        trade = Trade(f"t-{number}", AAPL, "s", Side.BUY, DecisionId("d"), NOON, closed_at=closed, pnl=D(profit))
        TradeStore(database).save(trade)
    seen = equity.performance(NOON, equity=None)
    assert seen.consecutive_losses == streak
    assert seen.last_loss_at == (NOON + timedelta(minutes=len(profits) - 1) if streak else None)
