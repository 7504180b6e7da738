"""Composition root and command line: read the settings, build the ports, the graphs and the service, run one command.

    sage COMMAND -> main -> opened(settings) -> Service -> a view -> rendered, or as JSON

The rooms are named here once and run on first use (docs/decisions/0008), so ``--help`` and ``kill`` answer at once.
``kill`` needs neither database nor model nor graph: the latch falls first, everything else follows.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from domain.clock import FixedClock, SystemClock
from domain.errors import ConfigurationError, ManualActionError, OversightError, UsageError
from domain.market import Symbol, Timeframe
from interfaces.cli import parser
from interfaces.cli.home import home_folder
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import agents.ask as asking
    import domain.case as cases
    import domain.records as records
    import evals.verify as evals
    import graphs.approval as approval_graph
    import graphs.checkpoints as checkpoints
    import graphs.deps as wiring
    import graphs.oversight as oversight_graph
    import graphs.telemetry as telemetry
    import interfaces.cli.cells as cells
    import interfaces.cli.console as console
    import interfaces.cli.gate as gate_command
    import interfaces.cli.killing as killing
    import interfaces.cli.run as commands
    import interfaces.releasing as releasing
    import interfaces.runtime as runtimes
    import interfaces.service as services
    import memory.trades as trade_memory
    import policies.coverage as coverage
    import policies.kill_switch as kill_switches
    import policies.ladder as ladder
    import policies.permit as permits
    import policies.policy as policies
    import policies.release as releases
    import prompts.loader as prompts
    import settings as configuration
    import sources
    import trading.bus.memory as memory_bus
    import trading.bus.port as bus_port
    import trading.bus.redis_bus as redis_bus
    import trading.data.calendar as calendars
    import trading.data.files_market as files_market
    import trading.data.files_news as files_news
    import trading.data.sectors as sectors
    import trading.execution.brokers.alpaca as alpaca_broker
    import trading.execution.brokers.alpaca_wire as alpaca_wire
    import trading.execution.brokers.observed as observed
    import trading.execution.brokers.paper as paper
    import trading.execution.cancel_entries as cancelling
    import trading.execution.desk as desks
    import trading.execution.reconcile as reconciling
    import trading.execution.settle as settling
    import trading.monitor.logs as logs
    import trading.store.approvals as approval_store
    import trading.store.calls as call_store
    import trading.store.control as control_store
    import trading.store.cycles as cycle_store
    import trading.store.database as databases
    import trading.store.equity as equity_store
    import trading.store.ledger as ledgers
    import trading.store.news as news_store
    import trading.store.observations as observation_store
    import trading.store.orders as order_store

if TYPE_CHECKING:
    from domain.ports import Calendar, Clock, Market

LATCH = "killed"
TRADES = ("cycle", "demo", "approve", "resume")
"""Commands whose start puts a newer release in force; the others only look, and change nothing by looking."""
EXCHANGE_ZONE = ZoneInfo("America/New_York")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 for what was refused or failed, 2 for wrong usage, 130 for Ctrl-C."""
    arguments = parser.parse(sys.argv[1:] if argv is None else argv)
    if arguments.command == "kill" and arguments.cancel_entries:
        return cancel_entries(arguments)
    if arguments.command == "kill" and not arguments.flatten:
        return kill(arguments)
    terminal = console.Terminal(json=arguments.json, quiet=arguments.quiet)
    try:
        if arguments.command == "gate":
            return gate_command.gate(arguments, terminal)  # opens nothing: no home, no settings, no database
        if arguments.command == "evals verify":
            return verify_recordings(arguments, terminal)
        return run(arguments, terminal)
    except OversightError as error:
        return terminal.fail(error)
    except Exception as error:  # noqa: BLE001  # the last line of defence: one line, and the log has the rest
        return terminal.fail(OversightError(f"unexpected {type(error).__name__}", "See sage.log in the home folder."))
    except KeyboardInterrupt:
        rest = "" if arguments.command == "gate" else "; nothing is lost, the next cycle goes on from here"
        terminal.note(f"stopped{rest}")
        return 130


def run(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Open everything and run one command; a kill that cannot even open lets the latch fall all the same."""
    with ExitStack() as unless_done:
        if arguments.command == "kill":
            unless_done.callback(kill, arguments)
        with opened(settings_for(arguments), arguments) as (service, moment, symbols):
            if service.notice and not arguments.accept:
                terminal.note(service.notice)
            code = commands.run(arguments, service, terminal, moment, symbols)
        unless_done.pop_all()
        return code


def kill(arguments: parser.Arguments) -> int:
    """Let the latch fall, acknowledge it, and have open entries cancelled behind it."""
    return killing.kill(home_folder(arguments.home), arguments.reason, LATCH, Path(__file__), as_json=arguments.json)


def cancel_entries(arguments: parser.Arguments) -> int:
    """What a kill starts behind itself."""

    def settle(folder: Path) -> dict[str, object]:
        settings = configuration.load_settings(home=str(folder))
        latch = kill_switches.KillSwitch(settings.home / LATCH)

        def broker_of(
            database: databases.Database,
            clock: Clock,
            office: permits.PermitOffice,
            control: control_store.ControlStore,
        ) -> paper.PaperBroker | alpaca_broker.AlpacaBroker:
            if settings.broker == "alpaca":
                return alpaca_broker.AlpacaBroker(sources.alpaca_of(settings), clock, office, control)
            calendar = calendars.ExchangeCalendar()
            account = paper.PaperSettings(account_id=sources.ACCOUNT, starting_cash=settings.start_cash)
            return paper.PaperBroker(
                database, sources.market_of(settings, calendar), calendar, clock, office, control, account
            )

        return cancelling.after_kill(settings.database, settings.home, latch, broker_of)

    return killing.reported(home_folder(arguments.home), settle)


def verify_recordings(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """Check the recordings in use against today's prompts and schemas."""
    paths = sources.recordings_of(configuration.load_settings(home=arguments.home))
    verified = evals.verify(paths, now=SystemClock().now())
    terminal.show(verified, lambda found: cells.lines(*map(cells.words, evals.told(found).split("\n"))))
    return 0 if verified.ok else 1


def settings_for(arguments: parser.Arguments) -> configuration.Settings:
    """Settings with what the command line says on top; the demo has a home of its own, new each time."""
    if arguments.command != "demo":
        return configuration.load_settings(
            home=arguments.home, market=arguments.market, news=arguments.news, model=arguments.model
        )
    home = home_folder(arguments.home) / "demo"
    if home.exists() and any(home.iterdir()) and not (home / "sage.db").exists():
        raise UsageError(f"{home} holds something that no demo made", "Name another folder with --home.")
    shutil.rmtree(home, ignore_errors=True)
    return configuration.demo_settings(home)


@contextmanager
def opened(
    settings: configuration.Settings, arguments: parser.Arguments
) -> Iterator[tuple[services.Service, datetime, tuple[Symbol, ...]]]:
    """The service over everything the settings name, the moment it stands at, and the universe of its market."""
    with ExitStack() as stack:
        open_log(settings, stack)
        latch = kill_switches.KillSwitch(settings.home / LATCH)
        database = databases.open_database(settings.database)
        stack.callback(database.close)
        stores = stores_of(database, settings, latch)
        calendar = calendars.ExchangeCalendar()
        market = sources.market_of(settings, calendar)
        moment = sources.moment_of(settings, arguments, stores, market, calendar)
        stands = sources.has_own_time(settings.market) or arguments.as_of is not None
        clock: Clock = FixedClock(moment) if stands else SystemClock()
        universe = sources.universe_of(settings, arguments, market)
        trades = arguments.command in TRADES
        runtime = runtime_of(settings, stores, latch, calendar, market, universe, clock, stack, trades=trades)
        yield services.Service(runtime), moment, universe
        if arguments.command in sources.RUNS_CYCLE:
            stores.cycles.move_cursor(settings.market, moment)


def open_log(settings: configuration.Settings, stack: ExitStack) -> None:
    """Make the home folder and send the log to a file in it; secrets are cut out of every line."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        stream = stack.enter_context((settings.home / "sage.log").open("a", encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"the home folder {settings.home} cannot be used: {error.strerror}", "Name another one with --home."
        ) from error
    handler = logs.log_to(stream, level="WARNING", secrets=settings.secrets)
    stack.callback(logs.logger("").removeHandler, handler)
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
    """One store a noun over one database; a new home starts in the mode of the settings."""
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
    telemetry.switch_off()
    policy, timeframe = policies.load_policy(settings.policy), sources.timeframe_of(settings, market)
    release = releasing.release_of(policy)
    notice = put_in_force(settings, stores, policy, release, clock, latch, trades=trades)
    if notice.waits:
        policy = releases.guarded(policy)  # it may not open anything, whatever it says about gate A5
    office = permits.PermitOffice(os.urandom(32), latch)
    exchange = exchange_of(settings, stores, market, calendar, timeframe, clock, office)
    broker = observed.ObservedBroker(exchange, stores.database, clock)
    settlement = settling.Settlement(stores.database, stores.ledger, stores.orders, stores.control)
    memory = trade_memory.TradeMemory(settings.home / "memory", settings.chroma_url)
    stack.callback(memory.close)
    model = sources.model_of(settings, clock, stack)
    deps = wiring.CycleDeps(
        clock=clock,
        rules=wiring.CycleRules(timeframe=timeframe, concurrency=settings.concurrency),
        market=market,
        calendar=calendar,
        news=sources.news_of(settings, calendar, clock),
        broker=broker,
        desk=desks.OrderDesk(
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
            release=release,
        ),
        reconciler=reconciling.Reconciler(
            stores.database, stores.ledger, stores.orders, stores.control, stores.equity, settlement, broker
        ),
        stores=stores,
        policy=policy,
        asker=asking.Asker(
            model,
            stores.calls,
            clock,
            asking.Budget(settings.max_calls_per_cycle, settings.max_tokens_per_cycle),
            {model.sampling.model: asking.Price(settings.price_in_usd_per_mtok, settings.price_out_usd_per_mtok)},
        ),
        memory=memory,
    )
    saver = stack.enter_context(checkpoints.open_checkpoints(settings.home, settings.database))
    return runtimes.Runtime(
        deps=deps,
        oversight=oversight_graph.build_oversight(deps, saver),
        approval=approval_graph.build_approval(deps, saver),
        kill_switch=latch,
        bus=bus_of(settings, stack),
        setup=setup_of(settings, deps, model.name, universe, notice.text),
        advance=exchange.advance if isinstance(exchange, paper.PaperBroker) else at_its_own_pace,
    )


def exchange_of(
    settings: configuration.Settings,
    stores: wiring.Stores,
    market: Market,
    calendar: Calendar,
    timeframe: Timeframe,
    clock: Clock,
    office: permits.PermitOffice,
) -> paper.PaperBroker | alpaca_broker.AlpacaBroker:
    """The broker by its name. Orders at real prices are not decided on made-up or stored ones."""
    if settings.broker == "paper":
        account = paper.PaperSettings(
            account_id=sources.ACCOUNT, starting_cash=settings.start_cash, timeframe=timeframe
        )
        return paper.PaperBroker(stores.database, market, calendar, clock, office, stores.control, account)
    if sources.has_own_time(settings.market):
        raise ConfigurationError(
            f"SAGE_BROKER=alpaca trades at real prices, and SAGE_MARKET={settings.market} has none",
            "Set SAGE_MARKET to alpaca or yahoo, or SAGE_BROKER to paper.",
        )
    return alpaca_broker.AlpacaBroker(sources.alpaca_of(settings), clock, office, stores.control)


def at_its_own_pace(_to: datetime) -> None:
    """What rests at a real broker meets the market without us."""


def real_money(settings: configuration.Settings) -> bool:
    """Whether the settings name an account with real money behind it."""
    if settings.broker == "paper":
        return False
    config = sources.alpaca_of(settings)
    return not alpaca_wire.is_paper(config.trading_url, config.key_id)


def setup_of(
    settings: configuration.Settings, deps: wiring.CycleDeps, model: str, universe: tuple[Symbol, ...], notice: str
) -> runtimes.Setup:
    """How this start is set up, and what its sources leave open."""
    files = (files_market.FilesMarket, files_news.FilesNews)
    return runtimes.Setup(
        home=settings.home,
        model=model,
        market=settings.market,
        news=settings.news_name,
        broker=deps.broker.name,
        account_id=sources.ACCOUNT,
        prompt_digest=prompts.prompt_digest(),
        started_at=deps.clock.now(),
        uncovered=coverage.uncovered(
            deps.policy, coverage.OURS | deps.market.supplies, without_sector(settings, deps.market, universe)
        ),
        notice=notice,
        issues=tuple(
            issue for source in (deps.market, deps.news) if isinstance(source, files) for issue in source.issues
        ),
    )


def without_sector(
    settings: configuration.Settings, market: Market, universe: tuple[Symbol, ...]
) -> tuple[Symbol, ...]:
    """Symbols whose sector nobody knows. Vendors tell none, so the shipped list is looked at without asking them."""
    if not sources.has_own_time(settings.market):
        return tuple(symbol for symbol in universe if sectors.sector_of(symbol) is None)
    instruments = {symbol: market.instrument(symbol) for symbol in universe}
    return tuple(symbol for symbol, known in instruments.items() if known is None or known.sector is None)


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


def moved_down(control: control_store.ControlStore, present: cases.Mode, wanted: cases.Mode, now: datetime) -> str:
    """A start may lower the mode; raising it takes the owner's own command. The answer is what to tell, if anything."""
    if ladder.mode_refusal(present, wanted, ladder.Actor.RULE) is not None:
        return f"the mode stays {present.value}: `sage mode {wanted.value}` raises it, SAGE_MODE does not"
    control.set_mode(wanted, by="start", at=now, reason="named at a start")
    return ""


def put_in_force(
    settings: configuration.Settings,
    stores: wiring.Stores,
    policy: policies.Policy,
    release: cases.Release,
    clock: Clock,
    latch: kill_switches.KillSwitch,
    *,
    trades: bool,
) -> releasing.Notice:
    """Record what this start changes: the mode of a new home, the release, a latch that fell meanwhile.

    Naming a policy file that loosens something is not enough: it waits until the owner accepts it.
    """
    control, now = stores.control, clock.now()
    stored = control.read()
    if not stored.readable:
        unread = "the control plane in the database cannot be read, which counts as killed"
        if trades:
            raise ManualActionError(unread, "Look at `sage audit verify`, and put the database back from a backup.")
        return releasing.Notice(f"{unread}; nothing is sent", waits=True)
    fresh = not stored.policy_digest
    if fresh and stores.ledger.entries(kind=records.RecordKind.CONTROL):
        control.set_killed(True, by="start", at=now, reason="the control row is gone although the ledger knows it")
        raise ManualActionError("the control plane was removed from the database", "Look at `sage audit verify`.")
    wanted = settings.mode or (cases.Mode.PAPER if fresh else stored.mode)
    if fresh:
        refused = ladder.mode_refusal(stored.mode, wanted, ladder.Actor.OWNER, live_account=real_money(settings))
        if refused is not None:
            raise ManualActionError(f"SAGE_MODE={wanted.value}: {refused}", "Leave it empty to keep the present mode.")
        control.set_mode(wanted, by="owner", at=now, reason="named at the first start")
    told = []
    if trades and wanted is not stored.mode and not fresh:
        told.append(moved_down(control, stored.mode, wanted, now))
    found = releasing.put_in_force(stores.database, control, release, policy, at=now, trades=trades)
    told.append(releasing.notice(found, policy))
    if latch.engaged():
        control.set_killed(True, by="latch", at=now, reason="the latch file is set")
    if latch.removed_by_hand():
        told.append(releasing.tampered(control, latch, at=now))
    return releasing.Notice("; ".join(filter(None, told)), found.needs_owner)


if __name__ == "__main__":
    sys.exit(main())
