"""C2 order size in shares: at most ``max_order_qty``. With 500, an order of 500 passes and one of 501 does not."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Scope
from policies.gates.caps import in_shares
from policies.measures.worst_case import WorstCase

CODE = ReasonCode.ORDER_QTY


@dataclass(frozen=True, slots=True)
class OrderQtyLimits:
    """In shares."""

    max_order_qty: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: OrderQtyLimits) -> Answer:
    """PASS up to the cap in shares."""
    qty = case.order.qty
    return in_shares("C2", CODE, limits.max_order_qty, qty, qty, worst, limits.oversize)


GATE = Gate("C2", "order quantity", Scope.NEW_EXPOSURE, (), OrderQtyLimits, check, "shares")
