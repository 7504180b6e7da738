"""From a broker's reports and executions to orders, lots, realised profit and closed trades.

Holdings change only from executions, each applied once, as ``booking.py`` says. What cannot be (another symbol, more
than was ordered, nothing or less than nothing) raises an incident, and from then on only reducing orders are allowed.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from domain.errors import DataQualityError, RetryableError
from domain.ids import derive, leg_behind, leg_kind
from domain.money import ZERO
from domain.orders import Fill, Order, OrderReport, OrderStatus, TimeInForce
from domain.ports import Broker, Ledger
from domain.record.alerts import Alert, AlertCode, Severity
from domain.record.entries import RecordKind
from trading.execution.booking import Booked, after_fills, booked, closed_trade, exit_reason, happenings, moves_stop
from trading.execution.lifecycle import transition
from trading.store.activity import Happening
from trading.store.control import ControlStore
from trading.store.database import Database
from trading.store.orders import OrderStore

_log = logging.getLogger(__name__)
_ENDED_EMPTY = (
    OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REPLACED, OrderStatus.REJECTED, OrderStatus.DENIED,
)  # fmt: skip
CHARGES_OVERLAP = timedelta(days=7)
"""How late a fee may be told and is still found."""
OVERLAP = timedelta(hours=1)
"""How far back before the last known execution a look-up reaches; what comes twice is applied once."""


class FillFault(NamedTuple):
    """What is wrong with an execution, and whether it is booked all the same because the shares are there."""

    what: str
    booked: bool


def fault(order: Order, fill: Fill, filled: Decimal) -> FillFault | None:
    """Why an execution cannot be right, or None; ``filled`` is what earlier ones filled of its order."""
    if fill.symbol != order.symbol or fill.side is not order.side:
        what = f"fill {fill.fill_id} is {fill.side} {fill.symbol}, its order is {order.side} {order.symbol}"
        return FillFault(what, booked=False)
    if fill.qty <= 0 or fill.price <= 0:
        return FillFault(f"fill {fill.fill_id} of {order.symbol} is {fill.qty} at {fill.price}", booked=False)
    if filled + fill.qty > order.qty:
        what = f"{order.client_order_id} was filled {filled + fill.qty} of {order.qty} {order.symbol}"
        return FillFault(what, booked=True)
    return None


class Settlement:
    """Applies what a broker says; the only writer of order states after the send, and of lots and trades."""

    def __init__(self, database: Database, ledger: Ledger, orders: OrderStore, control: ControlStore) -> None:
        self._database = database
        self._ledger = ledger
        self._orders = orders
        self._control = control

    def sync(self, broker: Broker, *, now: datetime) -> None:
        """Bring every open order up to what the broker says; orders that it cannot find stay as they are."""
        ours = {order.client_order_id: order for order in self._orders.open()}
        reports = {report.client_order_id: report for report in broker.orders()}
        for name in ours.keys() - reports.keys():
            report = broker.find(name)
            reports |= {} if report is None else {name: report}
        with self._database.transaction():
            for name, report in sorted(reports.items()):
                if name not in ours or is_news(ours[name], report):
                    self.apply_report(report, now=now)
            self.collect_fills(broker, now=now)

    def collect_fills(self, broker: Broker, *, now: datetime) -> None:
        """Apply the executions that are not in our books yet."""
        last = self._orders.last_fill_at()
        if last is None:
            last = min((order.created_at for order in self._orders.open()), default=now)
        for fill in broker.fills(since=last - OVERLAP):
            self.apply_fill(fill, broker, now=now)

    def collect_charges(self, broker: Broker, *, now: datetime) -> None:
        """Book the fees that no execution carries, each once by its id; a broker that does not tell is asked again."""
        first, last = self._orders.first_fill_at(), self._orders.trades.charges.last_at()
        if first is None:
            return
        try:
            told = broker.charges(since=first if last is None else max(first, last - CHARGES_OVERLAP))
        except (RetryableError, DataQualityError) as error:
            _log.warning("fees are not told: %s", error.what)
            return
        with self._database.transaction():
            for charge in told:
                if self._orders.trades.charges.add(charge):
                    self._ledger.append(RecordKind.CHARGE, charge.charge_id, charge, at=now)

    def apply_report(self, report: OrderReport, *, now: datetime) -> Order | None:
        """One order as the broker tells it; None for an order that is not ours, which reconciliation will show."""
        with self._database.transaction():
            order = self._orders.get(report.client_order_id) or self._adopt_leg(report)
            if order is None:
                return None
            if (report.symbol, report.side) != (order.symbol, order.side):
                what = (
                    f"the broker calls {order.client_order_id} a {report.side} of {report.symbol}, not {order.symbol}"
                )
                self._control.incident(f"report:{order.client_order_id}", what, at=now)
                return order
            if is_stale(order, report):
                return order
            settled = after_report(order, report)
            if not transition(order.status, report.status).legal:
                what = f"{order.client_order_id} was {order.status} and is now reported {report.status}"
                self._control.incident(f"status:{order.client_order_id}:{report.status}", what, at=now)
            if not is_news(order, report):
                return order
            self._record(settled, at=now)
            self._follow(order, settled, report, at=now)
            return self._orders.update(settled)

    def _follow(self, before: Order, settled: Order, report: OrderReport, *, at: datetime) -> None:
        """What a report means besides the order's own state."""
        if settled.status is OrderStatus.REJECTED:
            self._orders.activity.happened(Happening.REJECT, settled.symbol, at=settled.updated_at)
        if report.status is OrderStatus.UNKNOWN:
            self._control.alerts.raised(of_unknown(report, at=at))
        if moves_stop(settled):
            self._orders.trades.move_stop(settled.symbol, settled.trigger_price)

    def apply_fill(self, fill: Fill, broker: Broker, *, now: datetime) -> bool:
        """One execution into order, lots and trade; False where it was applied before or cannot be applied."""
        with self._database.transaction():
            if self._orders.has_fill(fill.fill_id):
                return False
            order = self._known(fill, broker, now=now)
            if order is None:
                return False
            earlier, trade = self._orders.fills_of(order.client_order_id), self._orders.trades.open(fill.symbol)
            wrong = fault(order, fill, sum((each.qty for each in earlier), ZERO))
            if wrong is not None:
                self._control.incident(f"fill:{fill.fill_id}", wrong.what, at=now)
                if not wrong.booked:
                    return False
            made = booked(order, fill, self._orders.trades.lots(fill.symbol), trade, earlier)
            self._orders.add_fill(fill, realized_pnl=made.closing.realized, strategy=made.owner)
            self._orders.update(after_fills(order, (*earlier, fill)))
            self._ledger.append(
                RecordKind.FILL,
                fill.fill_id,
                fill,
                at=fill.at,
                cycle_id=self._cycle(order),
                cause=order.client_order_id,
            )
            self._update_trade(order, fill, made)
            if order.status in _ENDED_EMPTY:
                self._look_again(order, broker, now=now)
        return True

    def _look_again(self, order: Order, broker: Broker, *, now: datetime) -> None:
        """An execution of an order that was over: how it really ended is for the broker to say."""
        report = broker.find(order.client_order_id)
        if report is not None:
            self.apply_report(report, now=now)

    def mark(self, order: Order, status: OrderStatus, *, at: datetime, reason: str) -> Order:
        """Move an order to a status that we know ourselves: denied, never left, or of unknown fate."""
        with self._database.transaction():
            settled = replace(order, status=transition(order.status, status).status, updated_at=at, reason=reason)
            self._record(settled, at=at)
            return self._orders.update(settled)

    def close_unsent(self, order: Order, *, at: datetime, reason: str) -> Order:
        """An intent that will not leave any more, for everybody to see; what has left in the meantime stays."""
        with self._database.transaction():
            present = self._orders.get(order.client_order_id) or order
            if present.status is not OrderStatus.INTENT:
                return present
            return self.mark(present, OrderStatus.DENIED, at=at, reason=reason)

    def _known(self, fill: Fill, broker: Broker, *, now: datetime) -> Order | None:
        order = self._orders.get(fill.client_order_id)
        if order is not None:
            return order
        report = broker.find(fill.client_order_id)
        return None if report is None else self.apply_report(report, now=now)

    def _adopt_leg(self, report: OrderReport) -> Order | None:
        """The row of a protective leg that the broker made out of an entry of ours."""
        parent = None if report.parent_id is None else self._orders.get(report.parent_id)
        if parent is None:
            return None
        leg = protective_order(parent, report)
        return self._orders.insert(leg, cycle_id=self._cycle(parent))

    def _cycle(self, order: Order) -> str:
        return self._orders.cycle_of(order.client_order_id)

    def _record(self, order: Order, *, at: datetime) -> None:
        self._ledger.append(
            RecordKind.ORDER, order.client_order_id, order, at=at, cycle_id=self._cycle(order), cause=order.decision_id
        )

    def _update_trade(self, order: Order, fill: Fill, made: Booked) -> None:
        self._orders.trades.replace_lots(fill.symbol, made.closing.lots)
        if made.trade is not None:
            self._orders.trades.save(made.trade)
            if made.trade.closed_at is not None:
                body = closed_trade(made.trade, exit_reason(order))
                self._ledger.append(
                    RecordKind.TRADE_CLOSED, made.trade.trade_id, body, at=fill.at, cycle_id=self._cycle(order),
                    cause=made.trade.decision_id,
                )  # fmt: skip
        for what in happenings(order, made.closing, made.trade):
            self._orders.activity.happened(what, fill.symbol, at=fill.at)
        if made.opened is not None:
            self._orders.trades.save(made.opened)


def after_report(order: Order, report: OrderReport) -> Order:
    """The order with the broker's news; filled quantities only grow."""
    return replace(
        order,
        status=transition(order.status, report.status).status,
        updated_at=max(order.updated_at, report.at),
        # A leg grows as its entry fills; what we ordered ourselves stays what the gates approved.
        qty=report.qty if order.parent_id is not None else order.qty,
        filled_qty=max(order.filled_qty, report.filled_qty),
        avg_fill_price=report.avg_fill_price if report.avg_fill_price is not None else order.avg_fill_price,
        broker_id=report.broker_id,
        broker_status=report.broker_status,
        reason=report.reason or order.reason,
    )


def of_unknown(report: OrderReport, *, at: datetime) -> Alert:
    """A word of the broker that nobody has mapped: one alert for an order and the word, however often it is told."""
    word = report.broker_status
    what = f"the broker calls {report.client_order_id}, {report.side} {report.qty:f} {report.symbol}, {word!r}"
    key = derive("alr", AlertCode.STATUS_UNKNOWN, report.client_order_id, word)
    return Alert(Severity.WARNING, AlertCode.STATUS_UNKNOWN, f"{what}, which nobody here can read", key, at)


def is_stale(order: Order, report: OrderReport) -> bool:
    """True for an old picture that comes late: still working, with less filled than we have seen or after its end."""
    if not report.status.is_open or report.status is OrderStatus.UNKNOWN:
        return False
    ended = order.broker_id is not None and not order.status.is_open and report.at < order.updated_at
    return ended or report.filled_qty < order.filled_qty


def is_news(order: Order, report: OrderReport) -> bool:
    """True where the report says anything that our record does not know yet."""
    return replace(after_report(order, report), updated_at=order.updated_at) != order


def protective_order(parent: Order, report: OrderReport) -> Order:
    """Our record of a stop or target behind ``parent``; where the broker does not say how long, for the day."""
    return Order(
        client_order_id=report.client_order_id,
        decision_id=parent.decision_id,
        symbol=report.symbol,
        side=report.side,
        qty=report.qty,
        type=report.type,
        tif=report.tif or TimeInForce.DAY,
        status=OrderStatus.SUBMITTED,
        created_at=report.at,
        updated_at=report.at,
        strategy=parent.strategy,
        origin=parent.origin,
        limit_price=report.limit_price,
        trigger_price=report.trigger_price,
        reduce_only=True,
        leg=leg_behind(parent.leg, leg_kind(report.leg)),
        parent_id=parent.client_order_id,
    )
