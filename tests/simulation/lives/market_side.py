"""The other side of a simulated life: an exchange in memory and a broker that draws a behaviour for every order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import ApprovedOrder, OrderReport, Side
from policies.permit import PermitOffice
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.simulation.behaviours import BEHAVIOURS, Fills
from tests.simulation.exchange import Books, Exchange, ScriptedBroker, no_answer
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


class MoodyBroker(ScriptedBroker):
    """Before the exchange, with its own clock; may be away for a while, of which each call has its own idea."""

    def __init__(self, moods: Moods, exchange: Memory, office: PermitOffice, control: ControlStore) -> None:
        super().__init__(exchange, moods.clock, office, control, moods.script)
        self._moods = moods
        for name in ("account", "positions", "orders", "find", "fills"):
            setattr(self, name, self._unless_away(getattr(self, name)))

    def now(self) -> datetime:
        """True time, whatever our clock says."""
        return self._moods.clock.at

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        self._moods.draw(approved)
        return super().submit(approved)

    def replace(self, client_order_id: ClientOrderId, approved: ApprovedOrder) -> OrderReport:
        self._moods.draw(approved)
        return super().replace(client_order_id, approved)

    def _unless_away(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            if self._moods.away:
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

    def draw(self, approved: ApprovedOrder) -> None:
        """Once for each order, the first time it is on its way."""
        if approved.client_order_id not in self.of:
            name = self._rng.choice(("Fills", "Rests") if self.peace else tuple(BEHAVIOURS))
            self.of[approved.client_order_id] = name

    def script(self, name: ClientOrderId) -> Fills:
        """The behaviour of an order; one that was never on its way has none."""
        return BEHAVIOURS[self.of.get(name, "Rests")]
