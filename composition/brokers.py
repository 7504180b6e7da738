"""The brokers of a home, made: one, or several behind one port.

    SAGE_BROKER=paper              the paper broker
    SAGE_BROKER=paper:a,paper:b    two paper venues, each with books and terms of its own, seen as one broker
    [brokers.a]                    what paper:a costs, and where it is; without a label the kind is the name

Part of the composition root: ``opening.py`` and ``app.py`` call it, and like them it names the rooms once and runs them
on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.errors import ConfigurationError
from domain.money import ZERO
from domain.orders import Order, OrderStatus
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import composition.sources as sources
    import policies.permit as permits
    import settings.brokers as broker_settings
    import settings.variables as configuration
    import trading.data.vendors.alpaca as alpaca
    import trading.execution.brokers.alpaca.account_wire as account_wire
    import trading.execution.brokers.alpaca.broker as alpaca_broker
    import trading.execution.brokers.paper.broker as paper
    import trading.execution.brokers.paper.fill_model as fill_model
    import trading.execution.brokers.several.broker as several
    import trading.execution.brokers.several.route as routing
    import trading.execution.membership as memberships
    import trading.store.control as control_store
    import trading.store.database as databases
    import trading.store.known_brokers as known_brokers
    import trading.store.orders as order_store

if TYPE_CHECKING:
    import graphs.deps as wiring
    from domain.book import Position
    from domain.ids import BrokerName
    from domain.ports import Broker, Calendar, Clock, Market

PAPER, ALPACA = "paper", "alpaca"
IN_FLIGHT = frozenset({OrderStatus.SUBMITTED, OrderStatus.UNKNOWN})
OF_KIND = {PAPER: ("start_cash",), ALPACA: ("base_url", "stream_url")}
"""What of ``[brokers.NAME]`` means something to one kind of broker alone."""


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
        account = paper.PaperSettings(
            account_id=named.name,
            label=named.label,
            starting_cash=terms_of(settings, named).start_cash or settings.start_cash,
            timeframe=sources.timeframe_of(settings, prices),
            rules=rules_of(terms_of(settings, named)),
        )
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
        wrong = [name for name in foreign_to(kinds[key]) if getattr(terms, name)]
        if wrong:
            raise ConfigurationError(f"[brokers.{key}] is {kinds[key]}, which has no {wrong[0]}", "Take it out.")


def foreign_to(kind: str) -> tuple[str, ...]:
    """What of ``[brokers.NAME]`` means nothing to a broker of that kind."""
    return tuple(name for other, names in OF_KIND.items() if other != kind for name in names)


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


def rules_of(terms: broker_settings.BrokerSettings) -> fill_model.FillRules:
    """What a paper venue charges; what is not set is as in every other."""
    usual = fill_model.FillRules()
    return fill_model.FillRules(
        commission_per_share=known(terms.commission_per_share, usual.commission_per_share),
        commission_minimum=known(terms.commission_minimum, usual.commission_minimum),
        slippage_bp=known(terms.slippage_bp, usual.slippage_bp),
    )


def costs_of(settings: configuration.Settings, named: BrokerName) -> routing.Terms:
    """What routing reckons with. Impact is left out: nobody knows the size that will stand against the order."""
    terms, rules = terms_of(settings, named), rules_of(terms_of(settings, named))
    on_paper = named.kind == PAPER
    return routing.Terms(
        commission_per_share=rules.commission_per_share if on_paper else known(terms.commission_per_share, ZERO),
        commission_minimum=rules.commission_minimum if on_paper else known(terms.commission_minimum, ZERO),
        cost_bp=rules.slippage_bp + rules.half_spread_bp if on_paper else terms.slippage_bp,
        symbols=frozenset(sources.symbols_in(terms.symbols, f"[brokers.{named.key}] symbols")),
    )


def known(figure: Decimal | None, otherwise: Decimal) -> Decimal:
    """A figure that was set, else another."""
    return otherwise if figure is None else figure


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
