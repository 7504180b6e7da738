"""F3 active orders: working orders and this one are at most ``max_active_orders``; protective legs do not count.

With 20, the twentieth passes and the twenty-first does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_most
from policies.measures.worst_case import WorstCase

ACTIVE_ORDERS = ReasonCode.ACTIVE_ORDERS


@dataclass(frozen=True, slots=True)
class ActiveOrdersLimits:
    """A count."""

    max_active_orders: Decimal


def check(case: Case, worst: WorstCase, limits: ActiveOrdersLimits) -> Answer:
    """PASS up to the number of working orders."""
    # A list is counted faster than a generator, and this is asked again after every order.
    working = len([1 for order, _, _, _ in worst.holdings.working if not order.reduce_only or order.parent_id is None])
    return at_most("F3", ACTIVE_ORDERS, limits.max_active_orders, Decimal(working + 1))


GATE = Gate(
    "F3", "active orders", Scope.NEW_EXPOSURE, ("orders",), ActiveOrdersLimits, check, "count", reads=Reads.NOTHING
)
