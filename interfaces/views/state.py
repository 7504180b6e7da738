"""How it stands: status, positions, orders, trades, profit and loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.book import Adjustment
from domain.case import Mode, Pause, TradingState
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import Order
from domain.record.alerts import Alert
from domain.record.entries import ClosedTrade
from trading.portfolio.performance import Statistics


class State(StrEnum):
    """How a check or a limit stands: fine, close to its limit, beyond it, not known, nothing to look at, not in use."""

    OK = "ok"
    TIGHT = "tight"
    FAILED = "failed"
    UNKNOWN = "unknown"
    IDLE = "idle"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class DependencyView:
    """Something outside that Sage leans on; ``age_s`` is the age of its last answer in seconds."""

    name: str
    ok: bool | None
    age_s: Decimal | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReconciledView:
    """The last comparison of our books with the broker's."""

    at: datetime | None
    ok: bool | None
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelView:
    """One model that is asked: ``place`` says for whom; ``note`` why it failed, until when it is left alone."""

    name: str
    place: str
    state: State
    note: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatusView:
    """``sage status``."""

    as_of: datetime
    mode: Mode
    trading_state: TradingState
    kill_switch: bool
    paused: tuple[Pause, ...]
    policy_digest: str
    prompt_digest: str
    model: str
    degraded: str | None
    reconciled: ReconciledView
    last_cycle: str | None
    last_cycle_at: datetime | None
    dependencies: tuple[DependencyView, ...]
    ramp: Decimal | None = Decimal(1)
    """Share of the usual size after a resume; None is unknown, and then nothing is entered."""
    why: str = ""
    """Why trading is not active, in the words of whoever stopped it."""
    release: str = ""
    """A policy of this start that waits for the owner; empty where none does."""
    unprotected: tuple[str, ...] = ()
    """Holdings by our books of which some or all has no stop although one was planned, a line each."""
    alerts: tuple[Alert, ...] = ()
    """What nobody has looked at since the last resume, newest first."""
    models: tuple[ModelView, ...] = ()
    """Every model of this start in the order in which it is asked."""
    standstill: str = ""
    """When the market's time goes on, where it stands still between two commands; empty where it goes on by itself."""


@dataclass(frozen=True, slots=True)
class PositionView:
    """One holding: ``qty`` by our books, ``broker_qty`` by the broker's; ``as_of`` is the age of the market price.

    ``protection`` says how well stops cover it, ``protected_qty`` how many shares.
    """

    symbol: Symbol
    qty: Decimal
    avg_price: Decimal | None
    market_price: Decimal | None
    unrealized_pnl: Decimal | None
    broker_qty: Decimal | None
    as_of: datetime | None
    stop_loss: Decimal | None = None
    strategy: str = ""
    protection: str = ""
    protected_qty: Decimal | None = None
    trade_id: str = ""
    """The round trip it is in, by which ``sage close`` finds it too."""
    stale: bool = False
    """True where the price is older than the policy lets an entry rest on, or unknown."""


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One of several brokers and what lies there, in shares; None where it does not answer."""

    broker: str
    held: Mapping[Symbol, Decimal] | None


@dataclass(frozen=True, slots=True)
class PositionsView:
    """``sage positions``; ``compared_at`` says when our books were last compared with the broker's.

    ``places`` tell where it lies, where a home has several brokers.
    """

    as_of: datetime
    positions: tuple[PositionView, ...]
    compared_at: datetime | None = None
    note: str = ""
    """Why the broker's column is empty; empty itself where it answers."""
    places: tuple[PlaceView, ...] = ()


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One line, in money; ``priced_at`` is when a holding's price was told. None is not known, or not kept."""

    name: str
    broker: Decimal | None
    ours: Decimal | None = None
    priced_at: datetime | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class BalanceView:
    """``sage balance``: the broker's word beside our record, and when each was told, written or last compared."""

    as_of: datetime
    currency: str
    rows: tuple[BalanceRow, ...]
    broker_at: datetime | None
    recorded_at: datetime | None
    compared_at: datetime | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class OrdersView:
    """``sage orders``: our own records with the broker's words beside."""

    as_of: datetime
    orders: tuple[Order, ...]
    compared_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TradesView:
    """``sage trades``: round trips, newest first, and what was taken over from the broker: no trade of anybody's."""

    as_of: datetime
    trades: tuple[ClosedTrade, ...]
    compared_at: datetime | None = None
    adjustments: tuple[Adjustment, ...] = ()


@dataclass(frozen=True, slots=True)
class PnlView:
    """``sage pnl``: money in ``currency``, percentages of the day's opening and of the highest equity.

    What is realised is what fills made final, of trades that are still open too, net of the ``fees`` beside it; what
    ``adjustments`` took over from the broker is no part of it.
    """

    as_of: datetime
    currency: str
    equity: Decimal | None
    day_start_equity: Decimal | None
    day_pnl: Decimal | None
    day_pnl_pct: Decimal | None
    realized_pnl_day: Decimal | None
    unrealized_pnl: Decimal | None
    peak_equity: Decimal | None
    drawdown_pct: Decimal | None
    closed_trades: int
    wins: int
    realized_pnl: Decimal | None
    statistics: Statistics | None = None
    fees_day: Decimal = ZERO
    fees: Decimal = ZERO
    adjustments: tuple[Adjustment, ...] = ()
