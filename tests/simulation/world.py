"""A trading life from one seed: clock, broker, faults of the database, crashes and restarts, and what must always hold.

Everything random is drawn from one generator, nothing reads the machine's time, so a seed that fails fails again. What
dies in it is the process as we see it: its objects are dropped at a point of the send path and built anew on what the
database holds.

    no double    an id is posted once; no execution is booked twice, none that the exchange does not have
    no loss      what was posted is in our books and no longer an intent; what works there is open here
    book         right after a comparison the books are equal, or the symbol is named as different
    exposure     what is held and what may still be bought never exceed the limit, at the exchange and here
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from domain.case import TradingState
from domain.errors import OversightError
from domain.ids import client_order_id
from domain.money import ZERO
from domain.orders import ApprovedOrder, Fill, OrderReport, OrderStatus, Side
from tests.builders.execution import HandClock, House, a_house, an_exit, an_intent
from tests.builders.market import AAPL, MSFT
from tests.simulation.crashing import WATCHED
from tests.simulation.exchange import Books, Exchange, ScriptedBroker, no_answer, nonsense
from trading.execution.changes import Change
from trading.store.database import Database, open_database

S = OrderStatus
LIMITS = {"max_order_qty": 1000, "max_position_qty": 60}
STEPS = 25
PEACE = 6
BUSY, FULL = "database is locked", "database or disk is full"
IN_FLIGHT = (S.INTENT, S.SUBMITTED, S.UNKNOWN)


class Crash(BaseException):
    """The process is gone: nothing of ours catches this."""


class Memory(Exchange):
    """The same exchange without a file: in one process nothing else has to outlive anything."""

    def __init__(self) -> None:
        self._books = Books()

    @property
    def books(self) -> Books:
        return self._books

    @contextmanager
    def changing(self) -> Iterator[Books]:
        yield self._books


class Moods:
    """A script that draws what a broker does; in ``peace`` it does everything right."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.peace = False

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        """Arrives or not, fills some or all, and answers, lies or is silent."""
        now, exchange, name = broker.clock.now(), broker.exchange, approved.client_order_id
        drawn = 1.0 if self.peace else self._rng.random()
        if drawn < 0.06:
            raise no_answer("connection refused")
        if drawn < 0.12:
            with exchange.changing() as books:
                books.held_back.append(approved)
            raise no_answer("hung")
        if drawn < 0.17:
            return exchange.accept(approved, now, S.REJECTED)
        before = exchange.accept(approved, now)
        part = self._rng.choice((0, 0, 1, int(approved.intent.qty)))
        if part:
            exchange.fill(name, min(part, approved.intent.qty), now, hidden=drawn < 0.30)
        if drawn < 0.35:
            raise no_answer("504 gateway timeout")
        if drawn < 0.40:
            raise nonsense()
        return before if drawn < 0.45 else exchange.books.orders[name]

    def asked(self, broker: ScriptedBroker, number: int) -> None:
        """One look-up in ten fails."""
        if not self.peace and self._rng.random() < 0.1:
            raise self._rng.choice((no_answer(), nonsense()))

    def listed(self, broker: ScriptedBroker, working: Sequence[OrderReport]) -> Sequence[OrderReport]:
        """Whole, twice, or with one missing."""
        drawn = 1.0 if self.peace else self._rng.random()
        if drawn < 0.1:
            return (*working, *working)
        return working[1:] if drawn < 0.2 else working

    def told(self, fills: Sequence[Fill]) -> Sequence[Fill]:
        """In any order, sometimes twice."""
        if not self.peace and self._rng.random() < 0.3:
            return self._rng.sample([*fills, *fills], 2 * len(fills))
        return fills


class World:
    """One life. ``live`` runs it and raises AssertionError with the seed and the step where something does not hold."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.folder = folder
        self.clock = HandClock()
        self.exchange = Memory()
        self.moods = Moods(self.rng)
        self.decisions = 0
        self.crashes = 0
        self.faults = 0
        self.crash_at: str | None = None
        self.fault: str | None = None
        self.log: list[str] = []
        self.house = self._start()

    def live(self) -> None:
        """Steps in trouble, then peace, then everything is settled."""
        for _ in range(STEPS):
            self._step()
            self._holds()
        self.moods.peace, self.crash_at, self.fault = True, None, None
        self._arrive()
        for _ in range(PEACE):
            self.clock.wait(minutes=1)
            self._tell_all()
            self._cycle()
            self._holds()
        self._settled()
        self.house.database.close()

    def _step(self) -> None:
        steps: tuple[Callable[[], None], ...] = (
            self._enter, self._enter, self._enter, self._leave, self._again, self._change, self._cancel, self._cycle,
            self._cycle, self._happen, self._happen, self._happen, self._arrive, self._wait, self._restart,
        )  # fmt: skip
        step = self.rng.choice(steps)
        self.crash_at = self.rng.choice(self.points) if self.rng.random() < 0.15 else None
        self.fault = self.rng.choice((BUSY, FULL)) if self.rng.random() < 0.1 else None
        self.log.append(f"{step.__name__} crash={self.crash_at} fault={self.fault}")
        try:
            step()
        except Crash:
            self.crashes += 1
            self._restart()
        except OversightError as error:
            self.log.append(f"  {type(error).__name__}")
        self.crash_at = self.fault = None

    def _enter(self) -> None:
        self.decisions += 1
        symbol, qty = self.rng.choice((AAPL, MSFT)), self.rng.randint(1, 30)
        self.house.place(an_intent(f"d-{self.decisions}", symbol=symbol, qty=qty))

    def _again(self) -> None:
        """A decision that was made before, as a step that runs twice would send it."""
        if self.decisions:
            self.house.place(an_intent(f"d-{self.rng.randint(1, self.decisions)}"))

    def _leave(self) -> None:
        held = self.house.orders.trades.positions()
        if held:
            symbol = self.rng.choice(sorted(held))
            self.decisions += 1
            self.house.place(an_exit(f"d-{self.decisions}", symbol=symbol, qty=max(held[symbol], Decimal(1))))

    def _change(self) -> None:
        working = [order for order in self.house.orders.open() if order.status is S.ACCEPTED]
        if working:
            order = self.rng.choice(working)
            price = Decimal(self.rng.randint(10_000, 10_020)) / 100
            self.house.desk.replace(order.client_order_id, Change(limit_price=price), market=self.house.view())

    def _cancel(self) -> None:
        working = self.house.orders.open()
        if working:
            self.house.desk.cancel(self.rng.choice(working).client_order_id, by="owner")

    def _cycle(self) -> None:
        """What every cycle does first; one broken part does not keep the next cycle from it."""
        self.house.desk.recover()
        self._compare()
        self.house.desk.resume(lambda _symbols: self.house.view())

    def _compare(self) -> None:
        """Right after it the books are equal, or the symbol is named."""
        self.house.reconciler.reconnected(self.clock.now())
        ours, theirs = self.house.orders.trades.positions(), self.exchange.positions()
        differ = {name for name in {*ours, *theirs} if ours.get(name, ZERO) != theirs.get(name, ZERO)}
        self._must(differ <= set(self.house.control.read().mismatched), f"{differ} differ and nobody says so")

    def _happen(self) -> None:
        """Something at the exchange, whoever of us is looking."""
        names = sorted(self.exchange.books.orders)
        if not names:
            return
        order = self.exchange.books.orders[self.rng.choice(names)]
        name, left = order.client_order_id, order.qty - order.filled_qty
        drawn = self.rng.random()
        if order.status.is_open and drawn < 0.6 and left > 0:
            self.exchange.fill(name, self.rng.randint(1, int(left)), self.clock.now(), hidden=drawn < 0.2)
        elif order.status.is_open:
            self.exchange.end(name, self.rng.choice((S.CANCELED, S.EXPIRED)), self.clock.now())
        elif order.status is S.CANCELED and left > 0 and drawn < 0.3 and order.side is Side.SELL:
            # A late fill of a sale: of a purchase it would be more than the gates let in, and no fault of theirs.
            held = self.exchange.positions().get(order.symbol, ZERO)
            if held >= left:
                self.exchange.fill(name, left, self.clock.now())
        self._tell_all()

    def _tell_all(self) -> None:
        with self.exchange.changing() as books:
            books.hidden.clear()

    def _arrive(self) -> None:
        """What hung comes through, as long as its permit and the way let it."""
        with self.exchange.changing() as books:
            waiting, books.held_back = books.held_back, []
        for approved in waiting:
            if self.clock.now() <= approved.expires_at + timedelta(seconds=30):
                self.exchange.accept(approved, self.clock.now())

    def _wait(self) -> None:
        self.clock.wait(seconds=self.rng.randint(1, 90))

    def _restart(self) -> None:
        self.crash_at = self.fault = None
        self.house.database.close()
        self.house = self._start()

    def _start(self) -> House:
        database = open_database(f"sqlite:///{self.folder / 'sage.db'}")
        unforced(database)

        def behind(paper: Any) -> Any:
            return ScriptedBroker(self.exchange, self.clock, paper._office, paper._control, self.moods)

        house = a_house(database, self.folder, limits=LIMITS, broker=behind, clock=self.clock)
        self.points = self._watch(house, database)
        if self.log:
            self.log.append("restarted")
            house.control.mark_unreconciled()
        return house

    def _watch(self, house: House, database: Database) -> tuple[str, ...]:
        names = []
        for of, methods in WATCHED.items():
            target = getattr(house, of)
            for method in methods:
                names.append(f"{of}.{method}")
                setattr(target, method, self._passing(getattr(target, method), names[-1]))
        database.along(self._commit)
        return (*names, "commit")

    def _passing(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            self._die_at(name)
            return answer

        return watched

    def _die_at(self, name: str) -> None:
        if self.crash_at == name:
            raise Crash

    def _commit(self) -> None:
        """The end of a write transaction: the disk may be full, another writer may have it, the process may die."""
        self._die_at("commit")
        if self.fault is not None and self.rng.random() < 0.5:
            told, self.fault, self.faults = self.fault, None, self.faults + 1
            raise OperationalError("COMMIT", {}, Exception(told))

    def _must(self, holds: bool, what: str) -> None:
        if not holds:
            told = "\n".join(self.log[-12:])
            raise AssertionError(f"seed {self.seed}: {what}\n{told}")

    def _holds(self) -> None:
        """What is true after every step, also in the middle of trouble."""
        books, orders = self.exchange.books, self.house.orders
        self._must(len(books.posts) == len(set(books.posts)), "an id was posted twice")
        for name in books.posts:
            ours = orders.get(name)
            self._must(ours is not None and ours.status is not S.INTENT, f"{name} was posted, ours is {ours}")
        for name, report in books.orders.items():
            ours = orders.get(name)
            if report.status.is_open and report.filled_qty < report.qty:
                self._must(ours is not None and ours.status.is_open, f"{name} works there and is {ours} here")
        theirs = {fill.fill_id: fill.qty for fill in books.fills}
        booked = [fill for report in books.orders for fill in orders.fills_of(report)]
        self._must(all(theirs.get(fill.fill_id) == fill.qty for fill in booked), "an execution nobody made is booked")
        self._within_limits()

    def _within_limits(self) -> None:
        most = LIMITS["max_position_qty"]
        held = self.exchange.positions()
        for symbol in (AAPL, MSFT):
            buying = sum(
                order.qty - order.filled_qty
                for order in self.exchange.books.orders.values()
                if order.symbol == symbol and order.side is Side.BUY and order.status.is_open
            )
            self._must(held.get(symbol, ZERO) >= ZERO, f"{symbol} was sold short")
            self._must(held.get(symbol, ZERO) + buying <= most, f"{symbol} can reach {held.get(symbol)} + {buying}")

    def _settled(self) -> None:
        """In peace everything is known, equal and on record."""
        ours, theirs = self.house.orders.trades.positions(), self.exchange.positions()
        self._must({name: qty for name, qty in ours.items() if qty} == theirs, f"we hold {ours}, they {theirs}")
        left = [order for order in self.house.orders.open() if order.status in IN_FLIGHT]
        self._must(not left, f"nobody knows what became of {left}")
        for name, report in self.exchange.books.orders.items():
            order = self.house.orders.get(name)
            same = order is not None and (order.status, order.filled_qty) == (report.status, report.filled_qty)
            self._must(same, f"ours is {order}, theirs {report}")
        for number in range(1, self.decisions + 1):
            name = client_order_id(an_intent(f"d-{number}").decision_id)
            posted = name in self.exchange.books.posts
            self._must(not posted or self.house.orders.get(name) is not None, f"{name} was lost")
        state = self.house.control.read().trading_state
        self._must(state is TradingState.ACTIVE, f"{state}, though nothing impossible was told")
        self._must(self.house.ledger.verify().ok, "the ledger does not verify")


def unforced(database: Database) -> None:
    """No life here ends with a power cut, so nothing waits for the disk."""
    connection = database._engine.raw_connection()
    connection.cursor().execute("PRAGMA synchronous = OFF")
    connection.close()


def live(seed: int, folder: Path) -> World:
    """One whole life in a folder of its own."""
    folder.mkdir(parents=True)
    world = World(seed, folder)
    world.live()
    return world
