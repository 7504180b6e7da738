"""B3 prices: each price the order type needs is there, finite, positive and on the tick; none that it does not need.

With tick 0.01 a limit of 187.20 passes and 187.205 does not. A market order with a limit price contradicts itself and
is refused, as is a limit order without one. The protective exits are held to the same tick.
"""

from __future__ import annotations

from domain.case import Case
from domain.money import ZERO
from domain.orders import OrderIntent
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import Gate, NoLimits, Scope, denied, passed
from policies.worst_case import LIMIT_TYPES, STOP_TYPES, TRIGGER_TYPES, WorstCase, is_plausible


def check(case: Case, worst: WorstCase, limits: NoLimits) -> Verdict:
    """DENY for a price that is missing, superfluous, not a number, or off the tick."""
    order = case.order
    wrong = _missing_or_superfluous(order)
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
    return passed("B3", value=order.limit_price)


def _missing_or_superfluous(order: OrderIntent) -> str | None:
    kind = order.type
    if (order.limit_price is None) is (kind in LIMIT_TYPES):
        return f"limit price of a {kind} order"
    if kind in TRIGGER_TYPES if order.trigger_price is None else kind not in STOP_TYPES:
        return f"trigger price of a {kind} order"
    return None


GATE = Gate("B3", "prices", Scope.ALWAYS, ("instrument",), NoLimits, check, "USD")
