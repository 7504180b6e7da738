"""From many verdicts to one outcome."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.case import Mode, TradingState
from domain.orders import Origin
from domain.verdicts import Outcome, Verdict
from policies.approval import ApprovalTerms, grant
from policies.codes import ReasonCode
from policies.evaluate import evaluate
from policies.gate import PASSED, BoundGate, NoLimits
from policies.policy import Policy
from tests.builders.policies import (
    NOW,
    D,
    a_case,
    a_control,
    a_policy,
    a_proposal,
    a_sell,
    a_view,
    an_order,
    counters,
    held,
    in_words,
    selling,
    working,
)

row = pytest.param
ROOMY = a_policy(max_order_notional="10000", max_order_qty="40", oversize="reduce")


def a_gate(answer: Any, name: str = "X1", exempts_exits: bool = False) -> BoundGate:
    """A gate that gives this answer, or raises it."""

    def check(case, worst, limits):
        if isinstance(answer, BaseException):
            raise answer
        return answer

    exemption = Verdict(name, ReasonCode.RISK_REDUCING, Outcome.PASS)
    return BoundGate(name, exempts_exits, check, NoLimits(), exemption)


def with_gates(*gates: BoundGate) -> Policy:
    return replace(a_policy(), gates=gates)


def says(outcome: Outcome, name: str = "X1", quantity: Decimal | None = None) -> BoundGate:
    return a_gate(Verdict(name, f"C_{name}", outcome, quantity=quantity), name)


PASS, REDUCE, ASK, DENY = Outcome.PASS, Outcome.REDUCE, Outcome.NEED_APPROVAL, Outcome.DENY


@pytest.mark.parametrize(
    ("gates", "outcome", "qty", "codes"),
    [
        row([says(PASS, "X1"), says(PASS, "X2")], PASS, 10, (), id="all_pass"),
        row([says(PASS, "X1"), says(ASK, "X2")], ASK, 10, ("C_X2",), id="one_asks"),
        row([says(ASK, "X1"), says(DENY, "X2")], DENY, 0, ("C_X1", "C_X2"), id="a_denial_wins"),
        row([says(DENY, "X1"), says(DENY, "X2")], DENY, 0, ("C_X1", "C_X2"), id="all_codes_are_listed"),
        row([], DENY, 0, (), id="nobody_looked"),
    ],
)
def test_the_hardest_answer_wins(gates, outcome, qty, codes):
    found = evaluate(a_case(), with_gates(*gates))
    assert (found.outcome, found.final_qty, found.codes) == (outcome, qty, codes)


@pytest.mark.parametrize(
    "answer",
    [
        row(ZeroDivisionError("by zero"), id="exception"),
        row(TimeoutError("too slow"), id="timeout"),
        row(RecursionError("too deep"), id="recursion"),
        row(None, id="none"),
        row(True, id="true"),
        row("PASS", id="text"),
        row(("X1", "OK", Outcome.PASS), id="a_plain_tuple"),
        row((PASSED, D(1), D(2)), id="a_pass_without_its_margin"),
        row((PASSED, D(1), D(2), D(1), D(0)), id="a_pass_with_a_figure_too_many"),
        row((Outcome.PASS, D(1), D(2), D(1)), id="figures_that_do_not_say_passed"),
        row(Verdict("X1", "OK", "PASS"), id="an_outcome_that_is_only_text"),  # type: ignore[arg-type]
        row(Verdict("A1", "OK", Outcome.PASS), id="a_verdict_of_another_gate"),
        row(Verdict("X1", "SMALLER", Outcome.REDUCE), id="a_reduction_without_quantity"),
        row(Verdict("X1", "SMALLER", Outcome.REDUCE, quantity=Decimal(0)), id="a_reduction_to_nothing"),
        row(Verdict("X1", "SMALLER", Outcome.REDUCE, quantity=Decimal("NaN")), id="a_reduction_to_nan"),
        row(Verdict("X1", "LARGER", Outcome.REDUCE, quantity=Decimal(11)), id="a_reduction_that_enlarges"),
        row(Verdict("X1", "SAME", Outcome.REDUCE, quantity=Decimal(10)), id="a_reduction_to_the_same"),
    ],
)
def test_whatever_is_not_a_verdict_denies(answer):
    found = evaluate(a_case(), with_gates(a_gate(answer), says(PASS, "X2")))
    assert (found.outcome, found.final_qty, found.codes) == (DENY, D(0), ("GATE_ERROR",))
    assert len(found.verdicts) == 2


def test_what_passes_keeps_its_words():
    warning = Verdict("X1", "WARNING", PASS, value="a" * 201, note="b" * 201)
    found = evaluate(a_case(), with_gates(a_gate(warning), says(PASS, "X2")))
    assert (found.outcome, found.verdicts[0]) == (PASS, warning)


def test_interrupts_are_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        evaluate(a_case(), with_gates(a_gate(KeyboardInterrupt())))


def test_a_case_that_cannot_be_computed_denies_at_every_gate():
    broken = replace(a_case(), order=None)  # type: ignore[arg-type]
    found = evaluate(broken, ROOMY)
    assert found.outcome is DENY
    assert {verdict.code for verdict in found.verdicts} == {"GATE_ERROR"}


def test_an_order_is_cut_to_the_smallest_offer_and_every_cut_is_shown():
    found = evaluate(a_case(an_order(qty=D(60))), ROOMY)
    assert (found.outcome, found.final_qty) == (REDUCE, D(40))
    assert found.codes == ("ORDER_NOTIONAL", "ORDER_QTY")
    by_gate = {verdict.gate: in_words(verdict) for verdict in found.verdicts}
    assert (by_gate["C1"], by_gate["C2"]) == ("REDUCE ORDER_NOTIONAL 50", "REDUCE ORDER_QTY 40")


def test_a_cut_order_that_still_does_not_pass_is_denied():
    stubborn = with_gates(says(REDUCE, "X1", quantity=D(5)))
    found = evaluate(a_case(), stubborn)
    assert (found.outcome, found.final_qty) == (DENY, D(0))
    assert found.codes == ("GATE_ERROR", "REDUCTION_FAILED")


def test_a_gate_that_wants_ever_less_is_denied():
    halves = a_gate(None)

    def check(case, worst, limits):
        return Verdict("X1", "HALF", Outcome.REDUCE, quantity=case.order.qty / 2)

    found = evaluate(a_case(), with_gates(halves._replace(check=check)))
    assert (found.outcome, found.codes) == (DENY, ("HALF", "REDUCTION_FAILED"))


def test_a_denial_beside_a_cut_denies():
    found = evaluate(a_case(an_order(qty=D(60)), control=a_control(trading_state=TradingState.HALTED)), ROOMY)
    assert (found.outcome, found.final_qty) == (DENY, D(0))
    assert found.codes == ("HALTED", "ORDER_NOTIONAL", "ORDER_QTY")


def test_a_denial_of_entries_beside_a_cut_denies_unless_the_rest_is_an_exit():
    policy = a_policy(max_order_qty="5", oversize="reduce", max_consecutive_losses="1")
    found = evaluate(a_case(lost=counters(consecutive_losses=3)), policy)
    assert (found.outcome, found.final_qty) == (DENY, D(0))
    assert found.codes == ("ORDER_QTY", "LOSS_STREAK", "REDUCTION_FAILED")


@pytest.mark.parametrize(
    ("order", "changes", "outcome", "qty"),
    [
        row(a_sell(D(80)), {"positions": held(50)}, REDUCE, 50, id="sells_more_than_held"),
        row(a_sell(D(80)), {"positions": held(50), "open_orders": (selling(20),)}, REDUCE, 30, id="part_is_selling"),
        row(a_sell(D(80)), {"positions": held(50), "open_orders": (selling(50),)}, DENY, 0, id="all_is_selling"),
        row(a_sell(D(80)), {}, DENY, 0, id="holds_nothing"),
        row(a_sell(D(80), reduce_only=True), {"positions": held(50)}, REDUCE, 50, id="says_reduce_only"),
        row(an_order(qty=D(80)), {"positions": held(-50)}, REDUCE, 50, id="covers_more_than_short"),
    ],
)
def test_selling_more_than_is_held_is_cut_to_an_exit_whatever_entries_would_need(order, changes, outcome, qty):
    strict = a_policy(
        require_stop_loss=True,
        max_loss_per_trade_pct="1",
        daily_loss_limit_pct="1",
        max_order_qty="1",
        oversize="reduce",
    )
    case = a_case(order, lost=counters(realized_pnl_day=D(-9000)), view=a_view(quote=None), **changes)
    found = evaluate(case, strict)
    assert (found.outcome, found.final_qty) == (outcome, qty)


def test_a_duplicate_is_not_let_through_by_being_cut():
    again = selling(80, client_order_id="ord-0", status="filled", filled_qty=D(80), decision_id="dec-1")
    found = evaluate(a_case(a_sell(D(80)), positions=held(50), recent_orders=(again,)), a_policy())
    assert (found.outcome, found.final_qty) == (DENY, D(0))
    assert "DUPLICATE_DECISION" in found.codes


def test_a_cut_order_may_still_wait_for_a_person():
    policy = a_policy(max_order_qty="40", oversize="reduce", approval_required_above_notional="7000")
    found = evaluate(a_case(an_order(qty=D(60))), policy)
    assert (found.outcome, found.final_qty) == (ASK, D(40))
    assert found.codes == ("NOTIONAL_NEEDS_APPROVAL", "ORDER_QTY")


def test_a_cut_below_the_threshold_needs_nobody():
    policy = a_policy(max_order_qty="40", oversize="reduce", approval_required_above_notional="8000")
    found = evaluate(a_case(an_order(qty=D(60))), policy)
    assert (found.outcome, found.final_qty, found.codes) == (REDUCE, D(40), ("ORDER_QTY",))


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        pytest.param("8000", (REDUCE, D(40), ("ORDER_QTY",)), id="what_is_left_needs_none"),
        pytest.param("7000", (ASK, D(40), ("NOTIONAL_NEEDS_APPROVAL", "ORDER_QTY")), id="asked_again_for_what_is_left"),
    ],
)
def test_a_yes_to_an_order_that_is_cut_is_none_to_what_is_left_and_does_no_harm(threshold, expected):
    policy = a_policy(max_order_qty="40", oversize="reduce", approval_required_above_notional=threshold)
    order = an_order(qty=D(60))
    terms = ApprovalTerms(policy_digest=policy.digest)
    found = evaluate(a_case(order, approval=grant(order, by="owner", at=NOW, price=D(200), terms=terms)), policy)
    assert (found.outcome, found.final_qty, found.codes) == expected
    other = grant(an_order(qty=D(40)), by="owner", at=NOW, price=D(200), terms=terms)
    assert evaluate(a_case(order, approval=other), policy).outcome is DENY, "a yes to another order is shown"


def test_exits_pass_the_gates_for_entries_and_say_so():
    found = evaluate(a_case(a_sell(D(50)), positions=held(50)), ROOMY)
    assert (found.outcome, found.final_qty, found.codes) == (PASS, D(50), ())
    assert {v.gate for v in found.verdicts if v.code == "RISK_REDUCING"} >= {"C1", "C2", "D1", "A3", "A7"}


def test_gates_without_a_limit_are_not_listed_and_the_others_always_are():
    found = {verdict.gate for verdict in evaluate(a_case(), a_policy()).verdicts}
    assert {"A1", "A2", "A4", "B1", "B2", "B3", "B6", "D1", "D8", "E1", "H1", "H10"} <= found
    assert not found & {"C1", "C3", "G1", "E7"}


def test_the_evaluation_names_its_policy_and_is_repeatable():
    first, second = evaluate(a_case(), ROOMY), evaluate(a_case(), ROOMY)
    assert first == second
    assert first.policy_digest == ROOMY.digest


def test_an_order_of_the_agents_with_its_record_passes_and_in_approve_mode_waits():
    case = a_case(an_order(origin=Origin.AGENT), proposal=a_proposal())
    assert evaluate(case, ROOMY).outcome is PASS
    waiting = replace(case, control=a_control(mode=Mode.APPROVE))
    assert (evaluate(waiting, ROOMY).outcome, evaluate(waiting, ROOMY).final_qty) == (ASK, D(10))


def test_open_orders_of_both_sides_count_at_once():
    both = (working(10), selling(10))
    found = evaluate(a_case(a_sell(D(5)), positions=held(10), open_orders=both), ROOMY)
    assert found.outcome is DENY


@pytest.mark.parametrize("qty", [D(40), D(60), D("NaN")], ids=["passed", "cut", "denied"])
def test_every_answer_names_the_policy_it_was_given_under(qty):
    policy = a_policy(max_order_qty="50", oversize="reduce")
    assert evaluate(a_case(an_order(qty=qty)), policy).policy_digest == policy.digest
