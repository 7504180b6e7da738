"""Intents, orders, reports and fills; a database of each kind; and a desk with its paper broker, ready to trade."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, inspect, text

from domain.case import Case, Control, MarketView, Mode, Release, SymbolView
from domain.ids import ClientOrderId, DecisionId, client_order_id
from domain.market import Bar, Quote, Symbol, Timeframe, TradingStatus
from domain.orders import (
    ApprovedOrder,
    Fill,
    Order,
    OrderIntent,
    OrderReport,
    OrderStatus,
    OrderType,
    Origin,
    Side,
    TimeInForce,
)
from domain.ports import Broker
from policies.kill_switch import KillSwitch
from policies.permit import PermitOffice
from policies.policy import Policy, policy_from_limits
from tests.builders.market import AAPL, MSFT, NOON, TableMarket, WeekdayCalendar, a_bar, a_quote
from trading.execution.account import read_book
from trading.execution.brokers.observed import ObservedBroker
from trading.execution.brokers.paper.broker import PaperBroker, PaperSettings
from trading.execution.desk import OrderDesk
from trading.execution.reconciliation.reconcile import Reconciler
from trading.execution.settle import Settlement
from trading.store.accounts.equity import EquityStore
from trading.store.control import ControlStore
from trading.store.database import Database, open_database
from trading.store.ledger import SqlLedger
from trading.store.orders import OrderStore
from trading.store.tables import SCHEMA_VERSION, metadata, schema_version

DECISION = DecisionId("dec-1")
ENTRY = client_order_id(DECISION)
MONEY = {"qty", "price", "limit_price", "trigger_price", "stop_loss", "take_profit", "filled_qty", "commission",
         "avg_fill_price", "reserved_price", "realized_pnl"}  # fmt: skip


def figures(changes: dict[str, Any]) -> dict[str, Any]:
    """Prices and quantities may be given as text or whole numbers."""
    return {
        name: Decimal(str(value)) if name in MONEY and value is not None else value for name, value in changes.items()
    }


def an_intent(decision: str = "dec-1", **changes: Any) -> OrderIntent:
    """Buy 10 AAPL for the day at 100.20 or better, with a stop at 95 and a target at 110."""
    intent = OrderIntent(
        decision_id=DecisionId(decision),
        symbol=AAPL,
        side=Side.BUY,
        qty=Decimal(10),
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        created_at=NOON,
        origin=Origin.MANUAL,
        strategy="momentum",
        limit_price=Decimal("100.20"),
        stop_loss=Decimal(95),
        take_profit=Decimal(110),
    )
    return replace(intent, **figures(changes))


def an_exit(decision: str = "dec-2", **changes: Any) -> OrderIntent:
    """Sell 10 AAPL at 99.80 or better, only to reduce."""
    closing = {"side": Side.SELL, "limit_price": "99.80", "stop_loss": None, "take_profit": None, "reduce_only": True}
    return an_intent(decision, **(closing | {"leg": "exit", "origin": Origin.RULE} | changes))


def an_order(decision: str = "dec-1", **changes: Any) -> Order:
    """Our record of a bought entry that the broker works on."""
    leg = changes.get("leg", "entry")
    order = Order(
        client_order_id=client_order_id(DecisionId(decision), leg),
        decision_id=DecisionId(decision),
        symbol=AAPL,
        side=Side.BUY,
        qty=Decimal(10),
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        status=OrderStatus.ACCEPTED,
        created_at=NOON,
        updated_at=NOON,
        strategy="momentum",
        origin=Origin.AGENT,
        limit_price=Decimal("100.20"),
        stop_loss=Decimal(95),
    )
    return replace(order, **figures(changes))


def a_report(order: Order, status: OrderStatus = OrderStatus.ACCEPTED, **changes: Any) -> OrderReport:
    """What a broker says about ``order``."""
    report = OrderReport(
        client_order_id=order.client_order_id,
        broker_id="b-1",
        status=status,
        broker_status=status.value,
        symbol=order.symbol,
        side=order.side,
        qty=order.qty,
        filled_qty=Decimal(0),
        avg_fill_price=None,
        at=NOON,
        type=order.type,
    )
    return replace(report, **figures(changes))


def a_fill(number: int = 1, order_id: ClientOrderId = ENTRY, **changes: Any) -> Fill:
    """Ten AAPL bought at 100 for a commission of 1."""
    fill = Fill(f"fill-{number}", order_id, AAPL, Side.BUY, Decimal(10), Decimal(100), Decimal(1), NOON)
    return replace(fill, **figures(changes))


def own_schema(postgres_url: str, name: str) -> str:
    """The address of a schema of its own in the server's test database, with empty tables or none at all."""
    address = f"{postgres_url}?options=-csearch_path%3D{name}"
    engine = create_engine(address)
    with engine.begin() as connection:
        found = inspect(connection)
        intact = set(metadata.tables) <= set(found.get_table_names())
        triggers = text("SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass('ledger') AND NOT tgisinternal")
        if intact and connection.execute(triggers).scalar():
            # Emptying is many times faster than making the tables again; the role silences the append-only trigger.
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql("; ".join(f"DELETE FROM {table}" for table in metadata.tables))  # noqa: S608
            connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))
        else:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    engine.dispose()
    return address


class HandClock:
    """A clock that the test moves."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def wait(self, **duration: float) -> datetime:
        """Let time pass, e.g. ``clock.wait(minutes=15)``."""
        self.at += timedelta(**duration)
        return self.at


@dataclass(frozen=True)
class HandMarket(TableMarket):
    """A market in which the test moves the quotes, appends bars and halts symbols."""

    quotes: dict[Symbol, Quote] = field(default_factory=lambda: {AAPL: a_quote(), MSFT: a_quote(MSFT)})
    series: dict[Symbol, tuple[Bar, ...]] = field(default_factory=dict)
    stopped: set[Symbol] = field(default_factory=set)

    def status(self, symbol: Symbol, *, as_of: datetime) -> TradingStatus | None:
        return TradingStatus(symbol, as_of, symbol in self.stopped)

    def move(self, bid: object, ask: object, at: datetime, symbol: Symbol = AAPL, **changes: Any) -> None:
        """A new quote."""
        self.quotes[symbol] = a_quote(symbol, bid=str(bid), ask=str(ask), at=at, **changes)

    def trade(self, start: datetime, symbol: Symbol = AAPL, **prices: object) -> Bar:
        """A bar of 15 minutes."""
        bar = a_bar(symbol, timeframe=Timeframe.MIN_15, start=start, end=start + timedelta(minutes=15), **prices)
        self.series[symbol] = (*self.series.get(symbol, ()), bar)
        return bar


@dataclass
class House:
    """Everything between an intent and a settled trade, on one database."""

    database: Database
    clock: HandClock
    market: HandMarket
    latch: KillSwitch
    ledger: SqlLedger
    orders: OrderStore
    equity: EquityStore
    control: ControlStore
    office: PermitOffice
    policy: Policy
    broker: Any
    settlement: Settlement
    desk: OrderDesk
    reconciler: Reconciler

    @property
    def paper(self) -> PaperBroker:
        """The broker, where it is the paper one."""
        assert isinstance(self.broker, PaperBroker)
        return self.broker

    def view(self) -> MarketView:
        """The market as a cycle would hand it to the desk."""
        now = self.clock.now()
        seen = {
            symbol: SymbolView(self.market.instrument(symbol), self.market.quote(symbol, as_of=now),
                               self.market.status(symbol, as_of=now))
            for symbol in self.market.symbols()
        }  # fmt: skip
        return MarketView(now, "WEEK", WeekdayCalendar().session_at(now), seen)

    def place(self, intent: OrderIntent, **given: Any) -> Any:
        """The ``Placement`` of an intent against the market as it is."""
        return self.desk.place(intent, market=self.view(), **given)

    def case(self, intent: OrderIntent) -> Case:
        """The case that the desk would put before the gates."""
        now = self.clock.now()
        book = read_book(self.broker, self.orders, self.equity, now=now)
        return Case(now, intent, self.control.read(broker_time=now), book, self.view())

    def permit(self, intent: OrderIntent) -> ApprovedOrder:
        """A permit straight from the office, without our own record of an order."""
        order_id = client_order_id(intent.decision_id, intent.leg)
        approved, evaluation = self.office.issue(self.case(intent), self.policy, order_id)
        assert approved is not None, evaluation
        return approved


class OpenOffice(PermitOffice):
    """An office that lets everything through: for what a broker does by itself, whatever the gates say."""

    def redeem(
        self, approved: ApprovedOrder, *, now: datetime, control: Control, closable: Decimal | None = None
    ) -> None:
        """No check."""

    def look_again(
        self, approved: ApprovedOrder, *, now: datetime, control: Control, closable: Decimal | None = None
    ) -> None:
        """No check."""


def a_slip(intent: OrderIntent, now: datetime = NOON) -> ApprovedOrder:
    """An order without any seal, which only the open office takes."""
    return ApprovedOrder(intent, client_order_id(intent.decision_id, intent.leg), "", "", now, now, "")


LIMITS = {"max_order_qty": 1000}


def an_equity_store(database: Database) -> EquityStore:
    """In the time of New York, with a session on every weekday."""
    return EquityStore(database, ZoneInfo("America/New_York"), WeekdayCalendar())


def a_house(
    database: Database,
    folder: Path,
    *,
    limits: Mapping[str, Any] = LIMITS,
    ledger: SqlLedger | None = None,
    broker: Callable[[PaperBroker], Broker] = lambda paper: paper,
    office: type[PermitOffice] = PermitOffice,
    settings: PaperSettings | None = None,
    clock: HandClock | None = None,
) -> House:
    """A house in mode paper, reconciled at noon; ``broker`` may put something in front of the paper broker."""
    clock, market, latch = clock or HandClock(), HandMarket(), KillSwitch(folder / "KILL")
    ledger = SqlLedger(database) if ledger is None else ledger
    orders, equity = OrderStore(database), an_equity_store(database)
    control = ControlStore(database, ledger, latch, WeekdayCalendar())
    permits, policy = office(b"k" * 32, latch), policy_from_limits(limits)
    release = Release("code", policy.digest, "prompts")
    front = broker(PaperBroker(database, market, WeekdayCalendar(), clock, permits, control, settings))
    settlement = Settlement(database, ledger, orders, control)
    desk = OrderDesk(
        database=database, ledger=ledger, orders=orders, control=control, equity=equity, settlement=settlement,
        broker=front, office=permits, policy=policy, clock=clock, release=release,
    )  # fmt: skip
    reconciler = Reconciler(database, ledger, orders, control, equity, settlement, front)
    if control.read().mode is Mode.OFF:
        control.set_mode(Mode.PAPER, by="test", at=NOON)
        control.put_in_force(release, policy, by="test", at=NOON)
        control.mark_reconciled(NOON, ())
    return House(database, clock, market, latch, ledger, orders, equity, control, permits, policy, front, settlement,
                 desk, reconciler)  # fmt: skip


def an_observed_house(database: Database, folder: Path, **given: Any) -> House:
    """A house in which every call to the broker is written down."""
    clock = HandClock()

    def observed(paper: PaperBroker) -> Broker:
        return ObservedBroker(paper, database, clock)

    return a_house(database, folder, broker=observed, clock=clock, **given)


def place_many(url: str, folder: Path, name: str, count: int) -> None:
    """A process of its own: ``count`` entries of ten shares, as many as the gates let through."""
    database = open_database(url)
    house = a_house(database, folder, limits=SHARED)
    for number in range(count):
        house.place(an_intent(f"{name}-{number}"))
    database.close()


SHARED = {"max_position_qty": 100}
MANY = tuple(Symbol(f"SYM{letter}") for letter in "ABCDEFGHIJKLMNOPQRSTUVWXY")


def place_each(url: str, folder: Path, name: str, limits: dict[str, Any]) -> None:
    """A process of its own: an entry of ten shares into each of many symbols, as many as the gates let through."""
    database = open_database(url)
    house = a_house(database, folder, limits=limits)
    house.market.quotes.update({symbol: a_quote(symbol) for symbol in MANY})
    for symbol in MANY:
        house.place(an_intent(f"{name}-{symbol}", symbol=symbol))
    database.close()


class Deadly:
    """A broker in whose hands the process dies without a word, before or after the order has left."""

    def __init__(self, paper: PaperBroker, *, sends: bool) -> None:
        self._paper = paper
        self._sends = sends

    def __getattr__(self, name: str) -> Any:
        return getattr(self._paper, name)

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """``kill -9``."""
        if self._sends:
            self._paper.submit(approved)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")


def place_and_die(url: str, folder: Path, sends: bool) -> None:
    """A process of its own that is killed between its intent and the answer of the broker."""
    a_house(open_database(url), folder, broker=lambda paper: Deadly(paper, sends=sends)).place(an_intent())
