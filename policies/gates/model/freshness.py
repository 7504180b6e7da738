"""H6 freshness: the order, and the evidence it was decided on, are at most ``max_signal_age_s`` old and unchanged.

With 300 s, evidence of exactly 300 s passes and of 300.001 s does not. Evidence whose digest is no longer the one that
was decided on denies, and so does a decision dated before its evidence or anything dated in the future.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case, Proposal
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, denied
from policies.gates.ages import ahead_allowed, fresh, seconds
from policies.measures.worst_case import WorstCase

SIGNAL_STALE = ReasonCode.SIGNAL_STALE


@dataclass(frozen=True, slots=True)
class FreshnessLimits:
    """Seconds; None for any age."""

    max_signal_age_s: Decimal | None = None
    max_clock_skew_s: Decimal | None = None


def check(case: Case, worst: WorstCase, limits: FreshnessLimits) -> Answer:
    """PASS while order and evidence are fresh and whole."""
    proposal, limit, skew = case.proposal, limits.max_signal_age_s, limits.max_clock_skew_s
    if proposal is not None and not _is_whole(proposal):
        return denied("H6", ReasonCode.EVIDENCE_CHANGED, proposal.evidence_digest, proposal.evidence_digest_now)
    newest = first = case.order.created_at
    if proposal is not None:
        # What is whole was decided on no earlier than its evidence.
        newest, first = max(newest, proposal.decided_at), min(first, proposal.evidence_as_of)
    oldest = seconds(case.now, first)
    if newest > case.now and (ahead := seconds(case.now, newest)) < -ahead_allowed(skew):
        return denied("H6", ReasonCode.SIGNAL_STALE, limit, ahead, "dated in the future")
    return (PASSED, None, oldest, None) if limit is None else fresh("H6", SIGNAL_STALE, limit, oldest, skew)


def _is_whole(proposal: Proposal) -> bool:
    return proposal.evidence_digest == proposal.evidence_digest_now and proposal.decided_at >= proposal.evidence_as_of


GATE = Gate("H6", "freshness", Scope.NEW_EXPOSURE, ("proposal",), FreshnessLimits, check, "seconds", Reads.SUBJECT)
