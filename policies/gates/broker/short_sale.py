"""D3 short sale: a sell leaves a short position only where the policy allows shorts and the instrument can be borrowed.

Without ``allow_short``, 50 held and an open sell of 20: a sell of 30 passes, one of 80 is refused or cut to 30, and a
sell with nothing held is refused. Fractions are never sold short, nor outside the regular session, nor what is hard
to borrow or restricted after a fall of its price (Regulation SHO, rule 201); where no source tells, nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case
from domain.money import ONE, ZERO
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, OVERSIZE_DENY, PASSED, Answer, Gate, Scope, denied, reduced
from policies.measures.worst_case import WorstCase, whole_lots

SHORT_FORBIDDEN = ReasonCode.SHORT_FORBIDDEN
NOT_SHORTABLE = ReasonCode.NOT_SHORTABLE
BORROW_UNKNOWN = ReasonCode.BORROW_UNKNOWN
HARD_TO_BORROW = ReasonCode.HARD_TO_BORROW
SHORT_RESTRICTED = ReasonCode.SHORT_RESTRICTED
A_BUY = NO_OBJECTION


@dataclass(frozen=True, slots=True)
class ShortSaleLimits:
    """Off unless the policy says otherwise."""

    allow_short: bool = False
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: ShortSaleLimits) -> Answer:
    """REDUCE or DENY a sell of more than is left of a holding."""
    order = case.order
    if worst.buys:
        return A_BUY
    if worst.held is None or not worst.measurable:
        return denied("D3", ReasonCode.POSITION_UNKNOWN)
    margin = worst.closable - order.qty
    if margin >= ZERO:
        return PASSED, worst.closable, order.qty, margin
    code = _objection(case, worst) if limits.allow_short else SHORT_FORBIDDEN
    if code is None:
        return PASSED, None, order.qty, None
    left = worst.closable if worst.fractions else whole_lots(worst.closable, worst.step)
    return reduced("D3", code, worst.closable, order.qty, margin, left, limits.oversize)


def _objection(case: Case, worst: WorstCase) -> ReasonCode | None:
    instrument, order, view = worst.instrument, case.order, worst.view
    if instrument is None or not instrument.shortable or order.extended_hours or order.qty % ONE != ZERO:
        return NOT_SHORTABLE
    if view.easy_to_borrow is None or view.short_restricted is None:
        return BORROW_UNKNOWN
    if view.easy_to_borrow is not True:
        return HARD_TO_BORROW
    return None if view.short_restricted is False else SHORT_RESTRICTED


GATE = Gate("D3", "short sale", Scope.ALWAYS, ("positions", "orders", "instrument", "borrow"), ShortSaleLimits, check)
