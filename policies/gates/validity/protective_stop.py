"""B8 protective stop: an entry carries a stop on the losing side of its price, neither too near nor too far.

A buy at 200 with a stop at 190 stands 5 % off: fine between 0.5 % and 10 %, both included. A stop at or above the price
of a buy, or a target at or below it, is refused even where no stop is required.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Scope, denied
from policies.measures.worst_case import WorstCase, is_positive, percent

NO_EXITS = NO_OBJECTION


@dataclass(frozen=True, slots=True)
class ProtectiveStopLimits:
    """Distances in percent of the price; None for no bound."""

    require_stop_loss: bool = False
    min_stop_distance_pct: Decimal | None = None
    max_stop_distance_pct: Decimal | None = None


def check(case: Case, worst: WorstCase, limits: ProtectiveStopLimits) -> Answer:
    """DENY for a missing, misplaced, near or far stop."""
    order, price = case.order, worst.expected
    if order.stop_loss is None and limits.require_stop_loss:
        return denied("B8", ReasonCode.STOP_MISSING)
    if order.stop_loss is None and order.take_profit is None:
        return NO_EXITS
    if price is None:
        return denied("B8", ReasonCode.PRICE_UNKNOWN)
    if order.take_profit is not None and (order.take_profit - price) * order.side.sign <= ZERO:
        distance = percent((order.take_profit - price) * order.side.sign, price)
        return denied("B8", ReasonCode.STOP_WRONG_SIDE, ZERO, distance)
    if order.stop_loss is None:
        return NO_EXITS
    away = None
    if is_positive(order.stop_loss):
        away = price - order.stop_loss if worst.buys else (price - order.stop_loss) * order.side.sign
    if away is None or away <= ZERO:
        return denied("B8", ReasonCode.STOP_WRONG_SIDE, ZERO, None if away is None else percent(away, price))
    distance = percent(away, price)
    nearest, farthest = limits.min_stop_distance_pct, limits.max_stop_distance_pct
    if nearest is not None and distance < nearest:
        return denied("B8", ReasonCode.STOP_TOO_NEAR, nearest, distance)
    if farthest is not None and distance > farthest:
        return denied("B8", ReasonCode.STOP_TOO_FAR, farthest, distance)
    return PASSED, farthest, distance, None if farthest is None else farthest - distance


GATE = Gate("B8", "protective stop", Scope.NEW_EXPOSURE, ("quote",), ProtectiveStopLimits, check, "pct")
