"""F2 order-to-trade ratio: messages a fill, once there are ten messages; and F2_cancels, the day's cancels.

With a ratio of 10, a day of 40 messages and 4 fills passes and one of 41 messages and 4 fills does not. No fill counts
as one, and below ten messages the ratio says nothing yet. With 30 cancels a day, an entry after the 29th passes and one
after the 30th does not: whatever is entered may have to be cancelled. Venues bound the ratio of unexecuted orders
(Commission Delegated Regulation (EU) 2017/566).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED, ONE
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, at_most, below, denied
from policies.gates.counts import counted
from policies.measures.worst_case import WorstCase, percent

ORDER_TO_TRADE = ReasonCode.ORDER_TO_TRADE
CANCELS_TODAY = ReasonCode.CANCELS_TODAY
FEW = Decimal(10)
"""Messages below which one unfilled order more or less would decide."""


@dataclass(frozen=True, slots=True)
class RatioLimits:
    """Messages a fill."""

    max_order_to_trade_ratio: Decimal


@dataclass(frozen=True, slots=True)
class CancelLimits:
    """A count."""

    max_cancels_per_day: Decimal


def check(case: Case, worst: WorstCase, limits: RatioLimits) -> Answer:
    """PASS up to the ratio."""
    limit = limits.max_order_to_trade_ratio
    messages, fills = counted(case.book.counters.messages_today), counted(case.book.counters.fills_today)
    if messages is None or fills is None:
        return denied("F2", ReasonCode.COUNTERS_UNKNOWN, limit)
    if messages < FEW:
        return PASSED, limit, None, None
    # percent rounds up, so that 3,000,000,001 messages for 300,000,000 fills do not show as exactly ten
    return at_most("F2", ORDER_TO_TRADE, limit, percent(messages, max(ONE, fills)) / HUNDRED)


def check_cancels(case: Case, worst: WorstCase, limits: CancelLimits) -> Answer:
    """PASS while a cancel is left."""
    cancels = counted(case.book.counters.cancels_today)
    if cancels is None:
        return denied("F2_cancels", ReasonCode.COUNTERS_UNKNOWN, limits.max_cancels_per_day)
    return below("F2_cancels", CANCELS_TODAY, limits.max_cancels_per_day, cancels)


GATE = Gate(
    "F2", "order-to-trade ratio", Scope.NEW_EXPOSURE, ("counters",), RatioLimits, check, "ratio", reads=Reads.NOTHING
)
CANCELS_GATE = Gate(
    "F2_cancels",
    "cancels a day",
    Scope.NEW_EXPOSURE,
    ("counters",),
    CancelLimits,
    check_cancels,
    "count",
    reads=Reads.NOTHING,
)
