"""What the roles did on the way to a decision, as the gates of group H judge it."""

from __future__ import annotations

from agents.decider import sizes
from domain.case import Proposal
from domain.decisions import Decision
from domain.money import ONE
from domain.observation import Observation
from domain.signals import CandidateKind
from tools.plan import plan_evidence


def proposal_for(decision: Decision, seen: Observation) -> Proposal | None:
    """What the roles did, for the gates of group H; None for an exit by rule, which no role has touched."""
    candidate = decision.candidate
    if candidate.kind is not CandidateKind.ENTRY:
        return None
    view = seen.market.symbols.get(candidate.symbol)
    lot = view.instrument.lot if view is not None and view.instrument is not None else ONE
    left = sizes(candidate, decision.advice, decision.inspection, lot)
    plan = plan_evidence(candidate, as_of=seen.evidence.as_of)
    return Proposal(
        asked_symbol=candidate.symbol,
        schema_valid=decision.advice is not None and decision.inspection is not None,
        cited=tuple(decision.cited),
        known=frozenset((*seen.evidence.items, *(item.ref for item in plan))),
        evidence_as_of=seen.evidence.as_of,
        decided_at=decision.decided_at,
        evidence_digest=decision.evidence_digest,
        evidence_digest_now=seen.evidence.digest,
        candidate_qty=candidate.qty,
        advised_qty=left.advised,
        inspected_qty=left.inspected,
        quoted_price=decision.advice.reference_price if decision.advice is not None else None,
        confidence=decision.advice.confidence if decision.advice is not None else None,
        needs_approval=decision.needs_approval,
    )
