"""The paper broker: a small deterministic exchange in our own database, on the quotes and bars of any market source.

``submit`` checks the permit, books the order and meets the present quote; what is left rests. ``advance`` replays the
market up to a moment; whoever owns the clock calls it when time has passed. Unless ``allow_short`` is set it is a cash
account: it cannot go short and cannot go into debt. A sale settles at once, which is kinder than the one business day
of a real one (SEC Rule 15c6-1), so settled cash is all cash. Nothing is borrowed; its maintenance margin is what a
lender would ask for the same holdings, 25 % of what is long and 30 % of what is short after FINRA Rule 4210: 8,000 held
are 2,000.

One seed, one market and one sequence of calls give the same executions to the last byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.book import Account, AccountKind, BrokerTime, Charge, Position, Transfer
from domain.ids import ClientOrderId
from domain.money import ZERO
from domain.orders import ApprovedOrder, Fill, OrderClass, OrderReport, OrderStatus, OrderType, Side
from domain.ports import Calendar, Clock, Market
from policies.permit import PermitOffice, closable_at
from trading.execution.brokers.paper.admission import INITIAL, Admission
from trading.execution.brokers.paper.books import PaperBooks, PaperOrder, tables_of, taken
from trading.execution.brokers.paper.exchange import PaperExchange
from trading.execution.brokers.paper.hours import PaperHours
from trading.execution.brokers.paper.settings import PaperSettings
from trading.store.control import ControlStore
from trading.store.database import Database

__all__ = ["MAINTENANCE", "PaperBroker", "PaperSettings"]

MAINTENANCE, MAINTENANCE_SHORT = Decimal("0.25"), Decimal("0.30")


class PaperBroker:
    """``domain.ports.Broker`` without any money behind it."""

    name = "paper"
    paper = True
    fractional = frozenset(OrderClass)

    def __init__(
        self,
        database: Database,
        market: Market,
        calendar: Calendar,
        clock: Clock,
        office: PermitOffice,
        control: ControlStore,
        settings: PaperSettings | None = None,
    ) -> None:
        self._database = database
        self._market = market
        self._calendar = calendar
        self._clock = clock
        self._office = office
        self._control = control
        self._settings = settings or PaperSettings()
        account = self._settings
        tables = tables_of(database, account.label)
        self._books = PaperBooks(database, account.account_id, account.currency, account.starting_cash, tables)
        self._exchange = PaperExchange(self._books, market, calendar, account)
        self._admission = Admission(self._books, market, calendar, account)
        self._hours = PaperHours(calendar, account)

    def account(self) -> Account:
        """Cash and equity now, holdings at the side they would be closed at; equity is None without a quote for one."""
        now, margin = self._clock.now(), self._settings.allow_short
        with self._database.reading():
            cash = self._books.cash()
            values = [self._value(position, now) for position in self._books.positions()]
        known = [value for value in values if value is not None]
        complete = len(known) == len(values)
        # Proceeds of a short are in the cash and not to be spent, and half of its value stands beside them.
        short = -sum((value for value in known if value < 0), ZERO)
        free = cash - (1 + INITIAL) * short if complete else None
        return Account(
            account_id=self._settings.account_id,
            as_of=now,
            currency=self._settings.currency,
            paper=True,
            equity=cash + sum(known, ZERO) if complete else None,
            cash=cash,
            buying_power=free if margin else cash,
            trading_blocked=False,
            kind=AccountKind.MARGIN if margin else AccountKind.CASH,
            settled_cash=free if margin else cash,
            maintenance_margin=_maintenance(known) if complete else None,
        )

    def positions(self) -> tuple[Position, ...]:
        """All holdings."""
        return self._books.positions()

    def orders(self) -> tuple[OrderReport, ...]:
        """Every working order, protective legs included."""
        return tuple(order.report for order in self._books.working())

    def find(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """The order of that id in any state, or None when it never arrived."""
        order = self._books.order(client_order_id)
        return None if order is None else order.report

    def fills(self, *, since: datetime) -> tuple[Fill, ...]:
        """Executions after ``since``, oldest first."""
        return self._books.fills(since)

    def charges(self, *, since: datetime) -> tuple[Charge, ...]:
        """None: every execution carries its own fees."""
        return ()

    def transfers(self, *, since: datetime) -> tuple[Transfer, ...]:
        """None: it keeps the money that it began with."""
        return ()

    def time(self) -> BrokerTime:
        """The runtime's clock is this broker's too; it keeps no calendar of its own."""
        return BrokerTime(self._clock.now())

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """Check the permit, then book the order once; an id that is known already answers with what it became."""
        with self._database.transaction():
            known = self._redeemed(approved)
            # Redeemed even where the order is known: a permit is for one call, whatever comes of it.
            return known or self._take(approved)

    def replace(self, client_order_id: ClientOrderId, approved: ApprovedOrder) -> OrderReport:
        """Put an approved order in the place of a working one, in one step; see the port."""
        with self._database.transaction():
            known = self._redeemed(approved)
            if known is not None:
                return known
            old = self._books.order(client_order_id)
            refusal = _not_replaceable(old, approved)
            if old is None or refusal is not None:
                return self._books.save(taken(approved, OrderStatus.REJECTED, self._clock.now(), refusal or "")).report
            return self._take(approved, old)

    def cancel(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """Take a working order out at once, also one that has not reached the market yet; None for an unknown id."""
        with self._database.transaction():
            self._exchange.close(client_order_id, OrderStatus.CANCELED, self._clock.now(), "cancelled on request")
            return self.find(client_order_id)

    def advance(self, to: datetime) -> None:
        """Match everything that rests against the market up to ``to``; asking twice changes nothing."""
        since = self._books.advanced_to()
        # Several processes may advance one exchange; time that others have played is not played again.
        if since is not None and to < since:
            return
        symbols = sorted({order.symbol for order in self._books.working()})
        # Outside the transaction: the market may be a vendor behind HTTP. Bars that have passed do not change, so
        # nothing is lost.
        bars = [] if since is None else self._exchange.bars(symbols, since, to)
        with self._database.transaction():
            self._exchange.replay(bars, to)
            self._books.set_advanced_to(to)

    def _redeemed(self, approved: ApprovedOrder) -> OrderReport | None:
        """Believe the permit, or raise; the order where its id is known already."""
        now = self._clock.now()
        control = self._control.read(broker_time=now)
        closable = self._closable(approved) if approved.kill else None
        self._office.redeem(approved, now=now, control=control, closable=closable)
        return self.find(approved.client_order_id)

    def _closable(self, approved: ApprovedOrder) -> Decimal:
        # Protective exits give way to a closing order, so they do not use up what may be closed.
        others = (order.report for order in self._books.working() if not order.protects)
        return closable_at(approved, self.positions(), others)

    def _take(self, approved: ApprovedOrder, old: PaperOrder | None = None) -> OrderReport:
        now = self._clock.now()
        refusal = self._admission.refusal(approved.intent, approved.client_order_id, now, old)
        if refusal is not None:
            return self._books.save(taken(approved, OrderStatus.REJECTED, now, refusal)).report
        # First the new one, then the old one out: closing an order fits the legs, which must find the new one there.
        order = self._books.save(self._accepted(approved, now, old))
        if old is not None:
            reason = f"replaced by {order.client_order_id}"
            self._exchange.close(old.client_order_id, OrderStatus.REPLACED, now, reason)
        self._exchange.open_pair(order, now)
        self._exchange.meet_quotes((order,), now)
        return self._books.present(order.client_order_id).report

    def _accepted(self, approved: ApprovedOrder, now: datetime, old: PaperOrder | None) -> PaperOrder:
        intent = approved.intent
        order = replace(
            taken(approved, OrderStatus.ACCEPTED, now),
            expires_at=self._hours.expiry(intent, now),
            effective_at=self._hours.arrival(now),
            parent_id=None if old is None else old.parent_id,
        )
        if order.type is not OrderType.TRAILING_STOP:
            return order
        quote = self._market.quote(intent.symbol, as_of=now)
        # A trailing stop starts from the price it would be closed at.
        touch = None if quote is None else quote.ask if intent.side is Side.BUY else quote.bid
        return replace(order, mark=touch)

    def _value(self, position: Position, now: datetime) -> Decimal | None:
        quote = self._market.quote(position.symbol, as_of=now)
        if quote is None:
            return None
        return position.qty * (quote.bid if position.qty > 0 else quote.ask)


def _maintenance(values: Iterable[Decimal]) -> Decimal:
    return sum((MAINTENANCE * value if value > 0 else -MAINTENANCE_SHORT * value for value in values), ZERO)


def _not_replaceable(old: PaperOrder | None, approved: ApprovedOrder) -> str | None:
    intent = approved.intent
    if old is None or not old.status.is_open:
        return "the order to replace is over"
    if (old.symbol, old.side) != (intent.symbol, intent.side):
        return "another symbol or side than the order to replace"
    if old.is_leg and not intent.reduce_only:
        return "a protective leg only reduces"
    return None
