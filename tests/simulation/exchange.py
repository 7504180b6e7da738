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

from domain.book import Account, AccountKind, Position
from domain.errors import DataQualityError, RetryableError
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import ApprovedOrder, Fill, OrderReport, OrderStatus
from domain.ports import Clock
from policies.permit import PermitOffice
from trading.store.control import ControlStore

S = OrderStatus
START = Decimal(1_000_000)
PRICE = Decimal(100)


@dataclass
class Books:
    """What the exchange knows. ``hidden`` executions have happened and are not told yet."""

    orders: dict[ClientOrderId, OrderReport] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    posts: list[ClientOrderId] = field(default_factory=list)
    held_back: list[ApprovedOrder] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    happened: bool = False


class Exchange:
    """The truth, read anew for every question."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def books(self) -> Books:
        """As they stand."""
        return pickle.loads(self._file.read_bytes()) if self._file.exists() else Books()  # noqa: S301

    @contextmanager
    def changing(self) -> Iterator[Books]:
        """Change them; a process that dies inside has changed nothing."""
        books = self.books
        yield books
        draft = self._file.with_suffix(".draft")
        draft.write_bytes(pickle.dumps(books))
        draft.replace(self._file)

    def ask(self, what: str) -> int:
        """How often this was asked, this time included."""
        with self.changing() as books:
            books.asked[what] = books.asked.get(what, 0) + 1
            return books.asked[what]

    def accept(self, approved: ApprovedOrder, at: datetime, status: S = S.ACCEPTED, raw: str = "") -> OrderReport:
        """One more order; a second one of the same id is counted and takes the place of the first."""
        intent = approved.intent
        report = OrderReport(
            approved.client_order_id, f"x-{approved.client_order_id}", status, raw or status.value, intent.symbol,
            intent.side, intent.qty, ZERO, None, at, intent.type, intent.limit_price, intent.trigger_price,
            leg=intent.leg,
        )  # fmt: skip
        with self.changing() as books:
            books.orders[report.client_order_id] = report
        return report

    def fill(self, name: ClientOrderId, qty: object, at: datetime, *, hidden: bool = False) -> None:
        """An execution at 100 for a commission of 1; ``hidden`` ones are told later."""
        shares = Decimal(str(qty))
        with self.changing() as books:
            order = books.orders[name]
            filled = order.filled_qty + shares
            fill_id = f"f-{name}-{sum(each.client_order_id == name for each in books.fills) + 1}"
            books.fills.append(Fill(fill_id, name, order.symbol, order.side, shares, PRICE, Decimal(1), at))
            books.hidden |= {fill_id} if hidden else set()
            status = (
                S.FILLED if filled >= order.qty else order.status if not order.status.is_open else S.PARTIALLY_FILLED
            )
            books.orders[name] = replace(
                order, status=status, broker_status=status.value, filled_qty=filled, avg_fill_price=PRICE, at=at
            )

    def end(self, name: ClientOrderId, status: S, at: datetime, raw: str = "") -> None:
        """Move an order to a status without any execution."""
        with self.changing() as books:
            books.orders[name] = replace(books.orders[name], status=status, broker_status=raw or status.value, at=at)

    def positions(self) -> dict[Symbol, Decimal]:
        """What executions have made of the account, hidden ones included."""
        held: dict[Symbol, Decimal] = {}
        for fill in self.books.fills:
            held[fill.symbol] = held.get(fill.symbol, ZERO) + fill.qty * fill.side.sign
        return {symbol: qty for symbol, qty in held.items() if qty}


class ScriptedBroker:
    """``domain.ports.Broker`` before the exchange; ``script`` says what becomes of an order and what is answered."""

    name = "scripted"
    paper = True

    def __init__(
        self, exchange: Exchange, clock: Clock, office: PermitOffice, control: ControlStore, script: Any
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
        cash = START - sum((each.qty * each.price * each.side.sign + each.commission for each in books.fills), ZERO)
        held = sum(self.exchange.positions().values(), ZERO) * PRICE
        return Account(
            "scripted", now, "USD", True, cash + held, cash, cash, False, AccountKind.CASH, cash, Decimal("0.25") * held
        )  # fmt: skip

    def positions(self) -> tuple[Position, ...]:
        """All holdings."""
        return tuple(Position(name, qty, PRICE, qty) for name, qty in sorted(self.exchange.positions().items()))

    def orders(self) -> tuple[OrderReport, ...]:
        """Working orders, as far as the script lets them be seen."""
        working = [order for order in self.exchange.books.orders.values() if order.status.is_open]
        return tuple(self._script.listed(self, working))

    def find(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """One order, where the script lets it be found."""
        self._script.asked(self, self.exchange.ask("find"))
        return self.exchange.books.orders.get(client_order_id)

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """Check the permit, count the POST, and let the script go on."""
        now = self.clock.now()
        self._office.redeem(approved, now=now, control=self._control.read(broker_time=now))
        with self.exchange.changing() as books:
            books.posts.append(approved.client_order_id)
        self.passing("wire:sent")
        report = self._script.submitted(self, approved)
        self.passing("wire:answered")
        return report

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
        return self._script.submitted(self, approved)

    def fills(self, *, since: datetime) -> tuple[Fill, ...]:
        """Executions that are told, as the script orders them."""
        books = self.exchange.books
        told = [fill for fill in books.fills if fill.at > since and fill.fill_id not in books.hidden]
        return tuple(self._script.told(told))

    def time(self) -> datetime:
        """The runtime's clock."""
        return self.clock.now()


def no_answer(what: str = "timed out") -> RetryableError:
    """What an adapter raises where the outcome is open."""
    return RetryableError(f"the broker did not answer: {what}")


def nonsense() -> DataQualityError:
    """What an adapter raises for an answer it cannot read."""
    return DataQualityError("the broker answered with something that is no order")
