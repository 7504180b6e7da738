"""Houses that trade at several brokers at once: two paper venues, or two loopback Alpacas."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from domain.book import Account
from domain.errors import OversightError, RetryableError, SourceUnavailable
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.orders import ApprovedOrder
from domain.ports import Broker
from tests.builders.alpaca import PATIENT, a_config
from tests.builders.execution import ENTRY, HandClock, House, a_house, an_intent
from tests.servers.alpaca_exchange import Exchange as AlpacaExchange
from tests.servers.alpaca_trading import AlpacaTrading
from tests.simulation.behaviours import BEHAVIOURS, Fills
from tests.simulation.exchange import Exchange, ScriptedBroker
from trading.execution.brokers.alpaca.broker import AlpacaBroker
from trading.execution.brokers.paper.broker import PaperBroker
from trading.execution.brokers.paper.settings import PaperSettings
from trading.execution.brokers.several.broker import Seat, SeveralBrokers
from trading.execution.brokers.several.route import Terms
from trading.store.accounts.known_brokers import KnownBrokers
from trading.store.database import Database, open_database

Wrap = Callable[[PaperBroker], Broker]


class Line:
    """A broker behind a line: while it is ``down`` nothing gets through; ``lost`` lets orders through, not answers."""

    def __init__(self, broker: Any, *, down: bool = False) -> None:
        self.broker = broker
        self.down, self.lost = down, False
        self.error: OversightError = SourceUnavailable("the line is cut")
        self.hangs: Callable[[], object] = lambda: None
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        told = getattr(self.broker, name)
        if not callable(told) or name.startswith("_"):
            return told

        def call(*args: Any, **given: Any) -> Any:
            self.asked += 1
            if self.down:
                self.hangs()
                raise self.error
            answer = told(*args, **given)
            if self.lost and name == "submit":
                self.down = True
                raise RetryableError("the answer was cut off")
            return answer

        return call


class TwoPapers(NamedTuple):
    """A house, the broker in front, and the venues behind it."""

    house: House
    broker: SeveralBrokers
    a: PaperBroker
    b: PaperBroker


def two_papers(
    database: Database,
    folder: Path,
    *,
    terms: Sequence[Terms] = (Terms(), Terms()),
    wraps: Sequence[Wrap] = (lambda paper: paper, lambda paper: paper),
    **given: Any,
) -> TwoPapers:
    """``paper:a`` and ``paper:b`` over one market; ``wraps`` may put something in front of either."""
    made: list[PaperBroker] = []

    def several(paper: PaperBroker) -> Broker:
        for label in "ab":
            settings = replace(paper._settings, account_id=f"paper:{label}", label=label)
            made.append(a_venue(paper, settings))
        names = ("paper:a", "paper:b")
        parts = zip(names, made, wraps, terms, strict=True)
        seats = [Seat(name, wrap(venue), cost) for name, venue, wrap, cost in parts]
        return SeveralBrokers(seats, known=KnownBrokers(database))

    house = a_house(database, folder, broker=several, **given)
    assert isinstance(house.broker, SeveralBrokers)
    return TwoPapers(house, house.broker, *made)


def a_venue(paper: PaperBroker, settings: PaperSettings) -> PaperBroker:
    """Another venue with the market, clock, office and control plane of this one."""
    return PaperBroker(
        paper._database, paper._market, paper._calendar, paper._clock, paper._office, paper._control, settings
    )


class TwoAlpacas(NamedTuple):
    """A house and the servers behind its two brokers."""

    house: House
    servers: tuple[AlpacaTrading, AlpacaTrading]


@contextmanager
def two_alpacas(database: Database, folder: Path, **given: Any) -> Iterator[TwoAlpacas]:
    """``alpaca`` and ``alpaca:second``, each a server of its own, with the quotes of the house's market."""
    clock = HandClock()
    exchanges = [AlpacaExchange(quote=lambda symbol: None, now=clock.now) for _ in range(2)]
    with AlpacaTrading(exchanges[0]) as first, AlpacaTrading(exchanges[1]) as second:

        def several(paper: PaperBroker) -> Broker:
            brokers = [
                AlpacaBroker(a_config(server), clock, paper._office, paper._control, deadline_s=PATIENT.read_s)
                for server in (first, second)
            ]
            return SeveralBrokers([Seat("alpaca", brokers[0]), Seat("alpaca:second", brokers[1])])

        second.edit = lambda path, body: body | {"account_number": "PA0SECOND"} if path == "/v2/account" else body
        house = a_house(database, folder, broker=several, clock=clock, **given)
        for exchange in exchanges:
            exchange.quote = lambda symbol: house.market.quotes.get(Symbol(symbol))
        yield TwoAlpacas(house, (first, second))


class _Scripted(ScriptedBroker):
    """With an account of its own."""

    def account(self) -> Account:
        """By the name of its file."""
        return replace(super().account(), account_id=self.exchange.file.name)


def two_scripted(database: Database, folder: Path, clock: HandClock, behaviour: str, *, cheap: str) -> House:
    """``a`` and ``b``, each an exchange that outlives the process and behaves as told; ``cheap`` gets new orders."""

    def script(name: ClientOrderId) -> Fills:
        # What a broker does to the entry is what is tried; the exits behind it rest.
        return BEHAVIOURS[behaviour if name == ENTRY else "Rests"]

    def several(paper: PaperBroker) -> Broker:
        seats = []
        for name in ("a", "b"):
            broker = _Scripted(Exchange(folder / name), clock, paper._office, paper._control, script)
            seats.append(Seat(name, broker, Terms(cost_bp=Decimal(1 if name == cheap else 9))))
        return SeveralBrokers(seats)

    return a_house(database, folder, broker=several, clock=clock)


def place_at_two_and_die(url: str, folder: Path, sends: bool) -> None:
    """A process of its own to which ``a`` is the cheaper one, killed once ``a`` is chosen or once it has the order."""
    house = two_scripted(open_database(url), folder, HandClock(), "Fills", cheap="a")
    assert isinstance(house.broker, SeveralBrokers)
    chosen: Any = house.broker.seats[0].broker
    submit = chosen.submit

    def die(approved: ApprovedOrder) -> None:
        if sends:
            submit(approved)
        os.kill(os.getpid(), signal.SIGKILL)

    chosen.submit = die
    house.place(an_intent(take_profit=None))
