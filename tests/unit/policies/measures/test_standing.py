"""What was said before may be said again: a standing saves work and changes no verdict."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.book import Counters
from domain.canonical import plain, restore
from domain.case import Case, Release
from domain.ids import ClientOrderId, DecisionId
from domain.orders import Order, OrderIntent, OrderStatus
from domain.verdicts import Evaluation, Outcome
from policies.breaches import good_case
from policies.evaluate import evaluate
from policies.gate import BoundGate, NoLimits, Reads, passed
from policies.gates.catalogue import GATES
from policies.measures.standing import Standing
from policies.measures.worst_case import worst_case
from policies.policy import Policy, policy_from_limits
from tests.builders.gate_cases import Luck, any_case, any_limits, any_order
from tests.builders.policies import (
    AAPL,
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
    an_instrument,
    an_order,
    done,
    held,
)
from tests.builders.tally import examples

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
            for gate, verdict in zip(said.group.gates, said.told(), strict=True):
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
        placed = [place for group in groups[:4] for place in group.places] + [place for place, _ in groups.aside]
        assert sorted(placed) == list(range(len(policy.gates)))
    assert {gate.reads for gate in GATES} == set(Reads)


def sent(intent: OrderIntent, number: int, **changes: Any) -> Order:
    """The order that an intent became; it works, and nobody has filled any of it."""
    order = Order(
        client_order_id=ClientOrderId(f"sent-{number}"),
        decision_id=intent.decision_id,
        symbol=intent.symbol,
        side=intent.side,
        qty=intent.qty,
        type=intent.type,
        tif=intent.tif,
        status=OrderStatus.ACCEPTED,
        created_at=intent.created_at,
        updated_at=intent.created_at,
        strategy=intent.strategy,
        origin=intent.origin,
        limit_price=intent.limit_price,
        trigger_price=intent.trigger_price,
        stop_loss=intent.stop_loss,
        reserved_price=intent.limit_price,
        reduce_only=intent.reduce_only,
    )
    return replace(order, **changes)


@pytest.mark.parametrize("few_limits", [row(True, id="few_limits"), row(False, id="many_limits")])
def test_after_any_orders_the_verdicts_are_those_of_the_book_with_them(few_limits):
    outcomes, compared = set(), 0
    for seed in range(examples(90, proofs=1_500)):
        case, luck = any_case(seed), Luck(seed)
        policy = policy_from_limits({} if few_limits else any_limits(seed))
        counts: object = case.book.counters
        if not isinstance(counts, Counters):  # no book that an order could be added to
            continue
        standing = Standing(case, policy)
        for number in range(5):
            intent = replace(any_order(luck, case.now), decision_id=DecisionId(f"dec-{seed}-{number}"))
            asked = standing.case(intent, case.proposal, case.approval)
            alone = evaluate(asked, policy)
            assert shown(evaluate(asked, policy, standing)) == shown(alone), f"seed {seed}, order {number}"
            outcomes.add(alone.outcome)
            compared += 1
            standing = standing.after(
                sent(intent, number, parent_id=luck.choice((None, None, None, ClientOrderId("p"))))
            )
    assert compared > 300
    assert Outcome.DENY in outcomes
    assert Outcome.PASS in outcomes or not few_limits


def test_after_orders_that_pass_the_verdicts_are_those_of_the_book_with_them():
    policy = policy_from_limits(
        {"max_orders_per_day": 5, "max_position_pct_equity": 90, "max_gross_exposure_pct": 300, "max_heat_pct": 50,
         "max_var_pct": 90, "max_cluster_pct_equity": 300, "max_sector_pct_equity": 300, "max_beta_exposure_pct": 900,
         "max_margin_use_pct": 100, "duplicate_window_s": 60, "max_adds": 9, "oversize": "reduce"}
    )  # fmt: skip
    case = good_case(policy)
    view = case.market.symbols[AAPL]
    quote, proposal = view.quote, case.proposal
    assert quote is not None
    assert proposal is not None
    there = replace(
        view, instrument=an_instrument(MSFT), quote=replace(quote, symbol=MSFT), correlations={AAPL: D("0.3")}
    )
    case = replace(case, market=replace(case.market, symbols={AAPL: view, MSFT: there}))
    standing, kept, outcomes = Standing(case, policy), Standing(case, policy), []
    for number, symbol in enumerate((AAPL, AAPL, MSFT, AAPL, MSFT, AAPL)):
        order = replace(case.order, symbol=symbol, qty=D(2 + number), decision_id=DecisionId(f"d-{number}"))
        asked = standing.case(order, replace(proposal, asked_symbol=symbol))
        found = evaluate(asked, policy, standing)
        assert shown(found) == shown(evaluate(asked, policy))
        outcomes.append(found.outcome)
        standing = standing.after(sent(order, number))
    assert outcomes == [Outcome.PASS] * 5 + [Outcome.DENY]
    # What went on from it has changed nothing about the first.
    assert shown(evaluate(case, policy, kept)) == shown(evaluate(case, policy))


def test_a_standing_after_an_order_does_not_answer_for_the_book_before_it():
    case, policy = a_case(), a_policy(max_orders_per_day="1")
    standing = Standing(case, policy)
    following = standing.after(sent(case.order, 1))
    assert (standing.holds(case, policy), following.holds(case, policy)) == (True, False)
    assert evaluate(case, policy, following).outcome is Outcome.PASS
    another = an_order(qty=D(3), decision_id=DecisionId("another"))
    assert evaluate(following.case(another, case.proposal), policy, following).codes == ("ORDERS_TODAY",)


@pytest.mark.parametrize(
    ("changes", "added"),
    [
        row({}, (1, 1, 1, 1), id="an_entry"),
        row({"reduce_only": True}, (1, 0, 1, 0), id="what_only_reduces_is_no_entry"),
        row({"parent_id": ClientOrderId("p"), "reduce_only": True}, (0, 0, 0, 0), id="a_leg_is_nobodys_message"),
    ],
)
def test_an_order_that_was_sent_counts_as_one(changes, added):
    case = a_case(orders_today=3, counts=done(entries_today=3, messages_today=3))
    standing, book = Standing(case, a_policy()), case.book
    following = standing.after(sent(an_order(), 1, **changes))
    now = following.snapshot.book
    assert now.open_orders[:-1] == book.open_orders
    assert (now.orders_today, now.counters.entries_today, now.counters.messages_today) == tuple(
        3 + n for n in added[:3]
    )
    assert following.snapshot.cycle_entries - standing.snapshot.cycle_entries == added[3]


def test_counts_that_nobody_knows_stay_unknown():
    case = a_case(orders_today=None, counts=done(entries_today=None, messages_today=None))
    now = Standing(case, a_policy()).after(sent(an_order(), 1)).snapshot.book
    assert (now.orders_today, now.counters.entries_today, now.counters.messages_today) == (None, None, None)


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
    row(lambda case: replace(case, order=a_sell(D(500))), id="side"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_old_is_said_of_a_case_that_differs(change: Callable[[Case], Case]):
    case = a_case(release=Release("c", "p", "r"), control=a_control(release=Release("c", "p", "r")))
    policy = a_policy(max_entries_per_cycle="5", max_quote_age_s="5", require_same_release=True)
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
    assert evaluate(leaving, policy, standing) == evaluate(leaving, policy)
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
        row(Reads.SUBJECT, lambda case, worst: case.order.created_at, id="time_of_a_subject"),
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
