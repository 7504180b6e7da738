"""B3 prices: each price the order type needs is there, finite, positive and on the tick; none that it does not need.

With tick 0.01 a limit of 187.20 passes and 187.205 does not. A market order with a limit price contradicts itself and
is refused, as is a limit order without one. The protective exits are held to the same tick.

A trailing stop names how far it stays behind the best price instead of a trigger: an amount below the price or a
percentage below 100, not both. A pair of exits on a position is a limit order at its target with the stop on the other
side of it: sell at 210 with a target of 210 and a stop at 190.
"""

from __future__ import annotations

from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED, ZERO
from domain.orders import OrderClass, OrderIntent, OrderType
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, NoLimits, Scope, denied
from policies.measures.worst_case import LIMIT_TYPES, TRIGGER_TYPES, WorstCase, is_plausible

TRAILING_STOP = OrderType.TRAILING_STOP
LIMIT = OrderType.LIMIT


def check(case: Case, worst: WorstCase, limits: NoLimits) -> Answer:
    """DENY for a price that is missing, superfluous, not a number, or off the tick."""
    order = case.order
    wrong = None if _is_plain(order) else _missing_or_superfluous(order) or _trail_fault(order, worst.expected)
    if wrong is not None:
        return denied("B3", ReasonCode.PRICE_INVALID, note=wrong)
    tick = None if worst.instrument is None else worst.instrument.tick
    sound = is_plausible(tick)
    for price in (order.limit_price, order.trigger_price, order.stop_loss, order.take_profit):
        if price is None:
            continue
        if not is_plausible(price):
            return denied("B3", ReasonCode.PRICE_INVALID, value=str(price)[:40])
        if tick is not None and (not sound or price % tick != ZERO):
            return denied("B3", ReasonCode.PRICE_NOT_ON_TICK, tick, price)
    if order.reduce_only and order.order_class is OrderClass.OCO and not _is_pair(order):
        return denied("B3", ReasonCode.PRICE_INVALID, note="a pair of exits that does not lie around the price")
    return PASSED, None, order.limit_price, None


def _is_plain(order: OrderIntent) -> bool:
    """A limit order with its limit and nothing else, which most are."""
    return (
        order.type is LIMIT
        and order.limit_price is not None
        and order.trigger_price is None
        and order.trail_amount is None
        and order.trail_pct is None
    )


def _missing_or_superfluous(order: OrderIntent) -> str | None:
    kind = order.type
    if (order.limit_price is None) is (kind in LIMIT_TYPES):
        return f"limit price of a {kind} order"
    if (order.trigger_price is None) is (kind in TRIGGER_TYPES):
        return f"trigger price of a {kind} order"
    return None


def _trail_fault(order: OrderIntent, price: Decimal | None) -> str | None:
    trails = [each for each in (order.trail_amount, order.trail_pct) if each is not None]
    if order.type is not TRAILING_STOP:
        return f"trail of a {order.type} order" if trails else None
    if len(trails) != 1 or not is_plausible(trails[0]):
        return "a trailing stop stays one amount or one percentage behind"
    most = HUNDRED if order.trail_pct is not None else price
    return None if most is None or trails[0] < most else "a trailing stop that can never be reached"


def _is_pair(order: OrderIntent) -> bool:
    stop, target = order.stop_loss, order.take_profit
    if stop is None or target is None or order.type is not LIMIT or order.limit_price != target:
        return False
    return (target - stop) * order.side.sign < ZERO


GATE = Gate("B3", "prices", Scope.ALWAYS, ("instrument",), NoLimits, check, "USD")
