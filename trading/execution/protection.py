"""Which holdings a stop rests behind, and for how long: pure, over positions, working orders and what was planned.

    protected     stops that outlast the day cover all of it
    for the day   stops cover all of it, and some of them end with the day
    in flight     a stop has been sent, and nobody knows yet what became of it
    partly        stops cover less than is held
    unprotected   none rests
    not planned   none rests, and its entry had none: a holding of somebody else, or one that was entered bare

10 held, a stop for 6 that is good till cancelled and one for 4 that is good for the day: covered 10, lasting 6, for the
day. The stop of one order and what took its place count once, and what is being cancelled does not count at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.ids import ClientOrderId, DecisionId, leg_kind
from domain.market import Instrument, Quote, Symbol
from domain.money import ONE, ZERO, ceil_to, floor_to
from domain.orders import Order, OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce
from policies.measures.worst_case import STOP_TYPES
from trading.store.trades import Trade

LASTING = frozenset({TimeInForce.GTC, TimeInForce.GTD})
RESTS = frozenset(
    {OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING_UPDATE}
)
IN_FLIGHT = frozenset({OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN})
TARGET, STOP = "target", "stop"
_RENEWED = "-p"


class Cover(StrEnum):
    """How well a holding is protected."""

    LASTING = "protected"
    DAY = "for the day"
    IN_FLIGHT = "in flight"
    PARTLY = "partly"
    NONE = "unprotected"
    UNPLANNED = "not planned"


BARE = frozenset({Cover.PARTLY, Cover.NONE})
"""What a person is told of; what is in flight is known soon, and what nobody planned is shown where it is held."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to rest behind a holding, by the decision that opened it; ``parent_id`` is the entry, ``made`` how many
    times protection has been put there anew."""

    decision_id: DecisionId
    parent_id: ClientOrderId
    strategy: str
    stop_loss: Decimal | None
    take_profit: Decimal | None = None
    made: int = 0


@dataclass(frozen=True, slots=True)
class Protection:
    """One holding, signed, with the shares that stops ``covered`` and those covered beyond the day; ``stop`` is the
    planned one. ``moving``: an order works that opens or closes some of it, so the figures are about to change."""

    symbol: Symbol
    held: Decimal
    covered: Decimal
    lasting: Decimal
    stop: Decimal | None
    cover: Cover
    moving: bool = False

    @property
    def missing(self) -> Decimal:
        """Shares that no stop covers beyond the day."""
        return abs(self.held) - self.lasting

    @property
    def told(self) -> str:
        """In one line: ``AAPL: 10 held, 6 covered by a stop, planned at 95``."""
        planned = "none planned" if self.stop is None else f"planned at {self.stop.normalize():f}"
        held, covered = abs(self.held).normalize(), self.covered.normalize()
        return f"{self.symbol}: {held:f} held, {covered:f} covered by a stop, {planned}"


def protections(
    held: Mapping[Symbol, Decimal], working: Iterable[Order], plans: Mapping[Symbol, Plan]
) -> dict[Symbol, Protection]:
    """Every holding; ``working`` are all open orders, whoever made them."""
    by_symbol: dict[Symbol, list[Order]] = {}
    for order in working:
        by_symbol.setdefault(order.symbol, []).append(order)
    return {
        symbol: _protection(symbol, qty, by_symbol.get(symbol, ()), plans.get(symbol))
        for symbol, qty in sorted(held.items())
        if qty != ZERO
    }


def unprotected(
    held: Mapping[Symbol, Decimal], working: Iterable[Order], plans: Mapping[Symbol, Plan]
) -> tuple[Protection, ...]:
    """The holdings that were to have a stop and of which some or all has none."""
    return tuple(each for each in protections(held, working, plans).values() if each.cover in BARE)


def _protection(symbol: Symbol, held: Decimal, working: Iterable[Order], plan: Plan | None) -> Protection:
    closing, need = Side.SELL if held > ZERO else Side.BUY, abs(held)
    stops = [order for order in working if order.side is closing and order.type in STOP_TYPES]
    covered = _shares(order for order in stops if order.status in RESTS)
    lasting = _shares(order for order in stops if order.status in RESTS and order.tif in LASTING)
    sent = any(order.status in IN_FLIGHT and _protects(order) for order in working)
    stop = None if plan is None else plan.stop_loss
    return Protection(
        symbol=symbol,
        held=held,
        covered=min(covered, need),
        lasting=min(lasting, need),
        stop=stop,
        cover=_cover(need, covered, lasting, stop, sent=sent),
        moving=any(not _protects(order) and order.open_qty > ZERO for order in working),
    )


def _shares(stops: Iterable[Order]) -> Decimal:
    """Open shares, of one family of legs the largest: what took the place of another rests instead of it."""
    families: dict[str, Decimal] = {}
    for order in stops:
        family = order.parent_id or order.client_order_id
        families[family] = max(families.get(family, ZERO), order.open_qty)
    return sum(families.values(), ZERO)


def _protects(order: Order) -> bool:
    """True for a leg behind an entry, and for any stop."""
    return order.parent_id is not None or order.type in STOP_TYPES


def _cover(need: Decimal, covered: Decimal, lasting: Decimal, stop: Decimal | None, *, sent: bool) -> Cover:
    if lasting >= need:
        return Cover.LASTING
    if covered >= need:
        return Cover.DAY
    if sent:
        return Cover.IN_FLIGHT
    if covered > ZERO:
        return Cover.PARTLY
    return Cover.UNPLANNED if stop is None else Cover.NONE


def plan_of(trade: Trade, orders: Iterable[Order]) -> Plan | None:
    """What is to rest behind an open round trip; ``orders`` are all legs of its decision, oldest first.

    The stop is the trade's, which follows every move. The target is the newest that rested, else that of the entry.
    """
    known = tuple(orders)
    entry = next((order for order in known if not order.reduce_only and order.filled_qty > ZERO), None)
    if entry is None:
        return None
    targets = [order.limit_price for order in known if leg_kind(order.leg) == TARGET]
    return Plan(
        decision_id=trade.decision_id,
        parent_id=entry.client_order_id,
        strategy=trade.strategy,
        stop_loss=trade.stop_loss,
        take_profit=targets[-1] if targets else entry.take_profit,
        made=sum(order.parent_id == entry.client_order_id and _RENEWED in order.leg for order in known),
    )


def is_passed(protection: Protection, quote: Quote) -> bool:
    """True where the price is beyond the planned stop already: what is due then is a sale, and no stop."""
    if protection.stop is None:
        return False
    return quote.bid <= protection.stop if protection.held > ZERO else quote.ask >= protection.stop


def renewed(protection: Protection, plan: Plan, instrument: Instrument, *, at: datetime) -> tuple[OrderIntent, ...]:
    """The orders to try one after the other until one rests: a pair of stop and target, then the stop alone.

    Both outlast the day, so a part of a share stays out of them: 10.5 missing is 10. The id of each follows from the
    decision of the entry and from how often its protection was renewed.
    """
    qty = floor_to(protection.missing, max(instrument.lot, ONE))
    if plan.stop_loss is None or qty <= ZERO:
        return ()
    side, tick = Side.SELL if protection.held > ZERO else Side.BUY, instrument.tick
    nearer = ceil_to if side is Side.SELL else floor_to
    stop = nearer(plan.stop_loss, tick)
    alone = OrderIntent(
        decision_id=plan.decision_id,
        symbol=protection.symbol,
        side=side,
        qty=qty,
        type=OrderType.STOP,
        tif=TimeInForce.GTC,
        created_at=at,
        origin=Origin.RULE,
        strategy=plan.strategy,
        trigger_price=stop,
        currency=instrument.currency,
        reduce_only=True,
        leg=f"{STOP}{_RENEWED}{plan.made + 1}",
    )
    # A stop that has moved beyond the target leaves no pair that a broker would take.
    if plan.take_profit is None or (plan.take_profit - stop) * side.sign >= ZERO:
        return (alone,)
    target = floor_to(plan.take_profit, tick) if side is Side.SELL else ceil_to(plan.take_profit, tick)
    pair = replace(
        alone,
        type=OrderType.LIMIT,
        limit_price=target,
        trigger_price=None,
        stop_loss=stop,
        take_profit=target,
        leg=f"{TARGET}{_RENEWED}{plan.made + 1}",
    )
    return pair, alone
