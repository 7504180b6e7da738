"""Closing what is held because its owner ordered it: exits alone, each provably reducing, as often as it takes.

    the order stands -> our own exits are taken out -> what is held is closed, symbol by symbol -> what is left is named

Each closing order is a leg of one decision, which is named after the order to close and the symbol: whoever goes on
after a crash finds the orders of before, waits for those that still work, and adds a leg only for what is then still
held. With 116 held and 100 sold by a leg that was cut off, the next leg sells 16.

Where a kill ordered it the closing orders have an origin of their own: the gates (A1, A4) and the permit let these
through while that kill stands, and no others. Without a kill they are orders by hand like any other. A kill may order
some symbols alone to be closed: its line in the journal says so, and whoever goes on with it reads it there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.book import Position
from domain.case import MarketView
from domain.errors import DataQualityError, PartlyAnswered, RetryableError
from domain.ids import DecisionId, decision_id
from domain.market import Symbol, Timeframe
from domain.money import ZERO
from domain.orders import Order, OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.ports import Broker, Calendar, Clock, Market
from domain.verdicts import Outcome
from policies.gates.catalogue import BY_ID
from policies.kill_switch import KillSwitch
from policies.measures.slippage import SLIPPAGE, slippage_of
from policies.measures.worst_case import usable
from policies.policy import Policy
from trading.data.view import market_view
from trading.execution.account import at_least
from trading.execution.cancel_entries import Parts
from trading.execution.desk import OrderDesk, Placement
from trading.execution.intents import marketable_limit
from trading.execution.settle import Settlement
from trading.portfolio.exposure import view_of
from trading.store.accounts.equity import EquityStore
from trading.store.orders import OrderStore

EXCHANGE_ZONE = ZoneInfo("America/New_York")
HELD_ELSEWHERE = "our books hold it and the broker that was asked has none: it may lie at another broker or account"
LOOKS, LOOK_S = 10, 0.2
"""How often, and at which distance in seconds, exits that were cancelled are looked for before they count as there."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a flatten works with. ``market`` shows these symbols as they are now; ``wait`` lets seconds pass.

    ``origin`` is that of its orders, ``only`` the symbols that are meant; None means all.
    """

    desk: OrderDesk
    broker: Broker
    orders: OrderStore
    settlement: Settlement
    clock: Clock
    market: Callable[[Sequence[Symbol]], MarketView]
    wait: Callable[[float], None]
    origin: Origin = Origin.FLATTEN
    only: frozenset[Symbol] | None = None

    def means(self, symbol: Symbol) -> bool:
        """Whether the owner's order is about this symbol."""
        return self.only is None or symbol in self.only

    def held(self) -> tuple[Position, ...]:
        """What the broker says is still to be closed."""
        return self._meant(self.broker.positions())

    def within_reach(self) -> tuple[Position, ...]:
        """The same of those brokers that answer, where one of several does not."""
        return self._meant(at_least(self.broker.positions))

    def _meant(self, positions: Iterable[Position]) -> tuple[Position, ...]:
        return tuple(each for each in positions if each.qty != ZERO and self.means(each.symbol))


def meant_by(latch: KillSwitch, order: str) -> frozenset[Symbol] | None:
    """The symbols that the kill of that id orders to be closed, None for all; one that is not on record orders none."""
    try:
        line = next((each for each in reversed(latch.journal.read().lines) if each.id == order), None)
    except OSError:
        line = None
    if line is None:
        return frozenset()
    return frozenset(map(Symbol, line.only)) or None


def hands_after_kill(
    parts: Parts,
    broker: Broker,
    market: Market,
    calendar: Calendar,
    clock: Clock,
    fallback: Callable[[], Policy],
    kill_id: str,
) -> Hands:
    """The hands of the process behind a kill; ``fallback`` is asked for a policy where none was ever in force."""
    policy = parts.control.policy_in_force() or fallback()
    desk = OrderDesk(
        database=parts.database,
        ledger=parts.ledger,
        orders=parts.orders,
        control=parts.control,
        equity=EquityStore(parts.database, EXCHANGE_ZONE, calendar),
        settlement=parts.settlement,
        broker=broker,
        office=parts.office,
        policy=policy,
        clock=clock,
    )

    def shown(symbols: Sequence[Symbol]) -> MarketView:
        # Exits are judged by quotes, status and session: no history of bars is fetched for them.
        return market_view(
            market, calendar, symbols, as_of=clock.now(), timeframe=Timeframe.DAY_1, bars={}, report=_log
        )

    only = meant_by(parts.latch, kill_id)
    return Hands(desk, broker, parts.orders, parts.settlement, clock, shown, time.sleep, only=only)


def _log(what: str) -> None:
    logging.getLogger(__name__).warning("%s", what)


class Flattened(NamedTuple):
    """How many closing orders went out, and for each symbol that is still held how much, and why."""

    sent: int
    left: Mapping[Symbol, tuple[Decimal, str]]

    @property
    def report(self) -> dict[str, object]:
        """As it stands in a report."""
        left = {symbol: {"qty": f"{qty.normalize():f}", "why": why} for symbol, (qty, why) in self.left.items()}
        return {"sent": self.sent, "left": left}

    @property
    def told(self) -> str:
        """In a line; empty where nothing is held any more."""
        each = (f"{symbol} {qty.normalize():f} still held: {why}" for symbol, (qty, why) in self.left.items())
        return f"closing orders sent: {self.sent}; {'; '.join(each)}" if self.left else ""


def flatten(hands: Hands, order: str) -> Flattened:
    """Close what is held; raises RetryableError where the broker does not even say what that is."""
    # Looked up first: a leg whose fate is unknown would keep every further one from being placed.
    hands.desk.recover()
    sync(hands)  # what ended at the broker no longer works on anything
    clear(hands, order)
    held = hands.within_reach()
    unknown = elsewhere(hands, held)
    market = hands.market([position.symbol for position in held])
    sent, fates = 0, dict[Symbol, str]()
    while held:
        rest = dict[Symbol, Decimal]()
        for position in held:
            # One that cannot be closed stops none of the others, so it is named and the rest go on.
            try:
                placed = close(hands, position, market, order)
            except (RetryableError, DataQualityError) as error:
                fates[position.symbol] = error.what
            else:
                sent += placed.order is not None and placed.order.status is not OrderStatus.DENIED
                fates[position.symbol] = fate(placed)
                rest |= rest_of(position, placed.order)
        # Once more only for what has visibly become less: a list of holdings that comes late would be sold twice.
        held = tuple(each for each in hands.within_reach() if rest.get(each.symbol) == each.qty) if rest else ()
    # Asked again, because what an order was said to become is not yet what is held; and all are, because what a silent
    # broker holds is not closed.
    left = {each.symbol: (each.qty, fates.get(each.symbol, "it was not held before")) for each in hands.held()}
    left |= {symbol: (qty, HELD_ELSEWHERE) for symbol, qty in unknown.items() if symbol not in left}
    for symbol, (_, why) in left.items():
        logging.getLogger(__name__).warning("%s was not flattened: %s", symbol, why)
    return Flattened(sent, left)


def elsewhere(hands: Hands, held: Sequence[Position]) -> Mapping[Symbol, Decimal]:
    """What our books hold and no broker that was asked holds any of: nothing of it can be closed there."""
    known = {each.symbol for each in held}
    booked = hands.orders.trades.positions()
    return {symbol: qty for symbol, qty in booked.items() if qty and symbol not in known and hands.means(symbol)}


def clear(hands: Hands, order: str) -> None:
    """Take out exits of ours that would hold the shares, and wait a moment for their end; protective legs stay."""
    mine = {each.client_order_id for each in others(hands.orders, order) if hands.means(each.symbol)}
    for order_id in sorted(mine):
        try:
            hands.desk.cancel(order_id, by="flatten")
        except (RetryableError, DataQualityError) as error:
            logging.getLogger(__name__).warning("%s is not cancelled: %s", order_id, error.what)
    for _ in range(LOOKS):
        if not any(each.client_order_id in mine for each in hands.orders.open()):
            return
        hands.wait(LOOK_S)
        sync(hands)


def sync(hands: Hands) -> None:
    """Bring our books up to the broker's news; one of several that is silent keeps nothing at the others open."""
    try:
        hands.settlement.sync(hands.broker, now=hands.clock.now())
    except PartlyAnswered as partly:
        logging.getLogger(__name__).warning("closing with what is known: %s", partly.what)


def rest_of(position: Position, order: Order | None) -> Mapping[Symbol, Decimal]:
    """What a closing order that has filled leaves: a position split over brokers is closed in parts."""
    if order is None or order.status is not OrderStatus.FILLED:
        return {}
    left = position.qty + order.side.sign * order.filled_qty
    return {} if left == ZERO else {position.symbol: left}


def others(orders: OrderStore, order: str) -> Iterator[Order]:
    """Working orders to reduce that this flatten has not made; what could add exposure is not its business."""
    for each in orders.open():
        ours = each.decision_id == closing_decision(order, each.symbol)
        if each.parent_id is None and each.reduce_only and not ours:
            yield each


def close(hands: Hands, position: Position, market: MarketView, order: str) -> Placement:
    """Close one position, unless an order of this flatten still works on it or its fate is unknown."""
    decision = closing_decision(order, position.symbol)
    for number in count(1):
        leg = "exit" if number == 1 else f"exit-{number}"
        known = hands.orders.find(decision, leg)
        # An intent of this leg has not left: the desk takes it over under a new permit.
        if known is None or known.status is OrderStatus.INTENT:
            slippage = slippage_of(hands.desk.policy.limits)
            intent = closing_intent(position, market, decision, leg, hands.clock.now(), hands.origin, slippage)
            return hands.desk.place(intent, market=market)
        if known.status.is_open:
            return Placement(known, None)
    raise AssertionError("legs do not end")


def closing_decision(order: str, symbol: Symbol) -> DecisionId:
    """The one decision of an order to close on a symbol."""
    return decision_id(order, f"flatten {symbol}")


def closing_intent(
    position: Position,
    market: MarketView,
    decision: DecisionId,
    leg: str,
    now: datetime,
    origin: Origin = Origin.FLATTEN,
    slippage: Decimal = SLIPPAGE,
) -> OrderIntent:
    """The order that closes a position at once; raises DataQualityError where nothing tells at what price."""
    view = view_of(market, position.symbol)
    quote = usable(view.quote)
    if quote is None or view.instrument is None:
        raise DataQualityError("no usable quote" if quote is None else "nothing is known of the instrument")
    side = Side.SELL if position.qty > ZERO else Side.BUY
    return OrderIntent(
        decision_id=decision,
        symbol=position.symbol,
        side=side,
        qty=in_one_order(position),
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        created_at=now,
        origin=origin,
        strategy=position.strategy or "manual",
        limit_price=marketable_limit(side, quote, view.instrument.tick, slippage=slippage),
        reduce_only=True,
        leg=leg,
    )


def in_one_order(position: Position) -> Decimal:
    """How much one order can close: of 100 here and 50 at another broker 100, of what is all held at one all."""
    return abs(position.qty if not position.available_qty else position.available_qty)


def fate(placed: Placement) -> str:
    """What became of a closing order, as far as its placing tells."""
    if placed.order is not None:
        why = f" ({placed.order.reason})" if placed.order.reason else ""
        return f"its closing order is {placed.order.status.value.replace('_', ' ')}{why}"
    refused = () if placed.evaluation is None else placed.evaluation.verdicts
    gates = [f"{each.gate} {BY_ID[each.gate].name}" for each in refused if each.outcome is not Outcome.PASS]
    return f"refused by {', '.join(gates)}" if gates else "its closing order was not sent"
