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
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from domain.errors import OversightError
from domain.orders import OrderStatus
from domain.records import RecordKind
from policies.permit import PermitOffice
from tests.builders.execution import ENTRY, HandClock, House, a_house, an_intent, own_schema
from tests.builders.market import AAPL, NOON
from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.exchange import Exchange, ScriptedBroker
from trading.store.database import Database, open_database
from trading.store.ledger import SqlLedger

S = OrderStatus
WATCHED = {
    "orders": ("find", "insert", "retake", "claim", "update", "add_fill"),
    "settlement": ("apply_report", "sync", "apply_fill", "mark"),
    "broker": ("account", "positions", "submit", "orders", "find", "fills"),
    "office": ("issue",),
    "control": ("let_through", "mark_reconciled"),
}
DECISIVE = (
    "orders.insert:after", "ledger.order:after", "commit 1:before", "anchor:before", "anchor:after",
    "orders.claim:before", "commit 2:before", "orders.claim:after", "broker.submit:before", "wire:sent",
    "wire:answered", "broker.submit:after", "settlement.apply_report:before", "commit 3:before",
    "settlement.apply_report:after", "settlement.sync:before", "settlement.apply_fill:before", "orders.add_fill:after",
    "ledger.fill:after", "commit 4:before", "settlement.sync:after",
)  # fmt: skip
"""Points of which each leaves another state behind: the first of two kills is at one of these."""
DECISIVE_AGAIN = (
    "commit 1:before", "commit 2:before", "broker.orders:after", "broker.find:after", "settlement.mark:after",
    "control.mark_reconciled:after", "ledger.reconciliation:after", "commit 3:before", "anchor:before",
    "ledger.verdicts:after", "orders.retake:after", "ledger.order:after", "commit 4:before", "broker.submit:before",
    "wire:sent", "wire:answered", "settlement.apply_report:before", "commit 5:before", "orders.add_fill:after",
    "commit 6:before", "settlement.sync:after",
)  # fmt: skip
"""The same of the process that recovers."""
CYCLES = 3
"""How many cycles in peace it takes: a look-up fails twice at most."""
FIRST, SECOND, LAST = timedelta(0), timedelta(seconds=30), timedelta(minutes=10)


class Case(NamedTuple):
    """A behaviour of the broker and where the first and the second process die; None lets one live."""

    behaviour: str
    first: str | None = None
    second: str | None = None


@dataclass
class Watch:
    """Called at every named point; the process dies at the one it is told, the ``at`` that it is passed first."""

    kill_at: str | None = None
    record: Path | None = None
    ledger_kinds: int = 0
    commits: int = 0

    def __call__(self, name: str) -> None:
        if self.record is not None:
            with self.record.open("a", encoding="utf-8") as out:
                out.write(f"{name}\n")
        if name == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, target: Any, of: str, names: Sequence[str]) -> None:
        """Points before and after the named methods of this one object."""
        for name in names:
            setattr(target, name, self.passing(getattr(target, name), f"{of}.{name}"))

    def passing(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        """The method between its two points."""

        def watched(*args: Any, **kwargs: Any) -> Any:
            self(f"{name}:before")
            answer = method(*args, **kwargs)
            self(f"{name}:after")
            return answer

        return watched

    def commit(self) -> None:
        """All is written, nothing is committed: numbered, since every step has one."""
        self.commits += 1
        self(f"commit {self.commits}:before")


class WatchedLedger(SqlLedger):
    """Entries are points by their kind, and so is the anchor file."""

    def __init__(self, database: Database, anchor: Path, watch: Watch) -> None:
        super().__init__(database, anchor=anchor)
        self._watch = watch

    def append(self, kind: RecordKind, subject: str, body: Any, **details: Any) -> Any:
        self._watch(f"ledger.{kind}:before")
        entry = super().append(kind, subject, body, **details)
        self._watch(f"ledger.{kind}:after")
        return entry

    def _write_anchor(self) -> None:
        self._watch("anchor:before")
        super()._write_anchor()
        self._watch("anchor:after")


class Place(NamedTuple):
    """Where a case runs: its own folder and the address of a database that is ready to trade."""

    folder: Path
    url: str

    @property
    def exchange(self) -> Exchange:
        """The broker's truth."""
        return Exchange(self.folder / "exchange.bin")


def a_watched_house(place: Place, behaviour: str, watch: Watch, since: timedelta) -> House:
    """A desk on the place's database with the scripted broker, as late as told, with every point watched."""
    database, clock = open_database(place.url), HandClock(NOON + since)
    database.along(watch.commit)

    def behind(paper: Any) -> Any:
        broker = ScriptedBroker(place.exchange, clock, paper._office, paper._control, BEHAVIOURS[behaviour])
        broker.passing = watch
        watch.around(broker, "broker", WATCHED["broker"])
        return broker

    ledger = WatchedLedger(database, place.folder / "ledger.anchor", watch)
    house = a_house(database, place.folder, broker=behind, ledger=ledger, clock=clock, office=PermitOffice)
    for name in ("orders", "settlement", "office", "control"):
        watch.around(getattr(house, name), name, WATCHED[name])
    return house


def placing(house: House) -> None:
    """The first process."""
    quietly(lambda: house.place(an_intent()))


def recovering(house: House) -> None:
    """Every later process: settle, compare, resume, and the same step of the cycle once more."""
    quietly(house.desk.recover)
    quietly(lambda: house.reconciler.reconnected(house.clock.now()))
    quietly(lambda: house.desk.resume(lambda _symbols: house.view()))
    quietly(lambda: house.place(an_intent()))


def quietly(step: Callable[[], object]) -> None:
    """What a cycle does with an error of ours: it goes on with the next step."""
    try:
        step()
    except OversightError:
        return


def in_a_child(place: Place, case: Case, step: Callable[[House], None], since: timedelta, watch: Watch) -> int:
    """Fork, and run one step there; the answer is its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            house = a_watched_house(place, case.behaviour, watch, since)
            step(house)
            house.database.close()
            code = 0
        except BaseException:  # noqa: BLE001  # whatever it was, the parent goes on and is told
            traceback.print_exc(file=sys.stderr)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Outcome(NamedTuple):
    """What is wrong after a case, empty where nothing is, and how many processes died in it."""

    wrong: tuple[str, ...]
    kills: int


def run(place: Place, case: Case) -> Outcome:
    """All phases of a case."""
    codes = (
        in_a_child(place, case, placing, FIRST, Watch(case.first)),
        in_a_child(place, case, recovering, SECOND, Watch(case.second)),
    )
    wrong = [f"a process ended with {code}" for code in codes if code not in (0, -signal.SIGKILL)]
    house = a_watched_house(place, case.behaviour, Watch(), SECOND + timedelta(seconds=15))
    happen_later(house)
    house.clock.at = NOON + LAST
    for _ in range(CYCLES):
        recovering(house)
        house.clock.wait(minutes=1)
        happen_later(house)
    try:
        return Outcome((*wrong, *judged(house, place.exchange)), codes.count(-signal.SIGKILL))
    finally:
        house.database.close()


def happen_later(house: House) -> None:
    """The rest of the script, once, and only where it has begun."""
    with house.broker.exchange.changing() as books:
        due = bool(books.posts) and not books.happened
        books.happened = books.happened or due
    if due:
        house.broker._script.later(house.broker)


def judged(house: House, exchange: Exchange) -> list[str]:
    """What is lost, double, or different without anybody saying so."""
    compared = house.reconciler.reconcile(house.clock.now())
    ours, books = house.orders.get(ENTRY), exchange.books
    theirs, held = books.orders.get(ENTRY), house.orders.trades.positions().get(AAPL, 0)
    wrong = []
    if len(books.posts) > 1:
        wrong.append(f"double: {len(books.posts)} POSTs")
    if ours is None:
        wrong.append("lost: nobody here knows of the order")
    elif theirs is None and ours.status not in (S.CANCELED, S.DENIED):
        wrong.append(f"lost: it never arrived and is {ours.status}")
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
    if books.posts and not house.ledger.entries(subject=ENTRY, kind=RecordKind.VERDICTS):
        wrong.append("an order without verdicts on record")
    return wrong


def points(place: Place, behaviour: str, *, second: bool = False) -> tuple[str, ...]:
    """Points that the first process passes while nobody dies, or the second after the first has left an intent."""
    log = place.folder / "points"
    case = Case(behaviour)
    watch = Watch(record=log)
    if second:
        in_a_child(place, case, placing, FIRST, Watch("orders.claim:before"))
        in_a_child(place, case, recovering, SECOND, watch)
    else:
        in_a_child(place, case, placing, FIRST, watch)
    return tuple(dict.fromkeys(log.read_text(encoding="utf-8").splitlines()))


class Stage:
    """Makes places to run in: copies of one SQLite file, or one PostgreSQL schema that is emptied each time."""

    def __init__(self, folder: Path, postgres: str | None = None, schema: str = "crash") -> None:
        self._folder = folder
        self._postgres = postgres
        self._schema = schema
        self._number = 0
        if postgres is None:
            template = Place(folder / "template", f"sqlite:///{folder / 'template' / 'sage.db'}")
            template.folder.mkdir(parents=True)
            a_watched_house(template, "Fills", Watch(), FIRST).database.close()

    def place(self) -> Place:
        """A fresh one."""
        self._number += 1
        folder = self._folder / str(self._number)
        if self._postgres is None:
            shutil.copytree(self._folder / "template", folder)
            return Place(folder, f"sqlite:///{folder / 'sage.db'}")
        folder.mkdir(parents=True)
        # A killed client loses nothing by a server that writes its log a little later; a power cut is not tried here.
        address = f"{own_schema(self._postgres, self._schema)}%20-csynchronous_commit%3Doff"
        place = Place(folder, address)
        a_watched_house(place, "Fills", Watch(), FIRST).database.close()
        return place

    def leave(self, place: Place) -> None:
        """What is over needs no room."""
        shutil.rmtree(place.folder)
