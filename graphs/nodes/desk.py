"""Gate, park, submit: the money path. The gates inform first; only the desk's own run authorises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from domain.case import Case, MarketView
from domain.context.observation import Observation
from domain.decisions import Decision
from domain.errors import DataQualityError
from domain.money import ZERO
from domain.orders import OrderIntent
from domain.record.entries import RecordKind
from domain.signals import CandidateKind
from domain.verdicts import Evaluation, Outcome
from graphs.deps import CycleDeps
from graphs.nodes.observe import market_now
from graphs.nodes.screen import observation_of
from graphs.proposal import calls_so_far, proposal_for, proposal_of
from graphs.record import Fact, record_each_once, record_once
from graphs.state import CycleNode, CycleState, Ruled, Sent
from memory.rebuild import decision_body
from policies.approval import answerable_until, price_shown
from policies.codes import ReasonCode
from policies.evaluate import evaluate
from policies.gates.catalogue import BY_ID
from policies.ladder import breaches, is_hard_drawdown, state_after
from policies.measures.headroom import probe
from policies.measures.slippage import slippage_of
from policies.measures.standing import Standing
from tools.orders import intent_for, place_orders, shown_orders, taken_in_fractions
from trading.execution.account import at_least
from trading.execution.desk import Placement
from trading.execution.sight import OrderRequest
from trading.store.approvals import PendingApproval, pending_id

ALLOWED = (Outcome.PASS, Outcome.REDUCE)
UNPRICED = (ReasonCode.QUOTE_MISSING.value,)
"""What is said of an order that has no usable quote, and so no price."""


def gate(deps: CycleDeps) -> CycleNode:
    """Put every decision on record and before the gates; what takes risk off comes first."""

    def node(state: CycleState) -> dict[str, Any]:
        seen = observation_of(deps, state["cycle_id"])
        # Before anything is judged, so that a limit reached in this cycle counts in it.
        tighten_if_breached(deps, seen)
        deps.desk.check_breakers()
        decisions = in_sending_order(state["decisions"])
        facts = (
            Fact(each.decision_id, decision_body(each, seen.signals), state["as_of"], each.candidate.candidate_id)
            for each in decisions
        )
        # What is not on record is not sent (I-53).
        record_each_once(deps.stores, RecordKind.DECISION, facts, cycle_id=state["cycle_id"])
        market = market_now(deps, [decision.candidate.symbol for decision in decisions])
        given = opinions(deps, [decision for decision in decisions if decision.qty > ZERO], seen, market)
        ruled = recorded(deps, given, state["cycle_id"])
        unpriced = [each.decision_id for each in ruled if each.codes == UNPRICED]
        return {"ruled": ruled, "degraded": [f"no quote to price {name} with" for name in unpriced]}

    return node


def tighten_if_breached(deps: CycleDeps, seen: Observation) -> None:
    """A limit of the whole account that is reached moves the trading state down, whether or not anything is sent."""
    if not seen.market.symbols:
        return
    control, now = deps.stores.control, deps.clock.now()
    # Any symbol will do: only verdicts on the whole account move the state.
    theirs, symbol = at_least(deps.broker.time), next(iter(seen.market.symbols))
    present = control.read(broker_time=theirs.at, broker_open=theirs.market_open)
    verdicts = evaluate(probe(now, present, seen.book, seen.market, symbol), deps.policy).verdicts
    wanted, deep = state_after(present.trading_state, verdicts), is_hard_drawdown(verdicts)
    if wanted is not present.trading_state or deep:
        reached = ", ".join(BY_ID[each.gate].name for each in breaches(verdicts))
        control.tighten(wanted, by="limits", at=now, reason=f"a limit is reached: {reached}", drawdown=deep)


def in_sending_order(decisions: Sequence[Decision]) -> list[Decision]:
    """Exits and reductions first, then entries; otherwise in the order of the candidates."""
    # False sorts first, and sorting leaves the rest in its order.
    return sorted(decisions, key=lambda decision: decision.candidate.kind is CandidateKind.ENTRY)


class Opinion(NamedTuple):
    """What the gates say of a decision before it is sent, and of what; nothing of one that cannot be priced."""

    decision: Decision
    case: Case | None
    said: Evaluation | None


def judge(deps: CycleDeps, decision: Decision, seen: Observation, market: MarketView) -> Ruled | None:
    """The gates' opinion on one decision, on record; None where there is nothing to send."""
    if decision.qty <= ZERO:
        return None
    return recorded(deps, opinions(deps, [decision], seen, market), decision.cycle_id)[0]


def opinions(deps: CycleDeps, decisions: Sequence[Decision], seen: Observation, market: MarketView) -> list[Opinion]:
    """The gates' opinion on every decision, by one look at the books."""
    requests = order_requests(deps, decisions, seen, market)
    cases = iter(shown_orders(deps.desk, [request for request in requests if request is not None]))
    judged = [None if request is None else next(cases) for request in requests]
    policy, first = deps.desk.policy, next((case for case in judged if case is not None), None)
    standing = None if first is None else Standing(first, policy)  # all cases are of one look
    return [
        Opinion(decision, case, None if case is None else evaluate(case, policy, standing))
        for decision, case in zip(decisions, judged, strict=True)
    ]


def order_requests(
    deps: CycleDeps, decisions: Sequence[Decision], seen: Observation, market: MarketView
) -> list[OrderRequest | None]:
    """What is to be ordered for every decision, with what the gates ask besides; None where there is no price."""
    calls = calls_so_far(seen, deps) if decisions else None
    requests: list[OrderRequest | None] = []
    for decision in decisions:
        try:
            intent = priced(deps, decision, market)
        except DataQualityError:
            requests.append(None)
            continue
        proposal = None if calls is None else proposal_of(decision, calls, deps)
        requests.append(OrderRequest(intent, market, proposal, cycle_id=decision.cycle_id))
    return requests


def recorded(deps: CycleDeps, given: Sequence[Opinion], cycle_id: str) -> list[Ruled]:
    """Opinions, written down and counted, with one wait for the disk."""
    with deps.stores.database.transaction():
        facts = (verdicts_of(deps, each.decision, each.case, each.said) for each in given if each.case and each.said)
        record_each_once(deps.stores, RecordKind.VERDICTS, facts, cycle_id=cycle_id)
        for each in given:
            if each.case is not None and each.said is not None:
                deps.desk.count_block(each.case.order, each.said)
    return [ruled_of(each) for each in given]


def ruled_of(given: Opinion) -> Ruled:
    """An opinion in the words of the state; what cannot be priced is refused."""
    if given.said is None:
        return Ruled(given.decision.decision_id, Outcome.DENY, ZERO, UNPRICED)
    said = given.said
    # Codes as plain text: types of `policies` may not come back out of a checkpoint.
    return Ruled(given.decision.decision_id, said.outcome, said.final_qty, tuple(map(str, said.codes)))


def priced(deps: CycleDeps, decision: Decision, market: MarketView) -> OrderIntent:
    """The order behind a decision at the present quote, in fractions where policy, broker and instrument take them."""
    fractional = taken_in_fractions(deps.policy, deps.broker)
    slippage = slippage_of(deps.policy.limits)
    return intent_for(decision, market, at=deps.clock.now(), fractional=fractional, slippage=slippage)


def verdicts_of(deps: CycleDeps, decision: Decision, case: Case, said: Evaluation) -> Fact:
    """What the gates said before sending; the desk records what they said when it counted."""
    body = {"evaluation": said, "intent": case.order, **deps.desk.cases.noted(case, decision.cycle_id)}
    return Fact(decision.decision_id, body, deps.clock.now(), decision.decision_id)


def park(deps: CycleDeps) -> CycleNode:
    """Store a request for every decision that a person must see; the cycle goes on without them."""

    def node(state: CycleState) -> dict[str, Any]:
        seen = observation_of(deps, state["cycle_id"])
        ruled = {each.decision_id: each for each in state["ruled"] if each.outcome is Outcome.NEED_APPROVAL}
        waiting = [decision for decision in state["decisions"] if decision.decision_id in ruled]
        market = market_now(deps, [decision.candidate.symbol for decision in waiting])
        unpriced = []
        for decision in waiting:
            try:
                ask_a_person(deps, approval_request(deps, decision, ruled[decision.decision_id], seen, market))
            except DataQualityError:
                unpriced.append(decision.decision_id)
        return {"degraded": [f"no quote to price {name} with" for name in unpriced]}

    return node


def ask_a_person(deps: CycleDeps, request: PendingApproval) -> None:
    """Store a request and put it on record, both or neither; one that its decision has already is left as it is."""
    with deps.stores.database.transaction():
        stored = deps.stores.approvals.request(request)
        record_once(
            deps.stores.ledger,
            RecordKind.APPROVAL_REQUESTED,
            stored.pending_id,
            {"order_digest": stored.order_digest, "price": stored.price, "expires_at": stored.expires_at},
            at=stored.requested_at,
            cycle_id=stored.cycle_id,
            cause=stored.decision_id,
        )


def approval_request(
    deps: CycleDeps, decision: Decision, ruled: Ruled, seen: Observation, market: MarketView
) -> PendingApproval:
    """The request a person is shown: exactly this order, at this price, for a limited time."""
    now = deps.clock.now()
    # What the gates left of it: a yes to more would be a yes to another order (I-13).
    intent = replace(priced(deps, decision, market), qty=ruled.qty)
    quote = market.symbols[intent.symbol].quote
    longest = now + deps.rules.approval_ttl
    return PendingApproval(
        pending_id=pending_id(decision.decision_id),
        decision_id=decision.decision_id,
        cycle_id=decision.cycle_id,
        intent=intent,
        proposal=proposal_for(decision, seen, deps),
        order_digest=intent.digest,
        requested_at=now,
        expires_at=answerable_until(seen.evidence.as_of, longest, deps.policy.limits.get("max_signal_age_s")),
        price=None if quote is None else price_shown(quote, intent.side),
        reasons=tuple(ruled.codes),
        policy_digest=deps.policy.digest,
    )


def submit(deps: CycleDeps) -> CycleNode:
    """Hand what the gates allowed to the desk, one by one; it decides again and alone."""

    def node(state: CycleState) -> dict[str, Any]:
        seen = observation_of(deps, state["cycle_id"])
        allowed = {ruled.decision_id for ruled in state["ruled"] if ruled.outcome in ALLOWED}
        going = [d for d in in_sending_order(state["decisions"]) if d.decision_id in allowed]
        market = market_now(deps, [decision.candidate.symbol for decision in going])
        return {"sent": send(deps, going, seen, market)}

    return node


def send(deps: CycleDeps, decisions: Sequence[Decision], seen: Observation, market: MarketView) -> list[Sent]:
    """Decisions at the desk, in this order; one that was sent before gets its order back."""
    requests = order_requests(deps, decisions, seen, market)
    placed = iter(place_orders(deps.desk, [request for request in requests if request is not None]))
    return [
        Sent(decision.decision_id, "", UNPRICED) if request is None else sent_of(decision, next(placed))
        for decision, request in zip(decisions, requests, strict=True)
    ]


def sent_of(decision: Decision, placed: Placement) -> Sent:
    """What the desk did with a decision, in the words of the state."""
    codes = tuple(map(str, placed.evaluation.codes)) if placed.evaluation is not None else ()
    return Sent(decision.decision_id, placed.order.client_order_id if placed.order is not None else "", codes)
