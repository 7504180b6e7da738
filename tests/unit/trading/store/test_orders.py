"""Orders and fills: one row for each leg of a decision, one for each execution."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from domain.ids import ClientOrderId, DecisionId, client_order_id
from domain.orders import OrderStatus, Side
from tests.builders.execution import DECISION, ENTRY, a_fill, an_order
from tests.builders.market import AAPL, MSFT, NOON
from trading.store.orders import OrderStore
from trading.store.trades import Trade

LONG_AGO = NOON - timedelta(days=400)


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


def test_realised_profit_is_told_by_strategy_and_symbol_and_exactly(orders):
    orders.insert(an_order())
    for number, (symbol, strategy, made) in enumerate(
        [(AAPL, "momentum", "0.1"), (AAPL, "momentum", "0.2"), (AAPL, "news", "-3"), (MSFT, "momentum", "5")]
    ):
        orders.add_fill(a_fill(number, symbol=symbol, commission=0), realized_pnl=Decimal(made), strategy=strategy)
    orders.add_fill(a_fill(9, at=NOON - timedelta(hours=1)), realized_pnl=Decimal(1000), strategy="momentum")
    assert orders.trades.profits(NOON) == {
        ("momentum", AAPL): Decimal("0.3"), ("news", AAPL): -3, ("momentum", MSFT): 5,
    }  # fmt: skip
    assert orders.trades.profits(NOON + timedelta(hours=1)) == {}


def test_no_fills_have_made_nothing(orders):
    assert orders.trades.realized(NOON) == 0


def test_round_trips_are_told_from_a_moment_on(orders):
    for hour in range(3):
        closed = NOON + timedelta(hours=hour)
        orders.trades.save(Trade(f"t-{hour}", AAPL, "s", Side.BUY, DECISION, NOON, closed_at=closed, pnl=Decimal(1)))
    orders.trades.save(Trade("t-open", MSFT, "s", Side.BUY, DECISION, NOON, entries=3))
    assert [span.closed_at for span in orders.trades.spans(NOON + timedelta(hours=2))] == [NOON + timedelta(hours=2)]
    assert {symbol: trade.entries for symbol, trade in orders.trades.all_open().items()} == {MSFT: 3}


def order_id(decision: str, leg: str = "entry") -> ClientOrderId:
    return client_order_id(DecisionId(decision), leg)


def sell(number, price):
    return a_fill(number, order_id("dec-s"), side=Side.SELL, price=price, at=NOON + timedelta(minutes=number))


def test_slippage_is_what_a_fill_cost_against_the_price_at_its_decision(orders):
    orders.insert(an_order(), arrival_price=Decimal(100))
    orders.insert(an_order("dec-s", side=Side.SELL), arrival_price=Decimal(200))
    orders.insert(an_order("dec-leg", leg="stop", side=Side.SELL))
    leg = a_fill(5, order_id("dec-leg", "stop"), side=Side.SELL, price=1, at=NOON + timedelta(hours=9))
    for fill in (a_fill(0, price="100.30"), sell(1, "199"), sell(2, "200.20"), leg):
        orders.add_fill(fill, realized_pnl=Decimal(0))
    newest_first = (Decimal("-0.1"), Decimal("0.5"), Decimal("0.3"))
    assert orders.slippage(20, since=LONG_AGO) == newest_first, "the stop has no price at its decision"
    assert orders.slippage(2, since=LONG_AGO) == newest_first[:2]


def test_what_is_older_than_asked_for_counts_no_more(orders):
    orders.insert(an_order("dec-1", status=R), arrival_price=Decimal(100))
    orders.add_fill(a_fill(0, order_id("dec-1"), price="100.30"), realized_pnl=Decimal(0))
    later = NOON + timedelta(seconds=1)
    assert (orders.rejected_in_row(later, since=NOON), orders.rejected_in_row(later, since=later)) == (1, 0)
    assert (len(orders.slippage(5, since=NOON)), len(orders.slippage(5, since=later))) == (1, 0)


R, A, U = OrderStatus.REJECTED, OrderStatus.FILLED, OrderStatus.UNKNOWN


@pytest.mark.parametrize(
    ("statuses", "row"),
    [
        pytest.param([], 0, id="no_orders"),
        pytest.param([R, A, R, U, R, R], 3, id="until_the_last_accepted"),
        pytest.param([R, R, A], 0, id="ended_by_an_acceptance"),
        pytest.param([R, R, R], 3, id="never_accepted"),
        pytest.param([R, OrderStatus.DENIED, R], 2, id="denied_by_us_is_neither"),
        pytest.param([R, OrderStatus.SUBMITTED, R, OrderStatus.INTENT], 2, id="in_flight_is_neither"),
        pytest.param([R, U], 1, id="unknown_is_neither"),
        pytest.param([R, OrderStatus.ACCEPTED], 0, id="working"),
        pytest.param([R, OrderStatus.CANCELED], 1, id="cancelled_before_it_left"),
        pytest.param([R, OrderStatus.EXPIRED], 0, id="expired_was_accepted"),
    ],
)
def test_rejections_in_a_row_are_counted_since_the_broker_last_took_an_order(orders, statuses, row):
    for day, status in enumerate(statuses):
        orders.insert(an_order(f"dec-{day}", status=status, created_at=NOON + timedelta(days=day)))
    assert orders.rejected_in_row(NOON + timedelta(days=30), since=LONG_AGO) == row


def test_a_cancelled_order_that_the_broker_knew_was_accepted(orders):
    orders.insert(an_order("dec-1", status=R))
    orders.insert(an_order("dec-2", status=OrderStatus.CANCELED, broker_id="b", created_at=NOON + timedelta(hours=1)))
    assert orders.rejected_in_row(NOON + timedelta(days=1), since=LONG_AGO) == 0


def test_only_what_we_sent_is_rejected_or_accepted(orders):
    orders.insert(an_order("dec-1", status=R))
    orders.insert(an_order("dec-2", status=A, created_at=NOON - timedelta(hours=1)))
    orders.insert(an_order("dec-2", leg="stop", status=A, parent_id=order_id("dec-2")))
    orders.insert(an_order("dec-2", leg="target", status=R, parent_id=order_id("dec-2")))
    assert orders.rejected_in_row(NOON, since=LONG_AGO) == 1


@pytest.mark.parametrize(
    ("minutes", "row"),
    [pytest.param(-1, 0, id="before"), pytest.param(0, 1, id="same_moment"), pytest.param(1, 1, id="future")],
)
def test_neither_an_acceptance_to_come_nor_one_at_the_same_moment_ends_a_row(orders, minutes, row):
    orders.insert(an_order("dec-1", status=R, created_at=NOON - timedelta(minutes=max(0, -minutes) * 2)))
    orders.insert(an_order("dec-2", status=A, created_at=NOON + timedelta(minutes=minutes)))
    assert orders.rejected_in_row(NOON, since=LONG_AGO) == row
