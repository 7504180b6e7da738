"""The paper broker: a small deterministic exchange in our own database, on the quotes and bars of any market source.

``submit`` checks the permit, books the order and meets the present quote; what is left rests. ``advance`` replays the
market up to a moment; whoever owns the clock calls it when time has passed. The account cannot go short and cannot go
into debt: it is a cash account. A sale settles at once, which is kinder than the one business day of a real one (SEC
Rule 15c6-1), so settled cash is all cash. Nothing is borrowed; its maintenance margin is what a lender would ask for
the same holdings, 25 % of their value after FINRA Rule 4210: 8,000 held are 2,000.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from domain.book import Account, AccountKind, Position
from domain.ids import ClientOrderId
from domain.market import Timeframe
from domain.money import ZERO
from domain.orders import ApprovedOrder, Fill, OrderIntent, OrderReport, OrderStatus, OrderType, Side, TimeInForce
from domain.ports import Calendar, Clock, Market
from policies.permit import PermitOffice
from trading.execution.brokers.fill_model import FillRules
from trading.execution.brokers.paper_books import PaperBooks, PaperOrder
from trading.execution.brokers.paper_exchange import PaperExchange
from trading.store.control import ControlStore
from trading.store.database import Database

_TYPES = frozenset({OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT})
_TIMES = frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK})
_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
_NEXT_SESSION = timedelta(days=14)
MAINTENANCE = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """The paper account; ``timeframe`` is the length of the bars that resting orders are matched with."""

    account_id: str = "paper"
    currency: str = "USD"
    starting_cash: Decimal = Decimal(100_000)
    timeframe: Timeframe = Timeframe.MIN_15
    rules: FillRules = field(default_factory=FillRules)


class PaperBroker:
    """``domain.ports.Broker`` without any money behind it."""

    name = "paper"
    paper = True

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
        self._books = PaperBooks(database, account.account_id, account.currency, account.starting_cash)
        self._exchange = PaperExchange(self._books, market, calendar, account.rules, account.timeframe)

    def account(self) -> Account:
        """Cash and equity now, holdings at the bid; equity is None while a holding has no quote."""
        now = self.time()
        with self._database.reading():
            cash = self._books.cash()
            values = [self._value(position, now) for position in self._books.positions()]
        known = [value for value in values if value is not None]
        held = sum(known, ZERO) if len(known) == len(values) else None
        return Account(
            account_id=self._settings.account_id,
            as_of=now,
            currency=self._settings.currency,
            paper=True,
            equity=None if held is None else cash + held,
            cash=cash,
            buying_power=cash,
            trading_blocked=False,
            kind=AccountKind.CASH,
            settled_cash=cash,
            maintenance_margin=None if held is None else MAINTENANCE * held,
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

    def time(self) -> datetime:
        """The runtime's clock is this broker's too."""
        return self._clock.now()

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """Check the permit, then book the order once; an id that is known already answers with what it became."""
        now = self.time()
        with self._database.transaction():
            self._office.redeem(approved, now=now, control=self._control.read(broker_time=now))
            known = self._books.order(approved.client_order_id)
            if known is not None:
                return known.report
            order = self._books.save(self._accepted(approved, now))
            if order.status.is_open:
                self._exchange.meet_quotes((order,), now)
            if order.tif in _AT_ONCE:
                self._exchange.close(order.client_order_id, OrderStatus.CANCELED, now, "not filled at once")
            return self._books.present(order.client_order_id).report

    def cancel(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """Take a working order out; the answer is the order as it stands afterwards, None for an unknown id."""
        with self._database.transaction():
            self._exchange.close(client_order_id, OrderStatus.CANCELED, self.time(), "cancelled on request")
            return self.find(client_order_id)

    def advance(self, to: datetime) -> None:
        """Match everything that rests against the market up to ``to``; asking twice changes nothing."""
        since = self._books.advanced_to()
        if since is not None and to < since:
            return
        symbols = sorted({order.symbol for order in self._books.working()})
        bars = [] if since is None else self._exchange.bars(symbols, since, to)
        with self._database.transaction():
            self._exchange.replay(bars, to)
            self._books.set_advanced_to(to)

    def _accepted(self, approved: ApprovedOrder, now: datetime) -> PaperOrder:
        intent = approved.intent
        refusal = self._refusal(intent, now)
        return PaperOrder(
            client_order_id=approved.client_order_id,
            decision_id=intent.decision_id,
            symbol=intent.symbol,
            side=intent.side,
            qty=intent.qty,
            type=intent.type,
            tif=intent.tif,
            status=OrderStatus.ACCEPTED if refusal is None else OrderStatus.REJECTED,
            accepted_at=now,
            updated_at=now,
            limit_price=intent.limit_price,
            trigger_price=intent.trigger_price,
            stop_loss=intent.stop_loss,
            take_profit=intent.take_profit,
            reduce_only=intent.reduce_only,
            leg=intent.leg,
            expires_at=self._close_of_day(now) if intent.tif is TimeInForce.DAY else None,
            reason=refusal or "",
        )

    def _refusal(self, intent: OrderIntent, now: datetime) -> str | None:
        """Why this broker does not take the order, or None."""
        instrument = self._market.instrument(intent.symbol)
        if instrument is None or not instrument.tradable:
            return f"{intent.symbol} is not traded here"
        if intent.type not in _TYPES or intent.tif not in _TIMES:
            return f"{intent.type} {intent.tif} orders are not supported"
        if intent.tif in _AT_ONCE and self._calendar.session_at(now) is None:
            return "the market is closed"
        if intent.side is Side.SELL:
            free = {position.symbol: position.available_qty for position in self._books.positions()}
            if intent.qty > (free.get(intent.symbol) or ZERO):
                return f"more than the free holding of {intent.symbol}; this account cannot go short"
            return None
        price = self._price_bound(intent, now)
        if price is None:
            return f"no quote of {intent.symbol} to reserve cash by"
        reserved = self._reserved(now)
        if reserved is None:
            return "a working buy has no quote to reserve cash by"
        if intent.qty * price > self._books.cash() - reserved:
            return "not enough cash"
        return None

    def _price_bound(self, order: OrderIntent | PaperOrder, now: datetime) -> Decimal | None:
        """What a share of a buy may cost: its limit, its trigger, or the ask."""
        if order.limit_price is not None:
            return order.limit_price
        if order.trigger_price is not None:
            return order.trigger_price
        quote = self._market.quote(order.symbol, as_of=now)
        return None if quote is None else quote.ask

    def _reserved(self, now: datetime) -> Decimal | None:
        """Cash that working buys may still take; None while one of them has no bound on its price."""
        reserved = ZERO
        for order in self._books.working():
            if order.side is Side.BUY:
                price = self._price_bound(order, now)
                if price is None:
                    return None
                reserved += order.open_qty * price
        return reserved

    def _close_of_day(self, now: datetime) -> datetime | None:
        """The end of the session that a day order accepted now lives in."""
        session = self._calendar.session_at(now)
        if session is None:
            session = next(iter(self._calendar.sessions(now, now + _NEXT_SESSION)), None)
        return None if session is None else session.closes_at

    def _value(self, position: Position, now: datetime) -> Decimal | None:
        quote = self._market.quote(position.symbol, as_of=now)
        return None if quote is None else position.qty * quote.bid
