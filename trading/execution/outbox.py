"""The outbox: what is to leave is durable before it leaves, leaves once, and is looked up where nobody knows.

    INTENT      committed; its sender may be about to send, or may be gone: whoever comes next may take it over
    SUBMITTED   one caller has it by compare-and-set; it may be at the broker, so from here on it is only looked up
    UNKNOWN     the broker gave no clear answer; looked up by its id until it is found, or nobody can send it any more

A permit of 15:00:00 is good until 15:00:10, and what was sent under it may show up until 15:01:10. A broker that does
not know the order after that, by its own clock too, never will, and it is closed as one that never arrived.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

from domain.errors import DataQualityError, IntegrityError, ManualActionError, RetryableError
from domain.ids import ClientOrderId
from domain.orders import ApprovedOrder, Order, OrderReport, OrderStatus, Side
from domain.ports import Broker, Clock, Ledger
from domain.record.entries import RecordKind
from trading.execution.settle import Settlement
from trading.store.activity import MessageKind
from trading.store.control import ControlStore
from trading.store.database import Database
from trading.store.orders import OrderStore

LATEST_ARRIVAL = timedelta(seconds=60)
"""How long after its permit expired a sent order may still show up at the broker."""
_FIELDS = tuple(field.name for field in fields(Order))


class Outbox:
    """Writes intents, hands each to the broker at most once, and asks what became of those in flight."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        orders: OrderStore,
        control: ControlStore,
        settlement: Settlement,
        broker: Broker,
        clock: Clock,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._orders = orders
        self._control = control
        self._settlement = settlement
        self._broker = broker
        self._clock = clock

    def write(
        self, approved: ApprovedOrder, *, cycle_id: str, arrival: Decimal | None, parent: ClientOrderId | None = None
    ) -> Order:
        """The INTENT row and its ledger entry; inside the transaction in which the gates have judged."""
        order = replace(order_of(approved), parent_id=parent)
        # From this row on it counts as filled under every limit, for all processes (I-03, I-04).
        self._orders.insert(order, cycle_id=cycle_id, sendable_until=approved.expires_at, arrival_price=arrival)
        self._record(order, cycle_id, approved, arrival)
        return order

    def take_over(self, approved: ApprovedOrder, *, arrival: Decimal | None) -> bool:
        """An intent that has not left, under a new permit and already claimed; False where somebody was faster.

        It becomes SUBMITTED here and not in a step of its own: whoever wrote it first may still hold his permit, and
        loses it by this.
        """
        order = replace(order_of(approved), status=OrderStatus.SUBMITTED)
        taken = self._orders.retake(order, sendable_until=approved.expires_at, arrival_price=arrival)
        if taken:
            self._record(order, self._orders.cycle_of(order.client_order_id), approved, arrival)
        return taken

    def close(self, order: Order, reason: str) -> Order:
        """An intent that will not leave any more; what has left in the meantime stays."""
        return self._settlement.close_unsent(order, at=self._clock.now(), reason=reason)

    def send(self, approved: ApprovedOrder, *, claimed: bool = False, instead_of: ClientOrderId | None = None) -> Order:
        """Hand it to the broker, once; ``instead_of`` is the order whose place it takes there."""
        order_id, now = approved.client_order_id, self._clock.now()
        # Durable before the request leaves: after a crash it is looked up by its id, never sent again (I-50).
        if not claimed and not self._orders.claim(order_id, OrderStatus.INTENT, OrderStatus.SUBMITTED, at=now):
            return self.present(order_id)  # another process has taken it over or closed it in the meantime
        try:
            report = self._handed_over(approved, instead_of)
        except (IntegrityError, ManualActionError) as refused:  # the permit or the kill switch: nothing has left
            return self._settlement.mark(self.present(order_id), OrderStatus.DENIED, at=now, reason=refused.what)
        # A rejection takes proof: after a time-out or garbage it may be there, stays in flight, and counts.
        except (RetryableError, DataQualityError) as unclear:
            self._settlement.mark(self.present(order_id), OrderStatus.UNKNOWN, at=now, reason=str(unclear))
            return self.resolve(self.present(order_id))
        self._settlement.apply_report(report, now=now)
        if report.filled_qty > 0:
            self._settle_fills()
        return self.present(order_id)

    def cancel(self, order: Order) -> Order:
        """Ask the broker to take it out. An intent has not left, so it is enough that nobody sends it any more."""
        closed = self.close(order, "cancelled before it left")
        if not closed.status.is_open:
            return closed
        # On record before it leaves: a cancel that nobody answers was a message too (I-19).
        self._orders.activity.asked(MessageKind.CANCEL, order.client_order_id, at=self._clock.now())
        report = self._broker.cancel(order.client_order_id)
        if report is not None:
            self._settlement.apply_report(report, now=self._clock.now())
            self._settle_fills()
        return self.present(order.client_order_id)

    def resolve(self, order: Order) -> Order:
        """Ask the broker about an order in flight; without an answer it stays as it is and counts as exposure."""
        now = self._clock.now()
        try:
            report = self._broker.find(order.client_order_id)
            # Our clock alone may have been set forward, and what is still on its way would be given up.
            reached = now if report is not None else min(now, self._broker.time().at)
        except (RetryableError, DataQualityError):
            return order
        if report is not None:
            self._settlement.apply_report(report, now=now)
            if report.filled_qty > 0:
                self._settle_fills()
            return self.present(order.client_order_id)
        with self._database.transaction():
            # Read again under the lock: while the broker answered, another process may have found or closed it.
            present = self.present(order.client_order_id)
            last_chance = self._orders.sendable_until(order.client_order_id)
            in_flight = present.status in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN)
            if in_flight and last_chance is not None and reached > last_chance + LATEST_ARRIVAL:
                return self._settlement.mark(present, OrderStatus.CANCELED, at=now, reason="it never arrived")
            return present

    def present(self, order_id: ClientOrderId) -> Order:
        """An order that is known to exist, as it stands now."""
        order = self._orders.get(order_id)
        if order is None:
            raise IntegrityError(f"the order {order_id} has vanished from the books", "Run `sage audit verify`.")
        return order

    def _handed_over(self, approved: ApprovedOrder, instead_of: ClientOrderId | None) -> OrderReport:
        if instead_of is None:
            return self._broker.submit(approved)
        return self._broker.replace(instead_of, approved)

    def _settle_fills(self) -> None:
        """Book executions and protective legs; where the broker does not tell, entries wait for reconciliation."""
        try:
            self._settlement.sync(self._broker, now=self._clock.now())
        except (RetryableError, DataQualityError):
            self._control.mark_unreconciled()

    def _record(self, order: Order, cycle_id: str, approved: ApprovedOrder, arrival: Decimal | None) -> None:
        terms = {"sendable_until": approved.expires_at, "arrival_price": arrival}
        body = {name: getattr(order, name) for name in _FIELDS} | terms
        self._ledger.append(
            RecordKind.ORDER, order.client_order_id, body, at=order.updated_at, cycle_id=cycle_id,
            cause=order.decision_id,
        )  # fmt: skip


def order_of(approved: ApprovedOrder) -> Order:
    """Our record of an approved order before it is sent."""
    intent = approved.intent
    return Order(
        client_order_id=approved.client_order_id,
        decision_id=intent.decision_id,
        symbol=intent.symbol,
        side=intent.side,
        qty=intent.qty,
        type=intent.type,
        tif=intent.tif,
        status=OrderStatus.INTENT,
        created_at=approved.issued_at,
        updated_at=approved.issued_at,
        strategy=intent.strategy,
        origin=intent.origin,
        limit_price=intent.limit_price,
        trigger_price=intent.trigger_price,
        stop_loss=intent.stop_loss,
        take_profit=intent.take_profit,
        reserved_price=intent.limit_price if intent.side is Side.BUY else None,
        reduce_only=intent.reduce_only,
        leg=intent.leg,
        trail_amount=intent.trail_amount,
        trail_pct=intent.trail_pct,
    )
