"""F1 order rate: orders of the last second, of the last 60 s and of the day, this one included.

With 10 a minute, the tenth order within 60 s passes and the eleventh does not; an order of exactly 60 s ago no longer
counts, one dated in the future does. Everything that was sent counts, rejected and cancelled orders too. F1_second is
the same for the last second, and F1_symbol for the orders of one symbol in the last 24 h: recent orders reach back that
far, so that its window needs no calendar and is never shorter than the exchange's day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from domain.case import Case
from domain.money import ONE
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_most, denied
from policies.gates.counts import counted
from policies.measures.holdings import sent
from policies.measures.worst_case import WorstCase

ORDER_RATE = ReasonCode.ORDER_RATE
ORDERS_TODAY = ReasonCode.ORDERS_TODAY
SYMBOL_ORDERS = ReasonCode.SYMBOL_ORDERS
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


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


def check_second(case: Case, worst: WorstCase, limits: SecondLimits) -> Answer:
    """PASS up to the number of orders a second."""
    return at_most("F1_second", ORDER_RATE, limits.max_orders_per_second, _with_this(case, worst, SECOND))


def check(case: Case, worst: WorstCase, limits: MinuteLimits) -> Answer:
    """PASS up to the number of orders a minute."""
    return at_most("F1", ORDER_RATE, limits.max_orders_per_minute, _with_this(case, worst, MINUTE))


def check_day(case: Case, worst: WorstCase, limits: DayLimits) -> Answer:
    """PASS up to the number of orders a day."""
    today = counted(case.book.orders_today)
    if today is None:
        return denied("F1_day", ReasonCode.ORDERS_TODAY, limits.max_orders_per_day)
    return at_most("F1_day", ORDERS_TODAY, limits.max_orders_per_day, today + ONE)


def check_symbol(case: Case, worst: WorstCase, limits: SymbolLimits) -> Answer:
    """PASS up to the number of orders of this symbol."""
    found, symbol, made = worst.holdings.once(sent), case.order.symbol, ONE
    if symbol in found.symbols:
        since = case.now - DAY
        made += len([1 for order in found.orders if order.symbol == symbol and order.created_at > since])
    return at_most("F1_symbol", SYMBOL_ORDERS, limits.max_orders_per_symbol_per_day, made)


def _with_this(case: Case, worst: WorstCase, window: timedelta) -> Decimal:
    """This order and those sent in the last ``window``; what is dated in the future counts too."""
    since = case.now - window
    return Decimal(1 + len([1 for order in worst.holdings.once(sent).orders if order.created_at > since]))


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
