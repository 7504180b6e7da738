"""The broker against our own books, over the union of both sides' symbols.

The broker is the truth. What differs is written down for people to see and blocks new exposure in that symbol until
both sides agree again; no trade is ever made up to explain it. A broker that does not answer leaves the last
reconciliation to grow old, and an old one blocks new exposure everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from domain.book import Position
from domain.ids import derive
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import Order, OrderReport, OrderStatus
from domain.ports import Broker, Ledger
from domain.records import RecordKind
from trading.execution.settle import Settlement
from trading.store.control import ControlStore
from trading.store.database import Database
from trading.store.equity import EquityStore
from trading.store.orders import OrderStore


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement: shares held, or an order that only one side knows (its open quantity, zero where unknown)."""

    kind: Literal["position", "order"]
    symbol: Symbol
    subject: str
    ours: Decimal
    theirs: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a comparison found."""

    at: datetime
    ok: bool
    differences: tuple[Difference, ...]


class Reconciler:
    """Brings our books up to the broker's news, then compares."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        orders: OrderStore,
        control: ControlStore,
        equity: EquityStore,
        settlement: Settlement,
        broker: Broker,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._orders = orders
        self._control = control
        self._equity = equity
        self._settlement = settlement
        self._broker = broker

    def reconcile(self, now: datetime) -> Reconciliation:
        """Sync, compare, record; also writes the equity point that day start and high-water mark come from."""
        with self._database.transaction():
            self._settlement.sync(self._broker, now=now)
            account = self._broker.account()
            found = (
                *position_differences(self._orders.trades.positions(), self._broker.positions()),
                *order_differences(self._orders.open(), self._broker.orders()),
            )
            if account.equity is not None:
                self._equity.record(now, account.equity)
            result = Reconciliation(now, not found, found)
            self._control.mark_reconciled(now, {difference.symbol for difference in found})
            self._ledger.append(RecordKind.RECONCILIATION, derive("rec", now, account.account_id), result, at=now)
        return result


def position_differences(ours: Mapping[Symbol, Decimal], theirs: Iterable[Position]) -> tuple[Difference, ...]:
    """Symbols of which the two sides hold different quantities; absent means none."""
    held = {position.symbol: position.qty for position in theirs}
    return tuple(
        Difference("position", symbol, symbol, ours.get(symbol, ZERO), held.get(symbol, ZERO))
        for symbol in sorted({*ours, *held})
        if ours.get(symbol, ZERO) != held.get(symbol, ZERO)
    )


def order_differences(ours: Iterable[Order], theirs: Iterable[OrderReport]) -> tuple[Difference, ...]:
    """Working orders that only one side knows. Orders in flight and of unknown fate are not expected there yet."""
    in_flight = (OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN)
    mine = {order.client_order_id: order for order in ours}
    working = {report.client_order_id: report for report in theirs}
    lost = (
        Difference("order", order.symbol, name, order.open_qty, ZERO)
        for name, order in mine.items()
        if name not in working and order.status not in in_flight
    )
    foreign = (
        Difference("order", report.symbol, name, ZERO, report.qty - report.filled_qty)
        for name, report in working.items()
        if name not in mine
    )
    return tuple(sorted((*lost, *foreign), key=lambda difference: (difference.symbol, difference.subject)))
