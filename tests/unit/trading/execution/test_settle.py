"""Settlement: each fill once, first in first out, and incidents for what cannot be."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case import TradingState
from domain.ids import ClientOrderId, client_order_id
from domain.orders import OrderStatus, Origin, Side
from domain.record.entries import RecordKind
from tests.builders.execution import DECISION, ENTRY, a_fill, a_report, an_order
from tests.builders.market import AAPL, MSFT, NOON
from trading.execution.booking import fifo
from trading.execution.settle import fault
from trading.store.activity import Happening
from trading.store.trades import Lot

D = Decimal


def lots(*held):
    return tuple(
        Lot(f"l-{number}", AAPL, D(qty), D(str(price)), NOON) for number, (qty, price) in enumerate(held, start=1)
    )


def shape(left):
    return [(lot.qty, lot.price) for lot in left]


@pytest.mark.parametrize(
    ("held", "fill", "left", "realized", "opened"),
    [
        pytest.param([], (Side.BUY, 10, 100), [(10, 100)], 0, 10, id="a_first_lot"),
        pytest.param([(10, 100)], (Side.BUY, 5, 110), [(10, 100), (5, 110)], 0, 5, id="a_second_lot"),
        pytest.param([(10, 100)], (Side.SELL, 10, 110), [], 100, 0, id="closed_with_profit"),
        pytest.param([(10, 100)], (Side.SELL, 4, 90), [(6, 100)], -40, 0, id="partly_closed_with_loss"),
        pytest.param([(100, 10), (50, 12)], (Side.SELL, 120, 13), [(30, 12)], 320, 0, id="oldest_first"),
        pytest.param([(10, 100)], (Side.SELL, 15, 110), [(-5, 110)], 100, 5, id="through_zero"),
        pytest.param([(-10, 100)], (Side.BUY, 10, 90), [], 100, 0, id="a_short_closed_with_profit"),
    ],
)
def test_lots_close_first_in_first_out(held, fill, left, realized, opened):
    side, qty, price = fill
    closing = fifo(lots(*held), a_fill(side=side, qty=qty, price=price))
    assert shape(closing.lots) == left
    assert (closing.realized, closing.opened_qty) == (realized, opened)


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 500), st.decimals("1", "500", places=2)), max_size=20))
def test_realised_profit_and_what_is_held_add_up_to_the_cash_that_moved(trades):
    held: tuple[Lot, ...] = ()
    realized, cash, shares = D(0), D(0), D(0)
    for number, (side, qty, price) in enumerate(trades):
        closing = fifo(held, a_fill(number, side=side, qty=qty, price=price))
        held, realized = closing.lots, realized + closing.realized
        cash -= side.sign * qty * price
        shares += side.sign * qty
    assert sum((lot.qty for lot in held), D(0)) == shares
    assert realized - sum((lot.qty * lot.price for lot in held), D(0)) == cash
    assert len({lot.qty > 0 for lot in held}) <= 1, "never long and short at once"


@pytest.mark.parametrize(
    ("changes", "filled", "booked"),
    [
        pytest.param({}, 0, None, id="good"),
        pytest.param({"qty": 4}, 6, None, id="the_last_share"),
        pytest.param({"symbol": MSFT}, 0, False, id="wrong_symbol"),
        pytest.param({"side": Side.SELL}, 0, False, id="wrong_side"),
        pytest.param({"qty": -10}, 0, False, id="negative"),
        pytest.param({"qty": 0}, 0, False, id="nothing"),
        pytest.param({"price": 0}, 0, False, id="free_of_charge"),
        pytest.param({"qty": 5}, 6, True, id="one_too_many_is_held_all_the_same"),
    ],
)
def test_a_fill_is_checked_against_its_order(changes, filled, booked):
    found = fault(an_order(), a_fill(**changes), D(filled))
    assert (None if found is None else found.booked) is booked


@pytest.fixture
def settled(house):
    """Apply fills to one accepted order of ten."""
    house.orders.insert(an_order(), cycle_id="cyc-1")

    def apply(*fills):
        return [house.settlement.apply_fill(fill, house.broker, now=NOON) for fill in fills]

    return apply


def test_a_fill_that_comes_twice_counts_once(house, settled):
    assert settled(a_fill(qty=4), a_fill(qty=4)) == [True, False]
    assert house.orders.trades.positions() == {AAPL: 4}
    assert len(house.ledger.entries(kind=RecordKind.FILL)) == 1


def test_partial_fills_add_up_in_the_order(house, settled):
    settled(a_fill(1, qty=4, price=100), a_fill(2, qty=6, price="100.50"))
    order = house.orders.get(ENTRY)
    assert (order.filled_qty, order.avg_fill_price) == (10, D("100.3"))


@pytest.mark.parametrize(
    ("fill", "held"),
    [
        pytest.param(a_fill(qty=11), {AAPL: 11}, id="over_fill_is_held"),
        pytest.param(a_fill(symbol=MSFT), {}, id="wrong_symbol_is_not"),
        pytest.param(a_fill(qty=-1), {}, id="negative_is_not"),
    ],
)
def test_what_cannot_be_is_an_incident_and_stops_new_exposure(house, settled, fill, held):
    settled(fill)
    settled(fill)
    assert house.control.read().trading_state is TradingState.REDUCING
    assert house.orders.trades.positions() == held
    incidents = [entry for entry in house.ledger.entries(kind=RecordKind.CONTROL) if "incident" in entry.body]
    assert len(incidents) == 1


def test_a_fill_of_an_order_that_nobody_knows_is_not_ours(house, settled):
    assert settled(a_fill(order_id=ClientOrderId("ord-foreign"))) == [False]
    assert house.orders.trades.positions() == {}


def test_a_round_trip_is_one_closed_trade_net_of_commissions(house, settled):
    exit_order = an_order("dec-2", side=Side.SELL, reduce_only=True, leg="exit")
    house.orders.insert(exit_order)
    hour = NOON + timedelta(hours=1)
    settled(
        a_fill(1, qty=4, price=100, commission="0.40"),
        a_fill(2, qty=6, price=101, commission="0.60"),
        a_fill(3, exit_order.client_order_id, side=Side.SELL, qty=7, price=103, at=hour, commission="0.70"),
        a_fill(4, exit_order.client_order_id, side=Side.SELL, qty=3, price=99, at=hour, commission="0.30"),
    )
    (closed,) = house.ledger.entries(kind=RecordKind.TRADE_CLOSED)
    assert {name: closed.body[name] for name in ("qty", "entry_price", "exit_price", "pnl", "exit_reason")} == {
        "qty": "10", "entry_price": "100.6", "exit_price": "101.8", "pnl": "10", "exit_reason": "agent exit",
    }  # fmt: skip
    assert closed.cause == closed.body["decision_id"] == DECISION
    assert house.orders.trades.open(AAPL) is None
    assert house.orders.trades.realized(NOON) == house.orders.trades.closed()[0].pnl == 10


def test_a_report_moves_the_order_and_is_written_down_once(house, settled):
    report = a_report(an_order(), OrderStatus.PARTIALLY_FILLED, filled_qty=4, avg_fill_price=100)
    for _ in range(2):
        house.settlement.apply_report(report, now=NOON)
    order = house.orders.get(ENTRY)
    assert (order.status, order.filled_qty, order.broker_id) == (OrderStatus.PARTIALLY_FILLED, 4, "b-1")
    assert len(house.ledger.entries(kind=RecordKind.ORDER)) == 1


def test_a_move_that_cannot_be_is_unknown_with_an_incident(house):
    house.orders.insert(an_order(status=OrderStatus.FILLED, filled_qty=10))
    order = house.settlement.apply_report(a_report(an_order(), OrderStatus.CANCELED), now=NOON)
    assert (order.status, order.filled_qty) == (OrderStatus.UNKNOWN, 10)
    assert house.control.read().trading_state is TradingState.REDUCING


def test_a_report_about_another_symbol_changes_nothing_but_raises_an_incident(house, settled):
    house.settlement.apply_report(a_report(an_order(), OrderStatus.FILLED, symbol=MSFT), now=NOON)
    assert house.orders.get(ENTRY).status is OrderStatus.ACCEPTED
    assert house.control.read().trading_state is TradingState.REDUCING


def test_a_protective_leg_becomes_an_order_of_ours_and_a_foreign_order_does_not(house, settled):
    stop = an_order(leg="stop", side=Side.SELL)
    report = a_report(stop, leg="stop", parent_id=ENTRY, trigger_price=95)
    leg = house.settlement.apply_report(report, now=NOON)
    assert (leg.parent_id, leg.reduce_only, leg.trigger_price) == (ENTRY, True, 95)
    assert leg.client_order_id == client_order_id(DECISION, "stop")
    foreign = a_report(an_order(client_order_id=ClientOrderId("ord-foreign")))
    assert house.settlement.apply_report(foreign, now=NOON) is None


@given(st.permutations([a_fill(n, qty=n, price=100 + n) for n in (1, 2, 3)] * 2))
def test_fills_in_any_order_and_number_leave_the_same_position(fills):
    held: tuple[Lot, ...] = ()
    seen = set()
    for fill in fills:
        if fill.fill_id not in seen:
            held, _, _ = fifo(held, fill)
            seen.add(fill.fill_id)
    assert sum(lot.qty for lot in held) == 6


def by_hand(house, name, side, qty, *, fill=None, price=100, at=NOON, **changes):
    """One more order, and a fill of it."""
    order = an_order(name, side=side, **changes)
    if house.orders.get(order.client_order_id) is None:
        house.orders.insert(order)
    made = a_fill(order_id=order.client_order_id, fill_id=f"fill-{name}-{fill}", side=side, qty=qty, price=price, at=at)
    assert house.settlement.apply_fill(made, house.broker, now=at)
    return house.orders.trades.open(AAPL)


def test_the_orders_that_opened_and_enlarged_a_trade_are_its_entries(house):
    assert by_hand(house, "a", Side.BUY, 4).entries == 1
    assert by_hand(house, "a", Side.BUY, 6, fill=2).entries == 1, "the rest of the same order"
    assert by_hand(house, "b", Side.BUY, 5).entries == 2
    assert by_hand(house, "c", Side.SELL, 7).entries == 2, "an exit is no entry"
    assert by_hand(house, "c", Side.SELL, 1, fill=2).entries == 2
    later = NOON + timedelta(hours=1)
    assert by_hand(house, "d", Side.SELL, 10, at=later).entries == 1, "through zero begins anew"
    assert by_hand(house, "d", Side.SELL, 5, fill=2, at=later).entries == 1
    assert by_hand(house, "e", Side.SELL, 5, at=later).entries == 2


def test_an_order_that_fills_on_in_the_next_trade_is_one_of_its_entries(house):
    by_hand(house, "a", Side.BUY, 4)
    by_hand(house, "b", Side.SELL, 4)
    later = NOON + timedelta(hours=1)
    by_hand(house, "c", Side.BUY, 5, at=later)
    assert by_hand(house, "a", Side.BUY, 6, fill=2, at=later).entries == 2


def happened(house):
    return {what: times.get(AAPL) for what, times in house.orders.activity.newest().items()}


LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("leg", "qty", "price", "told"),
    [
        pytest.param("exit", 10, 110, {Happening.EXIT}, id="an_exit_with_profit"),
        pytest.param("exit", 10, 90, {Happening.EXIT, Happening.LOSS}, id="an_exit_with_loss"),
        pytest.param("exit", 10, 100, {Happening.EXIT, Happening.LOSS}, id="costs_make_it_a_loss"),
        pytest.param("stop", 10, 95, {Happening.EXIT, Happening.STOP, Happening.LOSS}, id="the_stop"),
        pytest.param("target", 10, 110, {Happening.EXIT}, id="the_target"),
        pytest.param("exit", 4, 90, {Happening.LOSS}, id="a_part_with_loss"),
        pytest.param("stop", 4, 110, set(), id="a_part_of_the_stop_with_profit"),
        pytest.param("exit", 15, 110, {Happening.EXIT}, id="through_zero"),
    ],
)
def test_what_a_closing_fill_means_for_its_symbol(house, leg, qty, price, told):
    by_hand(house, "a", Side.BUY, 10)
    assert set(happened(house).values()) == {None}, "an entry means nothing yet"
    by_hand(house, "b", Side.SELL, qty, price=price, at=LATER, leg=leg)
    assert happened(house) == {what: LATER if what in told else None for what in Happening}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        pytest.param(OrderStatus.REJECTED, LATER, id="rejected"),
        pytest.param(OrderStatus.CANCELED, None, id="cancelled"),
        pytest.param(OrderStatus.UNKNOWN, None, id="unknown"),
    ],
)
def test_a_rejection_is_told_of_its_symbol_once(house, settled, status, told):
    for _ in range(2):
        house.settlement.apply_report(a_report(an_order(), status, at=LATER), now=LATER)
    assert happened(house)[Happening.REJECT] == told


def test_what_we_deny_ourselves_is_no_rejection(house):
    order = house.orders.insert(an_order(status=OrderStatus.SUBMITTED))
    house.settlement.mark(order, OrderStatus.DENIED, at=NOON, reason="the kill switch")
    assert happened(house)[Happening.REJECT] is None


def test_a_profit_belongs_to_the_strategy_that_holds_whoever_closes(house):
    by_hand(house, "a", Side.BUY, 10, strategy="momentum")
    by_hand(house, "b", Side.SELL, 4, price=90, strategy="manual")
    assert house.orders.trades.profits(NOON) == {("momentum", AAPL): -42}, "40 and two commissions of 1"


def test_a_lost_trade_is_one_of_the_losses_in_a_row_whoever_closes(house):
    for number, closer in enumerate(("momentum", "manual")):
        at = NOON + timedelta(minutes=number)
        by_hand(house, f"in-{number}", Side.BUY, 10, at=at, strategy="momentum")
        by_hand(house, f"out-{number}", Side.SELL, 10, price=90, at=at, strategy=closer, origin=Origin.MANUAL)
        seen = house.equity.performance(at, equity=None)
        assert (seen.consecutive_losses, seen.strategy_losses) == (number + 1, {"momentum": number + 1})
