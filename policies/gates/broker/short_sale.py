"""D3 short sale: a sell leaves a short position only where the policy allows shorts and the instrument can be borrowed.

Without ``allow_short``, 50 held and an open sell of 20: a sell of 30 passes, one of 80 is cut to 30, and a sell with
nothing held is refused. Fractions are never sold short, nor outside the regular session.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case
from domain.money import ONE, ZERO
from domain.orders import Side
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import Gate, Scope, denied, passed, reduced
from policies.worst_case import WorstCase, whole_lots


@dataclass(frozen=True, slots=True)
class ShortSaleLimits:
    """Off unless the policy says otherwise."""

    allow_short: bool = False


def check(case: Case, worst: WorstCase, limits: ShortSaleLimits) -> Verdict:
    """REDUCE or DENY a sell of more than is left of a holding."""
    order = case.order
    if order.side is Side.BUY:
        return passed("D3")
    if worst.held is None or not worst.measurable:
        return denied("D3", ReasonCode.POSITION_UNKNOWN)
    margin = worst.closable - order.qty
    if margin >= ZERO:
        return passed("D3", worst.closable, order.qty, margin)
    if limits.allow_short and _can_be_shorted(case, worst):
        return passed("D3", value=order.qty)
    code = ReasonCode.NOT_SHORTABLE if limits.allow_short else ReasonCode.SHORT_FORBIDDEN
    left = worst.closable if worst.fractions else whole_lots(worst.closable, worst.step)
    return reduced("D3", code, worst.closable, order.qty, margin, left)


def _can_be_shorted(case: Case, worst: WorstCase) -> bool:
    instrument, order = worst.instrument, case.order
    return instrument is not None and instrument.shortable and not order.extended_hours and order.qty % ONE == ZERO


GATE = Gate("D3", "short sale", Scope.ALWAYS, ("positions", "orders", "instrument"), ShortSaleLimits, check)
