"""F1 order rate: orders of the last 60 s, and of the day, this one included.

With 10 a minute, the tenth order within 60 s passes and the eleventh does not; an order of exactly 60 s ago no longer
counts, one dated in the future does. Everything that was sent counts, rejected and cancelled orders too.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.book import Book
from domain.case import Case
from domain.orders import Order, OrderStatus
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import Gate, Scope, at_most, denied
from policies.gates.ages import seconds
from policies.worst_case import WorstCase

MINUTE = Decimal(60)


@dataclass(frozen=True, slots=True)
class MinuteLimits:
    """A count."""

    max_orders_per_minute: Decimal


@dataclass(frozen=True, slots=True)
class DayLimits:
    """A count."""

    max_orders_per_day: Decimal


def check(case: Case, worst: WorstCase, limits: MinuteLimits) -> Verdict:
    """PASS up to the number of orders a minute."""
    recent = sum(1 for order in sent(case.book) if seconds(case.now, order.created_at) < MINUTE)
    return at_most("F1", ReasonCode.ORDER_RATE, limits.max_orders_per_minute, Decimal(recent + 1))


def check_day(case: Case, worst: WorstCase, limits: DayLimits) -> Verdict:
    """PASS up to the number of orders a day."""
    today = case.book.orders_today
    if today is None:
        return denied("F1_day", ReasonCode.ORDERS_TODAY, limits.max_orders_per_day)
    return at_most("F1_day", ReasonCode.ORDERS_TODAY, limits.max_orders_per_day, Decimal(today + 1))


def sent(book: Book) -> tuple[Order, ...]:
    """Open and recent orders, each once, without what a gate refused and without protective legs, which nobody sent."""
    known = {order.client_order_id: order for order in (*book.recent_orders, *book.open_orders)}
    return tuple(
        order for order in known.values() if order.status is not OrderStatus.DENIED and order.parent_id is None
    )


GATE = Gate("F1", "orders a minute", Scope.NEW_EXPOSURE, ("orders",), MinuteLimits, check, "count")
DAY_GATE = Gate("F1_day", "orders a day", Scope.NEW_EXPOSURE, ("counters",), DayLimits, check_day, "count")
