"""The desk: the one way to a broker. Gates, permit, durable intent, send; and what is left after a crash is settled.

    the broker                   is asked what it holds, so that nobody waits for a network with the write lock
    one serialised transaction   control and book are read, the gates judge, the permit is made,
                                 verdicts and the INTENT row are written: the row reserves its room under every limit;
                                 what several threads place at once is judged one by one and committed together
    a second, tiny one           INTENT -> SUBMITTED by compare-and-set: from here on the order may be at the broker
    the broker                   checks the permit and the kill switch again, then sends
    a third                      the answer. No clear answer: UNKNOWN, looked up by its id, never sent again

A crash before the second leaves an INTENT that nobody has sent. Whoever places the same leg again, or ``resume``, puts
it before the gates anew: under a fresh permit it is sent, or it is closed for everybody to see. A crash after it leaves
SUBMITTED: the broker is asked, and "never arrived" counts only once the permit has expired, when nobody can send it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.book import Counters
from domain.case import Approval, Case, MarketView, Proposal, Release
from domain.errors import DataQualityError, IntegrityError, RetryableError, UsageError
from domain.ids import ClientOrderId, next_leg, replaced_leg
from domain.ids import client_order_id as id_of_leg
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import ApprovedOrder, Order, OrderIntent, OrderStatus
from domain.ports import Broker, Clock, Ledger
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from domain.verdicts import Evaluation, Outcome
from policies.codes import ReasonCode
from policies.evaluate import evaluate
from policies.ladder import is_hard_drawdown, state_after
from policies.permit import PermitOffice
from policies.policy import Policy
from trading.execution.account import BrokerState, BrokerWatch, DatedState, read_counters
from trading.execution.cancel_entries import cancel_entries, working_entries
from trading.execution.changes import OrderChange, beside_itself, changed
from trading.execution.guard import Guard
from trading.execution.intents import arrival_price
from trading.execution.outbox import Outbox
from trading.execution.protection import Protection
from trading.execution.settle import Settlement
from trading.execution.sight import CaseReader, OrderRequest
from trading.monitor.breakers import HELD_BACK, Breakers, Trip, is_in_row
from trading.store.accounts.equity import EquityStore
from trading.store.activity import MessageKind
from trading.store.calls import CallStore
from trading.store.control import ControlStore
from trading.store.database import Database
from trading.store.judged.cases import CaseStore
from trading.store.orders import OrderStore

MOST_TOGETHER = 16
"""Refusals in one transaction; other processes wait for it."""
OLDEST_INTENT = timedelta(minutes=30)
"""An intent that never left is resumed no later than this where the policy does not limit the age of a signal."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What became of an intent: an order (None when refused) and the gates' answer at send time."""

    order: Order | None
    evaluation: Evaluation | None


class _Ruled(NamedTuple):
    """An earlier row of the order, the gates' permit and answer, and the counters that they saw."""

    known: Order | None
    approved: ApprovedOrder | None
    evaluation: Evaluation
    counters: Counters


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
        release: Release | None = None,
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
        self._release = release
        self._outbox = Outbox(database, ledger, orders, control, settlement, broker, clock)
        self._watch = BrokerWatch(broker, orders, clock)
        self._guard = Guard(orders, ledger, settlement, broker, clock, self._place_leg)
        self._breakers = Breakers(control, CallStore(database), policy.limits)
        self.cases = CaseStore(database)

    @property
    def release(self) -> Release | None:
        """What this process runs."""
        return self._release

    @property
    def policy(self) -> Policy:
        """What orders are judged by."""
        return self._policy

    def adopt(self, policy: Policy, release: Release | None) -> None:
        """Judge by another policy from the next order on; without a release nobody knows what is in force (A5)."""
        self._policy, self._release = policy, release
        self._breakers = Breakers(self._control, CallStore(self._database), policy.limits)

    def place(
        self,
        intent: OrderIntent,
        *,
        market: MarketView,
        proposal: Proposal | None = None,
        approval: Approval | None = None,
        cycle_id: str = "",
        parent: ClientOrderId | None = None,
    ) -> Placement:
        """Send an intent that every gate allows now. A decision's leg that has an order already gets that one back.

        An intent that a crash kept from leaving is judged again, as it is asked for now, and takes its own id along.
        With a ``parent`` it is protection that rests behind what that order bought.
        """
        return self.place_all((OrderRequest(intent, market, proposal, approval, cycle_id, parent),))[0]

    def place_all(self, requests: Sequence[OrderRequest]) -> tuple[Placement, ...]:
        """Each as ``place`` would, in turn; refusals in a row are judged by one look and committed together."""
        placed: list[Placement] = []
        while len(placed) < len(requests):
            left = requests[len(placed) : len(placed) + MOST_TOGETHER]
            known = self._orders.find(left[0].intent.decision_id, left[0].intent.leg)
            if known is not None and known.status is not OrderStatus.INTENT:
                placed.append(Placement(known, self._recorded(known.client_order_id)))
            else:
                placed += self._place_some(left)
        return tuple(placed)

    def _place_some(self, requests: Sequence[OrderRequest]) -> list[Placement]:
        """The first of them, and those after it as far as one transaction goes; none where somebody else was faster."""
        answer = self._watch.ask()
        ruled = self._database.write(lambda: self._authorise_some(requests, answer))
        done = [Placement(None, each.evaluation) for each in ruled[:-1]]
        return [*done, *(self._finish(requests[len(done)], last) for last in ruled[-1:])]

    def _authorise_some(self, requests: Sequence[OrderRequest], answer: DatedState) -> list[_Ruled]:
        """Up to the first that may go out, or after which more than the row of refusals has moved."""
        reader, ruled, faults = self._reader(lambda: self._watch.holds(answer)), list[_Ruled](), None
        for request in requests:
            one = self._authorise(request, reader)
            if one is None:
                break  # it is on its way already, and its turn comes again
            ruled.append(one)
            if one.approved is not None or one.known is not None or not self._watch.still_holds(answer):
                break
            faults = self._breakers.faults() if faults is None else faults
            if self._breakers.found(one.counters, self._clock.now(), faults):
                break
        return ruled

    def _finish(self, request: OrderRequest, ruled: _Ruled) -> Placement:
        """Send what was let through, and look at what that has moved."""
        if ruled.approved is not None:
            order: Order | None = self._outbox.send(ruled.approved, claimed=ruled.known is not None)
        else:
            order = None if ruled.known is None else self._refused(ruled.known, ruled.evaluation)
        self._check_after(order, ruled.counters)
        entered = order is not None and order.filled_qty > ZERO and request.parent is None
        if order is not None and entered and self._guard.sees_a_gap(order.symbol):
            self.protect(lambda _symbols: request.market)
        return Placement(order, ruled.evaluation)

    def _authorise(self, request: OrderRequest, reader: CaseReader) -> _Ruled | None:
        """Gates, permit and INTENT row, within the transaction; None where the order is on its way already."""
        intent, arrival = request.intent, arrival_price(request.intent, request.market)
        order_id = id_of_leg(intent.decision_id, intent.leg)
        known = self._orders.find(intent.decision_id, intent.leg)
        if known is not None and known.status is not OrderStatus.INTENT:
            return None
        cycle = request.cycle_id if known is None else self._orders.cycle_of(order_id)
        case, refusal = reader.case_to_act_on(request._replace(cycle_id=cycle), self._policy, without=known)
        if refusal is None:
            approved, evaluation = self._office.issue(case, self._policy, order_id, reader.standing(case, self._policy))
        else:
            approved, evaluation = None, refusal
        self._record(evaluation, case, order_id, cycle)
        if known is None and approved is not None:
            self._outbox.write(approved, cycle_id=cycle, arrival=arrival, parent=request.parent)
            if request.parent is not None:
                self._orders.activity.asked(MessageKind.PROTECT, order_id, at=case.now)
        elif approved is not None:
            self._outbox.take_over(approved, arrival=arrival)
        return _Ruled(known, approved, evaluation, case.book.counters)

    def protect(self, market: Callable[[Sequence[Symbol]], MarketView]) -> tuple[Protection, ...]:
        """Put planned stops back where they are missing or end with the day; the answer is what stays bare."""
        try:
            return self._guard.protect(market)
        except (RetryableError, DataQualityError):
            self._control.mark_unreconciled()  # the broker does not tell; entries wait until it was asked again
            return self._guard.bare()

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
        (case,) = self.shown((OrderRequest(intent, market, proposal, approval, cycle_id),))
        return evaluate(case, self._policy)

    def shown(self, requests: Sequence[OrderRequest]) -> tuple[Case, ...]:
        """All that the gates would look at now, order by order: the broker is asked once, all see the same books."""
        if not requests:
            return ()
        told = self._watch.ask().told
        with self._database.reading():
            reader = self._reader(lambda: told)
            return tuple(map(reader.case, requests))

    def check_breakers(self, counters: Counters | None = None) -> tuple[Trip, ...]:
        """Let what went wrong stop new entries, also where nothing is sent; asked once a cycle."""
        now = self._clock.now()
        known = read_counters(self._orders, self._equity, now=now) if counters is None else counters
        return self._breakers.check(known, now=now)

    def _check_after(self, order: Order | None, before: Counters) -> None:
        """Breakers after a placement. The counters are read anew where it can have moved them."""
        quiet = order is None or order.status is OrderStatus.ACCEPTED
        self.check_breakers(before if quiet else None)

    def count_block(self, intent: OrderIntent, evaluation: Evaluation) -> None:
        """Remember a refusal, here and where an intent never gets here: nobody is to ask the same for ever."""
        if evaluation.outcome is Outcome.DENY and is_in_row(intent) and not HELD_BACK & set(evaluation.codes):
            self._control.blocked(intent.symbol, intent.side, at=self._clock.now())

    def recover(self) -> tuple[Order, ...]:
        """After a start: settle what was in flight; no new exposure until the books are reconciled again.

        An intent that never left waits for ``resume`` or for whoever places it again, and is closed once it is too old.
        """
        self._control.mark_unreconciled()
        left = self._orders.open()
        sent = [order for order in left if order.status in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN)]
        waiting = [order for order in left if order.status is OrderStatus.INTENT]
        return (*map(self._outbox.resolve, sent), *map(self._close_if_old, waiting))

    def resume(self, market: Callable[[Sequence[Symbol]], MarketView]) -> tuple[Placement, ...]:
        """Send what a crash kept from leaving, where the gates still allow it; asked once the books agree again.

        Each is judged as it was asked for, with the evidence and the approval that it had. One whose permit is still
        good is left to the process that holds it.
        """
        now = self._clock.now()
        intents = [order for order in self._orders.open() if order.status is OrderStatus.INTENT]
        left = [order for order in map(self._close_if_old, intents) if order.status is OrderStatus.INTENT]
        gone = [order for order in left if not self._sendable(order, now)]
        if not gone:
            return ()
        seen = market(sorted({order.symbol for order in gone}))
        return tuple(self._resume(order, seen) for order in gone)

    def cancel(self, client_order_id: ClientOrderId, *, by: str) -> Order:
        """Take an order out for a person; a protective leg is moved and not cancelled."""
        order = self._outbox.present(client_order_id)
        if order.parent_id is not None:
            raise UsageError(f"{client_order_id} protects {order.symbol}", "Close the position, or move the order.")
        body = {"cancel": client_order_id, "by": by}
        self._ledger.append(RecordKind.CONTROL, client_order_id, body, at=self._clock.now(), cause=order.decision_id)
        return self._outbox.cancel(order)

    def replace(self, client_order_id: ClientOrderId, change: OrderChange, *, market: MarketView) -> Placement:
        """Put a changed order in the place of a working one, through the gates, under an id of its own.

        Both count as exposure until the broker has answered. A protective leg only moves toward less risk: its stop
        closer to the price or its target nearer, for as many shares as before.
        """
        answer = self._watch.ask()
        with self._database.transaction():
            old = self._outbox.present(client_order_id)
            known = self._orders.find(old.decision_id, next_leg(old.leg))
            if known is not None:
                return Placement(known, self._recorded(known.client_order_id))
            intent = changed(old, change, at=self._clock.now())
            cycle = self._orders.cycle_of(client_order_id)
            # The broker never works both, so an exit that is moved may sell what the old one was to sell.
            request, without = OrderRequest(intent, market, cycle_id=cycle), beside_itself(old, self._orders.open())
            case = self._reader(lambda: self._watch.holds(answer)).case(request, without=old if without else None)
            order_id = id_of_leg(intent.decision_id, intent.leg)
            approved, evaluation = self._office.issue(case, self._policy, order_id)
            self._record(evaluation, case, order_id, cycle)
            if approved is not None and approved.intent.qty != intent.qty and old.parent_id is not None:
                approved = None  # a smaller stop would leave a part of the position bare
            if approved is not None:
                self._outbox.write(
                    approved, cycle_id=cycle, arrival=arrival_price(intent, market), parent=old.parent_id
                )
                self._orders.activity.asked(MessageKind.REPLACE, client_order_id, at=case.now)
        order = None if approved is None else self._outbox.send(approved, instead_of=client_order_id)
        self._outbox.resolve(self._outbox.present(client_order_id))
        self._check_after(order, case.book.counters)
        return Placement(order, evaluation)

    def cancel_working(self) -> tuple[Order, ...]:
        """Ask the broker to cancel every order that could add exposure; protective legs and exits stay."""
        entries = working_entries(self._orders)
        done = cancel_entries(entries, self._orders, self._broker, self._settlement, self._clock)
        for error in done.failed.values():
            raise error
        return tuple(self._outbox.present(order_id) for order_id in done.asked)

    def _reader(self, told: Callable[[], BrokerState]) -> CaseReader:
        return CaseReader(self._orders, self._control, self._equity, self._clock, lambda: self._release, told)

    def _place_leg(self, intent: OrderIntent, market: MarketView, parent: ClientOrderId) -> Order | None:
        return self.place(intent, market=market, parent=parent, cycle_id=self._orders.cycle_of(parent)).order

    def _resume(self, order: Order, market: MarketView) -> Placement:
        """One intent again, from what the ledger says was asked for."""
        if replaced_leg(order.leg) is not None:
            return Placement(self._outbox.close(order, "the replacement never left"), None)
        found = self._ledger.entries(subject=order.client_order_id, kind=RecordKind.VERDICTS)
        if not found:
            raise IntegrityError(f"{order.client_order_id} has no verdicts on record", "Run `sage audit verify`.")
        body = found[-1].body
        return self.place(
            restore(OrderIntent, body["intent"]),
            market=market,
            proposal=restore(Proposal, body["proposal"]) if body.get("proposal") else None,
            approval=restore(Approval, body["approval"]) if body.get("approval") else None,
        )

    def _refused(self, order: Order, evaluation: Evaluation) -> Order:
        """An intent that the gates refuse now is closed, unless all they say is that the books come first."""
        if set(evaluation.codes) == {ReasonCode.NOT_RECONCILED}:
            return order
        return self._outbox.close(order, f"it never left, and the gates refuse it now: {', '.join(evaluation.codes)}")

    def _sendable(self, order: Order, now: datetime) -> bool:
        """True while somebody may still hold a good permit for it."""
        until = self._orders.sendable_until(order.client_order_id)
        return until is not None and now <= until

    def _close_if_old(self, order: Order) -> Order:
        limit = self._policy.limits.get("max_signal_age_s")
        longest = OLDEST_INTENT if limit is None else timedelta(seconds=float(limit))
        if self._clock.now() - order.created_at <= longest:
            return order
        return self._outbox.close(order, "it never left, and what it was decided on is too old")

    def _record(self, evaluation: Evaluation, case: Case, order_id: ClientOrderId, cycle_id: str) -> None:
        """Write the verdicts down; a breached loss limit also moves the trading state by itself."""
        body = {"evaluation": evaluation, "intent": case.order, **self.cases.noted(case, cycle_id)}
        if evaluation.outcome in (Outcome.PASS, Outcome.REDUCE):
            body |= {"proposal": case.proposal, "approval": case.approval}  # what ``resume`` would need
        cause = case.order.decision_id
        self._ledger.append(RecordKind.VERDICTS, order_id, body, at=case.now, cycle_id=cycle_id, cause=cause)
        state = state_after(case.control.trading_state, evaluation.verdicts)
        deep = is_hard_drawdown(evaluation.verdicts)
        if state is not case.control.trading_state or deep:
            reason = f"the gates refused {order_id}: {', '.join(evaluation.codes)}"
            self._control.tighten(state, by="gates", at=case.now, reason=reason, drawdown=deep)
        if evaluation.outcome in (Outcome.PASS, Outcome.REDUCE) and is_in_row(case.order):
            self._control.let_through(case.order.symbol, case.order.side)
        self.count_block(case.order, evaluation)

    def _recorded(self, order_id: ClientOrderId) -> Evaluation | None:
        """The gates' answer when the order was allowed, from the ledger."""
        found = self._ledger.entries(subject=order_id, kind=RecordKind.VERDICTS)
        return restore(Evaluation, found[-1].body["evaluation"]) if found else None
