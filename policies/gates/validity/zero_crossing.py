"""B6 zero crossing: one order never turns a position around; it may close it, and the other side is a new order.

With 50 held and an open sell of 20, a sell of 30 passes and a sell of 40 is refused, or cut to 30; a short is covered
alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, PASSED, Answer, Gate, Scope, denied, reduced
from policies.measures.worst_case import WorstCase, whole_lots

CROSSES_ZERO = ReasonCode.CROSSES_ZERO


@dataclass(frozen=True, slots=True)
class ZeroCrossingLimits:
    """What becomes of an order that takes too much."""

    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: ZeroCrossingLimits) -> Answer:
    """REDUCE to what closes the position, DENY where nothing is left to close."""
    if worst.held is None or not worst.measurable:
        return denied("B6", ReasonCode.POSITION_UNKNOWN)
    if (worst.held if worst.buys else worst.held * case.order.side.sign) >= ZERO:
        return PASSED, None, worst.held, None
    margin = worst.closable - case.order.qty
    if margin >= 0:
        return PASSED, worst.closable, case.order.qty, margin
    closing = worst.closable if worst.fractions else whole_lots(worst.closable, worst.step)
    return reduced("B6", CROSSES_ZERO, worst.closable, case.order.qty, margin, closing, limits.oversize)


GATE = Gate("B6", "zero crossing", Scope.ALWAYS, ("positions", "orders"), ZeroCrossingLimits, check, "shares")
