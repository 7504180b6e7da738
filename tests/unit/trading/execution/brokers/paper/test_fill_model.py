"""Fills: never better than the market, never beyond the limit, never more than there is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import OrderType, Side
from tests.builders.market import a_bar, a_quote
from trading.execution.brokers.paper.fill_model import (
    FillRules,
    Resting,
    commission_due,
    match_bar,
    match_quote,
)

D = Decimal
FREE = FillRules(slippage_bp=D(0), impact_bp=D(0))
RULES = FillRules()
LOT = D(1)
BUY, SELL = Side.BUY, Side.SELL
MARKET, LIMIT, STOP, STOP_LIMIT = OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT


def resting(side, type, qty=100, limit=None, trigger=None, triggered=False):
    limit, trigger = (None if price is None else D(str(price)) for price in (limit, trigger))
    return Resting(side, type, D(qty), limit, trigger, triggered)


@pytest.mark.parametrize(
    ("order", "qty", "price"),
    [
        pytest.param(resting(BUY, MARKET), 100, "100.01", id="a_buy_meets_the_ask"),
        pytest.param(resting(SELL, MARKET), 100, "99.99", id="a_sell_meets_the_bid"),
        pytest.param(resting(BUY, LIMIT, limit="100.01"), 100, "100.01", id="limit_at_the_ask"),
        pytest.param(resting(BUY, LIMIT, limit="100.00"), 0, 0, id="limit_a_cent_below_the_ask"),
        pytest.param(resting(SELL, LIMIT, limit="99.99"), 100, "99.99", id="limit_at_the_bid"),
        pytest.param(resting(SELL, LIMIT, limit="100.00"), 0, 0, id="limit_a_cent_above_the_bid"),
        pytest.param(resting(BUY, MARKET, qty=600), 500, "100.01", id="no_more_than_the_size_shown"),
        pytest.param(resting(SELL, STOP, trigger="99.98"), 0, 0, id="stop_not_reached"),
        pytest.param(resting(SELL, STOP, trigger="99.99"), 100, "99.99", id="stop_reached"),
        pytest.param(resting(BUY, STOP, trigger="100.01"), 100, "100.01", id="buy_stop_reached"),
        pytest.param(resting(SELL, STOP_LIMIT, limit="100.05", trigger="100"), 0, 0, id="stop_limit_out_of_reach"),
    ],
)
def test_an_order_against_a_quote(order, qty, price):
    match = match_quote(order, a_quote(), FREE, LOT)
    assert (match.qty, match.price if match.qty else 0) == (D(qty), D(price))


def test_slippage_grows_with_the_share_of_the_size():
    quote = a_quote(ask="50.00", bid="49.90", ask_size="400")
    assert match_quote(resting(BUY, MARKET), quote, RULES, LOT).price == D("50.0175")
    assert match_quote(resting(BUY, MARKET, qty=400), quote, RULES, LOT).price == D("50.0550")


def test_slippage_ends_at_the_limit():
    match = match_quote(resting(BUY, LIMIT, qty=500, limit="100.02"), a_quote(), RULES, LOT)
    assert match.price == D("100.02")


def test_a_quote_without_sizes_fills_everything():
    assert match_quote(resting(BUY, MARKET, qty=10_000), a_quote(ask_size=None), FREE, LOT).qty == 10_000


@pytest.mark.parametrize(
    ("order", "prices", "price"),
    [
        pytest.param(resting(BUY, MARKET), {}, "100", id="market_at_the_open"),
        pytest.param(resting(BUY, LIMIT, limit=101), {}, "100", id="marketable_limit_at_the_open"),
        pytest.param(resting(BUY, LIMIT, limit="99.50"), {}, "99.50", id="limit_inside_the_bar"),
        pytest.param(resting(BUY, LIMIT, limit="99.00"), {}, None, id="limit_touched_but_not_traded_through"),
        pytest.param(resting(SELL, LIMIT, limit="101.50"), {}, "101.50", id="target_inside_the_bar"),
        pytest.param(resting(SELL, LIMIT, limit="102.00"), {}, None, id="target_touched_only"),
        pytest.param(resting(SELL, LIMIT, limit="99.50"), {}, "100", id="target_gapped_over_fills_at_the_open"),
        pytest.param(resting(SELL, STOP, trigger="99.50"), {}, "99.50", id="stop_inside_the_bar"),
        pytest.param(resting(SELL, STOP, trigger="99.00"), {}, "99", id="stop_at_the_low"),
        pytest.param(resting(SELL, STOP, trigger="98.99"), {}, None, id="stop_a_cent_below_the_low"),
        pytest.param(resting(SELL, STOP, trigger=105), {}, "100", id="stop_gapped_over_fills_at_the_open"),
        pytest.param(resting(BUY, STOP, trigger=95), {}, "100", id="buy_stop_gapped_over"),
        pytest.param(resting(SELL, STOP, trigger=90, triggered=True), {}, "100", id="triggered_before"),
        pytest.param(resting(SELL, STOP_LIMIT, limit="99.40", trigger="99.50"), {}, "99.50", id="stop_limit"),
        pytest.param(resting(SELL, STOP_LIMIT, limit="104", trigger="105"), {}, None, id="stop_limit_gapped_over"),
        pytest.param(
            resting(SELL, STOP_LIMIT, limit="101.5", trigger="105", triggered=True), {}, "101.5", id="then_a_limit"
        ),
    ],
)
def test_an_order_against_a_bar_from_100_between_99_and_102(order, prices, price):
    match = match_bar(order, a_bar(**prices), FREE, LOT, room=D(1000))
    assert (match.price if match.qty else None) == (None if price is None else D(price))


def test_a_bar_gives_no_more_than_its_room():
    assert match_bar(resting(BUY, MARKET), a_bar(), FREE, LOT, room=D(30)).qty == 30
    spent = match_bar(resting(SELL, STOP, trigger=105), a_bar(), FREE, LOT, room=D(0))
    assert (spent.triggered, spent.qty) == (True, D(0))


@pytest.mark.parametrize(
    ("filled", "charged", "due"),
    [
        pytest.param(100, "0", "1.00", id="minimum"),
        pytest.param(200, "0", "1.00", id="just_the_minimum"),
        pytest.param(1000, "0", "5.00", id="per_share"),
        pytest.param(150, "1.00", "0", id="minimum_is_paid_once_an_order"),
        pytest.param(1000, "1.00", "4.00", id="rest_of_the_order"),
    ],
)
def test_commission_is_charged_as_the_order_fills(filled, charged, due):
    assert commission_due(D(filled), D(charged), RULES) == D(due)


PRICES = st.decimals("1", "500", places=2)
ORDERS = st.builds(
    Resting,
    side=st.sampled_from(Side),
    type=st.sampled_from([MARKET, LIMIT, STOP, STOP_LIMIT]),
    qty=st.integers(1, 5000).map(D),
    limit_price=PRICES,
    trigger_price=PRICES,
    triggered=st.booleans(),
    trail=st.none(),
).map(
    lambda order: order._replace(
        limit_price=order.limit_price if order.type in (LIMIT, STOP_LIMIT) else None,
        trigger_price=order.trigger_price if order.type in (STOP, STOP_LIMIT) else None,
    )
)


@given(ORDERS, st.lists(PRICES, min_size=4, max_size=4), st.integers(0, 100_000))
def test_whatever_the_bar_an_order_gets_no_gift(order, prices, volume):
    low, *middle, high = sorted(prices)
    bar = a_bar(open=middle[0], close=middle[1], low=low, high=high, volume=volume)
    match = match_bar(order, bar, RULES, LOT, room=D(volume // 10))
    assert 0 <= match.qty <= min(order.qty, D(volume // 10))
    if match.qty:
        assert match.triggered
        within = order.limit_price is None or order.side.sign * (order.limit_price - match.price) >= 0
        assert within
        assert match.price >= low if order.side is BUY else match.price <= high


@given(ORDERS, PRICES, PRICES, st.integers(0, 1000))
def test_whatever_the_quote_an_order_gets_no_gift(order, one, other, size):
    quote = a_quote(bid=min(one, other), ask=max(one, other), bid_size=size, ask_size=size)
    match = match_quote(order, quote, RULES, LOT)
    assert 0 <= match.qty <= min(order.qty, size)
    if match.qty:
        assert order.limit_price is None or order.side.sign * (order.limit_price - match.price) >= 0
        assert match.price >= quote.ask if order.side is BUY else match.price <= quote.bid
