"""The broker against our own books, over the union of both sides' symbols, orders and executions.

The broker is the truth. What differs is written down for people to see and blocks new exposure in that symbol until
both sides agree again; no trade is ever made up to explain it. A broker that does not answer leaves the last
reconciliation to grow old, and an old one blocks new exposure everywhere: a failed question never means flat.

An order of ours that moved a moment ago may not have reached every list of the broker yet. Such a difference is called
settling: it blocks its symbol like any other, and is looked at again before anybody is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from domain.book import Position
from domain.ids import ClientOrderId, derive
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import Fill, Order, OrderReport, OrderStatus
from domain.ports import Broker, Ledger
from domain.record.entries import RecordKind
from trading.execution.reconciliation.membership import Membership
from trading.execution.reconciliation.transfers import Transfers
from trading.execution.settle import Settlement
from trading.store.accounts.equity import EquityStore
from trading.store.control import ControlStore
from trading.store.database import Database
from trading.store.orders import OrderStore

GRACE = timedelta(seconds=5)
"""How long an order of ours may have moved ago for a difference in its symbol to be settling."""
FILLS_COMPARED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement: shares held, an order or an execution that only one side knows, in signed or open shares."""

    kind: Literal["position", "order", "fill"]
    symbol: Symbol
    subject: str
    ours: Decimal
    theirs: Decimal
    settling: bool = False


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a comparison found, and the equity that the broker told, from which day starts and peaks come."""

    at: datetime
    ok: bool
    differences: tuple[Difference, ...]
    equity: Decimal | None = None


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
        membership: Membership | None = None,
    ) -> None:
        self._membership = membership
        self._database = database
        self._ledger = ledger
        self._orders = orders
        self._control = control
        self._equity = equity
        self._transfers = Transfers(equity, ledger)
        self._settlement = settlement
        self._broker = broker

    def reconcile(self, now: datetime) -> Reconciliation:
        """Sync, compare, record; also writes the equity point that day start and high-water mark come from."""
        with self._database.transaction():
            self._settlement.sync(self._broker, now=now)
            self._settlement.collect_charges(self._broker, now=now)
            paid = self._transfers.ask(self._broker, now=now)
            account = self._broker.account()
            found = self._differences(now)
            # Not told is not nothing: a day would begin without money, or end in a loss of all of it.
            if account.equity is not None:
                joined = frozenset[str]()
                if self._membership is not None:
                    joined = self._membership.book(account.account_id, account.equity, now=now)
                self._transfers.book(paid, account.equity, joined, now=now)
                self._equity.record(now, account.equity)
            result = Reconciliation(now, not found, found, account.equity)
            self._control.mark_reconciled(now, {difference.symbol for difference in found})
            self._ledger.append(RecordKind.RECONCILIATION, derive("rec", now, account.account_id), result, at=now)
        return result

    def sync(self, now: datetime) -> None:
        """Bring our books up to the broker's news without comparing: what works in slices looks every minute."""
        with self._database.transaction():
            self._settlement.sync(self._broker, now=now)

    def reconcile_if_due(self, now: datetime, *, every: timedelta) -> Reconciliation | None:
        """The same on a schedule; None while the last one is younger than ``every`` and found nothing settling."""
        control = self._control.read()
        last = control.reconciled_at
        # A comparison from the time to come is a clock that was set back: compare again.
        if last is not None and timedelta(0) <= now - last < (GRACE if control.mismatched else every):
            return None
        return self.reconcile(now)

    def reconnected(self, now: datetime) -> Reconciliation:
        """After a connection was lost and is back: what was known is not, until both sides were compared again."""
        # First, and durable: where the comparison fails, entries wait for one that does not.
        self._control.mark_unreconciled()
        return self.reconcile(now)

    def _differences(self, now: datetime) -> tuple[Difference, ...]:
        since = now - FILLS_COMPARED
        told = self._broker.fills(since=since)
        known = self._orders.known(fill.client_order_id for fill in told)
        self._record_external(fill for fill in told if fill.client_order_id not in known)
        self._catch_up((fill for fill in told if fill.client_order_id in known), since, now=now)
        working = self._broker.orders()
        known |= self._orders.known(report.client_order_id for report in working)
        # A broker tells what came after a moment, so an execution at that very moment is on our side only.
        ours = [fill for fill in self._orders.fills_since(since) if fill.at > since]
        found = (
            *position_differences(self._orders.trades.positions(), self._broker.positions()),
            *order_differences(self._orders.open(), working),
            *fill_differences(ours, told, known),
        )
        moving = {order.symbol for order in self._orders.moved_since(now - GRACE)}
        return tuple(replace(each, settling=each.symbol in moving) for each in found)

    def _catch_up(self, fills: Iterable[Fill], since: datetime, *, now: datetime) -> None:
        """An execution of ours that was told too late for any sync, or of an order that was over: booked here."""
        booked = {fill.fill_id for fill in self._orders.fills_since(since)}
        for fill in fills:
            if fill.fill_id not in booked:
                self._settlement.apply_fill(fill, self._broker, now=now)

    def _record_external(self, fills: Iterable[Fill]) -> None:
        """An execution of an order that nobody of us made: on record once, and never booked as a trade of ours."""
        for fill in fills:
            if not self._ledger.entries(subject=fill.fill_id, kind=RecordKind.RECONCILIATION):
                self._ledger.append(RecordKind.RECONCILIATION, fill.fill_id, {"external_fill": fill}, at=fill.at)


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
        # In flight it may be on no list of the broker's yet; the outbox looks it up by its id.
        if name not in working and order.status not in in_flight
    )
    foreign = (
        Difference("order", report.symbol, name, ZERO, report.qty - report.filled_qty)
        for name, report in working.items()
        if name not in mine
    )
    return tuple(sorted((*lost, *foreign), key=lambda difference: (difference.symbol, difference.subject)))


def fill_differences(
    ours: Iterable[Fill], theirs: Iterable[Fill], known: frozenset[ClientOrderId]
) -> tuple[Difference, ...]:
    """Executions of our orders that only one side has, or that the two tell differently."""
    mine = {fill.fill_id: fill for fill in ours}
    told = {fill.fill_id: fill for fill in theirs if fill.client_order_id in known}

    def shares(fill: Fill | None) -> Decimal:
        return ZERO if fill is None else fill.qty * fill.side.sign

    def what(fill: Fill | None) -> object:
        return None if fill is None else (fill.symbol, shares(fill), fill.price)

    return tuple(
        Difference("fill", (mine.get(name) or told[name]).symbol, name, shares(mine.get(name)), shares(told.get(name)))
        for name in sorted({*mine, *told})
        if what(mine.get(name)) != what(told.get(name))
    )
