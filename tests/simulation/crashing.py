"""One order, one way a broker behaves, and a process that is killed at a named point of the send path, once or twice.

    first     a child places the order and is killed at its point
    second    30 s later a child recovers, reconciles, resumes and places the order again, and may be killed as well
    later     what still happens at the exchange happens
    third     10 minutes after the start nobody dies any more; then both books are compared

Lost is an order that the exchange has and we do not, or an intent of which nobody can say what became of it. Double is
a second POST of one id, or more shares than the exchange was asked for by us.
"""

from __future__ import annotations

import gc
import os
import re
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from domain.errors import OversightError
from domain.ids import ClientOrderId
from domain.orders import OrderIntent, OrderStatus
from domain.record.entries import RecordKind
from policies.permit import PermitOffice
from tests.builders.execution import ENTRY, HandClock, House, a_house, an_intent
from tests.builders.market import AAPL, NOON
from tests.simulation.behaviours import BEHAVIOURS, Fills
from tests.simulation.driver import Moment, opened
from tests.simulation.exchange import Exchange, ScriptedBroker
from tests.simulation.stage import Place, Stage
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
CHANGES = re.compile(r"(commit|anchor|broker\.(orders|find|submit|cancel|replace)):after|wire:")
"""Points right after something that outlives the process may have changed; between two of them nothing does."""
COMMITS: dict[Moment, str] = {"commit": "commit:before", "committed": "commit:after"}
CYCLES = 3
"""How many cycles in peace it takes at most: a look-up fails twice."""
FIRST, SECOND, THIRD = timedelta(0), timedelta(seconds=30), timedelta(seconds=45)
LAST = timedelta(minutes=10)


class Case(NamedTuple):
    """A behaviour of the broker and where the first and the second process die; None lets one live."""

    behaviour: str
    first: str | None = None
    second: str | None = None


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


class Act(NamedTuple):
    """What a process does, and how long after the start."""

    step: Callable[[House], Sequence[str] | None]
    since: timedelta


ACTS = (Act(placing, FIRST), Act(recovering, SECOND), Act(recovering, THIRD))


class Theatre:
    """A stage and, made once and never used here, what a process has before it first asks its database.

    A process forks off with all of it in its memory and connects; whatever it does to it dies with it.
    """

    def __init__(self, stage: Stage, behaviour: str) -> None:
        self.stage = stage
        self.behaviour = behaviour
        self.watch = Watch()
        stage.restore()
        self._house = a_watched_house(stage.place, behaviour, self.watch, FIRST)
        self._house.database.close()

    def acts(self, act: Act, *, kill_at: str | None = None, record: bool = False) -> Acted:
        """Let one process act on the state that is there; what it tells is what it passed, or what went wrong."""
        told, write = os.pipe()
        child = os.fork()
        if child == 0:
            self._act(act, Watch(kill_at, [] if record else None), write)
        os.close(write)
        with os.fdopen(told, encoding="utf-8") as answer:
            lines = tuple(answer.read().splitlines())
        return Acted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lines)

    def _act(self, act: Act, watch: Watch, write: int) -> NoReturn:
        code = 1
        try:
            gc.disable()  # it would walk through everything that the parent has, and so copy it
            self.watch.become(watch)
            self._house.clock.at = NOON + act.since
            wrong = act.step(self._house) or ()
            os.write(write, "\n".join((*wrong, *(self.watch.record or ()))).encode())
            code = 0
        except BaseException:  # noqa: BLE001  # whatever it was, the parent goes on and is told
            os.write(write, traceback.format_exc().encode())
        finally:
            os._exit(code)


class Acted(NamedTuple):
    """How a process ended, as its exit code or negative for a signal, and its lines."""

    code: int
    lines: tuple[str, ...]


class Outcome(NamedTuple):
    """What is wrong after a case, empty where nothing is, and how many processes died in it."""

    wrong: tuple[str, ...]
    kills: int


def run(stage: Stage, case: Case) -> Outcome:
    """All phases of one case from start to end, without any short cut."""
    theatre = Theatre(stage, case.behaviour)
    deaths = (case.first, case.second)
    # The third act is for those who explore three deaths; here the end follows the second.
    codes = [theatre.acts(act, kill_at=point).code for act, point in zip(ACTS, deaths, strict=False)]
    wrong = [
        f"a process that was to die at {point} ended with {code}"
        for point, code in zip(deaths, codes, strict=True)
        if code != (0 if point is None else -signal.SIGKILL)
    ]
    return Outcome((*wrong, *theatre.acts(FINISH).lines), codes.count(-signal.SIGKILL))


def finishing(house: House) -> list[str]:
    """What is still to come comes, and a process that nobody kills works all of it off within three cycles."""
    house.broker.later()
    house.clock.at = NOON + LAST
    wrong: list[str] = []
    for _ in range(CYCLES):
        recovering(house)
        house.clock.wait(minutes=1)
        house.broker.later()
        try:
            wrong = judged(house, house.broker.exchange)
        except OversightError as error:
            wrong = [f"not compared: {error}"]
        if not wrong:
            break
    return wrong


FINISH = Act(finishing, THIRD)


def judged(house: House, exchange: Exchange) -> list[str]:
    """What is lost, double, or different without anybody saying so."""
    compared = house.reconciler.reconcile(house.clock.now())
    ours, books = house.orders.get(ENTRY), exchange.books
    theirs, held = books.orders.get(ENTRY), house.orders.trades.positions().get(AAPL, 0)
    wrong = []
    doubled = {name for name, count in Counter(books.posts).items() if count > 1}
    wrong += [f"double: {name} has {books.posts.count(name)} POSTs" for name in sorted(doubled)]
    wrong += [f"lost: {name} works there alone" for name in books.orders if house.orders.get(name) is None]
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
    if held != exchange.positions().get(AAPL, 0):
        wrong.append(f"we hold {held}, the exchange {exchange.positions()}")
    if not compared.ok:
        wrong.append(f"differences: {compared.differences}")
    if not house.ledger.verify().ok:
        wrong.append(f"ledger: {house.ledger.verify().problems}")
    for name in books.posts:
        if not house.ledger.entries(subject=name, kind=RecordKind.VERDICTS):
            wrong.append(f"{name} was sent without verdicts on record")
    return wrong
