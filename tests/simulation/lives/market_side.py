"""The other side of a simulated life: an exchange in memory and a broker that draws a behaviour for every order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import Account
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import ApprovedOrder, OrderReport, Side
from policies.permit import PermitOffice
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.simulation.behaviours import BEHAVIOURS, Fills
from tests.simulation.exchange import START, Books, Exchange, ScriptedBroker, no_answer
from trading.execution.brokers.several.broker import Seat, SeveralBrokers
from trading.store.control import ControlStore

LATEST = timedelta(seconds=60)
"""How long after its permit an order that hung still arrives."""


class OurClock(HandClock):
    """What our machine believes: the true time and what it is off by."""

    def __init__(self) -> None:
        super().__init__(NOON)
        self.off = timedelta(0)
        self.jumped = False

    def now(self) -> datetime:
        return self.at + self.off

    def jump(self, by: timedelta) -> None:
        """Our machine believes something else from now on."""
        self.off, self.jumped = by, True


class Memory(Exchange):
    """The exchange without a file. ``surprise`` are shares that filled where nobody could expect it any more."""

    def __init__(self) -> None:
        self._books = Books()
        self.sent_to: dict[ClientOrderId, str] = {}
        self.surprise: Counter[tuple[Symbol, Side]] = Counter()

    @property
    def books(self) -> Books:
        return self._books

    @contextmanager
    def changing(self) -> Iterator[Books]:
        yield self._books

    def fill(self, name: ClientOrderId, shares: Decimal, at: datetime, *, hidden: bool = False) -> OrderReport:
        before = self._books.orders[name]
        # Whatever fills of an order that was over, or beyond its size, no gate could have counted.
        left = before.qty - before.filled_qty if before.status.is_open else ZERO
        self.surprise[before.symbol, before.side] += int(max(shares - left, ZERO))
        return super().fill(name, shares, at, hidden=hidden)

    def due(self) -> list[ClientOrderId]:
        """Orders whose behaviour has something to come."""
        there = {*self._books.orders, *(each.client_order_id for each in self._books.held_back)}
        return [name for name in self._books.posts if name in there and name not in self._books.begun]


class Half(Exchange):
    """What one of two brokers sees of the exchange: the orders that were sent to it, and what became of them."""

    def __init__(self, whole: Memory, label: str) -> None:
        self.whole = whole
        self.label = label

    @property
    def price(self) -> Decimal:  # type: ignore[override]
        """That of the whole."""
        return self.whole.price

    @property
    def books(self) -> Books:
        """A copy, to be read."""
        whole, sent = self.whole.books, self.whole.sent_to
        here = {name for name in whole.posts if sent.get(name) == self.label}
        return replace(
            whole,
            orders={name: order for name, order in whole.orders.items() if name in here},
            fills=[fill for fill in whole.fills if fill.client_order_id in here],
            posts=[name for name in whole.posts if name in here],
            held_back=[each for each in whole.held_back if each.client_order_id in here],
        )

    @contextmanager
    def changing(self) -> Iterator[Books]:
        with self.whole.changing() as books:
            yield books

    def fill(self, name: ClientOrderId, shares: Decimal, at: datetime, *, hidden: bool = False) -> OrderReport:
        return self.whole.fill(name, shares, at, hidden=hidden)


class MoodyBroker(ScriptedBroker):
    """Before the exchange, with its own clock; may be away for a while, of which each call has its own idea."""

    def __init__(self, moods: Moods, exchange: Memory | Half, office: PermitOffice, control: ControlStore) -> None:
        super().__init__(exchange, moods.clock, office, control, moods.script)
        self.start = START / 2 if self.label else START
        self._moods = moods
        for name in ("account", "positions", "orders", "find", "fills"):
            setattr(self, name, self._unless_away(getattr(self, name)))

    def now(self) -> datetime:
        """True time, whatever our clock says."""
        return self._moods.clock.at

    @property
    def label(self) -> str:
        """Which of two it is; empty for the only one."""
        return self.exchange.label if isinstance(self.exchange, Half) else ""

    def account(self) -> Account:
        """By its label, where there are two."""
        told = super().account()
        return replace(told, account_id=self.label) if self.label else told

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        self._moods.draw(approved)
        self._take(approved)
        return super().submit(approved)

    def replace(self, client_order_id: ClientOrderId, approved: ApprovedOrder) -> OrderReport:
        self._moods.draw(approved)
        self._take(approved)
        return super().replace(client_order_id, approved)

    def _take(self, approved: ApprovedOrder) -> None:
        if isinstance(self.exchange, Half):
            self.exchange.whole.sent_to[approved.client_order_id] = self.label

    def _unless_away(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            if self._moods.away and self.label in self._moods.who:
                raise no_answer("connection reset")
            return method(*given, **named)

        return called


class Moods:
    """Which behaviour each order was drawn; in ``peace`` the broker does everything right."""

    def __init__(self, rng: random.Random, clock: OurClock) -> None:
        self._rng = rng
        self.clock = clock
        self.of: dict[ClientOrderId, str] = {}
        self.peace = False
        self.away = False
        self.who: tuple[str, ...] = ("",)
        """Of two brokers those that are away."""

    def draw(self, approved: ApprovedOrder) -> None:
        """Once for each order, the first time it is on its way."""
        if approved.client_order_id not in self.of:
            name = self._rng.choice(("Fills", "Rests") if self.peace else tuple(BEHAVIOURS))
            self.of[approved.client_order_id] = name

    def script(self, name: ClientOrderId) -> Fills:
        """The behaviour of an order; one that was never on its way has none."""
        return BEHAVIOURS[self.of.get(name, "Rests")]


def side_by_side(moods: Moods, exchange: Memory, paper: Any, first: str) -> SeveralBrokers:
    """Two brokers, a and b, which share one truth; ``first`` is named first."""
    labels = ("a", "b") if first == "a" else ("b", "a")
    halves = [MoodyBroker(moods, Half(exchange, label), paper._office, paper._control) for label in labels]
    return SeveralBrokers([Seat(each.label, each) for each in halves])
