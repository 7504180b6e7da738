"""What was said before may be said again: a standing saves work and changes no verdict."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.case import Approval, Case, Pause, Release
from domain.orders import Origin, Side, TimeInForce
from domain.record.canonical import plain, restore
from domain.verdicts import Evaluation, Outcome
from policies.evaluate import evaluate
from policies.gate import BoundGate, NoLimits, Reads
from policies.gates.catalogue import GATES
from policies.measures.standing import Standing
from policies.measures.worst_case import worst_case
from policies.policy import Policy, policy_from_limits
from tests.builders.gate_cases import Luck, any_case, any_limits, any_order
from tests.builders.policies import (
    MSFT,
    NOW,
    D,
    a_book,
    a_case,
    a_control,
    a_market,
    a_policy,
    a_proposal,
    a_quote,
    a_sell,
    a_view,
    ago,
    an_account,
    an_order,
    held,
    passed,
    working,
)

row = pytest.param
SEEDS = range(250)


def further(case: Case, seed: int) -> list[Case]:
    """Other orders on the snapshot of a case: other symbols and sides, and its own order in other quantities."""
    luck = Luck(seed)
    others = [replace(case, order=any_order(luck, case.now)) for _ in range(3)]
    cut = replace(case, order=replace(case.order, qty=D(1)))
    asked_by_a_person = replace(others[0], proposal=None)
    return [*others, asked_by_a_person, cut, case, others[0]]


def shown(found: Evaluation) -> str:
    return repr(found)


def test_verdicts_are_the_same_with_a_standing_and_without():
    outcomes = set()
    # No seeded order meets every gate but the one that wants a person; this one does.
    books = {seed: (any_case(seed), policy_from_limits(any_limits(seed))) for seed in SEEDS}
    books[len(books)] = (a_case(), policy_from_limits({"approval_required_above_notional": 1}))
    for seed, (case, policy) in books.items():
        standing = Standing(case, policy)
        for asked in (case, *further(case, seed)):
            alone = evaluate(asked, policy)
            assert shown(evaluate(asked, policy, standing)) == shown(alone), f"seed {seed}"
            outcomes.add(alone.outcome)
    assert outcomes == set(Outcome)


def test_a_gate_says_the_same_of_as_much_of_a_case_as_it_reads_and_of_the_whole():
    compared = 0
    for seed in SEEDS:
        case, policy = any_case(seed), policy_from_limits(any_limits(seed))
        try:
            worst = worst_case(case, policy.slippage, allow_fractional=policy.allow_fractional)
        except (ArithmeticError, AttributeError, TypeError):  # nonsense in the book stops every gate alike
            continue
        for said in Standing(case, policy).about(case, worst):
            for gate, verdict in zip(said.group.gates, said.verdicts, strict=True):
                if verdict.code == "GATE_ERROR":
                    continue
                whole = gate.verdict(case, worst)
                assert (whole.gate, whole.code, whole.outcome) == verdict[:3], f"seed {seed}"
                assert str(whole.value)[:200] == str(verdict.value), f"seed {seed}"
                compared += 1
    assert compared > 3_000


def test_gates_that_read_nothing_of_an_order_say_the_same_whatever_it_is():
    compared = 0
    for seed in SEEDS:
        case, policy = any_case(seed), policy_from_limits(any_limits(seed))
        rounds = [evaluate(asked, policy).verdicts for asked in further(case, seed)]
        for place, gate in enumerate(policy.gates):
            if gate.reads is Reads.NOTHING:
                answers = {found[place][:3] for found in rounds} - {gate.exemption[:3]}
                assert len({answer for answer in answers if answer[1] != "GATE_ERROR"}) <= 1, f"{gate.id}, seed {seed}"
                compared += 1
    assert compared > 1_000


def test_no_gate_is_left_out_or_asked_twice():
    policy = policy_from_limits(any_limits(3))
    for groups in (policy.entering, policy.leaving):
        looking = [gate for group in groups[:3] for gate in group.gates]
        assert [name for group in groups[:3] for name in group.names] == [gate.id for gate in looking]
        said = groups.in_order([*(gate.exemption for gate in looking), *groups.aside])
        assert tuple(verdict.gate for verdict in said) == policy.enforced
    assert {gate.reads for gate in GATES} == set(Reads)


def test_an_evaluation_can_be_stored_and_copied():
    found = evaluate(a_case(), a_policy(max_position_pct_equity="50", max_var_pct="50"))
    assert restore(Evaluation, plain(found)) == found
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 what this test itself has put away


CHANGES: list[Any] = [
    row(lambda case: replace(case, book=a_book(account=an_account(trading_blocked=True))), id="book"),
    row(lambda case: replace(case, market=a_market(a_view(quote=a_quote(at=ago(60))))), id="market"),
    row(lambda case: replace(case, control=a_control(kill_switch=True)), id="control"),
    row(lambda case: replace(case, now=ago(-86_400)), id="now"),
    row(lambda case: replace(case, release=Release("c2", "p", "r")), id="release"),
    row(lambda case: replace(case, cycle_entries=900), id="cycle_entries"),
    row(lambda case: replace(case, proposal=a_proposal(asked_symbol=MSFT)), id="proposal"),
    row(lambda case: replace(case, order=replace(case.order, symbol=MSFT)), id="symbol"),
    row(lambda case: replace(case, order=replace(case.order, currency="EUR")), id="currency"),
    row(lambda case: replace(case, order=replace(case.order, side=Side.SELL)), id="side"),
    row(lambda case: replace(case, order=replace(case.order, origin=Origin.FLATTEN)), id="origin"),
    row(lambda case: replace(case, order=replace(case.order, strategy="news")), id="strategy"),
    row(lambda case: replace(case, order=replace(case.order, tif=TimeInForce.OPG)), id="tif"),
    row(lambda case: replace(case, order=replace(case.order, created_at=ago(-60))), id="created_at"),
    row(lambda case: replace(case, order=replace(case.order, expires_at=NOW)), id="expires_at"),
    row(lambda case: replace(case, order=replace(case.order, extended_hours=True)), id="extended_hours"),
    row(lambda case: replace(case, approval=Approval("owner", "of another order", NOW, NOW)), id="approval"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_old_is_said_of_a_case_that_differs(change: Callable[[Case], Case]):
    # While the market is closed the form of an order counts as well.
    paused = a_control(release=Release("c", "p", "r"), pauses=(Pause("strategy", "news", NOW, "owner"),))
    case = a_case(
        an_order(origin=Origin.AGENT),
        proposal=a_proposal(),
        open_orders=(working(5),),
        release=Release("c", "p", "r"),
        control=paused,
        market=a_market(closed=True),
    )
    policy = a_policy(
        max_entries_per_cycle="5",
        max_quote_age_s="5",
        max_adds="9",
        max_disagreement="0.1",
        require_same_release=True,
        allow_extended_hours=True,
    )
    standing = Standing(case, policy)
    before = evaluate(case, policy, standing)
    changed = change(case)
    assert evaluate(changed, policy, standing) == evaluate(changed, policy) != before
    assert evaluate(case, policy, standing) == before


def test_nothing_old_is_said_under_another_policy():
    case, loose, tight = a_case(), a_policy(max_orders_per_day="9"), a_policy(max_orders_per_day="0")
    standing = Standing(case, loose)
    assert evaluate(case, loose, standing).outcome is Outcome.PASS
    assert evaluate(case, tight, standing).codes == ("ORDERS_TODAY",)


def test_an_exit_after_an_entry_is_judged_as_an_exit():
    case = a_case(positions=held(50))
    policy = a_policy(max_orders_per_day="0")
    standing = Standing(case, policy)
    assert evaluate(case, policy, standing).outcome is Outcome.DENY
    leaving = replace(case, order=a_sell(D(50)))
    crossing = replace(leaving, order=replace(leaving.order, qty=D(80)))
    for asked in (leaving, crossing, leaving):
        assert evaluate(asked, policy, standing) == evaluate(asked, policy)
    assert evaluate(leaving, policy, standing).outcome is Outcome.PASS


def reading(reads: Reads, look: Callable[[Any, Any], object], asked: list[object]) -> BoundGate:
    """A gate that says it reads so much, and looks at something."""

    def check(case, worst, limits):
        asked.append(look(case, worst))
        return passed("X1")

    return BoundGate("X1", False, check, NoLimits(), passed("X1"), reads)


def with_gate(gate: BoundGate) -> Policy:
    return replace(a_policy(), gates=(gate,))


@pytest.mark.parametrize(
    ("reads", "look"),
    [
        row(Reads.NOTHING, lambda case, worst: case.order, id="order_of_a_snapshot"),
        row(Reads.NOTHING, lambda case, worst: case.proposal, id="proposal_of_a_snapshot"),
        row(Reads.NOTHING, lambda case, worst: worst.quote, id="quote_of_a_snapshot"),
        row(Reads.SUBJECT, lambda case, worst: case.order.qty, id="quantity_of_a_subject"),
        row(Reads.SUBJECT, lambda case, worst: case.order.limit_price, id="price_of_a_subject"),
        row(Reads.SUBJECT, lambda case, worst: case.order.decision_id, id="decision_of_a_subject"),
        row(Reads.SUBJECT, lambda case, worst: worst.notional, id="notional_of_a_subject"),
        row(Reads.SUBJECT, lambda case, worst: worst.gross_after, id="exposure_after_a_subject"),
    ],
)
def test_a_gate_that_reads_more_than_it_says_has_denied(reads, look):
    found = evaluate(a_case(), with_gate(reading(reads, look, [])))
    assert (found.outcome, found.codes) == (Outcome.DENY, ("GATE_ERROR",))


def test_a_gate_that_is_shown_no_quantity_cannot_cut_one():
    gate = reading(Reads.SUBJECT, lambda case, worst: None, [])
    cutting = gate._replace(
        check=lambda case, worst, limits: passed("X1")._replace(outcome=Outcome.REDUCE, quantity=D(1))
    )
    assert evaluate(a_case(), with_gate(cutting)).codes == ("GATE_ERROR",)


@pytest.mark.parametrize(
    ("reads", "times"),
    [row(Reads.NOTHING, 1, id="nothing"), row(Reads.SUBJECT, 2, id="subject"), row(Reads.ORDER, 4, id="order")],
)
def test_who_reads_less_is_asked_less_often(reads, times):
    asked: list[object] = []
    policy = with_gate(reading(reads, lambda case, worst: case.now, asked))
    case = a_case(market=a_market(a_view(MSFT)))
    standing = Standing(case, policy)
    for order in (an_order(), an_order(qty=D(2)), an_order(qty=D(3)), an_order(symbol=MSFT)):
        evaluate(replace(case, order=order), policy, standing)
    assert asked == [NOW] * times


def test_a_failing_measure_is_tried_again():
    case = a_case()
    holdings, tries = worst_case(case).holdings, []

    def measure(book: Any) -> Decimal:
        tries.append(book)
        return D(1) / D(len(tries) - 1)

    with pytest.raises(ArithmeticError):
        holdings.once(measure)
    assert [holdings.once(measure), holdings.once(measure), len(tries)] == [1, 1, 2]
