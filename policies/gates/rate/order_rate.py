"""F1 order rate: orders of the last second, of the last 60 s and of the day, this one included.

With 10 a minute, the tenth order within 60 s passes and the eleventh does not; an order of exactly 60 s ago no longer
counts, one dated in the future does. Everything that was sent counts, rejected and cancelled orders too. F1_second is
the same for the last second, and F1_symbol for the orders of one symbol in the last 24 h: recent orders reach back that
far, so that its window needs no calendar and is never shorter than the exchange's day.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.market import Symbol
from domain.money import ONE
from domain.orders import Order, OrderStatus
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import Gate, Reads, Scope, at_most, denied
from policies.gates.ages import seconds
from policies.gates.counts import counted
from policies.worst_case import Holdings, WorstCase

SECOND, MINUTE, DAY = Decimal(1), Decimal(60), Decimal(86_400)


@dataclass(frozen=True, slots=True)
class SecondLimits:
    """A count."""

    max_orders_per_second: Decimal


@dataclass(frozen=True, slots=True)
class MinuteLimits:
    """A count."""

    max_orders_per_minute: Decimal


@dataclass(frozen=True, slots=True)
class DayLimits:
    """A count."""

    max_orders_per_day: Decimal


@dataclass(frozen=True, slots=True)
class SymbolLimits:
    """A count."""

    max_orders_per_symbol_per_day: Decimal


def check_second(case: Case, worst: WorstCase, limits: SecondLimits) -> Verdict:
    """PASS up to the number of orders a second."""
    return at_most("F1_second", ReasonCode.ORDER_RATE, limits.max_orders_per_second, _with_this(case, worst, SECOND))


def check(case: Case, worst: WorstCase, limits: MinuteLimits) -> Verdict:
    """PASS up to the number of orders a minute."""
    return at_most("F1", ReasonCode.ORDER_RATE, limits.max_orders_per_minute, _with_this(case, worst, MINUTE))


def check_day(case: Case, worst: WorstCase, limits: DayLimits) -> Verdict:
    """PASS up to the number of orders a day."""
    today = counted(case.book.orders_today)
    if today is None:
        return denied("F1_day", ReasonCode.ORDERS_TODAY, limits.max_orders_per_day)
    return at_most("F1_day", ReasonCode.ORDERS_TODAY, limits.max_orders_per_day, today + ONE)


def check_symbol(case: Case, worst: WorstCase, limits: SymbolLimits) -> Verdict:
    """PASS up to the number of orders of this symbol."""
    made = _with_this(case, worst, DAY, case.order.symbol)
    return at_most("F1_symbol", ReasonCode.SYMBOL_ORDERS, limits.max_orders_per_symbol_per_day, made)


def _with_this(case: Case, worst: WorstCase, window: Decimal, symbol: Symbol | None = None) -> Decimal:
    """This order and those sent in the last ``window`` seconds; a future date has a negative age and counts too."""
    made, now = 1, case.now
    for order in worst.holdings.once(sent):
        if (symbol is None or order.symbol == symbol) and seconds(now, order.created_at) < window:
            made += 1
    return Decimal(made)


def sent(holdings: Holdings) -> tuple[Order, ...]:
    """Open and recent orders, each once, without what a gate refused and without protective legs, which nobody sent."""
    book = holdings.book
    known = {order.client_order_id: order for order in (*book.recent_orders, *book.open_orders)}
    return tuple(
        order for order in known.values() if order.status is not OrderStatus.DENIED and order.parent_id is None
    )


SECOND_GATE = Gate(
    "F1_second",
    "orders a second",
    Scope.NEW_EXPOSURE,
    ("orders",),
    SecondLimits,
    check_second,
    "count",
    reads=Reads.NOTHING,
)
GATE = Gate("F1", "orders a minute", Scope.NEW_EXPOSURE, ("orders",), MinuteLimits, check, "count", reads=Reads.NOTHING)
DAY_GATE = Gate(
    "F1_day", "orders a day", Scope.NEW_EXPOSURE, ("counters",), DayLimits, check_day, "count", reads=Reads.NOTHING
)
SYMBOL_GATE = Gate(
    "F1_symbol",
    "orders of a symbol a day",
    Scope.NEW_EXPOSURE,
    ("orders",),
    SymbolLimits,
    check_symbol,
    "count",
    reads=Reads.SUBJECT,
)
