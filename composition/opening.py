"""What a start is put together from: stores, broker, desk and graphs over the ports that ``sources.py`` makes.

    app.py -> opened(settings, arguments) -> Service(Runtime) ; runtime_of and stores_of are its steps

Part of the composition root: ``app.py`` and ``backtesting.py`` call it, and like them it names the rooms once and runs
them on first use.
The two graphs are compiled when the first of them is asked for, so that a command that only looks loads none.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from domain.errors import ConfigurationError, OversightError
from domain.market import Symbol
from interfaces.cli import parser
from interfaces.cli.home import LATCH
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import composition.answering as answering
    import composition.brokers as brokers
    import composition.closed as closed
    import composition.duties as duties
    import composition.sources as sources
    import composition.starting as starting
    import domain.record.canonical as canonical
    import evals.product as products
    import graphs.approval as approval_graph
    import graphs.checkpoints as checkpoints
    import graphs.deps as wiring
    import graphs.oversight as oversight_graph
    import graphs.telemetry as telemetry
    import interfaces.acting.releasing as releasing
    import interfaces.runtime as runtimes
    import interfaces.service as services
    import interfaces.serving.times as times
    import memory.reviews as reviews
    import memory.trades as trade_memory
    import policies.kill_switch as kill_switches
    import policies.permit as permits
    import policies.policy as policies
    import policies.release as releases
    import settings.variables as configuration
    import trading.bus.memory as memory_bus
    import trading.bus.port as bus_port
    import trading.bus.redis_bus as redis_bus
    import trading.data.calendar as calendars
    import trading.execution.brokers.observed as observed
    import trading.execution.desk as desks
    import trading.execution.reconciliation.membership as memberships
    import trading.execution.reconciliation.reconcile as reconciling
    import trading.execution.settle as settling
    import trading.monitor.logs as logs
    import trading.store.accounts.equity as equity_store
    import trading.store.approvals as approval_store
    import trading.store.calls as call_store
    import trading.store.control as control_store
    import trading.store.cycles as cycle_store
    import trading.store.database as databases
    import trading.store.ledger as ledgers
    import trading.store.news as news_store
    import trading.store.observations as observation_store
    import trading.store.orders as order_store

if TYPE_CHECKING:
    from agents.llm import LanguageModel
    from domain.ports import Calendar, Clock, Market, NewsFeed

TRADES = ("cycle", "demo", "approve", "resume", "algo start", "run", "buy", "sell", "orders replace", "flatten",
          "close", "reconcile", "telegram")  # fmt: skip
"""Commands whose start puts a newer release in force; the others only look, and change nothing by looking."""
EXCHANGE_ZONE = ZoneInfo("America/New_York")


class Opened(NamedTuple):
    """A start: the use cases, the moment it stands at, and the universe of its market."""

    service: services.Service
    moment: datetime
    universe: tuple[Symbol, ...]


def untold(_text: str) -> None:
    """A note that nobody reads."""


@contextmanager
def opened(
    settings: configuration.Settings, arguments: parser.Arguments, note: Callable[[str], None] = untold
) -> Iterator[Opened]:
    """The service over everything the settings name; a market that they do not name is that of the home."""
    with ExitStack() as stack:
        # First, so that whatever fails from here on is in the log.
        open_log(settings, stack, level="INFO" if arguments.command == "run" else "WARNING")
        latch = kill_switches.KillSwitch(settings.home / LATCH)
        database = databases.open_database(settings.database)
        stack.callback(database.close)
        stores = stores_of(database, settings, latch)
        settings, named = sources.of_home(settings, stores.ledger), settings.market
        if settings.market != named:
            note(f"the market is {settings.market}, as in the last cycle of this home; SAGE_MARKET names another")
        calendar = calendars.ExchangeCalendar()
        market = sources.market_of(settings, calendar)
        moment = sources.moment_of(settings, arguments, stores, market, calendar)
        clock = duties.clock_of(settings, arguments, stores, moment)
        universe = sources.universe_of(settings, arguments, market)
        trades = arguments.command in TRADES and not arguments.what_if
        if not trades and brokers.membership_of(settings, stores).changed:
            note("brokers joined or left: until the next cycle books that as a transfer, it looks like a result")
        runtime = runtime_of(settings, stores, latch, calendar, market, universe, clock, stack, trades=trades)
        yield Opened(services.Service(runtime), moment, universe)
        # Only behind a cycle that ended: one that was cut off is finished at its own moment, wherever it stands.
        if arguments.command in sources.RUNS_CYCLE:
            stores.cycles.move_cursor(settings.market, moment)


@contextmanager
def product_for_evals(
    home: Path, model: LanguageModel, *, limits: Mapping[str, Any] | None = None, news: NewsFeed | None = None
) -> Iterator[products.Product]:
    """A start on the simulated market for a suite to play on; ``evals/product.py`` has the contract."""
    with ExitStack() as stack:
        # Opened with rules, which need no key and no recording; the suite's own model takes their place below.
        settings = closed.demo_settings(home).model_copy(update={"model": "rules"})
        open_log(settings, stack)
        if limits is not None:
            settings = settings.model_copy(update={"policy": str(policy_with(home, limits))})
        latch = kill_switches.KillSwitch(home / LATCH)
        database = databases.open_database(settings.database)
        stack.callback(database.close)
        stores, calendar = stores_of(database, settings, latch), calendars.ExchangeCalendar()
        market = sources.market_of(settings, calendar)
        clock = times.SimulatedTime(sources.FIRST_SIMULATED, kept_nowhere)
        made = runtime_of(settings, stores, latch, calendar, market, market.symbols(), clock, stack)
        asker = replace(made.deps.asker, model=model)
        deps = replace(made.deps, asker=asker, news=made.deps.news if news is None else news)
        setup = replace(made.setup, model=model.name)
        service = services.Service(replace(made, deps=deps, setup=setup, graphs=graphs_over(deps, settings, stack)))

        def cycle(symbols: Sequence[Symbol], as_of: datetime) -> Mapping[str, Any]:
            clock.move(as_of)
            told: Mapping[str, Any] = canonical.plain(service.cycle(tuple(symbols), as_of))
            return told

        yield products.Product(deps, cycle)


def policy_with(home: Path, limits: Mapping[str, Any]) -> Path:
    """The conservative profile with these limits laid over it, as a file in ``home``."""
    text = resources.files("policies").joinpath("conservative.toml").read_text(encoding="utf-8")
    laid = {**tomllib.loads(text)["limits"], **limits}
    lines = (f"{name} = {json.dumps(value)}" for name, value in laid.items())  # no table among them: TOML reads as JSON
    path = home / "policy.toml"
    path.write_text("\n".join(('profile = "evals"', "[limits]", *lines, "")), encoding="utf-8")
    return path


def open_log(settings: configuration.Settings, stack: ExitStack, *, level: str = "WARNING") -> None:
    """Make the home folder and send the log to a file in it; secrets are cut out of every line."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        stream = stack.enter_context((settings.home / "sage.log").open("a", encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"the home folder {settings.home} cannot be used: {error.strerror}", "Name another one with --home."
        ) from error
    handler = logs.log_to(stream, level=level, secrets=settings.secrets)
    stack.callback(logs.logger("").removeHandler, handler)
    # Pushed last and therefore run first: the log is still open then.
    stack.push(log_unexpected)


def log_unexpected(
    _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
) -> None:
    """Write down what nobody expected while the log is still open; it goes on to ``main``."""
    if isinstance(error, Exception) and not isinstance(error, OversightError):
        logs.logger(__name__).error("command failed", exc_info=error)


def stores_of(
    database: databases.Database, settings: configuration.Settings, latch: kill_switches.KillSwitch
) -> wiring.Stores:
    """One store a noun over one database."""
    ledger = ledgers.SqlLedger(database, anchor=settings.home / "ledger.anchor")
    orders = order_store.OrderStore(database)
    return wiring.Stores(
        database=database,
        ledger=ledger,
        observations=observation_store.ObservationStore(database),
        orders=orders,
        trades=orders.trades,
        approvals=approval_store.ApprovalStore(database),
        control=control_store.ControlStore(database, ledger, latch, calendars.ExchangeCalendar()),
        news=news_store.NewsStore(database),
        calls=call_store.CallStore(database),
        cycles=cycle_store.CycleStore(database),
        equity=equity_store.EquityStore(database, EXCHANGE_ZONE, calendars.ExchangeCalendar()),
    )


def runtime_of(
    settings: configuration.Settings,
    stores: wiring.Stores,
    latch: kill_switches.KillSwitch,
    calendar: Calendar,
    market: Market,
    universe: tuple[Symbol, ...],
    clock: Clock,
    stack: ExitStack,
    *,
    trades: bool = True,
) -> runtimes.Runtime:
    """Desk, roles and graphs over the ports; what has to be closed is left to ``stack``."""
    brokers.check_prices(settings)
    policy = policies.load_policy(settings.policy)
    notice = starting.put_in_force(settings, stores, policy, releasing.release_of(policy), clock, latch, trades=trades)
    # The key of the seal is made here and kept nowhere: no permit outlives its start (decision 0002).
    office = permits.PermitOffice(os.urandom(32), latch)
    exchange = brokers.broker_of(settings, lambda: market, calendar, stores.database, clock, office, stores.control)
    # A policy that waits for the owner may not open anything, whatever it says about gate A5.
    allowed = releases.guarded(policy) if notice.waits else policy
    settlement = settling.Settlement(stores.database, stores.ledger, stores.orders, stores.control)
    broker = observed.ObservedBroker(exchange, stores.database, clock)
    membership = brokers.membership_of(settings, stores, exchange)
    if trades and membership.changed:
        stores.control.mark_unreconciled()  # nothing is opened before who joined or left is booked
    deps = deps_of(settings, stores, calendar, market, allowed, broker, membership, settlement, office, clock, stack)
    return runtimes.Runtime(
        deps=deps,
        graphs=graphs_over(deps, settings, stack),
        kill_switch=latch,
        bus=bus_of(settings, stack),
        setup=starting.setup_of(settings, deps, universe, notice.text),
        duties=duties.duties_of(settings, deps, settlement, by_name=brokers.by_name(exchange)),
        advance=brokers.advance_of(exchange),
        parts=brokers.parts_of(exchange),
    )


def deps_of(
    settings: configuration.Settings,
    stores: wiring.Stores,
    calendar: Calendar,
    market: Market,
    policy: policies.Policy,
    broker: observed.ObservedBroker,
    membership: memberships.Membership,
    settlement: settling.Settlement,
    office: permits.PermitOffice,
    clock: Clock,
    stack: ExitStack,
) -> wiring.CycleDeps:
    """What the nodes are given."""
    half_life = timedelta(days=settings.memory_half_life_days)
    memory = trade_memory.TradeMemory(settings.home / "memory", settings.chroma_url, half_life=half_life)
    stack.callback(memory.close)
    timeframe = sources.timeframe_of(settings, market)
    return wiring.CycleDeps(
        clock=clock,
        rules=wiring.CycleRules(timeframe=timeframe, concurrency=settings.concurrency),
        market=market,
        calendar=calendar,
        news=sources.news_of(settings, calendar, clock),
        broker=broker,
        desk=desk_of(stores, policy, broker, settlement, office, clock),
        reconciler=reconciling.Reconciler(
            stores.database, stores.ledger, stores.orders, stores.control, stores.equity, settlement, broker, membership
        ),
        stores=stores,
        asker=answering.asker_of(settings, stores, clock, stack),
        memory=memory,
        calibration=reviews.CalibrationBook(stores.ledger),
        texts=sources.embedder_of(settings, stack),
        proposals=settings.home / "proposals",
    )


def desk_of(
    stores: wiring.Stores,
    policy: policies.Policy,
    broker: observed.ObservedBroker,
    settlement: settling.Settlement,
    office: permits.PermitOffice,
    clock: Clock,
) -> desks.OrderDesk:
    """The one way to the broker."""
    return desks.OrderDesk(
        database=stores.database,
        ledger=stores.ledger,
        orders=stores.orders,
        control=stores.control,
        equity=stores.equity,
        settlement=settlement,
        broker=broker,
        office=office,
        policy=policy,
        clock=clock,
        release=releasing.release_of(policy),
    )


def graphs_over(deps: wiring.CycleDeps, settings: configuration.Settings, stack: ExitStack) -> runtimes.Graphs:
    """The two graphs over one checkpointer, which is opened with them."""

    def build() -> runtimes.Compiled:
        # Before the first graph runs: an environment variable could have its prompts sent to somebody.
        telemetry.switch_off()
        saver = stack.enter_context(checkpoints.open_checkpoints(settings.home, settings.database))
        return runtimes.Compiled(
            oversight_graph.build_oversight(deps, saver), approval_graph.build_approval(deps, saver)
        )

    return runtimes.Graphs(build)


def kept_nowhere(_to: datetime) -> None:
    """Nobody goes on from where this simulated time stands: its home goes when the start ends."""


def bus_of(settings: configuration.Settings, stack: ExitStack) -> bus_port.Bus:
    """Redis Streams where an address is set, else in this process."""
    if not settings.redis_url:
        return memory_bus.MemoryBus(report_unheard)
    config = redis_bus.RedisConfig(settings.redis_url, group="sage", consumer=settings.home.resolve().name)
    bus = redis_bus.RedisBus(config, report_unheard)
    stack.callback(bus.close)
    return bus


def report_unheard(failure: bus_port.Failure) -> None:
    """A subscriber that failed is the log's business and nobody else's."""
    logs.logger(__name__).warning("%s failed on %s: %s", failure.subscriber, failure.topic, failure.error)
