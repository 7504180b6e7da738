"""Exposure figures: the worse side of the quote, and None where one figure is missing."""

from decimal import Decimal

import pytest

from domain.book import Performance
from tests.builders.signals import a_book, a_market, a_position, a_quote, a_view, an_instrument, d
from trading.portfolio.exposure import day_pnl_pct, drawdown_pct, gross, mark_of, net, pnl_pct, share_pct

LONG = a_position("AAPL", 50, 80)
SHORT = a_position("XOM", -20, 120)
MARKET = a_market(
    {
        "AAPL": a_view("AAPL", quote=a_quote("100", "101")),
        "XOM": a_view("XOM", quote=a_quote("99", "100", symbol="XOM"), instrument=an_instrument("XOM", sector=None)),
        "MSFT": a_view("MSFT", quote=None),
    }
)


def test_a_long_is_worth_the_bid_and_a_short_costs_the_ask():
    assert (mark_of(LONG, MARKET), mark_of(SHORT, MARKET)) == (d(100), d(100))


def test_gross_and_net():
    book = a_book(LONG, SHORT)
    assert gross(book, MARKET) == 7000
    assert net(book, MARKET) == 3000


@pytest.mark.parametrize("symbol", ["MSFT", "NVDA"], ids=["no_quote", "not_in_the_market"])
def test_one_position_without_a_price_makes_every_total_unknown(symbol):
    book = a_book(LONG, a_position(symbol))
    assert [figure(book, MARKET) for figure in (gross, net)] == [None, None]


def test_an_empty_book_is_exposed_to_nothing():
    assert (gross(a_book(), MARKET), net(a_book(), MARKET)) == (d(0), d(0))


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        pytest.param(LONG, "25", id="long"),
        pytest.param(a_position("XOM", -20, 125), "20", id="short"),
        pytest.param(a_position("MSFT"), None, id="no_quote"),
        pytest.param(a_position("AAPL", 50, 0), None, id="no_average_price"),
    ],
)
def test_the_result_of_a_position(position, expected):
    assert pnl_pct(position, MARKET) == (None if expected is None else d(expected))


@pytest.mark.parametrize("bid", [Decimal("NaN"), Decimal(0), Decimal(-1)], ids=["nan", "zero", "negative"])
def test_a_price_that_is_none_marks_nothing(bid):
    assert mark_of(LONG, a_market({"AAPL": a_view(quote=a_quote(bid, "100"))})) is None


@pytest.mark.parametrize(
    ("equity", "start", "peak", "day", "drawdown"),
    [
        pytest.param("99", "100", "110", "-1", "10", id="down"),
        pytest.param("121", "110", "110", "10", "0", id="new_peak"),
        pytest.param(None, "100", "110", None, None, id="equity_unknown"),
        pytest.param("NaN", "100", "110", None, None, id="equity_nan"),
        pytest.param("Infinity", "100", "110", None, None, id="equity_endless"),
        pytest.param("99", "NaN", "NaN", None, None, id="counters_nan"),
        pytest.param("99", None, None, None, None, id="never_counted"),
        pytest.param("99", "0", "0", None, None, id="no_base"),
    ],
)
def test_day_and_drawdown(equity, start, peak, day, drawdown):
    counters = Performance(None if start is None else d(start), None if peak is None else d(peak))
    account = a_book(equity=equity).account
    assert day_pnl_pct(account, counters) == (None if day is None else d(day))
    assert drawdown_pct(account, counters) == (None if drawdown is None else d(drawdown))


def test_a_share_of_unknown_equity_is_unknown():
    assert share_pct(d(5), None) is None
    assert share_pct(None, d(5)) is None
    assert share_pct(d(5), d("NaN")) is None
    assert share_pct(d("NaN"), d(5)) is None
    assert share_pct(d(5), d(50)) == 10
