"""Slippage models, commissions and fees of the paper broker, each against figures worked out by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import OrderType, Side
from tests.builders.execution import OpenOffice, a_house, a_slip, an_exit, an_intent
from tests.builders.market import NOON, a_bar, a_quote, at
from trading.execution.brokers.paper.broker import PaperSettings
from trading.execution.brokers.paper.costs import US_SALES_2024, Commission, FeeRate, Slippage, fees_due, parkinson
from trading.execution.brokers.paper.fill_model import (
    FillRules,
    Resting,
    commission_due,
    match_bar,
    match_quote,
    slippage,
    turn,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
JUNE = at("2024-06-03T15:00")


@pytest.mark.parametrize(
    ("rules", "share", "expected"),
    [
        pytest.param(FillRules(), "0.25", "0.00035", id="linear_1_and_a_quarter_of_10_bp"),
        pytest.param(FillRules(), "0", "0.0001", id="linear_of_nothing"),
        pytest.param(FillRules(slippage=Slippage.FIXED, slippage_bp=D(5)), "0.9", "0.0005", id="fixed"),
        pytest.param(FillRules(slippage=Slippage.VOLUME_SHARE), "0.25", "0.00625", id="volume_share_0.1_of_a_16th"),
        pytest.param(FillRules(slippage=Slippage.VOLUME_SHARE), "0.025", "0.0000625", id="volume_share_of_2.5_percent"),
        pytest.param(FillRules(slippage=Slippage.VOLATILITY), "0.25", "0.01", id="volatility_of_a_quote_is_2_percent"),
        pytest.param(FillRules(slippage=Slippage.VOLATILITY, impact_factor=D("0.5")), "0.04", "0.002",
                     id="volatility_by_half"),
    ],
)  # fmt: skip
def test_how_far_a_price_moves(rules, share, expected):
    assert slippage(D(share), rules) == D(expected)


def test_the_volatility_of_a_bar_comes_from_its_range():
    assert parkinson(a_bar()).quantize(D("0.000001")) == D("0.017929"), "ln(102 / 99) / (2 sqrt(ln 2))"
    assert parkinson(a_bar(high=100, low=100)) == 0
    rules = FillRules(slippage=Slippage.VOLATILITY)
    assert slippage(D("0.25"), rules, a_bar()).quantize(D("0.000001")) == D("0.008964")


def test_a_bar_adds_half_a_spread_to_what_does_not_rest():
    rules = FillRules(slippage_bp=D(0), impact_bp=D(0), half_spread_bp=D(5))
    market = Resting(BUY, OrderType.MARKET, D(10), None, None, triggered=False)
    assert match_bar(market, a_bar(), rules, D(1), room=D(100)).price == D("100.05")
    assert match_bar(market._replace(side=SELL), a_bar(), rules, D(1), room=D(100)).price == D("99.95")
    limit = Resting(BUY, OrderType.LIMIT, D(10), D("99.50"), None, triggered=False)
    assert match_bar(limit, a_bar(), rules, D(1), room=D(100)).price == D("99.50")
    assert match_quote(market, a_quote(), rules, D(1)).price == D("100.01"), "a quote has its own"


@pytest.mark.parametrize(
    ("rules", "qty", "value", "charged", "due"),
    [
        pytest.param(FillRules(), 1000, 50_000, "0", "5.00", id="per_share"),
        pytest.param(FillRules(commission=Commission.PER_TRADE), 1000, 50_000, "0", "1.00", id="per_trade"),
        pytest.param(FillRules(commission=Commission.PER_TRADE), 1000, 50_000, "1.00", "0", id="per_trade_once"),
        pytest.param(FillRules(commission=Commission.PER_NOTIONAL), 1000, 50_000, "0", "25.00", id="5_bp_of_50000"),
        pytest.param(FillRules(commission=Commission.PER_NOTIONAL), 1, 50, "0", "1.00", id="not_below_the_minimum"),
        pytest.param(FillRules(commission=Commission.PER_NOTIONAL), 1000, 50_000, "10", "15.00", id="the_rest"),
    ],
)
def test_commissions(rules, qty, value, charged, due):
    assert commission_due(D(qty), D(charged), rules, D(value)) == D(due)


@pytest.mark.parametrize(
    ("side", "qty", "price", "moment", "expected"),
    [
        pytest.param(SELL, 1000, "50", JUNE, "1.56", id="1.39_and_0.17"),
        pytest.param(BUY, 1000, "50", JUNE, "0", id="a_buy_pays_none"),
        pytest.param(SELL, 1, "0.10", JUNE, "0.02", id="each_rounded_up_to_a_cent"),
        pytest.param(SELL, 100_000, "1", JUNE, "11.08", id="the_taf_is_capped_at_8.30"),
        pytest.param(SELL, 1000, "50", at("2025-05-14T15:00"), "0.17", id="the_section_31_rate_is_zero_from_that_day"),
        pytest.param(SELL, 1000, "50", at("2025-05-13T15:00"), "1.56", id="and_not_a_day_before"),
        pytest.param(SELL, 1000, "50", at("2026-06-03T15:00"), "0", id="a_date_without_a_known_rate"),
    ],
)
def test_fees_of_regulators(side, qty, price, moment, expected):
    assert fees_due(US_SALES_2024, side, D(qty), D(price), moment) == D(expected)


def test_every_fee_names_its_source():
    assert all(rate.source for rate in US_SALES_2024)
    assert FillRules().fees == (), "none unless they are asked for"


def test_commission_and_fees_leave_the_account_with_the_fill(database, tmp_path):
    fee = FeeRate("test", SELL, "made up", date(2026, 1, 1), per_million=D(100))
    rules = FillRules(slippage_bp=D(0), impact_bp=D(0), commission=Commission.PER_TRADE, fees=(fee,))
    house = a_house(database, tmp_path, settings=PaperSettings(rules=rules), office=OpenOffice)
    house.broker.submit(a_slip(an_intent(qty=100, stop_loss=None, take_profit=None)))
    house.broker.submit(a_slip(an_exit(qty=100)))
    bought, sold = house.broker.fills(since=NOON - timedelta(seconds=1))
    assert (bought.commission, sold.commission) == (D("1.00"), D("2.00")), "9,999 * 100 / 10^6 = 0.9999 -> 1.00"
    assert house.broker.account().cash == D(100_000) - D(2) - D(3)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(Resting(SELL, OrderType.MARKET, D(1), None, None, triggered=False), 0, id="market"),
        pytest.param(Resting(SELL, OrderType.STOP, D(1), None, D(90), triggered=True), 0, id="triggered_stop"),
        pytest.param(Resting(SELL, OrderType.STOP, D(1), None, D(101), triggered=False), 1, id="stop_gapped_over"),
        pytest.param(Resting(SELL, OrderType.LIMIT, D(1), D(100), None, triggered=False), 2, id="limit_at_the_open"),
        pytest.param(Resting(SELL, OrderType.STOP, D(1), None, D("99.99"), triggered=False), 3, id="stop_inside"),
        pytest.param(Resting(SELL, OrderType.LIMIT, D(1), D("100.01"), None, triggered=False), 4, id="limit_inside"),
        pytest.param(Resting(SELL, OrderType.STOP_LIMIT, D(1), D("100.01"), D(90), triggered=True), 4,
                     id="triggered_stop_limit_is_a_limit"),
    ],
)  # fmt: skip
def test_who_comes_first_on_a_bar_that_opens_at_100(order, expected):
    assert turn(order, a_bar()) == expected


PRICES = st.decimals("1", "500", places=2)


@given(
    st.sampled_from(Side), st.sampled_from(Slippage), st.lists(PRICES, min_size=5, max_size=5), st.integers(1, 10_000)
)
def test_a_stop_never_fills_better_than_a_gapped_open(side, model, prices, volume):
    low, *middle, high = sorted(prices)
    bar = a_bar(open=middle[0], close=middle[1], low=low, high=high, volume=volume)
    rules = replace(FillRules(), slippage=model)
    order = Resting(side, OrderType.STOP, D(5), None, middle[2], triggered=False)
    match = match_bar(order, bar, rules, D(1), room=D(5))
    if match.qty and order.trigger_price is not None:
        worst = max(bar.open, order.trigger_price) if side is BUY else min(bar.open, order.trigger_price)
        assert side.sign * (match.price - worst) >= 0
