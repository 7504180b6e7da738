"""What a working order may be changed into: pure, and a protective leg only toward less risk.

A stop under a long position at 95 may move up to 96 and not down to 94; its target at 110 may move down to 108 and not
up; both for as many shares as before. Anything else is a new decision: close the position, or place another order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.errors import UsageError
from domain.ids import next_leg
from domain.money import ZERO
from domain.orders import Order, OrderIntent, OrderStatus
from policies.measures.worst_case import STOP_TYPES

CHANGEABLE = frozenset({OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED})
"""An order in flight, of unknown fate or being changed already is waited for first."""


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What is to be different; None keeps. ``qty`` is what is still to be filled, not what was once asked for."""

    qty: Decimal | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None


def changed(order: Order, change: OrderChange, *, at: datetime) -> OrderIntent:
    """The intent that takes the place of ``order``; UsageError where it may not be changed like this."""
    if order.status not in CHANGEABLE:
        raise UsageError(f"{order.client_order_id} is {order.status}", "Only an order that works can be changed.")
    intent = OrderIntent(
        decision_id=order.decision_id,
        symbol=order.symbol,
        side=order.side,
        qty=order.open_qty if change.qty is None else change.qty,
        type=order.type,
        tif=order.tif,
        created_at=at,
        origin=order.origin,
        strategy=order.strategy,
        limit_price=order.limit_price if change.limit_price is None else change.limit_price,
        trigger_price=order.trigger_price if change.trigger_price is None else change.trigger_price,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
        reduce_only=order.reduce_only,
        leg=next_leg(order.leg),
        trail_amount=order.trail_amount,
        trail_pct=order.trail_pct,
    )
    if order.parent_id is not None and not protects_as_well(order, intent):
        remedy = "Move a stop closer to the price or a target nearer, for the same number of shares."
        raise UsageError(f"that change would leave {order.symbol} with less protection", remedy)
    return intent


def beside_itself(order: Order, working: Iterable[Order]) -> bool:
    """True where the order would count as a sale of its own beside what takes its place.

    A leg does not, as long as a stop of the same entry is open, be it the leg itself: it holds no shares. Left out of
    the count it would leave its target as a plain sale of everything, and nothing for a moved stop to sell.
    """
    stops = {other.parent_id for other in working if other.type in STOP_TYPES}
    return order.reduce_only and (order.parent_id is None or order.parent_id not in stops)


def protects_as_well(leg: Order, intent: OrderIntent) -> bool:
    """True where the changed leg closes as many shares, no later than before whichever way the price goes."""
    stop = _moved(leg.trigger_price, intent.trigger_price) * leg.side.sign <= ZERO
    target = _moved(leg.limit_price, intent.limit_price) * leg.side.sign >= ZERO
    return intent.qty == leg.open_qty and stop and target


def _moved(old: Decimal | None, new: Decimal | None) -> Decimal:
    return ZERO if old is None or new is None else new - old
