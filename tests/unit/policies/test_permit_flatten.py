"""The flatten that a kill ordered: it leaves while that very kill stands, and only as far as it is proven to close."""

from dataclasses import replace

import pytest

from domain.book import Position
from domain.case import Mode, TradingState
from domain.errors import IntegrityError, ManualActionError
from domain.ids import ClientOrderId
from domain.orders import OrderReport, OrderStatus, Origin, Side
from policies.permit import PermitOffice, closable_at
from tests.builders.policies import AAPL, MSFT, NOW, D, a_case, a_control, a_policy, a_sell, held

row = pytest.param
KEY = b"a key of at least sixteen bytes"
ORDER_ID = ClientOrderId("ord-1")
KILLED = "the kill switch is engaged, nothing is sent. Only the owner lifts it: sage resume."


class Latched:
    """A latch in the state that a row says, with the id of the kill that ordered to close everything."""

    def __init__(self, flatten="", *, engaged=False):
        self.kill, self.set = flatten, engaged

    def engaged(self):
        return self.set

    def flatten(self):
        return self.kill


def told(act):
    with pytest.raises((IntegrityError, ManualActionError)) as refused:
        act()
    return type(refused.value), str(refused.value)


FLATTEN = a_sell(D(50), reduce_only=True, origin=Origin.FLATTEN)


def a_flatten(latch, **order):
    """The permit of a sell of all 50 held that the kill k1 ordered."""
    case = a_case(
        replace(FLATTEN, **order), positions=held(50), control=a_control(kill_switch=True, flatten="k1", mode=Mode.AUTO)
    )
    office = PermitOffice(KEY, latch)
    approved, evaluation = office.issue(case, a_policy(), ORDER_ID)
    assert approved is not None, evaluation.codes
    return office, approved


@pytest.mark.parametrize(
    ("latched", "control", "closable", "refused"),
    [
        row("k1", {}, D(50), None, id="the_kill_stands_and_all_is_there_to_close"),
        row("k1", {"trading_state": TradingState.HALTED}, D(50), None, id="also_while_halted"),
        row("k1", {}, D(51), None, id="more_is_there"),
        row("k1", {}, D("49.99"), "50 AAPL cannot be proven to reduce. See `sage positions`.", id="less_is_there"),
        row("k1", {}, None, "50 AAPL cannot be proven to reduce. See `sage positions`.", id="nobody_knows"),
        row("k2", {}, D(50), "over", id="another_kill_by_the_latch"),
        row("", {}, D(50), "over", id="no_order_to_close_by_the_latch"),
        row("k1", {"flatten": "k2"}, D(50), "over", id="another_kill_by_the_database"),
        row("k1", {"kill_switch": False}, D(50), "over", id="no_kill_by_the_database"),
        row("k1", {"kill_switch": None}, D(50), "over", id="the_database_does_not_know"),
        row("k1", {"readable": False}, D(50), KILLED, id="the_database_cannot_be_read"),
    ],
)
def test_what_a_kill_ordered_to_close_leaves_while_that_kill_stands(latched, control, closable, refused):
    office, approved = a_flatten(Latched(latched, engaged=True))
    assert approved.kill == "k1"
    plane = a_control(**{"kill_switch": True, "flatten": "k1", **control})
    over = "the kill that ordered to close it is over. `sage kill --flatten` orders anew."
    if refused is None:
        office.redeem(approved, now=NOW, control=plane, closable=closable)
        office.look_again(approved, now=NOW, control=plane, closable=closable)
    else:
        expected = (ManualActionError, over if refused == "over" else refused)
        assert told(lambda: office.redeem(approved, now=NOW, control=plane, closable=closable)) == expected


def test_a_second_look_at_a_flatten_asks_what_is_left_to_close():
    office, approved = a_flatten(Latched("k1", engaged=True))
    plane = a_control(kill_switch=True, flatten="k1")
    office.redeem(approved, now=NOW, control=plane, closable=D(50))
    assert told(lambda: office.look_again(approved, now=NOW, control=plane, closable=D(49)))[0] is ManualActionError


@pytest.mark.parametrize("qty", ["0", "-1"])
def test_a_flatten_of_nothing_reduces_nothing(qty):
    office, approved = a_flatten(Latched("k1", engaged=True))
    odd = replace(approved, intent=replace(approved.intent, qty=D(qty)))
    odd = replace(odd, seal=office._seal(odd))
    plane = a_control(kill_switch=True, flatten="k1")
    assert told(lambda: office.redeem(odd, now=NOW, control=plane, closable=D(50)))[0] is ManualActionError
    whole = replace(approved, intent=replace(approved.intent, reduce_only=False))
    whole = replace(whole, seal=office._seal(whole))
    assert told(lambda: office.redeem(whole, now=NOW, control=plane, closable=D(50)))[0] is ManualActionError


def at_work(qty, filled=0, **changes):
    report = OrderReport(
        client_order_id=ClientOrderId("ord-9"), broker_id="b9", status=OrderStatus.ACCEPTED, broker_status="new",
        symbol=AAPL, side=Side.SELL, qty=D(qty), filled_qty=D(filled), avg_fill_price=None, at=NOW,
    )  # fmt: skip
    return replace(report, **changes)


@pytest.mark.parametrize(
    ("order", "positions", "working", "left"),
    [
        row({}, [50], [], 50, id="all_that_is_held"),
        row({}, [50, 5], [], 55, id="in_two_places"),
        row({}, [50], [at_work(20)], 30, id="another_exit_at_work"),
        row({}, [50], [at_work(20, 15)], 45, id="most_of_it_filled"),
        row({}, [50], [at_work(20), at_work(10)], 20, id="two_of_them"),
        row({}, [50], [at_work(20, side=Side.BUY)], 50, id="a_buy_takes_nothing"),
        row({}, [50], [at_work(20, symbol=MSFT)], 50, id="nor_does_another_symbol"),
        row({}, [50], [at_work(20, parent_id=ClientOrderId("ord-8"))], 50, id="nor_a_protective_leg"),
        row({}, [50], [at_work(20, client_order_id=ORDER_ID)], 50, id="nor_the_order_itself"),
        row({}, [50], [at_work(60)], 0, id="more_at_work_than_held"),
        row({}, [-50], [], 0, id="a_short_has_nothing_to_sell"),
        row({}, [], [], 0, id="nothing_held"),
        row({"side": Side.BUY}, [-50], [], 50, id="a_short_is_bought_back"),
        row({"side": Side.BUY}, [50], [], 0, id="a_long_is_not"),
    ],
)
def test_what_is_left_to_close(order, positions, working, left):
    _, approved = a_flatten(Latched("k1", engaged=True))
    approved = replace(approved, intent=replace(approved.intent, **order))
    others = [Position(MSFT, D(7), D(1))]
    assert closable_at(approved, [*(Position(AAPL, D(qty), D(1)) for qty in positions), *others], working) == left
