"""What is left of each limit, and the largest order that would pass."""

from dataclasses import replace

import pytest

from domain.case import Mode
from domain.orders import OrderType
from domain.verdicts import Outcome
from policies.approval import ApprovalTerms, grant
from policies.evaluate import evaluate
from policies.headroom import headroom, largest_passing, probe
from policies.policy import load_policy
from tests.builders.policies import (
    AAPL,
    MSFT,
    NOW,
    D,
    a_case,
    a_control,
    a_market,
    a_policy,
    a_sell,
    a_view,
    an_account,
    an_instrument,
    an_order,
    held,
    working,
)

row = pytest.param
ROUND_LOTS = a_view(instrument=an_instrument(lot=D(100)))
ROOMY = a_policy(max_order_notional="10000", daily_loss_limit_pct="2", approval_required_above_notional="100")


def rows(case, policy):
    return {line.gate: line for line in headroom(case, policy)}


def test_each_gate_shows_limit_value_and_what_is_left():
    found = rows(a_case(an_order(qty=D(20)), account=an_account(equity=D(99_000))), ROOMY)
    assert found["C1"][1:] == ("order notional", D(10_000), D(4000), D(60), "ok")
    assert found["G1"][1:] == ("day loss", D(2), D(1), D(50), "ok")
    assert found["A2"].state == "approval"
    assert found["A1"].headroom_pct is None


@pytest.mark.parametrize(
    ("qty", "left", "state"),
    [
        row("40", "20", "ok", id="a_fifth_left"),
        row("41", "18", "warning", id="less_than_a_fifth"),
        row("50", "0", "warning", id="nothing_left"),
        row("51", "-2", "blocked", id="over"),
    ],
)
def test_states(qty, left, state):
    found = rows(a_case(an_order(qty=D(qty))), ROOMY)["C1"]
    assert (found.headroom_pct, found.state) == (D(left), state)


def test_a_limit_of_nothing_has_no_percentage():
    assert rows(a_case(), a_policy(max_order_notional="0"))["C1"].headroom_pct is None


def test_a_probe_is_the_smallest_entry():
    case = a_case(positions=held(5))
    asked = probe(NOW, case.control, case.book, case.market, AAPL)
    assert (asked.order.qty, asked.order.limit_price, asked.book) == (D(1), D(200), case.book)
    blind = probe(NOW, case.control, case.book, case.market, MSFT)
    assert (blind.order.type, blind.order.limit_price) == (OrderType.MARKET, None)
    assert evaluate(blind, a_policy()).outcome is Outcome.DENY


@pytest.mark.parametrize(
    ("changes", "limits", "expected"),
    [
        row({}, {"max_order_notional": "10000"}, (50, "C1"), id="notional"),
        row({}, {"max_order_notional": "10000", "oversize": "reduce"}, (50, "C1"), id="cuts_do_not_count"),
        row({}, {"max_order_qty": "7", "max_order_notional": "10000"}, (7, "C2"), id="the_tightest"),
        row({"positions": held(40)}, {"max_position_pct_equity": "10"}, (10, "C3"), id="beside_a_holding"),
        row({}, {}, (1000, "D1"), id="buying_power"),
        row({"control": a_control(kill_switch=True)}, {}, (0, "A1"), id="killed"),
        row({"order": a_sell(D(1)), "positions": held(50)}, {"max_order_qty": "7"}, (50, "B6"), id="an_exit"),
        row({"order": a_sell(D(1))}, {}, (0, "D3"), id="nothing_to_sell"),
        row({"control": a_control(mode=Mode.APPROVE)}, {"max_order_qty": "7"}, (7, "C2"), id="waiting_counts"),
        row({"view": ROUND_LOTS}, {"max_order_qty": "750"}, (700, "C2"), id="round_lots"),
        row(
            {"view": a_view(instrument=an_instrument(fractionable=True))},
            {"max_order_qty": "7.5", "allow_fractional": True},
            (7, "C2"),
            id="whole_shares",
        ),
        row({"order": an_order(qty=D("NaN"))}, {"max_order_qty": "7"}, (7, "C2"), id="whatever_was_asked"),
    ],
)
def test_the_largest_order_that_passes(changes, limits, expected):
    account = an_account(buying_power=D(200_000))
    assert largest_passing(a_case(**{"account": account, **changes}), a_policy(**limits)) == expected


def test_one_lot_more_is_stopped_and_the_largest_itself_is_not():
    policy, case = load_policy("conservative"), a_case(positions=held(20), open_orders=(working(5),))
    largest, gate = largest_passing(case, policy)
    assert evaluate(replace(case, order=replace(case.order, qty=largest)), policy).final_qty == largest
    over = evaluate(replace(case, order=replace(case.order, qty=largest + 1)), policy)
    assert over.final_qty <= largest
    assert gate in {verdict.gate for verdict in over.verdicts if verdict.outcome is not Outcome.PASS}


def test_nothing_may_stop_an_order_of_any_size():
    policy = a_policy()
    unbounded = replace(policy, gates=policy.gates[:1])
    largest, gate = largest_passing(a_case(), unbounded)
    assert gate is None
    assert largest >= 10**11


def test_an_approval_for_another_quantity_is_put_aside():
    approval = grant(an_order(), by="owner", at=NOW, price=None, terms=ApprovalTerms())
    policy = a_policy(max_order_qty="7")
    assert largest_passing(a_case(approval=approval, market=a_market()), policy) == (D(7), "C2")
