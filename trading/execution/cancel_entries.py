"""Cancelling what could still add exposure: every working entry, one by one; protective legs and exits stay.

It needs a broker and the order books, no gate, no graph and no model, so that the process that a kill starts behind
itself stays small. One order that the broker does not answer for keeps none of the others from being asked about.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from domain.clock import SystemClock
from domain.errors import ConfigurationError, DataQualityError, OversightError, RetryableError
from domain.ids import ClientOrderId
from domain.orders import Order, OrderReport
from domain.ports import Clock
from policies.kill_switch import KillSwitch
from policies.permit import PermitOffice
from trading.data.calendar import ExchangeCalendar
from trading.execution.brokers.several.route import place_of
from trading.execution.settle import Settlement
from trading.store.activity import MessageKind
from trading.store.control import ControlStore
from trading.store.cycles import CycleStore
from trading.store.database import Database, address_of, open_database
from trading.store.ledger import SqlLedger
from trading.store.orders import OrderStore

ANCHOR = "ledger.anchor"
NOT_ITS_DATABASE = "this home has a ledger, and the database that the settings name has not got it"
NAME_IT = "Name its database in SAGE_DATABASE_URL; nothing that is held was closed."
_KEY_BYTES = 32


class Canceller(Protocol):
    """The part of a broker that takes orders out."""

    def cancel(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """Ask to cancel; the answer is the order as it stands afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Knowing:
    """A canceller that owns up to an order which its broker has taken and does not know: it may work at another one."""

    broker: Canceller
    orders: OrderStore

    def cancel(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """As the broker answers; DataQualityError where it knows no order that once had a number there."""
        report = self.broker.cancel(client_order_id)
        order = self.orders.get(client_order_id) if report is None else None
        if order is not None and order.broker_id is not None:
            raise DataQualityError(
                f"the broker does not know {client_order_id}, which it once took",
                "It may work at another broker or account than the settings name: cancel it there.",
            )
        return report


class Cancelled(NamedTuple):
    """Which entries the broker was asked about, and for which it gave no answer, with the reason."""

    asked: tuple[ClientOrderId, ...]
    failed: Mapping[ClientOrderId, RetryableError | DataQualityError]


def working_entries(orders: OrderStore) -> tuple[Order, ...]:
    """Every order that could still add exposure."""
    return tuple(order for order in orders.open() if order.parent_id is None and not order.reduce_only)


def cancel_entries(
    entries: Sequence[Order], orders: OrderStore, broker: Canceller, settlement: Settlement, clock: Clock
) -> Cancelled:
    """Ask the broker to cancel each of them, and write down what it answers.

    Where a home has several brokers, the orders of one that does not answer come after those of the others.
    """
    failed: dict[ClientOrderId, RetryableError | DataQualityError] = {}
    left, silent = list(entries), set[str]()
    while left:
        order = min(left, key=lambda each: place_of(each.broker_id or "") in silent)
        left.remove(order)
        # What has not left yet must not leave later, once the stop is lifted.
        if not settlement.close_unsent(order, at=clock.now(), reason="cancelled before it left").status.is_open:
            continue
        orders.activity.asked(MessageKind.CANCEL, order.client_order_id, at=clock.now())
        try:
            report = broker.cancel(order.client_order_id)
        except (RetryableError, DataQualityError) as error:
            failed[order.client_order_id] = error
            silent.add(place_of(order.broker_id or ""))
            continue
        if report is not None:
            settlement.apply_report(report, now=clock.now())
    return Cancelled(tuple(order.client_order_id for order in entries), failed)


BrokerMaker = Callable[[Database, Clock, PermitOffice, ControlStore], Canceller]
"""Makes the broker of this home; it is asked for only where there is something to cancel."""


class Parts(NamedTuple):
    """What the process behind a kill has opened."""

    database: Database
    ledger: SqlLedger
    control: ControlStore
    orders: OrderStore
    cycles: CycleStore
    settlement: Settlement
    office: PermitOffice
    latch: KillSwitch


Closer = Callable[[Parts, str], Mapping[str, object]]
"""Closes everything for the kill of that id; the answer goes into the report."""


def after_kill(url: str, home: Path, latch: KillSwitch, broker_of: BrokerMaker, close: Closer) -> dict[str, Any]:
    """The whole of the process behind a kill: the kill into the database, every open entry, and what is held.

    A home whose database was never made has no entries. A database without the entry that the home's anchor names is
    another home's or an older copy: entries in it are cancelled, nothing is closed, and the report says so.
    """
    address = address_of(url)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        if (home / ANCHOR).exists():
            raise ConfigurationError(NOT_ITS_DATABASE, NAME_IT)
        return nothing(latch)
    database = open_database(url)
    try:
        parts = parts_of(database, home, latch)
        held = parts.ledger.holds_anchor()
        foreign = held is False
        if not held and (home / ANCHOR).exists():
            # What is another ledger's, or what nobody can read, is left as it is and stops nothing.
            parts = parts_of(database, home, latch, anchored=False)
        with database.transaction():
            details = latch.details()
            if details is None:
                return {}  # the owner has resumed in the meantime, and later orders are not our business
            if not parts.control.read().policy_digest:
                if foreign:
                    raise ConfigurationError(NOT_ITS_DATABASE, NAME_IT)
                # Nothing ever ran here, and a control row of our making would look like one that somebody had emptied.
                return nothing(latch)
            now = SystemClock().now()
            parts.control.set_killed(True, by=details.by, at=now, reason=details.reason)
            # Listed with the kill: an intent written later meets it at the gates, one written before is in this list.
            entries = working_entries(parts.orders)
        report, ordered = cancelled(parts, entries, broker_of), latch.flatten()
        if foreign:
            # Of an older copy the entries have to be out. What another home holds, nobody has ordered to be sold.
            report["failed"]["database"] = f"{NOT_ITS_DATABASE}. {NAME_IT}"
        elif ordered:
            try:
                report["flatten"] = dict(close(parts, ordered))
            # The entries are out by now, and the report of that must not be lost with the rest.
            except OversightError as error:
                report["failed"]["flatten"] = str(error)
        return report
    finally:
        database.close()


def nothing(latch: KillSwitch) -> dict[str, Any]:
    """The report on a home in which nothing ever ran."""
    return {"flatten": {"sent": 0, "left": {}}} if latch.flatten() else {}


def parts_of(database: Database, home: Path, latch: KillSwitch, *, anchored: bool = True) -> Parts:
    """The stores of this home, and an office that knows its latch."""
    ledger = SqlLedger(database, anchor=home / ANCHOR if anchored else None)
    control, orders = ControlStore(database, ledger, latch, ExchangeCalendar()), OrderStore(database)
    office = PermitOffice(secrets.token_bytes(_KEY_BYTES), latch)
    settlement = Settlement(database, ledger, orders, control)
    return Parts(database, ledger, control, orders, CycleStore(database), settlement, office, latch)


def cancelled(parts: Parts, entries: Sequence[Order], broker_of: BrokerMaker) -> dict[str, Any]:
    """Every entry that could still add exposure, taken out at the broker."""
    if not entries:
        return {"cancelled": [], "failed": {}}
    clock = SystemClock()
    broker = broker_of(parts.database, clock, parts.office, parts.control)
    done = cancel_entries(entries, parts.orders, broker, parts.settlement, clock)
    return {"cancelled": list(done.asked), "failed": {name: str(error) for name, error in done.failed.items()}}
