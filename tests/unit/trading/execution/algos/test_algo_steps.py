"""What a sliced order does next, as a table: never more than the parent, whatever its children have become."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UsageError
from domain.orders import Order, OrderStatus, OrderType, TimeInForce
from tests.builders.execution import an_intent, an_order
from tests.builders.market import NOON
from trading.execution.algos.base import (
    AlgoKind,
    AlgoPlan,
    AlgoState,
    Finish,
    Hold,
    Remainder,
    Send,
    Slice,
    TakeOut,
    checked,
    committed,
    next_step,
)

D = Decimal
MINUTE = timedelta(minutes=1)
PARENT = an_intent(qty=100)
PLAN = AlgoPlan(
    PARENT, AlgoKind.TWAP, (Slice(NOON, D(40)), Slice(NOON + 10 * MINUTE, D(30)), Slice(NOON + 20 * MINUTE, D(30))),
    NOON + 30 * MINUTE,
)  # fmt: skip
MARKETABLE = replace(PLAN, rest=Remainder.MARKETABLE)
ICEBERG = AlgoPlan(PARENT, AlgoKind.ICEBERG, (Slice(NOON, D(100)),), NOON + 30 * MINUTE, tip=D(25))
S = OrderStatus


def child(number, qty, filled=0, status=S.FILLED, minute=0):
    return an_order(leg=f"algo.{number}", qty=qty, filled_qty=filled, status=status, created_at=NOON + minute * MINUTE)


def send(number, qty, last=False):
    return Send(f"algo.{number}", D(qty), last)


def out(number):
    return f"out {number}"


def done(state):
    return state


@pytest.mark.parametrize(
    ("plan", "children", "minute", "hold", "expected"),
    [
        pytest.param(PLAN, [], -1, Hold.GO, None, id="before_the_first_slice"),
        pytest.param(PLAN, [], 0, Hold.GO, send(1, 40), id="the_first_slice"),
        pytest.param(PLAN, [child(1, 40, 40)], 1, Hold.GO, None, id="nothing_due"),
        pytest.param(PLAN, [child(1, 40, 40)], 10, Hold.GO, send(2, 30), id="the_second"),
        pytest.param(PLAN, [child(1, 40, 40)], 25, Hold.GO, send(2, 60), id="what_was_missed_is_made_up"),
        pytest.param(PLAN, [child(1, 40, 10, S.PARTIALLY_FILLED)], 5, Hold.GO, None, id="one_works"),
        pytest.param(PLAN, [child(1, 40, 10, S.PARTIALLY_FILLED)], 10, Hold.GO, out(1), id="the_next_slice_takes_over"),
        pytest.param(PLAN, [child(1, 40, 10, S.CANCELED)], 10, Hold.GO, send(2, 60), id="with_its_unfilled_rest"),
        pytest.param(PLAN, [child(1, 40, 0, S.UNKNOWN)], 10, Hold.GO, None, id="unknown_fate_is_waited_for"),
        pytest.param(PLAN, [child(1, 40, 0, S.SUBMITTED)], 10, Hold.GO, None, id="in_flight_is_waited_for"),
        pytest.param(PLAN, [child(1, 40, 0, S.PENDING_CANCEL)], 10, Hold.GO, None, id="pending_cancel_is_waited_for"),
        pytest.param(PLAN, [child(1, 40, 0, S.REJECTED)], 1, Hold.GO, send(2, 40), id="rejected_is_tried_again"),
        pytest.param(PLAN, [child(1, 40, 0, S.DENIED)], 1, Hold.GO, send(2, 40), id="denied_at_the_broker"),
        pytest.param(PLAN, [child(1, 40, 40), child(2, 60, 60)], 25, Hold.GO, done(AlgoState.DONE), id="filled"),
        pytest.param(PLAN, [child(1, 40, 40)], 30, Hold.GO, done(AlgoState.DONE), id="over_the_rest_is_left"),
        pytest.param(PLAN, [child(1, 40, 9, S.ACCEPTED)], 30, Hold.GO, out(1), id="over_what_works_is_taken_out"),
        pytest.param(MARKETABLE, [child(1, 40, 40)], 30, Hold.GO, send(2, 60, last=True), id="over_the_rest_is_sent"),
        pytest.param(MARKETABLE, [child(1, 40, 40), child(2, 60, 5, S.ACCEPTED, 30)], 31, Hold.GO, None,
                     id="the_last_one_works_on"),
        pytest.param(MARKETABLE, [child(1, 40, 40), child(2, 60, 5, S.EXPIRED, 30)], 31, Hold.GO,
                     done(AlgoState.DONE), id="the_rest_is_tried_once"),
        pytest.param(PLAN, [child(1, 40, 10, S.ACCEPTED)], 5, Hold.END, out(1), id="stop_takes_out"),
        pytest.param(PLAN, [child(1, 40, 10, S.UNKNOWN)], 5, Hold.END, None, id="stop_waits_for_the_unknown"),
        pytest.param(PLAN, [child(1, 40, 10, S.CANCELED)], 5, Hold.END, done(AlgoState.STOPPED), id="stopped"),
        pytest.param(PLAN, [child(1, 40, 10, S.INTENT)], 5, Hold.END, out(1), id="stop_closes_what_has_not_left"),
        pytest.param(PLAN, [child(1, 40, 10, S.ACCEPTED)], 5, Hold.WAIT, out(1), id="pause_takes_out"),
        pytest.param(PLAN, [child(1, 40, 10, S.CANCELED)], 5, Hold.WAIT, None, id="pause_sends_nothing"),
        pytest.param(PLAN, [child(1, 40, 10, S.CANCELED)], 30, Hold.WAIT, done(AlgoState.DONE), id="paused_to_the_end"),
        pytest.param(ICEBERG, [], 0, Hold.GO, send(1, 25), id="the_tip"),
        pytest.param(ICEBERG, [child(1, 25, 24, S.PARTIALLY_FILLED)], 9, Hold.GO, None, id="the_tip_rests"),
        pytest.param(ICEBERG, [child(1, 25, 25)], 9, Hold.GO, send(2, 25), id="the_tip_is_renewed"),
        pytest.param(ICEBERG, [child(1, 25, 25), child(2, 25, 25), child(3, 25, 10, S.EXPIRED)], 9, Hold.GO,
                     send(4, 25), id="after_a_part"),
        pytest.param(ICEBERG, [child(1, 25, 25), child(2, 25, 25), child(3, 25, 25), child(4, 25, 15, S.EXPIRED)], 9,
                     Hold.GO, send(5, 10), id="the_last_tip_is_what_is_left"),
        pytest.param(PLAN, [child(1, 40, 30, S.CANCELED), child(2, 90, 0, S.ACCEPTED)], 20, Hold.GO, out(2),
                     id="a_late_fill_is_answered_by_taking_out"),
        pytest.param(PLAN, [child(1, 40, 40, S.CANCELED), child(2, 90, 90)], 20, Hold.GO, done(AlgoState.STOPPED),
                     id="a_late_fill_that_cannot_be_undone"),
    ],
)  # fmt: skip
def test_the_next_step(plan, children, minute, hold, expected):
    step = next_step(plan, children, NOON + minute * MINUTE, hold, D(1))
    said: object = step
    if isinstance(step, TakeOut):
        said = out(step.child.leg.removeprefix("algo."))
    elif isinstance(step, Finish):
        said = step.state
    assert said == expected


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([child(1, 40, 10, S.PARTIALLY_FILLED)], 40, id="all_of_what_works"),
        pytest.param([child(1, 40, 0, S.UNKNOWN)], 40, id="all_of_what_nobody_knows"),
        pytest.param([child(1, 40, 10, S.PENDING_CANCEL)], 40, id="all_until_it_is_out"),
        pytest.param([child(1, 40, 25, S.CANCELED), child(2, 45, 5, S.ACCEPTED)], 70, id="the_worked_example"),
        pytest.param([child(1, 40, 0, S.REJECTED)], 0, id="nothing_of_a_rejection"),
    ],
)
def test_what_is_committed(children, expected):
    assert committed(children) == expected


def test_a_child_that_was_replaced_keeps_its_number():
    children = [child(1, 40, 10, S.REPLACED), replace(child(1, 30, 30), leg="algo.1.r1")]
    assert next_step(PLAN, children, NOON + 10 * MINUTE, Hold.GO, D(1)) == send(2, 30)


def test_three_rejections_in_a_row_end_it():
    children = [child(number, 40, 0, S.REJECTED) for number in (1, 2, 3)]
    step = next_step(PLAN, children, NOON + MINUTE, Hold.GO, D(1), rejected_in_row=3)
    assert step == Finish(AlgoState.STOPPED, "3 children in a row were rejected")


def test_lots_are_kept_and_less_than_one_is_not_sent():
    plan = replace(PLAN, slices=(Slice(NOON, D(55)), Slice(NOON + MINUTE, D(45))))
    assert next_step(plan, [], NOON, Hold.GO, D(10)) == send(1, 50)
    assert next_step(plan, [], NOON, Hold.GO, D(60)) is None


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        pytest.param(replace(PLAN, slices=PLAN.slices[:2]), "add up to 70 of 100", id="too_little"),
        pytest.param(replace(PLAN, slices=(*PLAN.slices, PLAN.slices[0])), "add up to 140", id="too_much"),
        pytest.param(replace(PLAN, slices=(Slice(NOON, D(110)), Slice(NOON, D(-10)))), "add up", id="negative"),
        pytest.param(replace(PLAN, parent=an_intent(qty=100, type=OrderType.MARKET, limit_price=None)), "worst price",
                     id="market"),
        pytest.param(replace(PLAN, parent=an_intent(qty=100, reduce_only=True)), "not sliced", id="pair_of_exits"),
        pytest.param(replace(PLAN, parent=an_intent(qty=100, tif=TimeInForce.GTD, expires_at=NOON)), "not sliced",
                     id="date"),
        pytest.param(replace(ICEBERG, tip=None), "shows None", id="iceberg_without_a_tip"),
        pytest.param(replace(ICEBERG, tip=D(101)), "shows 101", id="tip_above_the_parent"),
    ],
)  # fmt: skip
def test_a_plan_that_is_none(plan, told):
    with pytest.raises(UsageError, match=told):
        checked(plan)


FATES = st.sampled_from([S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED, S.UNKNOWN, S.ACCEPTED, S.PARTIALLY_FILLED])


@given(st.lists(st.tuples(st.integers(0, 12), FATES, st.integers(0, 100)), max_size=25), st.sampled_from([PLAN,
       MARKETABLE, ICEBERG]))  # fmt: skip
def test_whatever_becomes_of_its_children_the_parent_is_never_exceeded(events, plan):
    children: list[Order] = []
    minute = 0
    for wait, fate, percent in events:
        minute += wait
        step = next_step(plan, children, NOON + minute * MINUTE, Hold.GO, D(1))
        if isinstance(step, Send):
            filled = step.qty if fate is S.FILLED else step.qty * percent // 101
            filled = D(0) if fate is S.REJECTED else filled
            children.append(child(len(children) + 1, step.qty, filled, fate, minute))
        elif isinstance(step, TakeOut):
            children[-1] = replace(step.child, status=S.CANCELED)
        elif children and children[-1].status is S.UNKNOWN:
            children[-1] = replace(children[-1], status=S.EXPIRED)
        assert committed(children) <= plan.parent.qty
        assert len([each for each in children if each.status.is_open]) <= 1
