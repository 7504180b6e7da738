"""A7 reconciliation: entries need a book that was compared with the broker and agreed, at least for this symbol.

With ``max_reconcile_age_s`` 300 a comparison 300 s ago is good and one 301 s ago is not; without that limit any age is.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, denied
from policies.gates.ages import fresh, seconds
from policies.measures.worst_case import WorstCase

NOT_RECONCILED = ReasonCode.NOT_RECONCILED


@dataclass(frozen=True, slots=True)
class ReconciledLimits:
    """Seconds; None for no limit on the age."""

    max_reconcile_age_s: Decimal | None = None
    max_clock_skew_s: Decimal | None = None


def check(case: Case, worst: WorstCase, limits: ReconciledLimits) -> Answer:
    """DENY before reconciliation, on a difference in this symbol, and when the last comparison is too old."""
    control = case.control
    if control.reconciled_at is None:
        return denied("A7", ReasonCode.NOT_RECONCILED, limits.max_reconcile_age_s)
    if case.order.symbol in control.mismatched:
        return denied("A7", ReasonCode.POSITION_MISMATCH, value=case.order.symbol)
    age, limit = seconds(case.now, control.reconciled_at), limits.max_reconcile_age_s
    if limit is None:
        return PASSED, None, age, None
    return fresh("A7", NOT_RECONCILED, limit, age, limits.max_clock_skew_s)


GATE = Gate(
    "A7", "reconciled", Scope.NEW_EXPOSURE, ("control",), ReconciledLimits, check, "seconds", reads=Reads.SUBJECT
)
