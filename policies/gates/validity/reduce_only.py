"""B7 reduce-only: an order that calls itself reduce-only meets a position on the other side and shrinks it.

With 50 held and an open sell of 20, a reduce-only sell of 30 passes, one of 40 is refused or cut to 30, and a
reduce-only buy is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, OVERSIZE_DENY, PASSED, Answer, Gate, Scope, denied, reduced
from policies.measures.worst_case import WorstCase, whole_lots

NOT_REDUCING = ReasonCode.NOT_REDUCING
NOT_ASKED = NO_OBJECTION


@dataclass(frozen=True, slots=True)
class ReduceOnlyLimits:
    """What becomes of an order that takes too much."""

    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: ReduceOnlyLimits) -> Answer:
    """DENY or REDUCE a reduce-only order that is more than the position allows."""
    if not case.order.reduce_only:
        return NOT_ASKED
    if worst.held is None or not worst.measurable:
        return denied("B7", ReasonCode.POSITION_UNKNOWN)
    margin = worst.closable - case.order.qty
    if margin >= 0:
        return PASSED, worst.closable, case.order.qty, margin
    closing = worst.closable if worst.fractions else whole_lots(worst.closable, worst.step)
    return reduced("B7", NOT_REDUCING, worst.closable, case.order.qty, margin, closing, limits.oversize)


GATE = Gate("B7", "reduce only", Scope.ALWAYS, ("positions", "orders"), ReduceOnlyLimits, check)
