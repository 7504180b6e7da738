"""The desk: the one way to a broker. Gates, permit, durable intent, send; and what is left after a crash is settled.

    one serialised transaction   control and book are read, the gates judge, the permit is made,
                                 verdicts and the INTENT row are written: the row reserves its room under every limit
    a second, tiny one           INTENT -> SUBMITTED by compare-and-set: from here on the order may be at the broker
    the broker                   checks the permit and the kill switch again, then sends
    a third                      the answer. No clear answer: UNKNOWN, looked up by its id, never sent again

A crash before the second leaves an INTENT that nobody has sent, and ``recover`` closes it. A crash after it leaves
SUBMITTED: the broker is asked, and "never arrived" counts only once the permit has expired, when nobody can send it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.canonical import restore
from domain.case import Approval, Case, MarketView, Proposal
from domain.errors import DataQualityError, IntegrityError, ManualActionError, RetryableError
from domain.ids import ClientOrderId, client_order_id
from domain.orders import ApprovedOrder, Order, OrderIntent, OrderStatus, Side
from domain.ports import Broker, Clock, Ledger
from domain.records import RecordKind
from domain.verdicts import Evaluation
from policies.evaluate import evaluate
from policies.ladder import state_after
from policies.permit import PermitOffice
from policies.policy import Policy
from trading.execution.account import read_book
from trading.execution.settle import Settlement
from trading.store.control import ControlStore
from trading.store.database import Database
from trading.store.equity import EquityStore
from trading.store.orders import OrderStore

LATEST_ARRIVAL = timedelta(seconds=60)
"""How long after its permit expired a sent order may still show up at the broker."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What became of an intent: an order (None when refused) and the gates' answer at send time."""

    order: Order | None
    evaluation: Evaluation | None


class OrderDesk:
    """Places, previews and recovers orders."""

    def __init__(
        self,
        *,
        database: Database,
        ledger: Ledger,
        orders: OrderStore,
        control: ControlStore,
        equity: EquityStore,
        settlement: Settlement,
        broker: Broker,
        office: PermitOffice,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._orders = orders
        self._control = control
        self._equity = equity
        self._settlement = settlement
        self._broker = broker
        self._office = office
        self._policy = policy
        self._clock = clock

    def place(
        self,
        intent: OrderIntent,
        *,
        market: MarketView,
        proposal: Proposal | None = None,
        approval: Approval | None = None,
        cycle_id: str = "",
    ) -> Placement:
        """Send an intent that every gate allows now. A decision's leg that has an order already gets that one back."""
        order_id = client_order_id(intent.decision_id, intent.leg)
        with self._database.transaction():
            known = self._orders.find(intent.decision_id, intent.leg)
            if known is not None:
                return Placement(known, self._recorded(order_id))
            case = self._case(intent, market, proposal, approval, cycle_id)
            approved, evaluation = self._office.issue(case, self._policy, order_id)
            self._record(evaluation, case, order_id, cycle_id)
            if approved is None:
                return Placement(None, evaluation)
            self._write_intent(approved, cycle_id)
        return Placement(self._send(approved), evaluation)

    def preview(
        self,
        intent: OrderIntent,
        *,
        market: MarketView,
        proposal: Proposal | None = None,
        approval: Approval | None = None,
        cycle_id: str = "",
    ) -> Evaluation:
        """What the gates would say now; nothing is written and nothing is sent."""
        with self._database.reading():
            return evaluate(self._case(intent, market, proposal, approval, cycle_id), self._policy)

    def recover(self) -> tuple[Order, ...]:
        """After a start: settle what was in flight; no new exposure until the books are reconciled again."""
        self._control.mark_unreconciled()
        in_flight = (OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN)
        left = [order for order in self._orders.open() if order.status in in_flight and order.parent_id is None]
        return tuple(self._resolve(order) for order in left)

    def cancel_working(self) -> tuple[Order, ...]:
        """Ask the broker to cancel every order that could add exposure; protective legs and exits stay."""
        entries = [order for order in self._orders.open() if order.parent_id is None and not order.reduce_only]
        for order in entries:
            report = self._broker.cancel(order.client_order_id)
            if report is not None:
                self._settlement.apply_report(report, now=self._clock.now())
        return tuple(self._present(order.client_order_id) for order in entries)

    def _case(
        self,
        intent: OrderIntent,
        market: MarketView,
        proposal: Proposal | None,
        approval: Approval | None,
        cycle_id: str,
    ) -> Case:
        now = self._clock.now()
        return Case(
            now=now,
            order=intent,
            control=self._control.read(broker_time=self._broker.time()),
            book=read_book(self._broker, self._orders, self._equity, now=now),
            market=market,
            proposal=proposal,
            approval=approval,
            cycle_entries=self._entries(cycle_id),
        )

    def _entries(self, cycle_id: str) -> int:
        """How many entries the cycle has on record already."""
        made = self._orders.of_cycle(cycle_id) if cycle_id else ()
        return sum(order.parent_id is None and not order.reduce_only for order in made)

    def _record(self, evaluation: Evaluation, case: Case, order_id: ClientOrderId, cycle_id: str) -> None:
        """Write the verdicts down; a breached loss limit also moves the trading state by itself."""
        body = {"evaluation": evaluation, "intent": case.order}
        cause = case.order.decision_id
        self._ledger.append(RecordKind.VERDICTS, order_id, body, at=case.now, cycle_id=cycle_id, cause=cause)
        state = state_after(case.control.trading_state, evaluation.verdicts)
        reason = f"the gates refused {order_id}: {', '.join(evaluation.codes)}"
        self._control.tighten(state, by="gates", at=case.now, reason=reason)

    def _recorded(self, order_id: ClientOrderId) -> Evaluation | None:
        """The gates' answer when the order was allowed, from the ledger."""
        found = self._ledger.entries(subject=order_id, kind=RecordKind.VERDICTS)
        return restore(Evaluation, found[-1].body["evaluation"]) if found else None

    def _write_intent(self, approved: ApprovedOrder, cycle_id: str) -> None:
        order = order_of(approved)
        self._orders.insert(order, cycle_id=cycle_id, sendable_until=approved.expires_at)
        self._ledger.append(
            RecordKind.ORDER,
            order.client_order_id,
            order,
            at=order.created_at,
            cycle_id=cycle_id,
            cause=order.decision_id,
        )

    def _send(self, approved: ApprovedOrder) -> Order:
        order_id, now = approved.client_order_id, self._clock.now()
        if not self._orders.claim(order_id, OrderStatus.INTENT, OrderStatus.SUBMITTED, at=now):
            return self._present(order_id)  # another process has closed it in the meantime
        try:
            report = self._broker.submit(approved)
        except (IntegrityError, ManualActionError) as refused:  # the permit or the kill switch: nothing has left
            return self._settlement.mark(self._present(order_id), OrderStatus.DENIED, at=now, reason=refused.what)
        except (RetryableError, DataQualityError) as unclear:
            self._settlement.mark(self._present(order_id), OrderStatus.UNKNOWN, at=now, reason=unclear.what)
            return self._resolve(self._present(order_id))
        self._settlement.apply_report(report, now=now)
        if report.filled_qty > 0:
            self._settle_fills()
        return self._present(order_id)

    def _settle_fills(self) -> None:
        """Book executions and protective legs; where the broker does not tell, entries wait for reconciliation."""
        try:
            self._settlement.sync(self._broker, now=self._clock.now())
        except (RetryableError, DataQualityError):
            self._control.mark_unreconciled()

    def _resolve(self, order: Order) -> Order:
        """Ask the broker about an order in flight; without an answer it stays as it is and counts as exposure."""
        now = self._clock.now()
        try:
            report = self._broker.find(order.client_order_id)
        except (RetryableError, DataQualityError):
            return order
        if report is not None:
            self._settlement.apply_report(report, now=now)
            return self._present(order.client_order_id)
        with self._database.transaction():
            present = self._present(order.client_order_id)
            if present.status is OrderStatus.INTENT:
                return self._settlement.mark(present, OrderStatus.CANCELED, at=now, reason="it never left")
            last_chance = self._orders.sendable_until(order.client_order_id)
            if present.status.is_open and last_chance is not None and now > last_chance + LATEST_ARRIVAL:
                return self._settlement.mark(present, OrderStatus.CANCELED, at=now, reason="it never arrived")
            return present

    def _present(self, order_id: ClientOrderId) -> Order:
        order = self._orders.get(order_id)
        if order is None:
            raise IntegrityError(f"the order {order_id} has vanished from the books", "Run `sage audit verify`.")
        return order


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
    )
