"""The brokers of a home, made: one, or several behind one port.

    SAGE_BROKER=paper              the paper broker
    SAGE_BROKER=paper:a,paper:b    two paper venues, each with books and terms of its own, seen as one broker
    [brokers.a]                    what paper:a costs, and where it is; without a label the kind is the name

Part of the composition root: ``opening.py`` and ``app.py`` call it, and like them it names the rooms once and runs them
on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from domain.errors import ConfigurationError
from domain.money import ZERO
from domain.orders import Order, OrderStatus
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import composition.sources as sources
    import composition.venues as venues
    import policies.permit as permits
    import settings.brokers as broker_settings
    import settings.paper_venue as paper_venue
    import settings.variables as configuration
    import trading.data.vendors.alpaca as alpaca
    import trading.execution.brokers.alpaca.account_wire as account_wire
    import trading.execution.brokers.alpaca.broker as alpaca_broker
    import trading.execution.brokers.paper.broker as paper
    import trading.execution.brokers.paper.told as paper_words
    import trading.execution.brokers.several.broker as several
    import trading.execution.brokers.several.route as routing
    import trading.execution.reconciliation.membership as memberships
    import trading.store.accounts.known_brokers as known_brokers
    import trading.store.control as control_store
    import trading.store.database as databases
    import trading.store.orders as order_store

if TYPE_CHECKING:
    import graphs.deps as wiring
    from domain.book import Position
    from domain.ids import BrokerName
    from domain.ports import Broker, Calendar, Clock, Market

PAPER, ALPACA = "paper", "alpaca"
IN_FLIGHT = frozenset({OrderStatus.SUBMITTED, OrderStatus.UNKNOWN})
AT_ALPACA = ("base_url", "stream_url")
"""What of ``[brokers.NAME]`` means something at Alpaca alone."""


def broker_of(
    settings: configuration.Settings,
    market: Callable[[], Market],
    calendar: Calendar,
    database: databases.Database,
    clock: Clock,
    office: permits.PermitOffice,
    control: control_store.ControlStore,
) -> Broker:
    """The broker by its name, or several as one; the market is made only for those that trade on it."""
    check_terms(settings)
    check_keys(settings)

    def made(named: BrokerName) -> Broker:
        if named.kind == ALPACA:
            return alpaca_broker.AlpacaBroker(account_of(settings, named), clock, office, control)
        prices = market()
        account = venues.account_of(settings, named, terms_of(settings, named), prices)
        return paper.PaperBroker(database, prices, calendar, clock, office, control, account)

    first, *others = settings.brokers
    known = known_brokers.KnownBrokers(database)
    missing = missing_of(settings.brokers, order_store.OrderStore(database), known.numbers())
    if not others and not first.label and not missing:
        return made(first)
    known.make()
    seats = [several.Seat(each.name, made(each), costs_of(settings, each)) for each in settings.brokers]
    return several.SeveralBrokers(seats, missing=missing, known=known)


def by_name(broker: Broker) -> bool:
    """Whether it tells of an order at which broker that is, by the name in front of the order's number there."""
    return isinstance(broker, several.SeveralBrokers)


def parts_of(broker: Broker) -> Callable[[], Mapping[str, Sequence[Position] | None]]:
    """What each of several brokers holds, as it was told last; of one broker there is nothing to tell apart."""
    return (lambda: broker.parts) if isinstance(broker, several.SeveralBrokers) else dict


def missing_of(
    named: Sequence[BrokerName], orders: order_store.OrderStore, known: Iterable[str] = ()
) -> tuple[str, ...]:
    """The brokers that SAGE_BROKER names no longer, and at which an order or holding of ours is or may be.

    An order says where it is by the front of its ``broker_id``; without any it is at the one broker without a label
    that a home had at the time. One that was sent and never answered for may be at every broker there ever was.
    """
    counting = in_use(orders)
    used = {routing.place_of(each.broker_id) for each in counting if each.broker_id is not None}
    if any(each.broker_id is None and each.status in IN_FLIGHT for each in counting):
        used |= set(known)
    # The usual account of its kind, which had no name in front of its numbers while it was alone.
    if any(not each.label for each in named):
        used -= {""}
    return tuple(sorted(name or "the broker without a label" for name in used - {each.name for each in named}))


def in_use(orders: order_store.OrderStore) -> tuple[Order, ...]:
    """Every order that works, and those that have made what is held."""
    with orders.reading():
        opened = [each for trade in orders.trades.all_open().values() for each in orders.of_decision(trade.decision_id)]
        return (*orders.open(), *(each for each in opened if each.filled_qty))


def membership_of(
    settings: configuration.Settings, stores: wiring.Stores, exchange: Broker | None = None
) -> memberships.Membership:
    """Who the equity of the home is made of, by the settings; what each is worth is told by ``exchange``."""
    return memberships.Membership(
        known_brokers.KnownBrokers(stores.database),
        stores.equity,
        stores.ledger,
        [each.name for each in settings.brokers],
        (lambda: exchange.stakes) if isinstance(exchange, several.SeveralBrokers) else None,
    )


def inner(broker: Broker) -> tuple[Broker, ...]:
    """The brokers behind one that stands for several; itself where it stands for no other."""
    return tuple(seat.broker for seat in broker.seats) if isinstance(broker, several.SeveralBrokers) else (broker,)


def advance_of(broker: Broker) -> Callable[[datetime], None]:
    """What plays the market of the paper brokers up to a moment; what rests at a real one meets it without us."""
    papers = [each for each in inner(broker) if isinstance(each, paper.PaperBroker)]

    def advance(to: datetime) -> None:
        for each in papers:
            each.advance(to)

    return advance


def real_money(settings: configuration.Settings) -> bool:
    """Whether the settings name an account with real money behind it."""
    return not all(is_paper(settings, each) for each in alpacas(settings))


def is_paper(settings: configuration.Settings, named: BrokerName) -> bool:
    """Whether an account at Alpaca is a paper one; ConfigurationError where key and address contradict each other."""
    config = account_of(settings, named)
    return account_wire.is_paper(config.trading_url, config.key_id)


def check_prices(settings: configuration.Settings) -> None:
    """Orders at real prices are not decided on made-up or stored ones; a kill cancels at the broker all the same."""
    real = [each.name for each in settings.brokers if each.kind != PAPER]
    if real and sources.has_own_time(settings.market):
        raise ConfigurationError(
            f"SAGE_BROKER={','.join(real)} trades at real prices, and SAGE_MARKET={settings.market} has none",
            "Set SAGE_MARKET to alpaca or yahoo, or SAGE_BROKER to paper.",
        )


def check_terms(settings: configuration.Settings) -> None:
    """ConfigurationError for a table that no broker reads: misspelt, it would leave its broker as it is, unseen."""
    kinds = {each.key: each.kind for each in settings.brokers}
    for key, terms in settings.broker_terms.items():
        if key not in kinds:
            raise ConfigurationError(
                f"[brokers.{key}] belongs to no broker of SAGE_BROKER={settings.broker}",
                f"Write one of {', '.join(kinds)}, or take it out.",
            )
        wrong = [name for name in foreign_to(kinds[key]) if getattr(terms, name) not in (None, "")]
        if wrong:
            raise ConfigurationError(f"[brokers.{key}] is {kinds[key]}, which has no {wrong[0]}", "Take it out.")
        for name, choice in unread_in(terms, kinds[key]).items():
            raise ConfigurationError(
                f"[brokers.{key}] sets {name}, which nothing reads without {choice}", "Choose that too, or take it out."
            )


def foreign_to(kind: str) -> tuple[str, ...]:
    """What of ``[brokers.NAME]`` means nothing to a broker of that kind."""
    return AT_ALPACA if kind == PAPER else tuple(paper_venue.PaperVenueSettings.model_fields)


def unread_in(terms: broker_settings.BrokerSettings, kind: str) -> Mapping[str, str]:
    """Figures that the models chosen for a paper venue do not read, and the choice that each belongs to."""
    return venues.unread(terms) if kind == PAPER else {}


def described(settings: configuration.Settings, market: Market) -> tuple[str, ...]:
    """What each paper venue is set to, a line each."""
    papers = (each for each in settings.brokers if each.kind == PAPER)
    accounts = (venues.account_of(settings, each, terms_of(settings, each), market) for each in papers)
    return tuple(f"{account.account_id}: {paper_words.described(account)}" for account in accounts)


def check_keys(settings: configuration.Settings) -> None:
    """ConfigurationError for one key under two names, whose account would count twice, and for what is no key."""
    told = settings.broker_keys
    written = [] if told is None else [each for each in told.get_secret_value().split(",") if each.strip()]
    if len(written) != len(settings.keys_of_brokers):
        raise ConfigurationError(
            "SAGE_BROKER_KEYS has a part that is not LABEL=KEY_ID:SECRET, or one label twice",
            "Separate the keys by commas.",
        )
    names: dict[tuple[str, str], str] = {}
    accounts = list(alpacas(settings))
    for each in accounts if len(accounts) > 1 else ():
        config = account_of(settings, each)
        other = names.setdefault((config.key_id, config.trading_url), each.name)
        if other != each.name:
            raise ConfigurationError(
                f"{other} and {each.name} of SAGE_BROKER have one key", "Name the account once, or give its own key."
            )


def terms_of(settings: configuration.Settings, named: BrokerName) -> broker_settings.BrokerSettings:
    """The table of this broker; one that has none has the defaults."""
    return settings.broker_terms.get(named.key) or broker_settings.BrokerSettings()


def costs_of(settings: configuration.Settings, named: BrokerName) -> routing.Terms:
    """What routing reckons with, and which symbols may go there."""
    terms = terms_of(settings, named)
    told = venues.expected(venues.rules_of(terms)) if named.kind == PAPER else stated(terms)
    return replace(told, symbols=frozenset(sources.symbols_in(terms.symbols, f"[brokers.{named.key}] symbols")))


def stated(terms: broker_settings.BrokerSettings) -> routing.Terms:
    """What another broker is said to cost."""
    return routing.Terms(terms.commission_per_share or ZERO, terms.commission_minimum or ZERO, terms.slippage_bp)


def alpacas(settings: configuration.Settings) -> Iterable[BrokerName]:
    """The brokers that tell their updates."""
    return (each for each in settings.brokers if each.kind == ALPACA)


def stream_url_of(settings: configuration.Settings, named: BrokerName) -> str | None:
    """Where its updates are, when that is not beside its trading address."""
    usual = "" if named.label else settings.alpaca_stream_url
    return terms_of(settings, named).stream_url or usual or None


def account_of(settings: configuration.Settings, named: BrokerName) -> alpaca.AlpacaConfig:
    """Keys and addresses of an account at Alpaca: those of APCA_*, or of its label."""
    address = terms_of(settings, named).base_url or settings.alpaca_base_url
    if not named.label:
        return sources.alpaca_of(settings, trading_url=address)
    keys = settings.keys_of_brokers.get(named.label)
    if keys is None:
        raise ConfigurationError(
            f"SAGE_BROKER_KEYS has no key of {named.name}", f"Write {named.label}=KEY_ID:SECRET, in .env if you like."
        )
    key_id, secret_key = (each.get_secret_value() for each in keys)
    return alpaca.AlpacaConfig(key_id, secret_key, trading_url=address, data_url=settings.alpaca_data_url)
