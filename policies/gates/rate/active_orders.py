"""F3 active orders: working orders and this one are at most ``max_active_orders``; protective legs do not count.

With 20, the twentieth passes and the twenty-first does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import Gate, Reads, Scope, at_most
from policies.worst_case import WorstCase


@dataclass(frozen=True, slots=True)
class ActiveOrdersLimits:
    """A count."""

    max_active_orders: Decimal


def check(case: Case, worst: WorstCase, limits: ActiveOrdersLimits) -> Verdict:
    """PASS up to the number of working orders."""
    orders = (found.order for found in worst.holdings.working)
    working = sum(1 for order in orders if not (order.reduce_only and order.parent_id is not None))
    return at_most("F3", ReasonCode.ACTIVE_ORDERS, limits.max_active_orders, Decimal(working + 1))


GATE = Gate(
    "F3", "active orders", Scope.NEW_EXPOSURE, ("orders",), ActiveOrdersLimits, check, "count", reads=Reads.NOTHING
)
