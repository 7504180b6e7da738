"""What the gates would say of another decision, or under another policy: asked of the case that the record has.

A decision that was judged has a case of its own. One that the roles had left, and that another model would take, is
judged on the market and the book that the other orders of its cycle met, or on those that were observed if none did.
"""

from __future__ import annotations

from dataclasses import replace

from domain.case import Case, Proposal
from domain.decisions import Decision
from domain.orders import OrderIntent
from domain.signals import CandidateKind
from domain.verdicts import Evaluation
from graphs.proposal import provenance_of, signal_of, speaks_of_texts
from graphs.reproduction.rerun import intent_again, proposal_again
from graphs.reproduction.stored import Ruling, StoredCycle
from policies.evaluate import evaluate
from policies.policy import Policy


def said_then(stored: StoredCycle, decision: Decision) -> Evaluation | None:
    """The first look of the gates, before anything was sent; None where they were never asked."""
    ruling = _own(stored, decision)
    return None if ruling is None else ruling.said


def said_now(stored: StoredCycle, decision: Decision, policy: Policy) -> Evaluation | None:
    """What the gates say of the decision under a policy; None where nothing is left to send or nothing prices it."""
    case = case_for(stored, decision, policy)
    return None if case is None else evaluate(in_force(case, policy), policy)


def in_force(case: Case, policy: Policy) -> Case:
    """The case as if the owner had put this policy in force: not to be the policy of then is no reason to refuse."""
    owned, running = case.control.release, case.release
    return replace(
        case,
        control=replace(case.control, release=None if owned is None else replace(owned, policy=policy.digest)),
        release=None if running is None else replace(running, policy=policy.digest),
    )


def case_for(stored: StoredCycle, decision: Decision, policy: Policy) -> Case | None:
    """The case that the decision meets; its order is priced as ``policy`` wants it."""
    own = _own(stored, decision)
    near = own or next((each for each in stored.rulings if each.case.approval is None), None)
    market = stored.seen.market if near is None else near.case.market
    at = stored.seen.evidence.as_of if near is None else near.case.order.created_at
    intent = intent_again(stored, decision, market, at, policy)
    if intent is None:
        return None
    case = _observed(stored, intent) if near is None else replace(near.case, order=intent)
    then = case.proposal if own is not None else first_proposal(stored, decision)
    return replace(case, proposal=None if then is None else proposal_again(stored, decision, then))


def first_proposal(stored: StoredCycle, decision: Decision) -> Proposal | None:
    """What the roles did on a decision that never came before the gates; what nobody has asked then is unknown."""
    candidate, seen = decision.candidate, stored.seen
    if candidate.kind is not CandidateKind.ENTRY:
        return None
    signal = signal_of(seen, candidate.symbol)
    cited = [item for ref in decision.cited if (item := seen.evidence.get(ref)) is not None]
    return Proposal(
        asked_symbol=candidate.symbol,
        # What `proposal_again` fills in afterwards; until then it says the least.
        schema_valid=False,
        cited=(),
        known=frozenset(),
        evidence_as_of=seen.evidence.as_of,
        decided_at=decision.decided_at,
        evidence_digest=decision.evidence_digest,
        evidence_digest_now=seen.evidence.digest,
        candidate_qty=candidate.qty,
        advised_qty=None,
        inspected_qty=None,
        provenance=provenance_of(decision, stored.calls),
        signal_direction=None if signal is None else signal.direction,
        texts=None if any(map(speaks_of_texts, cited)) else (),
        usage=next((each.case.proposal.usage for each in stored.rulings if each.case.proposal is not None), None),
    )


def _own(stored: StoredCycle, decision: Decision) -> Ruling | None:
    own = (each for each in stored.rulings if each.case.order.decision_id == decision.decision_id)
    return next(own, None)


def _observed(stored: StoredCycle, intent: OrderIntent) -> Case:
    seen = stored.seen
    return Case(seen.evidence.as_of, intent, seen.control, seen.book, seen.market, release=seen.control.release)
