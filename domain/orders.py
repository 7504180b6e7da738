"""Orders, from an intent that nobody has allowed yet to the fills it became.

    OrderIntent --gates--> ApprovedOrder --broker--> Order --> Fill --> Position

``ApprovedOrder`` is the lock: ``Broker.submit`` takes nothing else, and only ``policies.permit`` can make one that a
broker adapter believes (it carries a seal that is checked again just before the order leaves).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.ids import ClientOrderId, DecisionId
from domain.market import Symbol
from domain.record.canonical import digest


class Side(StrEnum):
    """Direction of an order."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How the price is found."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class OrderClass(StrEnum):
    """What rests behind an order: nothing, both exits, one of them, or two exits of which one cancels the other."""

    SIMPLE = "simple"
    BRACKET = "bracket"
    OTO = "oto"
    OCO = "oco"


class TimeInForce(StrEnum):
    """How long an order works."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    OPG = "opg"
    CLS = "cls"
    GTD = "gtd"


class Origin(StrEnum):
    """Who asked: the agents, a rule (exits), a person, or a kill whose owner ordered to close everything."""

    AGENT = "agent"
    RULE = "rule"
    MANUAL = "manual"
    FLATTEN = "flatten"


class OrderStatus(StrEnum):
    """Where an order stands. INTENT is durable before anything is sent; UNKNOWN means an ambiguous send."""

    INTENT = "intent"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    TRIGGERED = "triggered"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_UPDATE = "pending_update"
    PENDING_CANCEL = "pending_cancel"
    UNKNOWN = "unknown"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REPLACED = "replaced"
    DENIED = "denied"

    @property
    def is_open(self) -> bool:
        """True while the order may still add exposure: everything that is not finally over."""
        return self not in _FINAL


# UNKNOWN is not among them: what may have been taken counts until somebody has asked.
_FINAL = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.REPLACED,
        OrderStatus.DENIED,
    }
)


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What somebody wants to do. ``qty`` > 0 in shares; prices in ``currency``.

    ``limit_price`` belongs to limit types, ``trigger_price`` to stop types; ``stop_loss`` and ``take_profit`` are the
    protective exits that will rest at the broker behind an entry. A trailing stop has one of ``trail_amount`` (in
    currency) and ``trail_pct`` (2 is 2 %) instead of a trigger. A reduce-only limit order that carries both exits is
    their pair: its limit is the target, and the stop rests beside it.
    """

    decision_id: DecisionId
    symbol: Symbol
    side: Side
    qty: Decimal
    type: OrderType
    tif: TimeInForce
    created_at: datetime
    origin: Origin
    strategy: str
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    currency: str = "USD"
    reduce_only: bool = False
    extended_hours: bool = False
    leg: str = "entry"
    expires_at: datetime | None = None
    """When a good-till-date order ends; None for every other time in force."""
    trail_amount: Decimal | None = None
    trail_pct: Decimal | None = None

    @property
    def order_class(self) -> OrderClass:
        """Told from the content alone."""
        return class_of(self.stop_loss, self.take_profit, reduce_only=self.reduce_only)

    @property
    def digest(self) -> str:
        """Identity of the effect: an approval is bound to this and to nothing less."""
        return digest(
            [
                # Without who asked and when: that changes nothing of the effect.
                self.decision_id, self.symbol, self.side, self.qty, self.type, self.tif, self.limit_price,
                self.trigger_price, self.stop_loss, self.take_profit, self.currency, self.reduce_only,
                self.extended_hours, self.leg, self.expires_at, self.trail_amount, self.trail_pct,
            ]
        )  # fmt: skip


def class_of(stop_loss: Decimal | None, take_profit: Decimal | None, *, reduce_only: bool) -> OrderClass:
    """The class of an order with these exits: an entry with both is a bracket, an exit with both their pair."""
    exits = (stop_loss is not None) + (take_profit is not None)
    if exits == 0:
        return OrderClass.SIMPLE
    if exits == 1:
        return OrderClass.OTO
    return OrderClass.OCO if reduce_only else OrderClass.BRACKET


@dataclass(frozen=True, slots=True)
class ApprovedOrder:
    """An intent that passed every gate at send time. Single use; void after ``expires_at``.

    Made by ``policies.permit`` alone. ``seal`` is an HMAC over all other fields under a key that never leaves it.
    """

    intent: OrderIntent
    client_order_id: ClientOrderId
    policy_digest: str
    case_digest: str
    issued_at: datetime
    expires_at: datetime
    seal: str
    kill: str = ""
    """Id of the kill whose flatten this carries out, and with which it ends; empty for every other order."""


@dataclass(frozen=True, slots=True)
class Order:
    """Our own record of an order. ``reserved_price`` is the worst price it was sized at."""

    client_order_id: ClientOrderId
    decision_id: DecisionId
    symbol: Symbol
    side: Side
    qty: Decimal
    type: OrderType
    tif: TimeInForce
    status: OrderStatus
    created_at: datetime
    updated_at: datetime
    strategy: str
    origin: Origin
    filled_qty: Decimal = Decimal(0)
    avg_fill_price: Decimal | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    reserved_price: Decimal | None = None
    reduce_only: bool = False
    leg: str = "entry"
    parent_id: ClientOrderId | None = None
    broker_id: str | None = None
    broker_status: str | None = None
    reason: str = ""
    trail_amount: Decimal | None = None
    trail_pct: Decimal | None = None

    @property
    def open_qty(self) -> Decimal:
        """What may still be filled; nothing once the order is over."""
        return self.qty - self.filled_qty if self.status.is_open else Decimal(0)

    @property
    def order_class(self) -> OrderClass:
        """Told from the content alone, as for its intent."""
        return class_of(self.stop_loss, self.take_profit, reduce_only=self.reduce_only)


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What a broker says about an order, in our words; ``broker_status`` keeps its own, ``tif`` None is not told."""

    client_order_id: ClientOrderId
    broker_id: str
    status: OrderStatus
    broker_status: str
    symbol: Symbol
    side: Side
    qty: Decimal
    filled_qty: Decimal
    avg_fill_price: Decimal | None
    at: datetime
    type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    parent_id: ClientOrderId | None = None
    leg: str = "entry"
    reason: str = ""
    tif: TimeInForce | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. ``fill_id`` is the broker's and is applied once."""

    fill_id: str
    client_order_id: ClientOrderId
    symbol: Symbol
    side: Side
    qty: Decimal
    price: Decimal
    commission: Decimal
    at: datetime
