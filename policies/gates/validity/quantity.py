"""B2 quantity: finite, positive, below 10^12, in whole lots; fractions only where policy and instrument allow them.

With lot 1 an order of 10 passes and one of 10.5 does not; with ``allow_fractional`` and a fractionable instrument it
does. An exit of exactly what is left to close is always in step, so that an odd remainder can be sold. True, 10.0 as a
float, "10", NaN and infinity are refused before anything is calculated with them.
"""

from __future__ import annotations

from domain.case import Case
from domain.money import ONE, ZERO
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, NoLimits, Scope, denied
from policies.measures.worst_case import WorstCase, is_plausible


def check(case: Case, worst: WorstCase, limits: NoLimits) -> Answer:
    """DENY for a quantity that is no quantity or out of step."""
    qty = case.order.qty
    if not worst.measurable and not is_plausible(qty):
        return denied("B2", ReasonCode.QTY_INVALID, value=str(qty)[:40])
    # All that is left may go, whatever the lot: a remainder could never be sold else (I-09).
    if worst.reduces_risk and qty == worst.closable:
        return PASSED, worst.step, qty, None
    if not worst.fractions and qty % ONE != ZERO:
        return denied("B2", ReasonCode.FRACTION_FORBIDDEN, worst.step, qty)
    if qty % worst.step != ZERO:
        return denied("B2", ReasonCode.QTY_NOT_IN_LOTS, worst.step, qty)
    return PASSED, worst.step, qty, None


GATE = Gate("B2", "quantity", Scope.ALWAYS, ("instrument", "positions"), NoLimits, check, "shares")
