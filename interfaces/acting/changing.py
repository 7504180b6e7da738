"""What a person sees of a working order before it is taken out or changed: what it becomes, and what would lie bare.

    cancel     asks where a stop goes with it that covers a holding: 10 held, 10 covered, 0 without it
    replace    always asks, because what takes its place is an order that is sent

Legs behind an entry are not cancelled at all (``ordering.cancel``): this is about stops that a person put there.
"""

from __future__ import annotations

from domain.orders import Order, OrderIntent
from interfaces.acting.ordering import known
from interfaces.acting.slicing import check_time, settled
from interfaces.runtime import Runtime
from interfaces.views.plain import amount, quantity
from trading.execution.changes import OrderChange, changed
from trading.execution.guard import plans
from trading.execution.protection import Protection, protections


def before_cancel(runtime: Runtime, name: str) -> str:
    """What the order protects, in a sentence; empty where nothing loses its stop with it."""
    check_time(runtime)
    settled(runtime)
    order = known(runtime, name)
    # A leg is refused anyway, and nobody is asked about what is refused.
    loses = bared(runtime, order) if order.status.is_open and order.parent_id is None else None
    if loses is None:
        return ""
    held = f"{quantity(abs(loses.held))} {order.symbol} {'are held' if abs(loses.held) != 1 else 'is held'}"
    return f"{said(order)} protects what is held: {held}, of which a stop covers {quantity(loses.covered)} without it."


def before_change(runtime: Runtime, name: str, wanted: OrderChange) -> str:
    """What the order is and what it becomes; UsageError where it may not be changed like this."""
    check_time(runtime)
    settled(runtime)
    old = known(runtime, name)
    new = changed(old, wanted, at=runtime.deps.clock.now())
    return f"{said(old)} becomes {said(new)}."


def bared(runtime: Runtime, order: Order) -> Protection | None:
    """The holding of the order's symbol as it would stand without it; None where no less of it would be covered."""
    orders = runtime.deps.stores.orders
    with orders.reading():
        held, working, planned = orders.trades.positions(), orders.open(), plans(orders)
    # Of a pair of exits the stop goes with the target; the legs behind an entry stay.
    gone = {each.client_order_id for each in working if order.reduce_only and each.parent_id == order.client_order_id}
    left = [each for each in working if each.client_order_id not in gone | {order.client_order_id}]
    before, after = (protections(held, each, planned).get(order.symbol) for each in (working, left))
    return after if before is not None and after is not None and after.covered < before.covered else None


def said(order: Order | OrderIntent) -> str:
    """``sell 10 NIMBO stop 128.00``, with its limit where it has one."""
    limit = "" if order.limit_price is None else f" limit {amount(order.limit_price)}"
    stop = "" if order.trigger_price is None else f" stop {amount(order.trigger_price)}"
    return f"{order.side.value} {quantity(order.qty)} {order.symbol}{stop}{limit}"
