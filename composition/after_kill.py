"""What a kill starts behind itself: it cancels open entries and closes what is held, whatever the settings hold.

    what it cannot do without     the database, the brokers by name, and their keys and addresses
    everything else               where it is wrong it is left at its default, for this process alone, and told

A broker is never guessed. Where SAGE_BROKER or an address is wrong, or stood in a part of a file that nobody can read,
nothing is cancelled: the latch holds anyway, and a person is told which setting it is and what to do by hand. Two
things a home can prove by itself: a database is its own where it has the entry that the anchor names, and its broker is
the paper broker where that has every order which a broker took.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from domain.clock import FixedClock, SystemClock
from domain.errors import ConfigurationError, DataQualityError, ManualActionError, OversightError, UsageError
from domain.money import ZERO
from interfaces.cli.home import LATCH
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import composition.brokers as brokers
    import composition.sources as sources
    import policies.kill_switch as kill_switches
    import policies.policy as policies
    import settings.brokers as broker_terms
    import settings.salvage as salvaging
    import trading.data.calendar as calendars
    import trading.execution.brokers.paper.books as paper_books
    import trading.execution.cancel_entries as cancelling
    import trading.execution.flatten as flattening
    import trading.store.database as databases
    import trading.store.orders as order_store

if TYPE_CHECKING:
    from domain.ids import BrokerName
    from domain.ports import Calendar, Clock, Market
    from interfaces.cli.parser import Arguments
    from policies.kill_switch import KillSwitch
    from policies.permit import PermitOffice
    from policies.policy import Policy
    from settings.brokers import BrokerSettings
    from settings.salvage import Salvaged
    from settings.variables import Settings
    from trading.store.control import ControlStore
    from trading.store.database import Database

DATABASE_FILE = "sage.db"
DATABASE, BROKER, TABLES, KEYS = "SAGE_DATABASE_URL", "SAGE_BROKER", "SAGE_BROKERS", "SAGE_BROKER_KEYS"
ADDRESS, ALPACA_KEYS = "APCA_API_BASE_URL", ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY")
BY_HAND = (
    "The latch holds: nothing new can be sent. Put that right and kill again, or tell a setting in front of the "
    "command (NAME=value sage kill); until then cancel and close at the broker by hand."
)


class Notes(NamedTuple):
    """What a person has to be told besides: settings that are left at their defaults, and brokers that nobody asked."""

    left: list[str]
    away: dict[str, str]


def cancel_and_close(arguments: Arguments, home: Path) -> dict[str, object]:
    """The whole of it, as its report tells."""
    found, latch = salvaging.salvaged(str(home)), kill_switches.KillSwitch(home / LATCH)
    notes = Notes(list(found.told), {})
    make, close = partial(canceller_of, found, notes), partial(close_all, found, arguments, notes)
    with told_by_hand():
        report = cancelling.after_kill(database_of(found, latch), home, latch, make, close)
    return {**report, "failed": {**report.get("failed", {}), **notes.away}, "left_at_default": notes.left}


def canceller_of(
    found: Salvaged, notes: Notes, database: Database, clock: Clock, office: PermitOffice, control: ControlStore
) -> cancelling.Canceller:
    """The broker of this home, which is asked for no price."""
    settings, calendar = broker_settings(found, notes, database), calendars.ExchangeCalendar()
    # Cancelling needs no prices, so whatever is wrong with the market keeps no order at the broker.
    settings = settings.model_copy(update={"market": sources.SIMULATED[0], "timeframe": None})
    market = partial(sources.prices_of, settings, calendar)
    broker = brokers.broker_of(settings, market, calendar, database, clock, office, control)
    return cancelling.Knowing(broker, order_store.OrderStore(database))


def close_all(
    found: Salvaged, arguments: Arguments, notes: Notes, parts: cancelling.Parts, kill_id: str
) -> dict[str, object]:
    """Close what is held, at the moment at which the market of this home stands."""
    calendar = calendars.ExchangeCalendar()
    with told_by_hand():
        settings, market = priced(found, notes, parts, calendar)
        moment = sources.moment_of(settings, arguments, parts, market, calendar)
        clock: Clock = FixedClock(moment) if sources.has_own_time(settings.market) else SystemClock()
        broker = brokers.broker_of(
            settings, lambda: market, calendar, parts.database, clock, parts.office, parts.control
        )
        fallback = partial(policy_of, settings, notes)
        hands = flattening.hands_after_kill(parts, broker, market, calendar, clock, fallback, kill_id)
        return flattening.flatten(hands, kill_id).report


@contextmanager
def told_by_hand() -> Iterator[None]:
    """Whatever stops this, a person is told what stands and what to do without it."""
    try:
        yield
    except OversightError as error:
        raise ManualActionError(error.what, f"{error.remedy} {BY_HAND}".lstrip()) from error


def database_of(found: Salvaged, latch: KillSwitch) -> str:
    """Where the facts are; a database that nobody names is taken where it is provably the one of this home."""
    must_be_right(found.wrong, DATABASE)
    settings = found.settings
    if DATABASE in found.unread and not is_ours(settings, latch):
        must_be_right(found.unread, DATABASE)
    return settings.database


def is_ours(settings: Settings, latch: KillSwitch) -> bool:
    """Whether the database in the home folder has the ledger that the anchor beside it belongs to."""
    if not (settings.home / DATABASE_FILE).exists():
        return False
    database = databases.open_database(settings.database)
    try:
        return cancelling.parts_of(database, settings.home, latch).ledger.holds_anchor() is True
    finally:
        database.close()


def must_be_right(reasons: Mapping[str, str], name: str) -> None:
    """ConfigurationError where there is a reason why this setting is not known."""
    if name in reasons:
        raise ConfigurationError(
            f"{name} is not known ({reasons[name]}), and without it nothing is cancelled or closed"
        )


def broker_settings(found: Salvaged, notes: Notes, database: Database) -> Settings:
    """The settings with those brokers whose keys and addresses are right; ConfigurationError where none is left."""
    must_be_right(found.wrong, BROKER)
    settings = found.settings
    if BROKER in found.unread and not on_paper(database):
        must_be_right(found.unread, BROKER)
    settings, reached = settings.model_copy(update={"broker_terms": terms_in_use(settings)}), list[str]()
    for each in settings.brokers:
        try:
            check_account(found, settings, each)
        except ConfigurationError as error:
            # One of several keeps nothing at the others working.
            if len(settings.brokers) == 1:
                raise
            notes.away[each.name] = f"{error.what}. {error.remedy} {BY_HAND}"
        else:
            reached.append(each.name)
    if not reached:
        raise ConfigurationError("; ".join(f"{name}: {why}" for name, why in notes.away.items()))
    return settings.model_copy(update={"broker": ",".join(reached)})


def on_paper(database: Database) -> bool:
    """Whether the paper broker without a label has every order that a broker took and that still counts."""
    books = paper_books.PaperBooks(database, brokers.PAPER, "", ZERO)
    placed = [each for each in brokers.in_use(order_store.OrderStore(database)) if each.broker_id is not None]
    return bool(placed) and all(books.order(each.client_order_id) is not None for each in placed)


def check_account(found: Salvaged, settings: Settings, named: BrokerName) -> None:
    """ConfigurationError where it is not known whose account this is, or where."""
    if named.kind == brokers.PAPER:
        return
    doubts = {**found.wrong, **found.unread}
    address = brokers.terms_of(settings, named).base_url
    for name in (KEYS, TABLES) if named.label else ALPACA_KEYS:
        must_be_right(doubts, name)
    if not address:
        must_be_right(doubts, ADDRESS)
    if ADDRESS not in found.values:
        must_be_right(doubts, TABLES)
    for path in found.wrong:
        table, *inner = path.split(".")
        if table == TABLES and inner[:1] == [named.key] and inner[1:2] not in [[name] for name in harmless()]:
            must_be_right(found.wrong, path)
    brokers.is_paper(settings, named)


def harmless() -> set[str]:
    """What of ``[brokers.NAME]`` says neither who a broker is nor where."""
    return broker_terms.BrokerSettings.model_fields.keys() - {"base_url"}


def terms_in_use(settings: Settings) -> dict[str, BrokerSettings]:
    """The tables that a broker reads, without what means nothing to it: a kill waits for nobody to take that out."""
    named = {each.key: each for each in settings.brokers}
    strays = [terms for key, terms in settings.broker_terms.items() if key not in named]
    nowhere = [each for each in brokers.alpacas(settings) if not brokers.terms_of(settings, each).base_url]
    if nowhere and any(terms.base_url for terms in strays):
        brokers.check_terms(settings)  # which refuses it: the address may be meant for one of these
    return {key: meant(terms, named[key]) for key, terms in settings.broker_terms.items() if key in named}


def meant(terms: BrokerSettings, named: BrokerName) -> BrokerSettings:
    """What of a table means something to its broker."""
    fields = broker_terms.BrokerSettings.model_fields
    nothing = (*brokers.foreign_to(named.kind), *brokers.unread_in(terms, named.kind))
    foreign = {name: fields[name].default for name in nothing}
    try:
        sources.symbols_in(terms.symbols, "symbols")
    except DataQualityError:
        foreign["symbols"] = ""
    return terms.model_copy(update=foreign)


def priced(found: Salvaged, notes: Notes, parts: cancelling.Parts, calendar: Calendar) -> tuple[Settings, Market]:
    """The settings of this home for closing, and its market: what is sold is priced, and not by a made-up one."""
    try:
        sources.universe_in(found.settings)
    except DataQualityError:
        found = dropped(found, notes, "SAGE_UNIVERSE", "one of its names is no symbol")
    settings = sources.of_home(broker_settings(found, notes, parts.database), parts.ledger)
    try:
        market = sources.prices_of(settings, calendar)
    except UsageError:
        found = dropped(found, notes, "SAGE_MARKET", "there is no such market source")
        settings = sources.of_home(broker_settings(found, notes, parts.database), parts.ledger)
        market = sources.prices_of(settings, calendar)
    brokers.check_prices(settings)
    try:
        sources.timeframe_of(settings, market)
    except ConfigurationError:
        notes.left.append("SAGE_TIMEFRAME: the files hold no bars of that length")
        settings = settings.model_copy(update={"timeframe": None})
    return settings, market


def dropped(found: Salvaged, notes: Notes, name: str, why: str) -> Salvaged:
    """The settings without one of them, which is told."""
    notes.left.append(f"{name}: {why}")
    return found.without(name)


def policy_of(settings: Settings, notes: Notes) -> Policy:
    """The policy of the settings, for a home whose own cannot be read; else the usual one."""
    try:
        return policies.load_policy(settings.policy)
    except ConfigurationError:
        notes.left.append("SAGE_POLICY: it cannot be used as a policy")
        return policies.load_policy(policies.PROFILES[0])
