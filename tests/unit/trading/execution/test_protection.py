"""Which holdings a stop rests behind: every combination of holding, stop and plan that a risk officer would ask for."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.ids import client_order_id
from domain.orders import OrderClass, OrderStatus, OrderType, Side, TimeInForce
from tests.builders.execution import DECISION, ENTRY, an_order
from tests.builders.market import AAPL, NOON, a_quote, an_instrument
from trading.execution.protection import Cover, Plan, is_passed, plan_of, protections, renewed, unprotected
from trading.store.trades import Trade

D = Decimal
PLAN = Plan(DECISION, ENTRY, "momentum", D(95), D(110))
GTC, DAY = TimeInForce.GTC, TimeInForce.DAY


def a_stop(leg="stop", qty=10, **changes):
    """A sell stop at 95 behind the entry, good till cancelled."""
    fields = {
        "leg": leg, "qty": qty, "side": Side.SELL, "type": OrderType.STOP, "tif": GTC, "limit_price": None,
        "trigger_price": 95, "stop_loss": None, "reduce_only": True, "parent_id": ENTRY,
    }  # fmt: skip
    return an_order(**(fields | changes))


def a_target(**changes):
    return a_stop(**({"leg": "target", "type": OrderType.LIMIT, "limit_price": 110, "trigger_price": None} | changes))


TRAILING = {"type": OrderType.TRAILING_STOP, "trigger_price": None, "trail_amount": D(5)}


def a_sale(**changes):
    """An exit under way, which is no leg."""
    return a_stop(
        "exit", **({"type": OrderType.LIMIT, "limit_price": 99, "trigger_price": None, "parent_id": None} | changes)
    )


ROWS = {
    "a_stop_beyond_the_day": ([a_stop()], Cover.LASTING, 10),
    "a_stop_for_the_day": ([a_stop(tif=DAY)], Cover.DAY, 10),
    "six_for_ever_four_for_the_day": (
        [a_stop(qty=6), a_stop("stop-x", 4, tif=DAY, parent_id=client_order_id(DECISION, "x"))], Cover.DAY, 10,
    ),
    "one_family_counts_once": ([a_stop(qty=6), a_stop("stop.r1", 6)], Cover.PARTLY, 6),
    "six_of_ten": ([a_stop(qty=6)], Cover.PARTLY, 6),
    "a_target_alone": ([a_target()], Cover.NONE, 0),
    "nothing": ([], Cover.NONE, 0),
    "a_stop_that_was_refused": ([a_stop(status=OrderStatus.REJECTED)], Cover.NONE, 0),
    "a_stop_that_expired": ([a_stop(status=OrderStatus.EXPIRED)], Cover.NONE, 0),
    "a_stop_being_cancelled": ([a_stop(status=OrderStatus.PENDING_CANCEL)], Cover.NONE, 0),
    "a_stop_being_moved": ([a_stop(status=OrderStatus.PENDING_UPDATE)], Cover.LASTING, 10),
    "a_stop_of_unknown_fate": ([a_stop(status=OrderStatus.UNKNOWN)], Cover.IN_FLIGHT, 0),
    "a_stop_about_to_leave": ([a_stop(status=OrderStatus.INTENT)], Cover.IN_FLIGHT, 0),
    "a_trailing_stop": ([a_stop(**TRAILING)], Cover.LASTING, 10),
    "a_stop_by_hand": ([a_stop("external", parent_id=None)], Cover.LASTING, 10),
    "a_buy_stop_protects_no_holding": ([a_stop(side=Side.BUY)], Cover.NONE, 0),
    "more_than_is_held": ([a_stop(qty=12)], Cover.LASTING, 10),
    "a_stop_half_filled": ([a_stop(qty=12, filled_qty=6, status=OrderStatus.PARTIALLY_FILLED)], Cover.PARTLY, 6),
}  # fmt: skip


@pytest.mark.parametrize(("working", "cover", "covered"), ROWS.values(), ids=ROWS)
def test_ten_held_with_a_stop_planned_at_95(working, cover, covered):
    (found,) = protections({AAPL: D(10)}, working, {AAPL: PLAN}).values()
    assert (found.cover, found.covered) == (cover, covered)
    assert (found,) == unprotected({AAPL: D(10)}, working, {AAPL: PLAN}) or cover not in (Cover.NONE, Cover.PARTLY)


def test_a_short_holding_is_covered_by_buying():
    (found,) = protections({AAPL: D(-10)}, [a_stop(side=Side.BUY)], {AAPL: PLAN}).values()
    assert found.cover is Cover.LASTING


def test_what_was_entered_without_a_stop_is_told_as_such_and_raises_no_alarm():
    bare = {AAPL: replace(PLAN, stop_loss=None)}
    assert protections({AAPL: D(10)}, [], bare)[AAPL].cover is Cover.UNPLANNED
    assert protections({AAPL: D(10)}, [], {})[AAPL].cover is Cover.UNPLANNED
    assert unprotected({AAPL: D(10)}, [], {}) == ()


@pytest.mark.parametrize(
    ("working", "moving"),
    [
        pytest.param([], False, id="nothing_works"),
        pytest.param([a_stop(), a_target()], False, id="its_legs"),
        pytest.param([a_sale()], True, id="an_exit"),
        pytest.param([an_order()], True, id="an_entry"),
        pytest.param([an_order(status=OrderStatus.CANCELED)], False, id="an_entry_that_is_over"),
    ],
)
def test_while_an_order_opens_or_closes_some_of_it_nothing_is_done(working, moving):
    assert protections({AAPL: D(10)}, working, {AAPL: PLAN})[AAPL].moving is moving


def test_what_is_not_held_needs_nothing():
    assert protections({AAPL: D(0)}, [a_stop()], {AAPL: PLAN}) == {}


def missing(qty=10, working=(), plan=PLAN, **instrument):
    (found,) = protections({AAPL: D(str(qty))}, working, {AAPL: plan}).values()
    return renewed(found, plan, an_instrument(**instrument), at=NOON)


def test_a_pair_beyond_the_day_is_tried_first_and_then_the_stop_alone():
    pair, alone = missing()
    assert (pair.order_class, pair.type, pair.limit_price, pair.stop_loss, pair.qty) == (
        OrderClass.OCO, OrderType.LIMIT, 110, 95, 10,
    )  # fmt: skip
    assert (alone.type, alone.trigger_price, alone.qty) == (OrderType.STOP, 95, 10)
    assert {(each.side, each.tif, each.reduce_only) for each in (pair, alone)} == {(Side.SELL, GTC, True)}
    assert (pair.leg, alone.leg) == ("target-p1", "stop-p1")


def test_only_what_no_lasting_stop_covers_is_renewed():
    pair, _ = missing(10, [a_stop(qty=6), a_stop("stop-x", 4, tif=DAY, parent_id=client_order_id(DECISION, "x"))])
    assert pair.qty == 4


def test_a_part_of_a_share_does_not_outlast_the_day():
    assert missing("10.5")[0].qty == 10
    assert missing("0.5") == ()


def test_a_stop_off_the_tick_is_rounded_nearer_to_the_price():
    (alone,) = missing(plan=replace(PLAN, stop_loss=D("94.996"), take_profit=None))
    assert alone.trigger_price == 95


def test_a_target_on_the_wrong_side_of_the_stop_is_left_out():
    assert [each.leg for each in missing(plan=replace(PLAN, take_profit=D(94)))] == ["stop-p1"]


@pytest.mark.parametrize(
    ("held", "bid", "ask", "passed"),
    [(10, "94.99", "95.01", True), (10, "95.01", "95.03", False), (10, "95.00", "95.02", True),
     (-10, "94.97", "94.99", False), (-10, "94.98", "95.00", True)],
)  # fmt: skip
def test_beyond_its_stop_a_holding_is_to_be_sold_and_not_protected(held, bid, ask, passed):
    (found,) = protections({AAPL: D(held)}, [], {AAPL: PLAN}).values()
    assert is_passed(found, a_quote(bid=bid, ask=ask)) is passed


def a_trade(**changes):
    return replace(Trade("trd-1", AAPL, "momentum", Side.BUY, DECISION, NOON, stop_loss=D(96)), **changes)


def planned(*orders) -> Any:
    return plan_of(a_trade(), orders)


def test_the_plan_follows_the_stop_of_the_trade_and_the_newest_target():
    entry = an_order(filled_qty=10, status=OrderStatus.FILLED, take_profit=110)
    moved = a_target(leg="target.r1", limit_price=108)
    plan = planned(entry, a_stop(), a_target(), moved)
    assert plan == Plan(DECISION, ENTRY, "momentum", D(96), D(108), 0)
    assert planned(entry, a_target(leg="target-p1"), a_stop("stop-p2")).made == 2
    assert planned(entry).take_profit == 110


def test_an_entry_that_bought_nothing_is_no_plan():
    assert planned(an_order()) is None
