"""Statistics of trades and days: worked by hand, unknown where there is too little, deaf to deposits."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.portfolio.performance import Day, curve_of, daily_returns, max_drawdown_pct, sharpe, statistics_of

D = Decimal


def days(*pairs):
    return [Day(date(2026, 3, 2) + timedelta(days=n), D(str(a)), D(str(b))) for n, (a, b) in enumerate(pairs)]


def test_the_worked_number():
    told = statistics_of([D(30), D(-10), D(10)], days((100, 102), (102, "100.98"), ("100.98", "102.9996")), D(3))
    assert (told.trades, told.win_rate_pct, told.expectancy) == (3, D("66.67"), D(10))
    assert (told.average_win, told.average_loss, told.profit_factor, told.fees) == (D(20), D(-10), D(4), D(3))
    assert (told.days, told.max_drawdown_pct, told.sharpe, told.sharpe_error) == (3, D(1), D("9.17"), D("9.17"))


@pytest.mark.parametrize(
    ("pnls", "rate", "expectancy", "factor"),
    [
        pytest.param([], None, None, None, id="no_trade"),
        pytest.param([5], 100, 5, None, id="nothing_lost_yet"),
        pytest.param([-5], 0, -5, 0, id="nothing_won_yet"),
        pytest.param([0, 0], 0, 0, None, id="neither"),
        pytest.param([5, -5], 50, 0, 1, id="as_much_won_as_lost"),
    ],
)
def test_trades(pnls, rate, expectancy, factor):
    told = statistics_of([D(each) for each in pnls], [], D(0))
    assert (told.win_rate_pct, told.expectancy, told.profit_factor) == (rate, expectancy, factor)


@pytest.mark.parametrize(
    ("returns", "ratio"),
    [
        pytest.param([], None, id="no_day"),
        pytest.param([0.1], None, id="one_day_says_nothing"),
        pytest.param([0.01, 0.01], None, id="no_spread"),
        pytest.param([-0.5, 0.5], 0, id="half_lost_and_not_made_good"),
        pytest.param([0.1, -0.2, 0.1, -0.1], D("-2.65"), id="four_days"),
    ],
)
def test_sharpe(returns, ratio):
    found = sharpe(returns)
    assert (None if found is None else round(D(found), 2)) == ratio


@pytest.mark.parametrize(
    ("pairs", "curve", "deepest"),
    [
        pytest.param([], [], None, id="no_day"),
        pytest.param([(100, 90)], [(100, 100), (90, 100)], 10, id="from_what_the_account_began_with"),
        pytest.param([(100, 50), (50, 75)], [(100, 100), (50, 100), (75, 100)], 50, id="half_lost_and_not_made_good"),
        pytest.param(
            [(100, 110), (110, 88), (88, 95)], [(100, 100), (110, 110), (88, 110), (95, 110)], 20, id="from_the_highest"
        ),
        pytest.param([(100, 100), (1100, 1100)], [(100, 100), (100, 100), (1100, 1100)], 0, id="a_deposit"),
        pytest.param([(100, 100), (60, 60)], [(100, 100), (100, 100), (60, 60)], 0, id="a_withdrawal"),
        pytest.param(
            [(100, 90), (50, 50)], [(100, 100), (90, 100), (50, 60)], D("16.67"), id="a_withdrawal_while_below"
        ),
        pytest.param([(100, 100), (0, 0)], [(100, 100), (100, 100), (0, 0)], 0, id="all_taken_out"),
    ],
)
def test_the_curve_begins_with_the_account_and_its_high_moves_with_transfers(pairs, curve, deepest):
    told = curve_of(days(*pairs))
    assert [(point.equity, point.high) for point in told] == curve
    assert max_drawdown_pct(told) == deepest
    assert [point.day for point in told] == [date(2026, 3, 1) + timedelta(days=n) for n in range(len(curve))]


def test_a_deposit_is_no_return_and_a_day_from_nothing_has_none():
    assert daily_returns(days((100, 100), (1100, 1100), (0, 50))) == (0.0, 0.0)


@given(st.lists(st.integers(-1000, 1000).map(D)))
def test_expectancy_times_trades_is_what_was_made(pnls):
    told = statistics_of(pnls, [], D(0))
    made = D(0) if told.expectancy is None else told.expectancy * len(pnls)
    assert abs(made - sum(pnls, D(0))) <= D("0.005") * len(pnls)
