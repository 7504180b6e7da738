"""D5 self-cross: an order does not trade against a resting order of our own, which brokers refuse as a wash trade.

With our sell resting at 201.00, a buy limit at 200.99 passes and one at 201.00 does not. A resting market order of
ours is crossed by anything on the other side, a resting stop by nothing before it triggers.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.orders import Order, OrderType, Side
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Scope, denied
from policies.measures.worst_case import WorstCase

MARKET = OrderType.MARKET
BUY = Side.BUY
LIMIT, LEFT_TO_THE_BROKER = OrderType.LIMIT, NO_OBJECTION


@dataclass(frozen=True, slots=True)
class SelfCrossLimits:
    """``forbid_self_cross`` False leaves it to the broker."""

    forbid_self_cross: bool


def check(case: Case, worst: WorstCase, limits: SelfCrossLimits) -> Answer:
    """DENY an order that meets one of ours."""
    order = case.order
    if not limits.forbid_self_cross:
        return LEFT_TO_THE_BROKER
    reach = _reach(case, worst)
    for other, _, _, _ in worst.holdings.by_symbol.get(order.symbol, ()):
        if other.side is not order.side:
            # A price that nobody knows does not hold up an exit (I-09).
            if reach is None and not worst.reduces_risk:
                return denied("D5", ReasonCode.PRICE_UNKNOWN)
            if reach is not None and _meet(other, order.side, reach):
                return denied("D5", ReasonCode.SELF_CROSS, other.limit_price, reach, str(other.client_order_id))
    return PASSED, None, reach, None


def _reach(case: Case, worst: WorstCase) -> Decimal | None:
    """The price up to which a buy would trade, or down to which a sell would."""
    if not worst.measurable:
        return None
    if case.order.type is LIMIT:
        return case.order.limit_price
    if worst.buys:
        return worst.price
    return None if worst.quote is None else worst.quote.bid


def _meet(other: Order, side: Side, reach: Decimal) -> bool:
    if other.type is MARKET:
        return True
    if other.type is not LIMIT or other.limit_price is None:
        return False
    return reach >= other.limit_price if side is BUY else reach <= other.limit_price


GATE = Gate("D5", "self-cross", Scope.ALWAYS, ("orders", "quote"), SelfCrossLimits, check, "USD")
