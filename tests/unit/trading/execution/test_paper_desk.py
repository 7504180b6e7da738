"""Order classes through the whole house: gates, desk, paper broker, settlement and reconciliation agree on them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.ids import DecisionId, client_order_id
from domain.orders import OrderClass, OrderStatus, OrderType, class_of
from tests.builders.execution import ENTRY, a_house, an_exit, an_intent
from tests.builders.market import NOON
from trading.execution.brokers.paper.broker import PaperSettings
from trading.execution.brokers.paper.fill_model import FillRules

D = Decimal
FREE = PaperSettings(rules=FillRules(D(0), D(0), D(0), D(0)))
QUARTER = timedelta(minutes=15)
EXIT = client_order_id(DecisionId("dec-2"), "exit")
STOP_BESIDE = client_order_id(DecisionId("dec-2"), "stop-exit")
PAIR: dict[str, Any] = {"limit_price": 110, "take_profit": 110, "stop_loss": 95}
TRAILING: dict[str, Any] = {"type": OrderType.TRAILING_STOP, "limit_price": None}


@pytest.fixture
def house(database, tmp_path):
    """Ten shares held, with nothing behind them."""
    built = a_house(database, tmp_path, settings=FREE)
    built.paper.advance(NOON)
    built.place(an_intent(stop_loss=None, take_profit=None))
    return built


def trade(house, **prices):
    house.market.trade(house.clock.now(), **prices)
    now = house.clock.wait(minutes=15)
    house.paper.advance(now)
    return house.reconciler.reconcile(now)


@pytest.mark.parametrize(
    ("stop", "target", "reduce_only", "expected"),
    [
        pytest.param(None, None, False, OrderClass.SIMPLE, id="simple"),
        pytest.param(D(95), D(110), False, OrderClass.BRACKET, id="bracket"),
        pytest.param(D(95), None, False, OrderClass.OTO, id="stop_only"),
        pytest.param(None, D(110), False, OrderClass.OTO, id="target_only"),
        pytest.param(D(95), D(110), True, OrderClass.OCO, id="pair_of_exits"),
    ],
)
def test_the_class_follows_from_the_content(stop, target, reduce_only, expected):
    assert class_of(stop, target, reduce_only=reduce_only) is expected
    intent = an_intent(stop_loss=stop, take_profit=target, reduce_only=reduce_only)
    assert intent.order_class is expected


def test_a_trail_is_part_of_what_was_approved_and_is_kept(house):
    plain, trailed = an_exit(**TRAILING), an_exit(**TRAILING, trail_amount=D(2))
    assert len({plain.digest, trailed.digest, an_exit(**TRAILING, trail_pct=D(2)).digest}) == 3
    placed = house.place(trailed).order
    assert placed.status is OrderStatus.ACCEPTED
    stored = house.orders.get(placed.client_order_id)
    assert (stored.type, stored.trail_amount, stored.trail_pct) == (OrderType.TRAILING_STOP, 2, None)


def test_a_trailing_stop_is_no_entry(house):
    refused = house.place(an_intent("dec-3", **TRAILING, trail_pct=D(2)))
    assert refused.order is None
    assert "COMBINATION_UNSUPPORTED" in refused.evaluation.codes


def test_a_trailing_exit_closes_the_trade(house):
    house.place(an_exit(**TRAILING, trail_amount=D(2)))
    assert trade(house, open=100, high=104, low="99.50", close="103").ok
    assert trade(house, open=103, high=103, low=101, close=101).ok
    assert house.broker.positions() == ()
    assert [fill.price for fill in house.orders.fills_of(EXIT)] == [D(102)]
    assert house.orders.trades.open(an_exit().symbol) is None


@pytest.mark.parametrize(
    ("bar", "statuses"),
    [
        pytest.param({"high": 111}, (OrderStatus.FILLED, OrderStatus.CANCELED), id="target"),
        pytest.param({"low": 94}, (OrderStatus.CANCELED, OrderStatus.FILLED), id="stop"),
    ],
)
def test_our_books_follow_a_pair_of_exits(house, bar, statuses):
    assert house.place(an_exit(**PAIR)).order.status is OrderStatus.ACCEPTED
    assert house.reconciler.reconcile(house.clock.now()).ok
    assert trade(house, **bar).ok
    assert tuple(house.orders.get(name).status for name in (EXIT, STOP_BESIDE)) == statuses
    assert (house.broker.positions(), house.orders.open()) == ((), ())


def test_our_books_follow_a_part_of_each(house):
    house.place(an_exit(**PAIR))
    assert trade(house, high=111, volume=40).ok
    assert house.orders.get(STOP_BESIDE).qty == 6
    assert trade(house, low=94).ok
    assert [(fill.qty, fill.price) for fill in house.orders.fills_since(NOON)][1:] == [(4, 110), (6, 95)]


def test_everything_can_still_be_sold_while_a_pair_rests(house):
    house.place(an_exit(**PAIR))
    sold = house.place(an_exit("dec-3", type=OrderType.MARKET, limit_price=None))
    assert sold.order is not None, sold.evaluation.codes
    assert sold.order.status is OrderStatus.FILLED
    assert house.reconciler.reconcile(house.clock.now()).ok
    assert (house.broker.positions(), house.orders.open()) == ((), ())


def test_a_second_pair_on_the_same_shares_sells_nothing_twice(house):
    house.place(an_exit(**PAIR))
    house.place(an_exit("dec-3", **(PAIR | {"limit_price": 112, "take_profit": 112})))
    assert trade(house, open=113, high=114, low=113, close=113).ok
    assert house.broker.positions() == ()
    assert sum(fill.qty for fill in house.orders.fills_since(NOON) if fill.client_order_id != ENTRY) == 10
