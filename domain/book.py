"""The book: positions and cash, as the broker tells them and with their age. Unknown is None, never zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.market import Symbol
from domain.orders import Order


@dataclass(frozen=True, slots=True)
class Position:
    """A holding; ``qty`` is negative for a short. ``available_qty`` is what no resting order holds."""

    symbol: Symbol
    qty: Decimal
    avg_price: Decimal
    available_qty: Decimal | None = None
    opened_at: datetime | None = None
    strategy: str = ""
    stop_loss: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Account truth at ``as_of``; money in ``currency``. ``paper`` says which kind of account answered."""

    account_id: str
    as_of: datetime
    currency: str
    paper: bool
    equity: Decimal | None = None
    cash: Decimal | None = None
    buying_power: Decimal | None = None
    trading_blocked: bool | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """Loss counters from our own ledger of fills; they survive restarts and reset once per exchange day."""

    day_start_equity: Decimal | None = None
    peak_equity: Decimal | None = None
    realized_pnl_day: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    consecutive_losses: int | None = None
    last_loss_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """Everything exposure is counted from: positions, open and recent orders, account and counters.

    ``open_orders`` include in-flight and UNKNOWN ones: they count as exposure until settled.
    """

    account: Account
    performance: Performance
    positions: Mapping[Symbol, Position]
    open_orders: tuple[Order, ...]
    recent_orders: tuple[Order, ...]
    orders_today: int | None
    turnover_today: Decimal | None
