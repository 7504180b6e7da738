"""The book as of now: broker truth for money and holdings, our own records for orders and counters.

Orders in flight and of unknown fate are part of it: until they are settled they count as exposure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from domain.book import Account, Book, Position
from domain.money import ZERO
from domain.orders import Fill, Order
from domain.ports import Broker
from trading.store.equity import EquityStore
from trading.store.orders import OrderStore
from trading.store.trades import Trade

RECENT = timedelta(days=1)
"""Recent orders reach back this far, or to the start of the exchange's day where that is earlier."""


def read_book(broker: Broker, orders: OrderStore, equity: EquityStore, *, now: datetime) -> Book:
    """Everything that gates count exposure from; ask inside the transaction that will act on it."""
    account, held = broker.account(), broker.positions()
    day_start = equity.day_start(now)
    recent = tuple(order for order in orders.recent(min(day_start, now - RECENT)) if is_message(order))
    trades = {position.symbol: orders.trades.open(position.symbol) for position in held}
    return Book(
        account=account,
        performance=equity.performance(now, equity=account.equity),
        positions={position.symbol: annotated(position, trades[position.symbol]) for position in held},
        open_orders=orders.open(),
        recent_orders=recent,
        orders_today=sum(order.created_at >= day_start for order in recent),
        turnover_today=turnover(orders.fills_since(day_start)),
    )


def is_message(order: Order) -> bool:
    """True for an order that we send; protective legs are made by the broker out of their entry."""
    return order.parent_id is None


def turnover(fills: tuple[Fill, ...]) -> Decimal:
    """Money that changed hands, buys and sells added up."""
    return sum((fill.qty * fill.price for fill in fills), ZERO)


def unrealized_pnl(account: Account, held: tuple[Position, ...]) -> Decimal | None:
    """What closing everything at the broker's marks would add: (equity - cash) - cost of what is held."""
    if account.equity is None or account.cash is None:
        return None
    return account.equity - account.cash - sum((position.qty * position.avg_price for position in held), ZERO)


def annotated(position: Position, trade: Trade | None) -> Position:
    """The broker's holding with what only we know about it: whose it is, since when, and its stop."""
    if trade is None:
        return position
    stop = position.stop_loss if trade.stop_loss is None else trade.stop_loss
    return replace(position, opened_at=trade.opened_at, strategy=trade.strategy, stop_loss=stop)
