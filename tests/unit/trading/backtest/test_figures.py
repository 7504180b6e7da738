"""Figures of a curve and its fills, against tables worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.market import Symbol
from domain.orders import Side
from tests.builders.market import NOON, a_bar, a_session
from trading.backtest.figures import EquityAtClose, Execution, Span, figures_of, returns_of
from trading.backtest.holding import held_curve

CASH = Decimal(100_000)
FIRST = date(2026, 3, 16)
BOUGHT = Execution(Side.BUY, Decimal(100), Decimal("50.10"), Decimal(1), Decimal(50))
SOLD = Execution(Side.SELL, Decimal(100), Decimal("51.90"), Decimal("1.50"), Decimal(52))
STOPPED = Execution(Side.SELL, Decimal(10), Decimal(45), Decimal(1), None)


def closes(*equities):
    return [(FIRST + timedelta(at), Decimal(equity)) for at, equity in enumerate(equities)]


def points(*equities, cash="100000"):
    return [EquityAtClose(day, equity, Decimal(cash)) for day, equity in closes(*equities)]


CURVES = {
    # Returns of 1, -0.5 and 2 %: mean 0.83333 %, deviation 1.25831 %; the root of 252 is 15.8745.
    "the worked number": (("101000", "100495", "102504.90"), ("2.50", "19.97", "10.51", "9.17", "0.50")),
    # 110 and 99 against 110: a tenth lost from the high.
    "a fall from the high": (("110000", "99000"), ("-1.00", "224.50", "0.00", "11.22", "10.00")),
    "one session says nothing of spread": (("100100",), ("0.10", None, None, None, "0.00")),
    "nothing happened": (("100000", "100000", "100000"), ("0.00", "0.00", None, None, "0.00")),
}


@pytest.mark.parametrize("name", CURVES)
def test_a_curve(name):
    equities, told = CURVES[name]
    found = returns_of(CASH, closes(*equities))
    said = (found.return_pct, found.volatility_pct, found.sharpe, found.sharpe_error, found.max_drawdown_pct)
    assert said == tuple(None if each is None else Decimal(each) for each in told)
    assert (found.sessions, found.annualised_pct) == (len(equities), None)


def test_a_year_is_told_from_a_quarter_on():
    grown = [str(100_000 + 100 * at) for at in range(1, 64)]
    assert returns_of(CASH, closes(*grown[:62])).annualised_pct is None
    # 1.063 ^ (252 / 63) = 1.063 ^ 4 = 1.27683
    assert returns_of(CASH, closes(*grown)).annualised_pct == Decimal("27.68")


def test_what_was_done():
    won, lost = Span(NOON, NOON + timedelta(days=3), Decimal(180)), Span(NOON, NOON + timedelta(hours=12), Decimal(-60))
    found = figures_of(CASH, points("101000", "99000", cash="90000"), [BOUGHT, SOLD, STOPPED], [won, lost])
    assert (found.trades, found.win_rate_pct, found.profit_factor) == (2, Decimal("50.00"), Decimal("3.00"))
    assert (found.expectancy, found.holding_days) == (Decimal("60.00"), Decimal("1.75"))
    assert (found.fills, found.fees, found.slippage) == (3, Decimal("3.50"), Decimal("20.00"))
    assert found.turnover == Decimal("0.11")  # (5,010 + 5,190 + 450) / 100,000
    assert found.exposure_pct == Decimal("9.99")  # the mean of 11,000 / 101,000 and 9,000 / 99,000


def test_a_run_without_a_trade_has_no_figures_of_trades():
    found = figures_of(CASH, points("100000", "100000"), [], [])
    assert (found.trades, found.win_rate_pct, found.holding_days, found.turnover) == (0, None, None, Decimal("0.00"))


def test_holding_is_equal_parts_from_the_first_opening_to_each_close():
    days = [a_session("2026-03-16"), a_session("2026-03-17"), a_session("2026-03-18")]

    def bars(symbol, *prices):
        """``(open, close)`` of each day; None is a day without a bar."""
        return tuple(
            a_bar(Symbol(symbol), start=day.opens_at, end=day.closes_at, open=price[0], close=price[1])
            for day, price in zip(days, prices, strict=True)
            if price is not None
        )

    told = {
        Symbol("UP"): bars("UP", ("100", "105"), None, ("107", "110")),
        Symbol("DOWN"): bars("DOWN", ("50", "50"), ("50", "40"), ("41", "45")),
        Symbol("LATE"): bars("LATE", None, None, ("10", "11")),
    }
    curve = held_curve(Decimal(3_000), told, days)
    assert [worth for _, worth in curve] == [Decimal("3050.00"), Decimal("2850.00"), Decimal("3100.00")]
