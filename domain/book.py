"""The book: positions and cash, as the broker tells them and with their age. Unknown is None, never zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from domain.market import Symbol
from domain.orders import Order


@dataclass(frozen=True, slots=True)
class Position:
    """A holding; ``qty`` is negative for a short. ``available_qty`` is what no resting order holds.

    ``entries`` counts the orders that opened and enlarged it.
    """

    symbol: Symbol
    qty: Decimal
    avg_price: Decimal
    available_qty: Decimal | None = None
    opened_at: datetime | None = None
    strategy: str = ""
    stop_loss: Decimal | None = None
    entries: int | None = None


class AccountKind(StrEnum):
    """Whether the broker lends: a cash account trades settled money only."""

    CASH = "cash"
    MARGIN = "margin"


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
    kind: AccountKind | None = None
    settled_cash: Decimal | None = None
    maintenance_margin: Decimal | None = None

    @property
    def incomplete(self) -> Account:
        """The account where a part of it did not answer: without any figure, so that nothing is opened."""
        return Account(self.account_id, self.as_of, self.currency, self.paper)


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that a broker took (``amount`` > 0) or gave back apart from any execution; booked once by its id."""

    charge_id: str
    at: datetime
    amount: Decimal
    what: str
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Our books of one symbol brought to the broker's: signed shares, ``price`` is what the broker says a share cost.

    ``price`` is None where the broker holds nothing. ``ratio`` is that of a split (new shares an old one), and
    ``split_at`` when it took effect; lots from before then are scaled by it first. ``cost`` is by how much all of it
    moved the cost of what is held: no profit and no loss, whichever way.
    """

    adjustment_id: str
    at: datetime
    by: str
    symbol: Symbol
    ours: Decimal
    theirs: Decimal
    price: Decimal | None
    ratio: Decimal | None
    split_at: datetime | None
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money paid in (``amount`` > 0) or out at a broker, on a day of the exchange; counted once by its id.

    It is no result: it moves what losses are counted from. ``broker`` is where it was told.
    """

    transfer_id: str
    day: date
    amount: Decimal
    what: str
    broker: str


class BrokerTime(NamedTuple):
    """A broker's own clock, and whether it says that the market is open; None where it does not say."""

    at: datetime
    market_open: bool | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """Loss counters from our own ledger of fills; they survive restarts and reset once per exchange day.

    Equities are moved by deposits and withdrawals. ``strategy_pnl`` and ``symbol_pnl`` are net, realised and
    unrealised, since the start of the exchange month; a name that is not in them has made nothing yet.
    ``consecutive_losses`` are those of the account, ``strategy_losses`` those of each strategy by itself.
    """

    day_start_equity: Decimal | None = None
    peak_equity: Decimal | None = None
    realized_pnl_day: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    consecutive_losses: int | None = None
    last_loss_at: datetime | None = None
    week_start_equity: Decimal | None = None
    month_start_equity: Decimal | None = None
    day_peak_equity: Decimal | None = None
    strategy_pnl: Mapping[str, Decimal] | None = None
    symbol_pnl: Mapping[Symbol, Decimal] | None = None
    strategy_losses: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """What we did and what became of it, counted from our own orders, fills and trades; None is unknown.

    Days are the exchange's. A symbol that is missing in a mapping has none of it. A round trip is a position opened and
    closed on one exchange day. ``api_error_pct`` is the share of broker calls that failed in the last hour,
    ``slippage_pct`` the mean of fills against the price at the decision over the last 20 fills (positive costs money).
    Rejections, slippage and losses in a row are those of the last seven days.
    """

    entries_today: int | None = None
    cancels_today: int | None = None
    messages_today: int | None = None
    fills_today: int | None = None
    round_trips_5d: int | None = None
    round_trips_today: Mapping[Symbol, int] | None = None
    last_exit_at: Mapping[Symbol, datetime] | None = None
    last_stop_at: Mapping[Symbol, datetime] | None = None
    last_reject_at: Mapping[Symbol, datetime] | None = None
    last_loss_on: Mapping[Symbol, datetime] | None = None
    rejects_in_row: int | None = None
    api_error_pct: Decimal | None = None
    slippage_pct: Decimal | None = None


# All unknown: gates that count refuse entries by it.
NO_COUNTERS = Counters()


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
    counters: Counters = NO_COUNTERS
