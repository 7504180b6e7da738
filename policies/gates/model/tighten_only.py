"""H10 tighten only: candidate >= advisor >= inspector >= this order; whoever is missing has said no.

Code proposed 100, the advisor left 80, the inspector 50: an order of 50 passes and one of 51 does not. An advisor who
says 120, an inspector who says 90 after the advisor's 80, and an inspector who did not answer all refuse the entry.
"""

from __future__ import annotations

from domain.case import Case
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, Answer, Gate, NoLimits, Scope, at_most, denied
from policies.measures.worst_case import WorstCase, is_finite

ENLARGED = ReasonCode.ENLARGED


def check(case: Case, worst: WorstCase, limits: NoLimits) -> Answer:
    """PASS while every role only tightened."""
    proposal, qty = case.proposal, case.order.qty
    if proposal is None:
        return denied("H10", ReasonCode.ROLE_MISSING) if case.order.origin is Origin.AGENT else NO_OBJECTION
    candidate, advised, inspected = proposal.candidate_qty, proposal.advised_qty, proposal.inspected_qty
    if not is_finite(candidate) or not is_finite(advised) or not is_finite(inspected):
        return denied("H10", ReasonCode.ROLE_MISSING)
    if not candidate >= advised >= inspected:
        return denied("H10", ReasonCode.ENLARGED, candidate, max(advised, inspected))
    if not worst.measurable:
        return denied("H10", ReasonCode.QTY_INVALID, inspected)
    return at_most("H10", ENLARGED, inspected, qty)


GATE = Gate("H10", "tighten only", Scope.NEW_EXPOSURE, ("proposal",), NoLimits, check, "shares")
