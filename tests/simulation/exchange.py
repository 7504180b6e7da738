"""A broker whose truth outlives every process of ours: one file beside our database, written whole at each change.

It keeps what a real one keeps (orders, executions, every POST that arrived) and nothing of ours, so that what we
believe can be held against it. It knows no duplicate: a second POST of one id is a second order, and shows.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.book import Account, AccountKind, BrokerTime, Charge, Position, Transfer
from domain.errors import DataQualityError, RetryableError
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import ApprovedOrder, Fill, OrderClass, OrderReport, OrderStatus, OrderType, Side
from domain.ports import Clock
from policies.permit import PermitOffice
from trading.store.control import ControlStore

S = OrderStatus
START = Decimal(1_000_000)
PRICE = Decimal(100)


@dataclass
class Books:
    """What the exchange knows. ``hidden`` executions are not told yet; what ``begun`` names has had its ``later``.

    ``broken`` says in words what should not have come here at all, seen when it came.
    """

    orders: dict[ClientOrderId, OrderReport] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    posts: list[ClientOrderId] = field(default_factory=list)
    held_back: list[ApprovedOrder] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    begun: list[ClientOrderId] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class Exchange:
    """The truth, read anew for every question. Executions happen at ``price``."""

    price = PRICE

    def __init__(self, file: Path) -> None:
        self.file = file

    @property
    def books(self) -> Books:
        """As they stand."""
        return pickle.loads(self.file.read_bytes()) if self.file.exists() else Books()  # noqa: S301

    @contextmanager
    def changing(self) -> Iterator[Books]:
        """Change them; a process that dies inside has changed nothing."""
        books = self.books
        yield books
        # A rename is whole or not at all, so a death here leaves the books of before.
        draft = self.file.with_suffix(".draft")
        draft.write_bytes(pickle.dumps(books))
        draft.replace(self.file)

    def ask(self, what: str) -> int:
        """How often this was asked, this time included."""
        with self.changing() as books:
            books.asked[what] = books.asked.get(what, 0) + 1
            return books.asked[what]

    def accept(self, approved: ApprovedOrder, at: datetime, status: S = S.ACCEPTED, raw: str = "") -> OrderReport:
        """One more order; a second one of the same id is counted and takes the place of the first.

        Nobody sells short here: shares that a resting stop holds are freed for an exit, and what is more is rejected.
        """
        intent = approved.intent
        if intent.side is Side.SELL and not self._frees(approved, at):
            status, raw = S.REJECTED, "insufficient qty available"
        report = OrderReport(
            approved.client_order_id, f"x-{approved.client_order_id}", status, raw or status.value, intent.symbol,
            intent.side, intent.qty, ZERO, None, at, intent.type, intent.limit_price, intent.trigger_price,
            leg=intent.leg,
        )  # fmt: skip
        with self.changing() as books:
            books.orders[report.client_order_id] = report
        return report

    def _frees(self, approved: ApprovedOrder, at: datetime) -> bool:
        """True where as many shares can be sold, if need be instead of by the stops that rest for them."""
        symbol, wanted = approved.intent.symbol, approved.intent.qty
        held = self.positions().get(symbol, ZERO)
        with self.changing() as books:
            selling = [each for each in books.orders.values() if each.side is Side.SELL and each.status.is_open]
            there = self.books.orders  # of a part of the whole those of that part alone
            mine = [each for each in selling if each.symbol == symbol and each.client_order_id in there]
            stops = [each for each in mine if each.type is OrderType.STOP]
            tied = sum((each.qty - each.filled_qty for each in mine if each not in stops), ZERO)
            if held - tied < wanted:
                return False
            resting = sum((each.qty - each.filled_qty for each in stops), ZERO)
            for each in stops if held - tied - resting < wanted else ():
                name = each.client_order_id
                books.orders[name] = replace(each, status=S.CANCELED, broker_status=S.CANCELED.value, at=at)
        return True

    def fill(self, name: ClientOrderId, shares: Decimal, at: datetime, *, hidden: bool = False) -> OrderReport:
        """An execution for a commission of 1, and the order after it; ``hidden`` ones are told later."""
        with self.changing() as books:
            order = books.orders[name]
            # What was cancelled or has expired may still fill: it had, when the word of its end was on the way.
            if shares <= 0 or order.status is S.REJECTED:
                return order
            filled = order.filled_qty + shares
            fill_id = f"f-{name}-{sum(each.client_order_id == name for each in books.fills) + 1}"
            books.fills.append(Fill(fill_id, name, order.symbol, order.side, shares, self.price, Decimal(1), at))
            books.hidden |= {fill_id} if hidden else set()
            status = (
                S.FILLED if filled >= order.qty else order.status if not order.status.is_open else S.PARTIALLY_FILLED
            )
            books.orders[name] = replace(
                order, status=status, broker_status=status.value, filled_qty=filled, avg_fill_price=self.price, at=at
            )
            return books.orders[name]

    def end(self, name: ClientOrderId, status: S, at: datetime) -> OrderReport:
        """Move an order to a status without any execution."""
        with self.changing() as books:
            books.orders[name] = replace(books.orders[name], status=status, broker_status=status.value, at=at)
            return books.orders[name]

    def positions(self) -> dict[Symbol, Decimal]:
        """What executions have made of the account, hidden ones included."""
        held: dict[Symbol, Decimal] = {}
        for fill in self.books.fills:
            held[fill.symbol] = held.get(fill.symbol, ZERO) + fill.qty * fill.side.sign
        return {symbol: qty for symbol, qty in held.items() if qty}


class ScriptedBroker:
    """``domain.ports.Broker`` before the exchange; ``script`` names what becomes of an order and what is answered."""

    name = "scripted"
    paper = True
    start = START
    fractional = frozenset(OrderClass)

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        office: PermitOffice,
        control: ControlStore,
        script: Callable[[ClientOrderId], Any],
    ) -> None:
        self.exchange = exchange
        self.clock = clock
        self._office = office
        self._control = control
        self._script = script
        self.passing: Callable[[str], None] = lambda _name: None

    def account(self) -> Account:
        """Equity is cash plus holdings at 100, so it moves by commissions alone."""
        books, now = self.exchange.books, self.clock.now()
        cash = self.start - sum(
            (each.qty * each.price * each.side.sign + each.commission for each in books.fills), ZERO
        )
        held = sum(self.exchange.positions().values(), ZERO) * PRICE
        return Account(
            "scripted", now, "USD", True, cash + held, cash, cash, False, AccountKind.CASH, cash, Decimal("0.25") * held
        )  # fmt: skip

    def positions(self) -> tuple[Position, ...]:
        """All holdings."""
        return tuple(Position(name, qty, PRICE, qty) for name, qty in sorted(self.exchange.positions().items()))

    def orders(self) -> tuple[OrderReport, ...]:
        """Working orders, as far as the script lets them be seen."""
        shown: list[OrderReport] = []
        for order in self.exchange.books.orders.values():
            if order.status.is_open:
                name = order.client_order_id
                shown += self._script(name).listed(self.exchange.ask(f"list {name}"), order)
        return tuple(shown)

    def find(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """One order, where the script lets it be found."""
        self._script(client_order_id).asked(self.exchange.ask(f"find {client_order_id}"))
        return self.exchange.books.orders.get(client_order_id)

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """Check the permit, count the POST, and let the script go on."""
        now = self.clock.now()
        self._office.redeem(approved, now=now, control=self._control.read(broker_time=now))
        with self.exchange.changing() as books:
            books.posts.append(approved.client_order_id)
        self.passing("wire:sent")
        report: OrderReport = self._script(approved.client_order_id).submitted(self, approved)
        self.passing("wire:answered")
        return report

    def later(self) -> None:
        """What is still to come of every order that was posted, once each."""
        for name in self.exchange.books.posts:
            with self.exchange.changing() as books:
                due = name not in books.begun
                books.begun += [name] if due else []
                there = name in books.orders or any(each.client_order_id == name for each in books.held_back)
            if due and there:
                self._script(name).later(self, name)

    def cancel(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """Take a working order out."""
        order = self.exchange.books.orders.get(client_order_id)
        if order is not None and order.status.is_open:
            self.exchange.end(client_order_id, S.CANCELED, self.clock.now())
        return self.exchange.books.orders.get(client_order_id)

    def replace(self, client_order_id: ClientOrderId, approved: ApprovedOrder) -> OrderReport:
        """The new order in the place of the old one, where that still works."""
        now, old = self.clock.now(), self.exchange.books.orders.get(client_order_id)
        self._office.redeem(approved, now=now, control=self._control.read(broker_time=now))
        with self.exchange.changing() as books:
            books.posts.append(approved.client_order_id)
        if old is None or not old.status.is_open:
            return self.exchange.accept(approved, now, S.REJECTED)
        self.exchange.end(client_order_id, S.REPLACED, now)
        report: OrderReport = self._script(approved.client_order_id).submitted(self, approved)
        return report

    def fills(self, *, since: datetime) -> tuple[Fill, ...]:
        """Executions that are told, as the script orders them."""
        books = self.exchange.books
        told: dict[ClientOrderId, list[Fill]] = {}
        for fill in books.fills:
            if fill.at > since and fill.fill_id not in books.hidden:
                told.setdefault(fill.client_order_id, []).append(fill)
        return tuple(fill for name, fills in told.items() for fill in self._script(name).told(fills))

    def charges(self, *, since: datetime) -> tuple[Charge, ...]:
        """None: executions carry them."""
        return ()

    def transfers(self, *, since: datetime) -> tuple[Transfer, ...]:
        """None: nobody pays in or out."""
        return ()

    def now(self) -> datetime:
        """The exchange's own clock, which is ours unless somebody has moved ours."""
        return self.clock.now()

    def time(self) -> BrokerTime:
        """The same, as it is told."""
        return BrokerTime(self.now())


def no_answer(what: str = "timed out") -> RetryableError:
    """What an adapter raises where the outcome is open."""
    return RetryableError(f"the broker did not answer: {what}")


def nonsense() -> DataQualityError:
    """What an adapter raises for an answer it cannot read."""
    return DataQualityError("the broker answered with something that is no order")
