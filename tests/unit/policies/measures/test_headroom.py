"""What is left of each limit, and the largest order that would pass."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case import Mode
from domain.orders import OrderType, TimeInForce
from domain.verdicts import Outcome
from policies.approval import ApprovalTerms, grant
from policies.evaluate import evaluate
from policies.gate import BoundGate
from policies.gates.catalogue import GATES
from policies.measures.headroom import headroom, in_the_way, largest_passing, probe
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
    a_quote,
    a_sell,
    a_view,
    an_account,
    an_instrument,
    an_order,
    held,
    passed,
    working,
)

row = pytest.param
ROUND_LOTS = a_view(instrument=an_instrument(lot=D(100)))
BOUNDLESS = an_account(buying_power=D(10) ** 15)
ROOMY = a_policy(max_order_notional="10000", daily_loss_limit_pct="2", approval_required_above_notional="100")


def rows(case, policy):
    return {line.gate: line for line in headroom(case, policy)}


def test_each_gate_shows_limit_value_and_what_is_left():
    found = rows(a_case(an_order(qty=D(20)), account=an_account(equity=D(99_000))), ROOMY)
    assert found["C1"][1:] == ("order notional", D(10_000), D(4000), D(60), "ok", "USD", "")
    assert found["G1"][1:] == ("day loss", D(2), D(1), D(50), "ok", "pct", "")
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
            (D("7.5"), "C2"),
            id="parts_of_a_share",
        ),
        row(
            {"view": a_view(instrument=an_instrument(fractionable=True, lot=D("0.01")))},
            {"max_order_notional": "1999", "allow_fractional": True},
            (D("9.99"), "C1"),
            id="parts_in_lots",
        ),
        row(
            {"view": a_view(instrument=an_instrument(fractionable=True)), "order": an_order(tif=TimeInForce.GTC)},
            {"max_order_qty": "7.5", "allow_fractional": True},
            (7, "C2"),
            id="whole_shares_where_parts_do_not_pass",
        ),
        row(
            {"order": a_sell(D(1)), "positions": held(D("50.5"))},
            {"max_order_qty": "7"},
            (D("50.5"), "B6"),
            id="an_odd_remainder",
        ),
        row({"order": an_order(qty=D("NaN"))}, {"max_order_qty": "7"}, (7, "C2"), id="whatever_was_asked"),
    ],
)
def test_the_largest_order_that_passes(changes, limits, expected):
    account = an_account(buying_power=D(200_000))
    assert largest_passing(a_case(**{"account": account, **changes}), a_policy(**limits)) == expected


def test_every_gate_of_the_catalogue_has_a_row_and_says_why_it_has_no_figure():
    found = rows(a_case(), ROOMY)
    assert list(found) == [gate.id for gate in GATES]
    assert (found["C9"].state, found["C9"].note) == ("off", "not set")
    assert (found["H1"].state, found["H1"].note) == ("idle", "looks at orders of the agents")
    assert (found["A10"].state, found["A10"].note) == ("idle", "looks at an approval that comes with an order")


def test_a_gate_that_misses_an_input_is_unknown_and_one_that_refuses_is_blocked():
    found = rows(a_case(account=an_account(equity=None)), a_policy(max_position_pct_equity="10"))
    assert (found["C3"].state, found["C3"].note) == ("unknown", "The account's equity is unknown or not positive.")
    killed = rows(a_case(control=a_control(kill_switch=True)), ROOMY)["A1"]
    assert (killed.state, killed.note) == ("blocked", "The kill switch is engaged.")


def test_a_probe_carries_a_stop_that_its_policy_allows():
    policy = a_policy(require_stop_loss=True, min_stop_distance_pct="3", max_stop_distance_pct="4")
    case = a_case()
    asked = probe(NOW, case.control, case.book, case.market, AAPL, policy=policy)
    assert asked.order.stop_loss == D("194.00")
    assert rows(asked, policy)["B8"].state == "ok"
    assert probe(NOW, case.control, case.book, case.market, AAPL).order.stop_loss is None


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        row({}, {"max_order_notional": "10000", "oversize": "reduce"}, id="a_hint"),
        row({}, {"approval_required_above_notional": "100"}, id="buying_power"),
        row({"positions": held(20), "account": BOUNDLESS}, {"max_adv_pct": "1"}, id="liquidity"),
        row({"control": a_control(kill_switch=True)}, {}, id="killed"),
        row({"order": a_sell(D(1)), "positions": held(D("50.5"))}, {}, id="an_exit"),
        row(
            {"view": a_view(instrument=an_instrument(fractionable=True)), "account": BOUNDLESS},
            {"allow_fractional": True, "max_adv_pct": "100"},
            id="parts_of_a_share",
        ),
    ],
)  # fmt: skip
def test_it_asks_the_gates_a_handful_of_times(changes, limits):
    asked, policy = [], a_policy(**limits)

    def counting(case, worst, limits):
        asked.append(case.order.qty)
        return passed("counting")

    counted = BoundGate("counting", False, counting, None, passed("counting"))
    largest_passing(a_case(**changes), replace(policy, gates=(*policy.gates, counted)))
    assert 0 < len(asked) <= 60


@given(
    cap=st.integers(1, 200_000),
    qty=st.integers(1, 900),
    equity=st.integers(1_000, 10**6),
    lot=st.sampled_from([1, 7, 100]),
)
def test_the_largest_passes_and_one_lot_more_does_not(cap, qty, equity, lot):
    policy = a_policy(max_order_notional=str(cap), max_order_qty=str(qty), max_position_pct_equity="37")
    case = a_case(
        account=an_account(equity=D(equity)), positions=held(3), view=a_view(instrument=an_instrument(lot=D(lot)))
    )
    largest, gate = largest_passing(case, policy)
    assert largest % lot == 0
    assert gate is not None
    for more, passes in ((0, largest > 0), (lot, False)):
        said = evaluate(replace(case, order=replace(case.order, qty=largest + more)), policy)
        assert (said.outcome is Outcome.PASS) is passes


def test_what_stands_at_any_size():
    wide = a_view(quote=a_quote(bid=D("150")))
    case, policy = a_case(view=wide), a_policy(max_spread_pct="1", max_order_qty="5")
    assert [verdict.gate for verdict in in_the_way(case, policy)] == ["E7"]
    assert in_the_way(a_case(), policy) == ()


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
