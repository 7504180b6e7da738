"""The guard: no planned stop is missing without somebody knowing, and what can rest again does, through the desk.

    an entry has filled       what rests behind it for the day alone is put there beyond the day, at once
    an exit took a part       the stop of the rest, which made room for it, is put back
    a stop was refused        the stop without its target is tried, then the next look tries again
    the price is beyond it    nothing rests: selling is for the next cycle, and the alert stays
    closed, killed, observed  the gates send nothing: the alert stays until they do

What changes is on record under ``protection:SYMBOL``; nothing is said of a holding that is and stays as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from domain.case import MarketView
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.orders import Order, OrderIntent, OrderStatus
from domain.ports import Broker, Clock, Ledger
from domain.record.canonical import decimal_text
from domain.record.entries import RecordKind
from policies.measures.worst_case import usable
from trading.execution.account import external_orders
from trading.execution.protection import (
    BARE,
    IN_FLIGHT,
    Cover,
    Plan,
    Protection,
    is_passed,
    plan_of,
    protections,
    renewed,
)
from trading.execution.settle import Settlement
from trading.store.orders import OrderStore

AS_IT_IS = frozenset({Cover.LASTING, Cover.IN_FLIGHT, Cover.UNPLANNED})
REFUSED = frozenset({OrderStatus.REJECTED, OrderStatus.DENIED})
_log = logging.getLogger(__name__)


class Place(Protocol):
    """The desk's own way of sending a leg behind an order; the answer is the order, None where the gates refuse."""

    def __call__(self, intent: OrderIntent, market: MarketView, parent: ClientOrderId) -> Order | None:
        """Gates, permit, durable intent, send."""
        ...


class Guard:
    """Looks at holdings, renews what is missing, and writes down what stays bare."""

    def __init__(
        self, orders: OrderStore, ledger: Ledger, settlement: Settlement, broker: Broker, clock: Clock, place: Place
    ) -> None:
        self._orders = orders
        self._ledger = ledger
        self._settlement = settlement
        self._broker = broker
        self._clock = clock
        self._place = place

    def look(self) -> dict[Symbol, Protection]:
        """Every holding of the broker as it is protected now."""
        held = {position.symbol: position.qty for position in self._broker.positions()}
        working = self._broker.orders()
        listed = {report.client_order_id for report in working}
        with self._orders.reading():
            # A stop that the broker has not is none, whatever our books still say of it.
            ours = [
                order for order in self._orders.open() if order.client_order_id in listed or order.status in IN_FLIGHT
            ]
            return protections(held, (*ours, *external_orders(self._orders, working)), plans(self._orders))

    def protect(self, market: Callable[[Sequence[Symbol]], MarketView]) -> tuple[Protection, ...]:
        """Renew what is missing, where a session is open; the answer is every holding that stays bare."""
        found = self.look()
        due = [each for each in found.values() if each.cover not in AS_IT_IS and not each.moving]
        if due:
            seen = market([each.symbol for each in due])
            if seen.session is not None and seen.session.contains(self._clock.now()):
                sent = [self._renew(each, seen) for each in due]
                found = self.look() if any(sent) else found
        self._record(found)
        return tuple(each for each in found.values() if each.cover in BARE)

    def sees_a_gap(self, symbol: Symbol) -> bool:
        """Whether our own books, which cost no question, show the holding without a stop that lasts."""
        known = protection_of_books(self._orders).get(symbol)
        return known is not None and known.cover not in AS_IT_IS

    def bare(self) -> tuple[Protection, ...]:
        """What our own books show as unprotected."""
        return tuple(each for each in protection_of_books(self._orders).values() if each.cover in BARE)

    def _renew(self, protection: Protection, market: MarketView) -> bool:
        """True where anything was sent."""
        view, plan = market.symbols.get(protection.symbol), plans(self._orders).get(protection.symbol)
        quote = None if view is None else usable(view.quote)
        # Without a usable quote nobody knows whether the stop is passed already and would sell at once.
        if plan is None or view is None or view.instrument is None or quote is None or is_passed(protection, quote):
            return False
        sent = False
        for intent in renewed(protection, plan, view.instrument, at=self._clock.now()):
            order = self._place(intent, market, plan.parent_id)
            sent = sent or order is not None
            # An unknown fate ends it too: a second stop beside a pair that did arrive would sell twice.
            if order is not None and order.status not in REFUSED:
                break
        if sent:
            # Of a pair the broker has made the stop, which is in our books only once it has told of it.
            self._settlement.sync(self._broker, now=self._clock.now())
        return sent

    def _record(self, found: Mapping[Symbol, Protection]) -> None:
        """Write down what is bare, and that it no longer is; what is on record already is not repeated."""
        for symbol, protection in found.items():
            entries = self._ledger.entries(subject=subject_of(symbol), kind=RecordKind.CONTROL)
            last = entries[-1].body if entries else {"alert": "", "covered": ""}
            bare, covered = protection.cover in BARE, decimal_text(protection.covered)
            if (bare, covered) == (bool(last["alert"]), last["covered"]) or not (bare or last["alert"]):
                continue
            if bare:
                _log.warning("unprotected: %s", protection.told)
            body = {
                "protection": protection.cover.value,
                "held": decimal_text(protection.held),
                "covered": covered,
                "stop": protection.stop,
                "alert": protection.told if bare else "",
            }
            self._ledger.append(RecordKind.CONTROL, subject_of(symbol), body, at=self._clock.now())


def plans(orders: OrderStore) -> dict[Symbol, Plan]:
    """What is to rest behind every open round trip."""
    running = orders.trades.all_open()
    made = {symbol: plan_of(trade, orders.of_decision(trade.decision_id)) for symbol, trade in running.items()}
    return {symbol: plan for symbol, plan in made.items() if plan is not None}


def protection_of_books(orders: OrderStore) -> dict[Symbol, Protection]:
    """The same from our own books alone: no broker is asked."""
    with orders.reading():
        return protections(orders.trades.positions(), orders.open(), plans(orders))


def subject_of(symbol: Symbol) -> str:
    """Under which name the ledger keeps what changes."""
    return f"protection:{symbol}"
