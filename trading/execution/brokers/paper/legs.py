"""Protective exits that rest behind an order: made with its first execution, cut to what is left to protect.

    bracket, one-triggers-other   the stop and the target, or one of them, behind an entry; they hold what it filled
    one-cancels-other             a reduce-only limit order with both exits is the target, and its stop rests beside it

An execution of one takes as much from the other: 10 protected, the target sells 4, the stop is left with 6. All legs of
a symbol together never hold more than the position, so that an exit replaces them without any cancelling first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.ids import ClientOrderId, leg_behind
from domain.ids import client_order_id as id_of_leg
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import OrderStatus, OrderType, Side, TimeInForce
from trading.execution.brokers.paper.books import PaperBooks, PaperOrder

STOP, TARGET = "stop", "target"


class PaperLegs:
    """Keeps the legs in step with executions, cancels and holdings; runs inside the caller's transaction."""

    def __init__(self, books: PaperBooks) -> None:
        self._books = books

    def behind_entry(self, parent: PaperOrder, at: datetime) -> None:
        """The stop and the target behind an entry, with its first execution."""
        if parent.stop_loss is not None:
            self._add(parent, STOP, parent.stop_loss, parent.filled_qty, TimeInForce.GTC, at)
        if parent.take_profit is not None:
            self._add(parent, TARGET, parent.take_profit, parent.filled_qty, TimeInForce.GTC, at)

    def beside_target(self, pair: PaperOrder, at: datetime) -> None:
        """The stop of two exits that cancel each other; it lives as long as the target."""
        if pair.stop_loss is not None:
            self._add(pair, STOP, pair.stop_loss, pair.open_qty, pair.tif, at)

    def count(self, order: PaperOrder, qty: Decimal) -> None:
        """What a leg has just executed needs no protection any more."""
        if order.parent_id is not None:
            parent = self._books.present(order.parent_id)
            self._books.save(replace(parent, closed_qty=parent.closed_qty + qty))

    def fit(self, symbol: Symbol, at: datetime) -> None:
        """Legs hold what their order filled and they have not closed yet, and together no more than the position."""
        held = self._books.held(symbol)
        working = [order for order in self._books.working(symbol) if order.protects]
        # In the order they came, each once: the oldest protection keeps its shares where the holding is too small for
        # all.
        for name in dict.fromkeys(order.parent_id or order.client_order_id for order in working):
            parent = self._books.present(name)
            legs = [leg for leg in working if leg.parent_id == name]
            closing = parent.side if parent.stands_alone else _other(parent.side)
            free = max(ZERO, -closing.sign * held)
            protected = min(parent.to_protect, free)
            # What one order's legs protect is not there for the next one's.
            held += closing.sign * protected
            if parent.stands_alone and parent.status.is_open and protected == 0:
                parent = self._over(parent, at)
            for leg in legs:
                self._fit(leg, protected, at, over=not parent.status.is_open)

    def cancelled_with(self, order: PaperOrder) -> ClientOrderId | None:
        """The target that ends when its stop is taken out by somebody: one cancels the other."""
        if order.parent_id is None:
            return None
        parent = self._books.present(order.parent_id)
        return parent.client_order_id if parent.is_pair and parent.status.is_open else None

    def _over(self, order: PaperOrder, at: datetime) -> PaperOrder:
        reason = "nothing left to protect"
        return self._books.save(replace(order, status=OrderStatus.CANCELED, updated_at=at, reason=reason))

    def _fit(self, leg: PaperOrder, protected: Decimal, at: datetime, *, over: bool) -> None:
        fitted = replace(leg, qty=leg.filled_qty + protected)
        # Not before the parent is over: a partly filled entry may be closed and then fill on.
        if protected == 0 and over:
            fitted = replace(fitted, status=OrderStatus.CANCELED, reason="nothing left to protect")
        if fitted != leg:
            self._books.save(replace(fitted, updated_at=at))

    def _add(self, parent: PaperOrder, kind: str, price: Decimal, qty: Decimal, tif: TimeInForce, at: datetime) -> None:
        leg = leg_behind(parent.leg, kind)
        client_order_id = id_of_leg(parent.decision_id, leg)
        # Every further execution of the entry comes here again; ``fit`` lets the legs grow.
        if self._books.order(client_order_id) is not None:
            return
        self._books.save(
            PaperOrder(
                client_order_id=client_order_id,
                decision_id=parent.decision_id,
                symbol=parent.symbol,
                side=parent.side if parent.is_pair else _other(parent.side),
                qty=qty,
                type=OrderType.STOP if kind == STOP else OrderType.LIMIT,
                tif=tif,
                status=OrderStatus.ACCEPTED,
                accepted_at=at,
                updated_at=at,
                limit_price=price if kind == TARGET else None,
                trigger_price=price if kind == STOP else None,
                reduce_only=True,
                leg=leg,
                parent_id=parent.client_order_id,
                effective_at=parent.effective_at if parent.is_pair else None,
            )
        )


def _other(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY
