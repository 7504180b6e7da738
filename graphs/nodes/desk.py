"""Gate, park, submit: the money path. The gates inform first; only the desk's own run authorises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from domain.case import Case, MarketView
from domain.decisions import Decision
from domain.errors import DataQualityError
from domain.money import ZERO
from domain.observation import Observation
from domain.orders import OrderIntent
from domain.records import RecordKind
from domain.signals import CandidateKind
from domain.verdicts import Evaluation, Outcome
from graphs.deps import CycleDeps
from graphs.nodes.observe import market_now
from graphs.nodes.screen import observation_of
from graphs.proposal import proposal_for
from graphs.record import record_once
from graphs.state import CycleNode, CycleState, Ruled, Sent
from memory.rebuild import decision_body
from policies.approval import answerable_until, price_shown
from policies.codes import ReasonCode
from policies.evaluate import evaluate
from policies.ladder import state_after
from policies.measures.headroom import probe
from tools.orders import intent_for, place_order, shown_order, taken_in_fractions
from trading.execution.account import Told
from trading.execution.desk import Placement
from trading.store.approvals import PendingApproval, pending_id

ALLOWED = (Outcome.PASS, Outcome.REDUCE)
UNPRICED = (ReasonCode.QUOTE_MISSING.value,)
"""What is said of an order that has no usable quote, and so no price."""


def gate(deps: CycleDeps) -> CycleNode:
    """Put every decision on record and before the gates; what takes risk off comes first."""

    def node(state: CycleState) -> dict[str, Any]:
        seen = observation_of(deps, state["cycle_id"])
        tighten_if_breached(deps, seen)
        deps.desk.check_breakers()
        decisions = in_sending_order(state["decisions"])
        with deps.stores.database.transaction():  # one wait for the disk, however many there are
            for decision in decisions:
                record_once(
                    deps.stores.ledger,
                    RecordKind.DECISION,
                    decision.decision_id,
                    decision_body(decision, seen.signals),
                    at=state["as_of"],
                    cycle_id=state["cycle_id"],
                    cause=decision.candidate.candidate_id,
                )
        market = market_now(deps, [decision.candidate.symbol for decision in decisions])
        told = deps.desk.ask() if decisions else None  # the broker is asked once, not for every decision
        given = [opinion(deps, decision, seen, market, told) for decision in decisions if decision.qty > ZERO]
        with deps.stores.database.transaction():
            ruled = [recorded(deps, each) for each in given]
        unpriced = [each.decision_id for each in ruled if each.codes == UNPRICED]
        return {"ruled": ruled, "degraded": [f"no quote to price {name} with" for name in unpriced]}

    return node


def tighten_if_breached(deps: CycleDeps, seen: Observation) -> None:
    """A loss limit that is reached moves the trading state down by itself, whether or not anything is to be sent."""
    if not seen.market.symbols:
        return
    control, now = deps.stores.control, deps.clock.now()
    present, symbol = control.read(broker_time=deps.broker.time()), next(iter(seen.market.symbols))
    verdicts = evaluate(probe(now, present, seen.book, seen.market, symbol), deps.policy).verdicts
    wanted = state_after(present.trading_state, verdicts)
    if wanted is not present.trading_state:
        control.tighten(wanted, by="limits", at=now, reason="a loss limit is reached")


def in_sending_order(decisions: Sequence[Decision]) -> list[Decision]:
    """Exits and reductions first, then entries; otherwise in the order of the candidates."""
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
    return recorded(deps, opinion(deps, decision, seen, market))


def opinion(
    deps: CycleDeps, decision: Decision, seen: Observation, market: MarketView, told: Told | None = None
) -> Opinion:
    """The gates' opinion on one decision, given what the broker has ``told``."""
    try:
        intent = priced(deps, decision, market)
    except DataQualityError:
        return Opinion(decision, None, None)
    proposal, cycle = proposal_for(decision, seen, deps), decision.cycle_id
    case = shown_order(deps.desk, intent, market=market, proposal=proposal, cycle_id=cycle, told=told)
    return Opinion(decision, case, evaluate(case, deps.desk.policy))


def recorded(deps: CycleDeps, given: Opinion) -> Ruled:
    """An opinion, written down and counted."""
    decision, case, said = given
    if case is None or said is None:
        return Ruled(decision.decision_id, Outcome.DENY, ZERO, UNPRICED)
    record_verdicts(deps, decision, case, said)
    deps.desk.count_block(case.order, said)
    return Ruled(decision.decision_id, said.outcome, said.final_qty, tuple(map(str, said.codes)))


def priced(deps: CycleDeps, decision: Decision, market: MarketView) -> OrderIntent:
    """The order behind a decision at the present quote, in fractions where policy, broker and instrument take them."""
    fractional = taken_in_fractions(deps.policy, deps.broker)
    return intent_for(decision, market, at=deps.clock.now(), fractional=fractional)


def record_verdicts(deps: CycleDeps, decision: Decision, case: Case, said: Evaluation) -> None:
    """What the gates said before sending; the desk records what they said when it counted."""
    record_once(
        deps.stores.ledger,
        RecordKind.VERDICTS,
        decision.decision_id,
        {"evaluation": said, "intent": case.order, **deps.desk.cases.noted(case, decision.cycle_id)},
        at=deps.clock.now(),
        cycle_id=decision.cycle_id,
        cause=decision.decision_id,
    )


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
                ask_a_person(deps, request_for(deps, decision, ruled[decision.decision_id], seen, market))
            except DataQualityError:
                unpriced.append(decision.decision_id)
        return {"degraded": [f"no quote to price {name} with" for name in unpriced]}

    return node


def ask_a_person(deps: CycleDeps, request: PendingApproval) -> None:
    """Store a request and put it on record; one that its decision has already is left as it is."""
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


def request_for(
    deps: CycleDeps, decision: Decision, ruled: Ruled, seen: Observation, market: MarketView
) -> PendingApproval:
    """The request a person is shown: exactly this order, at this price, for a limited time."""
    now = deps.clock.now()
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
        sent = [send(deps, decision, seen, market) for decision in going]
        return {"sent": sent}

    return node


def send(deps: CycleDeps, decision: Decision, seen: Observation, market: MarketView) -> Sent:
    """One decision at the desk; a decision that was sent before gets its order back."""
    try:
        intent = priced(deps, decision, market)
    except DataQualityError:
        return Sent(decision.decision_id, "", UNPRICED)
    proposal = proposal_for(decision, seen, deps)
    placed = place_order(deps.desk, intent, market=market, proposal=proposal, cycle_id=decision.cycle_id)
    return sent_of(decision, placed)


def sent_of(decision: Decision, placed: Placement) -> Sent:
    """What the desk did with a decision, in the words of the state."""
    codes = tuple(map(str, placed.evaluation.codes)) if placed.evaluation is not None else ()
    return Sent(decision.decision_id, placed.order.client_order_id if placed.order is not None else "", codes)
