"""One order, one way a broker behaves, and a process that is killed at a named point of the send path, once or twice.

    first     a child places the order and is killed at its point
    second    30 s later a child recovers, reconciles, resumes and places the order again, and may be killed as well
    later     what still happens at the exchange happens
    third     10 minutes after the start nobody dies any more; then both books are compared

Lost is an order that the exchange has and we do not, or an intent of which nobody can say what became of it. Double is
a second POST of one id, or more shares than the exchange was asked for by us.
"""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from composition.brokers import inner
from domain.errors import OversightError
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import OrderIntent, OrderReport, OrderStatus
from domain.record.entries import RecordKind
from policies.permit import PermitOffice
from tests.builders.execution import ENTRY, HandClock, House, a_house, an_intent
from tests.builders.market import NOON
from tests.simulation.behaviours import BEHAVIOURS, Fills
from tests.simulation.driver import Moment, opened
from tests.simulation.exchange import ScriptedBroker
from tests.simulation.stage import Place
from trading.store.database import Database
from trading.store.ledger import SqlLedger

S = OrderStatus
WATCHED = {
    "orders": ("find", "insert", "retake", "claim", "update", "add_fill"),
    "settlement": ("apply_report", "sync", "apply_fill", "mark"),
    # Methods of the objects behind one order; a point before and one after each of them.
    "broker": ("account", "positions", "submit", "orders", "find", "fills"),
    "office": ("issue",),
    "control": ("let_through", "mark_reconciled"),
}
CHANGES = re.compile(r"(commit|anchor|(broker|a|b)\.(orders|find|submit|cancel|replace)):after|wire:")
"""Points right after something that outlives the process may have changed; between two of them nothing does."""
COMMITS: dict[Moment, str] = {"commit": "commit:before", "committed": "commit:after"}
CYCLES = 3
"""How many cycles in peace it takes at most: a look-up fails twice."""
FIRST, SECOND, THIRD = timedelta(0), timedelta(seconds=30), timedelta(seconds=45)
LAST = timedelta(minutes=10)


@dataclass
class Watch:
    """Called at every point with its name, from the second time on with a number; one of them kills."""

    kill_at: str | None = None
    record: list[str] | None = None
    passed: Counter[str] = field(default_factory=Counter)

    def become(self, other: Watch) -> None:
        """Do from now on what the other was told."""
        self.kill_at, self.record, self.passed = other.kill_at, other.record, other.passed

    def __call__(self, name: str) -> None:
        self.passed[name] += 1
        if self.passed[name] > 1:
            name = f"{name} {self.passed[name]}"
        if self.record is not None:
            self.record.append(name)
        if name == self.kill_at:
            # Not an exception: nothing of ours is closed, flushed or rolled back on the way.
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, target: Any, of: str, names: Sequence[str]) -> None:
        """Points before and after the named methods of this one object."""
        for name in names:
            setattr(target, name, self.passing(getattr(target, name), f"{of}.{name}"))

    def passing(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        """The method between its two points."""

        def watched(*args: Any, **kwargs: Any) -> Any:
            self(f"{name}:before")
            try:
                return method(*args, **kwargs)
            finally:
                # A call that fails has happened too: the exchange may have heard it, and counts it.
                self(f"{name}:after")

        return watched

    def hook(self, moment: Moment, _connection: object) -> None:
        """The driver before a commit, and after it with nobody told yet."""
        if moment in COMMITS:
            self(COMMITS[moment])


class WatchedLedger(SqlLedger):
    """Entries are points by their kind, and so is the anchor file."""

    def __init__(self, database: Database, anchor: Path, watch: Watch) -> None:
        super().__init__(database, anchor=anchor)
        self._watch = watch

    def append(self, kind: RecordKind, subject: str, body: Any, **details: Any) -> None:
        self._watch(f"ledger.{kind}:before")
        super().append(kind, subject, body, **details)
        self._watch(f"ledger.{kind}:after")

    def _write_anchor(self) -> None:
        self._watch("anchor:before")
        super()._write_anchor()
        self._watch("anchor:after")


def a_watched_house(place: Place, behaviour: str, watch: Watch, since: timedelta) -> House:
    """A desk on the place's database with the scripted broker, as late as told, with every point watched."""
    database, clock = opened(place.url, watch.hook), HandClock(NOON + since)

    def script(name: ClientOrderId) -> Fills:
        # The exits behind it rest: what a broker does to the entry is what is tried.
        return BEHAVIOURS[behaviour if name == ENTRY else "Rests"]

    def behind(paper: Any) -> Any:
        broker = ScriptedBroker(place.exchange, clock, paper._office, paper._control, script)
        broker.passing = watch
        watch.around(broker, "broker", WATCHED["broker"])
        return broker

    ledger = WatchedLedger(database, place.folder / "ledger.anchor", watch)
    house = a_house(database, place.folder, broker=behind, ledger=ledger, clock=clock, office=PermitOffice)
    for name in ("orders", "settlement", "office", "control"):
        watch.around(getattr(house, name), name, WATCHED[name])
    return house


def ready(place: Place) -> None:
    """Make the tables of a place and bring it to where trading starts."""
    a_watched_house(place, "Fills", Watch(), FIRST).database.close()


def the_intent() -> OrderIntent:
    """Ten shares with a stop and no target: this exchange rests no exits by itself, so the desk sends one behind."""
    return an_intent(take_profit=None)


def placing(house: House) -> None:
    """The first process."""
    quietly(lambda: house.place(the_intent()))


def recovering(house: House) -> None:
    """Every later process: settle, compare, resume, protect, and the same step of the cycle once more."""
    quietly(house.desk.recover)
    quietly(lambda: house.reconciler.reconnected(house.clock.now()))
    quietly(lambda: house.desk.resume(lambda _symbols: house.view()))
    quietly(lambda: house.desk.protect(lambda _symbols: house.view()))
    quietly(lambda: house.place(the_intent()))


def quietly(step: Callable[[], object]) -> None:
    """What a cycle does with an error of ours: it goes on with the next step."""
    try:
        step()
    except OversightError:
        return


def finishing(house: House, recover: Callable[[House], object] = recovering) -> list[str]:
    """What is still to come comes, and a process that nobody kills works all of it off within three cycles."""
    later(house)
    house.clock.at = NOON + LAST
    wrong: list[str] = []
    for _ in range(CYCLES):
        recover(house)
        house.clock.wait(minutes=1)
        later(house)
        try:
            wrong = judged(house, Truth.of(house))
        except OversightError as error:
            wrong = [f"not compared: {error}"]
        if not wrong:
            break
    return wrong


def later(house: House) -> None:
    """What is still to come at every exchange."""
    for broker in inner(house.broker):
        broker.later()  # type: ignore[attr-defined]


class Act(NamedTuple):
    """What a process does, how long after the start, and the brokers that it names where a home has several."""

    step: Callable[[House], Sequence[str] | None]
    since: timedelta
    named: str = ""


class Play(NamedTuple):
    """How the house of a process is made, what each process does in turn, and what the one does that nobody kills.

    Made ``anew`` is a house that looks at what is there; any other is made once, and its clock is set. So many acts as
    ``least`` are played even where nobody is to die in them; plays that ``begins`` names alike have one first act.
    """

    made: Callable[[Place, Watch, Act], House]
    acts: tuple[Act, ...]
    finish: Act
    anew: bool = False
    least: int = 1
    begins: str = ""


ACTS = (Act(placing, FIRST), Act(recovering, SECOND), Act(recovering, THIRD))
FINISH = Act(finishing, THIRD)


def over_one(behaviour: str) -> Play:
    """The play before a single broker."""
    return Play(lambda place, watch, act: a_watched_house(place, behaviour, watch, act.since), ACTS, FINISH)


class Truth(NamedTuple):
    """What the exchanges know, together: every POST, the orders by name with the number of places, the shares held."""

    posts: list[ClientOrderId]
    orders: dict[ClientOrderId, list[OrderReport]]
    held: dict[Symbol, Decimal]
    broken: list[str]

    @classmethod
    def of(cls, house: House) -> Truth:
        """Of everything behind the broker of this house."""
        truth = cls([], {}, {}, [])
        for broker in inner(house.broker):
            assert isinstance(broker, ScriptedBroker)
            books = broker.exchange.books
            truth.posts.extend(books.posts)
            for symbol, qty in broker.exchange.positions().items():
                truth.held[symbol] = truth.held.get(symbol, ZERO) + qty
            truth.broken.extend(books.broken)
            for name, report in books.orders.items():
                truth.orders.setdefault(name, []).append(report)
        return truth


def judged(house: House, truth: Truth) -> list[str]:
    """What is lost, double, or different without anybody saying so."""
    compared = house.reconciler.reconcile(house.clock.now())
    ours, theirs = house.orders.get(ENTRY), next(iter(truth.orders.get(ENTRY, ())), None)
    held = {symbol: qty for symbol, qty in house.orders.trades.positions().items() if qty}
    wrong = list(truth.broken)
    doubled = {name for name, count in Counter(truth.posts).items() if count > 1}
    wrong += [f"double: {name} has {truth.posts.count(name)} POSTs" for name in sorted(doubled)]
    wrong += [f"double: {name} is an order in two places" for name, there in truth.orders.items() if len(there) > 1]
    wrong += [f"lost: {name} works there alone" for name in truth.orders if house.orders.get(name) is None]
    if ours is None:
        wrong.append("lost: nobody here knows of the order")
    elif theirs is None and ours.status not in (S.CANCELED, S.DENIED):
        wrong.append(f"lost: it never arrived and is {ours.status}")
    elif theirs is None and not ours.reason:
        wrong.append(f"lost: it is {ours.status} and nobody says why")
    elif theirs is None and ours.status is S.DENIED:
        wrong.append(f"dropped, though every gate allows it: {ours.reason}")
    elif theirs is not None and (ours.status, ours.filled_qty) != (theirs.status, theirs.filled_qty):
        wrong.append(f"ours is {ours.status} {ours.filled_qty}, theirs {theirs.status} {theirs.filled_qty}")
    if held != {symbol: qty for symbol, qty in truth.held.items() if qty}:
        wrong.append(f"we hold {held}, the exchange {truth.held}")
    if not compared.ok:
        wrong.append(f"differences: {compared.differences}")
    if not house.ledger.verify().ok:
        wrong.append(f"ledger: {house.ledger.verify().problems}")
    for name in truth.posts:
        if not house.ledger.entries(subject=name, kind=RecordKind.VERDICTS):
            wrong.append(f"{name} was sent without verdicts on record")
    return wrong
