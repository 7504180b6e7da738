"""B4 combination: type and time in force are allowed, and go together with each other, the session and the quantity.

    outside the regular session   only day limit orders in whole shares, and only when the policy allows it
    immediate-or-cancel, fill-or-kill, opening and closing auction   market and limit orders only
    fractions of a share          day orders only
    trailing stop                 an exit or a protective leg only, never what opens something

The restrictions of the policy hold for exits too: a policy that must be able to sell at market lists ``market``.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case
from domain.money import ONE, ZERO
from domain.orders import OrderIntent, OrderType, TimeInForce
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Scope, denied
from policies.measures.worst_case import STOP_TYPES, WorstCase

TRAILING_STOP = OrderType.TRAILING_STOP
LIMIT = OrderType.LIMIT
PASSES = {(kind, tif): (PASSED, None, f"{kind} {tif}", None) for kind in OrderType for tif in TimeInForce}
DAY = TimeInForce.DAY
RESTING = frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD})


@dataclass(frozen=True, slots=True)
class CombinationLimits:
    """None allows every type, every time in force."""

    allowed_order_types: frozenset[OrderType] | None = None
    allowed_tif: frozenset[TimeInForce] | None = None
    allow_extended_hours: bool = False


def check(case: Case, worst: WorstCase, limits: CombinationLimits) -> Answer:
    """DENY for what the policy or no broker supports."""
    order = case.order
    kind, tif = order.type, order.tif
    if type(kind) is not OrderType or type(tif) is not TimeInForce:
        # Raises for a word that is neither, and a gate that raises has denied (I-02).
        kind, tif = OrderType(kind), TimeInForce(tif)
    if limits.allowed_order_types is not None and kind not in limits.allowed_order_types:
        return denied("B4", ReasonCode.ORDER_TYPE_FORBIDDEN, value=kind)
    if limits.allowed_tif is not None and tif not in limits.allowed_tif:
        return denied("B4", ReasonCode.TIF_FORBIDDEN, value=tif)
    if order.extended_hours and not limits.allow_extended_hours:
        return denied("B4", ReasonCode.EXTENDED_HOURS_FORBIDDEN, value=True)
    if not _go_together(order, worst):
        return denied("B4", ReasonCode.COMBINATION_UNSUPPORTED, value=f"{kind} {tif}")
    return PASSES[kind, tif]


def _go_together(order: OrderIntent, worst: WorstCase) -> bool:
    if order.type is TRAILING_STOP and not (order.reduce_only or worst.reduces_risk):
        return False
    if order.tif is DAY and not order.extended_hours:
        return True
    fractional = worst.measurable and order.qty % ONE != ZERO
    if order.extended_hours and (order.type, order.tif, fractional) != (LIMIT, DAY, False):
        return False
    if order.type in STOP_TYPES and order.tif not in RESTING:
        return False
    return not fractional or order.tif is DAY


GATE = Gate("B4", "combination", Scope.ALWAYS, (), CombinationLimits, check)
