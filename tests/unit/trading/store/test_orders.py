"""Orders and fills: one row for each leg of a decision, one for each execution."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from domain.ids import ClientOrderId
from domain.orders import OrderStatus
from tests.builders.execution import DECISION, ENTRY, a_fill, an_order
from tests.builders.market import NOON
from trading.store.orders import OrderStore


@pytest.fixture
def orders(database):
    return OrderStore(database)


def test_an_order_comes_back_as_it_was(orders):
    order = an_order(take_profit="110.55", reserved_price="100.20", broker_id="b", reason="a reason")
    orders.insert(order, cycle_id="cyc-1", sendable_until=NOON)
    assert orders.get(order.client_order_id) == orders.find(DECISION, "entry") == order
    assert orders.of_cycle("cyc-1") == (order,)
    assert orders.sendable_until(order.client_order_id) == NOON
    assert orders.cycle_of(order.client_order_id) == "cyc-1"


def test_what_is_unknown_is_none(orders):
    nobody = ClientOrderId("ord-none")
    assert orders.get(nobody) is orders.find(DECISION, "entry") is orders.sendable_until(nobody) is None
    assert orders.last_fill_at() is None


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(an_order(), id="the_same_order"),
        pytest.param(an_order(client_order_id=ClientOrderId("ord-other")), id="the_same_leg_under_another_id"),
    ],
)
def test_a_leg_of_a_decision_has_one_order(orders, second):
    orders.insert(an_order())
    with pytest.raises(IntegrityError):
        orders.insert(second)
    assert orders.newest(9) == (an_order(),)


@pytest.mark.parametrize("status", OrderStatus)
def test_open_orders_are_those_that_may_still_add_exposure(orders, status):
    orders.insert(an_order(status=status))
    assert bool(orders.open()) is status.is_open


def test_one_claim_wins(orders):
    orders.insert(an_order(status=OrderStatus.INTENT))
    claims = [orders.claim(ENTRY, OrderStatus.INTENT, OrderStatus.SUBMITTED, at=NOON) for _ in range(2)]
    assert claims == [True, False]
    assert orders.open()[0].status is OrderStatus.SUBMITTED


def test_recent_orders_are_listed_from_a_moment_on(orders):
    for hour in range(3):
        orders.insert(an_order(f"dec-{hour}", created_at=NOON + timedelta(hours=hour)))
    assert [order.decision_id for order in orders.recent(NOON + timedelta(hours=1))] == ["dec-1", "dec-2"]
    assert [order.decision_id for order in orders.newest(2)] == ["dec-2", "dec-1"]


def test_a_fill_counts_once(orders):
    orders.insert(an_order())
    first, again = (orders.add_fill(a_fill(), realized_pnl=Decimal(0)) for _ in range(2))
    assert (first, again) == (True, False)
    assert orders.fills_of(ENTRY) == orders.fills_since(NOON) == (a_fill(),)
    assert orders.fills_since(NOON + timedelta(seconds=1)) == ()
    assert orders.last_fill_at() == NOON


def test_realised_profit_is_net_of_commissions(orders):
    orders.insert(an_order())
    orders.add_fill(a_fill(1), realized_pnl=Decimal(0))
    orders.add_fill(a_fill(2, at=NOON + timedelta(hours=1)), realized_pnl=Decimal("12.34"))
    assert orders.trades.realized(NOON) == Decimal("10.34")
    assert orders.trades.realized(NOON + timedelta(hours=1)) == Decimal("11.34")
