"""D8 available quantity: an order that closes takes no more than the broker has free for it.

The broker holds 50 and says 20 are free, the rest being tied up in other orders: a sell of 20 passes, one of 30 is
refused or cut to 20. The protective legs of a bracket are added back, because an exit replaces them. Where the broker
does not say, our own count of open orders stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, OVERSIZE_DENY, PASSED, Answer, Gate, Scope, denied, reduced
from policies.measures.worst_case import WorstCase, is_finite, whole_lots

QTY_NOT_AVAILABLE = ReasonCode.QTY_NOT_AVAILABLE
NOTHING_CLOSES = NO_OBJECTION


@dataclass(frozen=True, slots=True)
class AvailableLimits:
    """What becomes of an order that takes too much."""

    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: AvailableLimits) -> Answer:
    """REDUCE to what is free, DENY where nothing is."""
    if worst.held is None or not worst.measurable:
        return denied("D8", ReasonCode.POSITION_UNKNOWN)
    if (worst.held if worst.buys else worst.held * case.order.side.sign) >= ZERO:
        return NOTHING_CLOSES
    free = _free(case, worst)
    if free is None:
        return denied("D8", ReasonCode.POSITION_UNKNOWN)
    margin = free - case.order.qty
    if margin >= ZERO:
        return PASSED, free, case.order.qty, margin
    left = free if worst.fractions else whole_lots(free, worst.step)
    return reduced("D8", QTY_NOT_AVAILABLE, free, case.order.qty, margin, left, limits.oversize)


def _free(case: Case, worst: WorstCase) -> Decimal | None:
    position = case.book.positions.get(case.order.symbol)
    if position is None or position.available_qty is None:
        return worst.closable
    if not is_finite(position.available_qty):
        return None
    return min(worst.closable, abs(position.available_qty) + worst.mine.legs)


GATE = Gate("D8", "available quantity", Scope.ALWAYS, ("positions", "orders"), AvailableLimits, check)
