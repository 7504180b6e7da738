"""H3 confidence: an entry that the roles proposed has a confidence of at least ``min_confidence``, between 0 and 1.

With 0.60, a confidence of 0.60 passes and one of 0.59, or none, does not. Orders of people and of rules have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, at_least, denied
from policies.measures.worst_case import WorstCase, is_finite

AGENT = Origin.AGENT
CONFIDENCE_TOO_LOW = ReasonCode.CONFIDENCE_TOO_LOW


@dataclass(frozen=True, slots=True)
class ConfidenceLimits:
    """A share of one."""

    min_confidence: Decimal


def check(case: Case, worst: WorstCase, limits: ConfidenceLimits) -> Answer:
    """PASS from the lowest confidence upwards."""
    if case.proposal is None and case.order.origin is not AGENT:
        return PASSED, limits.min_confidence, None, None
    confidence = None if case.proposal is None else case.proposal.confidence
    if not is_finite(confidence):
        return denied("H3", ReasonCode.CONFIDENCE_TOO_LOW, limits.min_confidence, note="no confidence given")
    return at_least("H3", CONFIDENCE_TOO_LOW, limits.min_confidence, confidence)


GATE = Gate(
    "H3", "confidence", Scope.NEW_EXPOSURE, ("proposal",), ConfidenceLimits, check, "ratio", reads=Reads.SUBJECT
)
