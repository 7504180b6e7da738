"""How the answers of gates relate to each other, over every gate and every limit there is; no oracle is needed."""

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from domain.case import Case
from domain.record.canonical import canonical_json
from domain.verdicts import Evaluation, Outcome, Verdict
from policies.breaches import BREACHES, good_case
from policies.breaches.case import (
    with_account,
    with_control,
    with_counters,
    with_order,
    with_performance,
    with_proposal,
    with_quote,
    with_view,
)
from policies.evaluate import evaluate
from policies.gate import BoundGate, Scope
from policies.gates.catalogue import GATES
from policies.limits import BY_NAME, LIMITS, NUMBERS
from policies.measures.worst_case import worst_case
from policies.policy import Policy, policy_from_limits, tightens
from tests.builders.cases import ALL_LIMITS, some_limits, tighter, values, wide_cases
from tests.builders.policies import ago
from tests.builders.tally import count, examples

PROOF = "Relations between answers of gates"
FORM = {"B2", "F4", "A10"}
"""A larger order may have a better form: it fits the lot, it is no twin of another one, it is what was approved."""
FOR_ENTRIES = ("C", "G", "A3", "A4", "A7", "D1", "D2", "D6", "D7", "E2", "E7", "E9", "E10", "E11", "E12", "E13", "E14",
               "F1", "F2", "F3", "F5", "F6", "F7", "F8", "F9")  # fmt: skip
"""Families of gates that stop nobody from leaving: size, exposure, loss, rate, rest, wild markets and blackouts."""
REACHED_IS_TOO_MUCH = {
    "D4", "E13", "E13_macro", "E14", "F2_cancels", "F7", "F7_strategy", "F8", "G1", "G1_abs", "G2", "G2_month", "G3",
    "G3_soft", "G4", "G4_symbol", "G5",
}  # fmt: skip
"""Gates that refuse at their very limit: a loss that has reached it, a count of what already happened, a blackout."""
ONLY_WARNS = {"D6"}
OTHER_UNITS = {"C7", "E6_atr", "E9", "E10", "E11", "G6", "C12", "C14"}
"""Their limit is a factor of something else, so that no limit can be set to the figure they show."""
MANY = settings(
    max_examples=examples(150, proofs=3_000),
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
FEW = settings(MANY, max_examples=examples(12, proofs=100))
EVERYTHING: Policy = policy_from_limits(ALL_LIMITS)


def reach(found: Evaluation) -> Decimal:
    """The most that may still be sent of an order; what waits for a person counts as if they had said yes."""
    return Decimal(0) if found.outcome is Outcome.DENY else found.final_qty


def said(gate: BoundGate, case: Case) -> Verdict:
    """One gate's own answer, exits left alone where it does.

    A cut that it would refuse again is a refusal, and so is one that leaves nothing but an exit of what is held.
    """
    worst = worst_case(case, EVERYTHING.slippage, allow_fractional=EVERYTHING.allow_fractional)
    if gate.exempts_exits and worst.reduces_risk:
        return gate.exemption
    found = gate.verdict(case, worst)
    if found.outcome is not Outcome.REDUCE or found.quantity is None:
        return found
    smaller = replace(case, order=replace(case.order, qty=found.quantity))
    holds = said(gate, smaller).outcome is Outcome.PASS
    leaves = not worst.reduces_risk and worst_case(smaller, EVERYTHING.slippage).reduces_risk
    return found if holds and not leaves else found._replace(outcome=Outcome.DENY)


def test_the_policy_of_these_tests_runs_every_gate():
    left_out = {gate.id for gate in GATES} - set(EVERYTHING.enforced)
    assert left_out == set()
    assert evaluate(good_case(EVERYTHING), EVERYTHING).codes == ()


@MANY
@given(wide_cases(), st.integers(1, 2000))
def test_no_gate_minds_a_small_order_and_passes_a_larger_one(case, more):
    """I-05, gate by gate."""
    larger = replace(case, order=replace(case.order, qty=case.order.qty + more))
    for gate in EVERYTHING.gates:
        if gate.id in FORM:
            continue
        small, large = said(gate, case), said(gate, larger)
        if small.outcome is Outcome.DENY:
            assert large.outcome is Outcome.DENY, gate.id
        if small.outcome is Outcome.REDUCE and small.quantity is not None and large.outcome is not Outcome.DENY:
            assert large.outcome is Outcome.REDUCE, gate.id
            assert large.quantity == small.quantity, gate.id
    count(PROOF, "pairs of a small and a larger order")


@pytest.mark.parametrize("name", [limit.name for limit in LIMITS if limit.name != "account_id"])
@FEW
@given(data=st.data())
def test_a_tighter_limit_lets_no_more_through(name, data):
    """I-06, for every limit by itself; ``account_id`` has no tighter value."""
    limit, raw = BY_NAME[name], data.draw(some_limits())
    old = data.draw(values(limit))
    new = data.draw(tighter(limit, old))
    loose, tight = policy_from_limits({**raw, name: old}), policy_from_limits({**raw, name: new})
    assume(tightens(loose, tight))
    case = data.draw(wide_cases())
    assert reach(evaluate(case, tight)) <= reach(evaluate(case, loose))
    count(PROOF, "pairs of a loose and a tighter policy")


@pytest.mark.parametrize("name", [limit.name for limit in LIMITS if limit.default is None])
@FEW
@given(data=st.data())
def test_a_limit_that_is_set_lets_no_more_through_than_none(name, data):
    """I-06: one more limit, and with it often one more gate."""
    limit, raw = BY_NAME[name], data.draw(some_limits())
    raw.pop(name, None)
    without, with_ = policy_from_limits(raw), policy_from_limits({**raw, name: data.draw(values(limit))})
    assume(tightens(without, with_))
    case = data.draw(wide_cases())
    assert reach(evaluate(case, with_)) <= reach(evaluate(case, without))


@settings(MANY, max_examples=examples(15, proofs=300))
@given(wide_cases())
def test_one_gate_fewer_never_lets_less_through(case):
    """I-06, for each gate in turn: so one more never lets more through."""
    full = reach(evaluate(case, EVERYTHING))
    for gate in EVERYTHING.gates:
        fewer = replace(EVERYTHING, gates=tuple(each for each in EVERYTHING.gates if each is not gate))
        assert reach(evaluate(case, fewer)) >= full, gate.id


@MANY
@given(wide_cases(), some_limits(most=12), st.integers(0, 2**32))
def test_the_order_of_all_gates_does_not_matter(case, raw, seed):
    """I-07."""
    for policy in (EVERYTHING, policy_from_limits(raw)):
        shuffled = list(policy.gates)
        random.Random(seed).shuffle(shuffled)
        one, two = evaluate(case, policy), evaluate(case, replace(policy, gates=tuple(shuffled)))
        assert (one.outcome, one.final_qty, set(one.codes)) == (two.outcome, two.final_qty, set(two.codes))
        assert set(one.verdicts) == set(two.verdicts)


@MANY
@given(wide_cases())
def test_all_gates_answer_alike_to_the_byte(case):
    """I-08: also under a policy that is read anew."""
    again = policy_from_limits(dict(reversed(list(ALL_LIMITS.items()))))
    assert canonical_json(evaluate(case, EVERYTHING)) == canonical_json(evaluate(replace(case), again))


@MANY
@given(wide_cases(), st.integers(1, 200))
def test_no_gate_for_entries_stands_before_an_exit(case, qty):
    """I-09."""
    case = replace(case, order=replace(case.order, qty=Decimal(qty)))
    if not worst_case(case, EVERYTHING.slippage).reduces_risk:
        return
    stopped = {verdict.gate for verdict in evaluate(case, EVERYTHING).verdicts if verdict.outcome is not Outcome.PASS}
    assert not {gate for gate in stopped if gate.startswith(FOR_ENTRIES)}
    count(PROOF, "exits before all gates")


@pytest.mark.parametrize("gate", [gate for gate in GATES if gate.id.split("_")[0] in FOR_ENTRIES or gate.id[0] in "CG"])
def test_gates_for_entries_say_so(gate):
    """I-09: a family that stops nobody from leaving steps aside by its scope, or lets exits pass by itself."""
    assert gate.scope is Scope.NEW_EXPOSURE or gate.id == "A4", gate.id


def an_ordinary_case() -> Case:
    """Ten shares by an account of 100,000 that has lost a little, is a little late, and has done a few things."""
    case, late = good_case(EVERYTHING), ago(3)
    long_ago = {case.order.symbol: ago(90_000)}
    day, done = Decimal(100_000), {case.order.symbol: 2}
    case = with_order(case, qty=Decimal(10), created_at=late)
    case = with_account(case, equity=Decimal(99_000), cash=day, settled_cash=day, buying_power=day, as_of=late)
    case = with_performance(
        case,
        day_start_equity=day,
        week_start_equity=day,
        month_start_equity=day,
        peak_equity=day,
        day_peak_equity=day * 2,
        consecutive_losses=1,
        last_loss_at=ago(700),
        strategy_pnl={"self-test": Decimal(-500)},
        strategy_losses={"self-test": 1},
        symbol_pnl={case.order.symbol: Decimal(-500)},
    )
    case = with_counters(
        case,
        round_trips_5d=1,
        round_trips_today=done,
        rejects_in_row=1,
        api_error_pct=Decimal(3),
        slippage_pct=Decimal("0.1"),
        messages_today=9,
        fills_today=3,
        cancels_today=4,
        last_exit_at=long_ago,
        last_stop_at=long_ago,
        last_reject_at=long_ago,
        last_loss_on=long_ago,
    )
    case = with_view(
        with_quote(case, at=late, last=Decimal("99.50")),
        gap_pct=Decimal(2),
        last_bar_end=late,
        recent_volume=Decimal(1000),
        second_price=Decimal("99.90"),
    )
    case = with_control(case, reconciled_at=late, broker_time=late)
    return with_proposal(
        case, evidence_as_of=late, confidence=Decimal("0.8"), calibrated=Decimal("0.7"), quoted_price=Decimal("99.00")
    )


def measured(case: Case, gate_id: str) -> Verdict:
    return next(each for each in evaluate(case, EVERYTHING).verdicts if each.gate == gate_id)


def at_its_limit(gate_id: str) -> tuple[Case, Policy] | None:
    """A case and a policy whose limit is exactly what the gate measures, where one numeric limit is its own."""
    fed = [limit for limit in LIMITS if gate_id in limit.gates and limit.kind in NUMBERS and limit.default is None]
    own = [limit for limit in fed if limit.name != "max_clock_skew_s" or gate_id == "A8"]
    if len(own) != 1 or gate_id in OTHER_UNITS or gate_id not in EVERYTHING.enforced:
        return None
    (limit,) = own
    breach = BREACHES[gate_id](good_case(EVERYTHING), EVERYTHING.limits)
    for case in (an_ordinary_case(), breach):
        value = None if case is None else measured(case, gate_id).value
        if case is None or not isinstance(value, Decimal | int) or isinstance(value, bool):
            continue
        if limit.low < value <= limit.high and (limit.unit != "count" or value % 1 == 0):
            return case, policy_from_limits({**ALL_LIMITS, limit.name: Decimal(value)})
    return None


BOUNDED = tuple(gate.id for gate in GATES if at_its_limit(gate.id) is not None)


def test_most_numeric_limits_are_tried_at_their_very_value():
    assert len(BOUNDED) >= 60


@pytest.mark.parametrize("gate_id", BOUNDED)
def test_a_value_at_its_limit_is_within_it_or_not_as_documented(gate_id):
    """I-12."""
    found = at_its_limit(gate_id)
    assert found is not None
    case, policy = found
    (verdict,) = (each for each in evaluate(case, policy).verdicts if each.gate == gate_id)
    assert verdict.limit == verdict.value
    assert (verdict.outcome is Outcome.PASS) == (gate_id not in REACHED_IS_TOO_MUCH)


@MANY
@given(wide_cases())
def test_a_margin_tells_the_outcome(case):
    """I-12: nothing left is a pass for what may reach its limit, and a refusal for what may not."""
    for verdict in evaluate(case, EVERYTHING).verdicts:
        if verdict.margin is not None and verdict.outcome is Outcome.PASS and verdict.gate not in ONLY_WARNS:
            assert verdict.margin > 0 or (verdict.margin == 0 and verdict.gate not in REACHED_IS_TOO_MUCH)
