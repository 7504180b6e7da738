"""Homes with two brokers, each an exchange of its own, whose second process finds the home changed.

    first     lists a and b; a costs less, so the order goes there, and does there what the play is named after
    second    lists b and a; b costs less, and would do to the order what the next behaviour in the list says. One is
              silent now, or answers some questions only, or is named no longer. A holding at the other is sold by rule,
              an order that rests at a is cancelled, and two minutes later it is asked once more what became of all
    third     both answer again, and are named

On top of what must hold over one broker: nothing is opened while one is silent, what may be at the silent one still
counts as open, and the sale at the other does not wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from composition.brokers import inner, missing_of
from domain.book import Account
from domain.errors import SourceUnavailable
from domain.ids import ClientOrderId, DecisionId, brokers_in, client_order_id
from domain.market import Symbol
from domain.orders import ApprovedOrder, OrderIntent, OrderReport, OrderStatus
from policies.permit import PermitOffice
from tests.builders.execution import ENTRY, HandClock, House, a_house, an_exit, an_intent
from tests.builders.market import MSFT, NOON, a_quote
from tests.simulation.behaviours import BEHAVIOURS, Fills
from tests.simulation.crashing import (
    FIRST,
    LAST,
    SECOND,
    THIRD,
    WATCHED,
    Act,
    Play,
    Watch,
    WatchedLedger,
    finishing,
    placing,
    quietly,
    recovering,
)
from tests.simulation.driver import opened
from tests.simulation.exchange import Exchange, ScriptedBroker
from tests.simulation.stage import Place
from trading.execution.brokers.several.broker import Seat, SeveralBrokers
from trading.execution.brokers.several.route import Terms, place_of
from trading.store.accounts.known_brokers import KnownBrokers
from trading.store.orders import OrderStore

LISTS = ("account", "positions", "orders", "fills", "charges", "transfers", "time")
EVERYTHING = (*LISTS, "find", "submit", "cancel", "replace")
CLOSED = "it never left, and the gates refuse it now: ACCOUNT_STATUS_UNKNOWN"
HELD: Mapping[str, Symbol] = {"a": Symbol("NIMBO"), "b": Symbol("OSTRE")}
"""What is held where from the start, five shares of each."""
FILLED = frozenset(
    client_order_id(DecisionId(f"{what}-{symbol}"), leg)
    for symbol in HELD.values()
    for what, leg in (("buy", "entry"), ("sell", "exit"))
)
"""What fills at once wherever it is sent."""
RESTING = an_intent("rest", symbol=MSFT, qty=5, limit_price=90, stop_loss=None, take_profit=None)
"""It works at a from the start."""
OTHERWISE = dict(zip(BEHAVIOURS, [*list(BEHAVIOURS)[1:], *list(BEHAVIOURS)[:1]], strict=True))
"""What b would do to the order, by what a does to it: every behaviour once."""


@dataclass(frozen=True)
class Home:
    """Which broker does not answer which questions, from when on until peace; and which one is not named meanwhile."""

    silent: str = ""
    to: tuple[str, ...] = EVERYTHING
    since: timedelta = SECOND
    unnamed: str = ""

    def away(self, at: timedelta) -> str:
        """The label of the broker that does not answer then, or that nobody asks."""
        return (self.silent or self.unnamed) if self.since <= at < LAST else ""

    @property
    def answers(self) -> str:
        """The broker that does in the second process."""
        return "b" if "a" in (self.silent, self.unnamed) else "a"

    @property
    def cancels(self) -> bool:
        """Whether the second process can cancel at a."""
        return self.unnamed != "a" and not (self.silent == "a" and "cancel" in self.to)


HOMES: Mapping[str, Home] = {
    "Turned": Home(),
    "HolderSilent": Home("a"),
    "OtherSilent": Home("b"),
    "SilentFromTheStart": Home("b", since=FIRST),
    "ListsFail": Home("a", LISTS),
    "LookUpsFail": Home("b", ("find",)),
    "NamesOneOnly": Home(unnamed="a"),
}


class Truth(Exchange):
    """The books of one of the two; questions are counted for the entry alone, so that no others make a state new."""

    def ask(self, what: str) -> int:
        """How often, where it matters."""
        return super().ask(what) if what.endswith(ENTRY) else 1


class Venue(ScriptedBroker):
    """One of the two, with an account of its own, silent when its home says so."""

    def __init__(self, label: str, home: Home, place: Place, clock: HandClock, script: Any, paper: Any) -> None:
        books = place.exchange if label == "a" else place.other
        super().__init__(Truth(books.file), clock, paper._office, paper._control, script)
        self.label, self._home, self.place = label, home, place
        for name in home.to if label == home.silent else ():
            setattr(self, name, self._unless_away(getattr(self, name)))

    def account(self) -> Account:
        """In its own name."""
        return replace(super().account(), account_id=self.label)

    def find(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """Look-ups of what was never sent here are not counted: they change nothing that is to come."""
        if client_order_id not in self.exchange.books.posts:
            return None
        return super().find(client_order_id)

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """Whatever opens something while one does not answer is noted, and then taken like any other."""
        away = self._home.away(self.clock.now() - NOON)
        if away and not approved.intent.reduce_only:
            with self.exchange.changing() as books:
                books.broken.append(f"beyond: {approved.client_order_id} was opened while {away} is silent")
        return super().submit(approved)

    def _unless_away(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            if self._home.away(self.clock.now() - NOON) == self.label:
                raise SourceUnavailable(f"{self.label} is silent", "Wait.")
            return method(*given, **named)

        return called


def a_watched_pair(place: Place, behaviour: str, home: Home, watch: Watch, act: Act) -> House:
    """The desk of a process over the brokers that it names, the first of them the cheaper one; all points watched."""
    database, clock = opened(place.url, watch.hook), HandClock(NOON + act.since)
    known, doing = KnownBrokers(database), {"a": behaviour, "b": OTHERWISE[behaviour]}

    def script(label: str) -> Callable[[ClientOrderId], Fills]:
        # What is done to the entry is what is tried; the exits behind it rest, and what is sold by rule is sold.
        return lambda name: BEHAVIOURS[doing[label] if name == ENTRY else "Fills" if name in FILLED else "Rests"]

    def behind(paper: Any) -> SeveralBrokers:
        seats = []
        for number, label in enumerate(act.named):
            venue = Venue(label, home, place, clock, script(label), paper)
            venue.passing = watch
            watch.around(venue, label, WATCHED["broker"])
            seats.append(Seat(f"paper:{label}", venue, Terms(cost_bp=Decimal(number + 1))))
        told = brokers_in(",".join(seat.name for seat in seats))
        return SeveralBrokers(seats, missing=missing_of(told, OrderStore(database), known.numbers()), known=known)

    ledger = WatchedLedger(database, place.folder / "ledger.anchor", watch)
    house = a_house(database, place.folder, broker=behind, ledger=ledger, clock=clock, office=PermitOffice)
    house.market.quotes.update({symbol: a_quote(symbol) for symbol in HELD.values()})
    for name in ("orders", "settlement", "office", "control"):
        watch.around(getattr(house, name), name, WATCHED[name])
    return house


def ready_with_two(place: Place) -> None:
    """Make the tables of a place and bring it to where trading starts: something is held at each of the two."""
    for named, symbol in (("ab", HELD["a"]), ("ba", HELD["b"])):
        house = a_watched_pair(place, "Fills", HOMES["Turned"], Watch(), Act(placing, FIRST, named))
        house.place(an_intent(f"buy-{symbol}", symbol=symbol, qty=5, stop_loss=None, take_profit=None))
        assert house.reconciler.reconcile(NOON).ok
        if named == "ab":
            house.place(RESTING)
        house.database.close()
    assert [len(books.fills) for books in (place.exchange.books, place.other.books)] == [1, 1]


def sale(home: Home) -> OrderIntent:
    """What a rule sells at the broker that answers."""
    symbol = HELD[home.answers]
    return an_exit(f"sell-{symbol}", symbol=symbol, qty=5)


def over_two(behaviour: str, home_name: str) -> Play:
    """The play before two brokers."""
    home = HOMES[home_name]

    def made(place: Place, watch: Watch, act: Act) -> House:
        return a_watched_pair(place, behaviour, home, watch, act)

    def working(house: House) -> None:
        recovering(house)
        quietly(lambda: house.place(sale(home)))
        quietly(lambda: house.desk.cancel(id_of(RESTING), by="owner"))

    def troubled(house: House) -> None:
        """What a process does, and two minutes later once more, when no permit is good any longer."""
        working(house)
        if home.silent or home.unnamed:
            quietly(lambda: house.place(an_intent("dec-other", symbol=MSFT, take_profit=None)))
        for venue in venues(house):
            if venue.exchange.books.held_back:
                venue.later()
        house.clock.wait(minutes=2)
        quietly(house.desk.recover)
        note(house, home)

    def ending(house: House) -> list[str]:
        wrong, ours, sold = finishing(house, working), house.orders.get(ENTRY), house.orders.get(id_of(sale(home)))
        there = {f"paper:{venue.label}": venue.exchange.books.orders for venue in venues(house)}
        holders = [name for name, orders in there.items() if ENTRY in orders]
        if ours is not None and holders and holders != [place_of(ours.broker_id or "")]:
            wrong.append(f"it is at {holders}, ours says {ours.broker_id}")
        if home.silent or home.unnamed:
            # What never left while no money was known is closed with that reason, and a cycle decides anew.
            wrong = [line for line in wrong if not (line.startswith("dropped") and CLOSED in line)]
        arrived = sold is not None and any(sold.client_order_id in orders for orders in there.values())
        if there["paper:a"][id_of(RESTING)].status is not OrderStatus.CANCELED:
            wrong.append("what was cancelled works on")
        if sold is None or (sold.status is not OrderStatus.FILLED and (arrived or sold.status.is_open)):
            wrong.append(f"lost: what was to be sold is {None if sold is None else sold.status}")
        return wrong

    later = "ba".replace(home.unnamed, "") if home.unnamed else "ba"
    acts = (Act(placing, FIRST, "ab"), Act(troubled, SECOND, later), Act(troubled, THIRD, later))
    begins = f"{behaviour}/{home_name if home.since == FIRST else ''}"
    return Play(made, acts, Act(ending, THIRD, "ab"), anew=True, least=2, begins=begins)


def note(house: House, home: Home) -> None:
    """What a process that was not killed should not have left, written down where the end is judged."""
    place, wrong, sold = venues(house)[0].place, list[str](), sale(home)
    both = place.exchange.books, place.other.books
    for name in (ENTRY, id_of(RESTING)):
        ours, there = house.orders.get(name), [books.orders[name] for books in both if name in books.orders]
        # Where all answer, an order that is nowhere has not arrived; where one is silent it may be there.
        works = there[0].status.is_open if there else bool(home.silent or home.unnamed)
        sent = any(name in books.posts for books in both)
        if ours is not None and not ours.status.is_open and works and sent:
            wrong.append(f"lost: {name} may work there, and ours was given up as {ours.status}")
    if not any(id_of(sold) in books.posts for books in both):
        wrong.append(f"the sale of {sold.symbol} waits though its broker answers")
    if place.exchange.books.orders[id_of(RESTING)].status.is_open and home.cancels:
        wrong.append("what was cancelled works on though its broker answers")
    if wrong:
        with place.exchange.changing() as books:
            books.broken += wrong


def venues(house: House) -> tuple[Venue, ...]:
    """The brokers that this process names."""
    return tuple(each for each in inner(house.broker) if isinstance(each, Venue))


def id_of(intent: OrderIntent) -> ClientOrderId:
    """Its name at every broker."""
    return client_order_id(intent.decision_id, intent.leg)
