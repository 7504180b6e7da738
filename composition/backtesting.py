"""A backtest, put together: the question from words and sources, a start in an empty home, the answer, the record.

    arguments -> asked -> Asked(question, tape) -> started -> replay -> answer -> ExperimentStore of the home

The home's database is opened for the record alone; the run has a folder of its own that goes when it ends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from domain.clock import SystemClock
from domain.errors import IntegrityError, UsageError
from domain.market import Session
from interfaces.cli import parser
from interfaces.cli.home import LATCH
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import composition.closed as closed
    import composition.opening as opening
    import composition.sources as sources
    import interfaces.acting.backtesting as replays
    import interfaces.acting.releasing as releasing
    import interfaces.cli.backtesting as following
    import interfaces.cli.console as console
    import interfaces.cli.rendering.experiments as rendering
    import interfaces.runtime as runtimes
    import interfaces.serving.times as times
    import interfaces.views.experiments as views
    import policies.kill_switch as kill_switches
    import policies.policy as policies
    import settings.reading as reading
    import settings.variables as configuration
    import trading.backtest.experiment as experiments
    import trading.backtest.tape as tapes
    import trading.data.calendar as calendars
    import trading.store.database as databases
    import trading.store.research.experiments as experiment_store
    import trading.strategies.registry as strategies

if TYPE_CHECKING:
    from domain.ports import Market

    Progress = Callable[[int, int, Sequence[replays.SessionSeen]], None]

OWNER, STOPPED = "owner", 130
LOOK_AFTER_OPEN = timedelta(minutes=30)
"""As the first cycle of a day in the shipped timetable."""
USUAL_SESSIONS = 60
REACH = timedelta(days=150)
"""So far back the usual number of sessions is looked for."""
EXCHANGE_NIGHT = time(5)
"""UTC: no exchange day of the calendar begins or ends its session around it."""


class BacktestRequest(NamedTuple):
    """What is to be run: the question, and over what."""

    question: experiments.Question
    tape: tapes.Tape
    market: Market
    settings: configuration.Settings
    """Those of the home with the words of the command over them."""
    left_out: int
    """Sessions at either end of the period of which no symbol has a bar."""


def request_of(
    arguments: parser.Arguments, settings: configuration.Settings, stores: sources.HasCycles
) -> BacktestRequest:
    """The question behind a command line; UsageError, with the right form, for one that nothing can answer."""
    names, calendar = strategies_of(arguments.name), calendars.ExchangeCalendar()
    check_sources(settings)
    market = sources.market_of(settings, calendar)
    symbols = tuple(sorted(sources.universe_of(settings, arguments, market)))
    timeframe = sources.timeframe_of(settings, market)
    standing = sources.moment_of(settings, arguments, stores, market, calendar)
    sessions = sessions_of(calendar, arguments, standing)
    tape = tapes.tape_of(market, symbols, timeframe, sessions, LOOK_AFTER_OPEN)
    check_bars(tape, sessions, settings.market)
    news = sources.news_of(settings, calendar, times.SimulatedTime(tape.looks[0], opening.kept_nowhere))
    policy = policies.load_policy(settings.policy)
    release = releasing.release_of(policy)
    question = experiments.Question(
        strategy=experiments.ALL if len(names) > 1 else names[0],
        market=market.name,
        news="none" if news is None else news.name,
        seed=settings.seed,
        symbols=symbols,
        timeframe=timeframe,
        first_day=tape.sessions[0].day,
        last_day=tape.sessions[-1].day,
        sessions=len(tape.sessions),
        after_open_min=int(LOOK_AFTER_OPEN.total_seconds()) // 60,
        cash=settings.start_cash,
        approves=arguments.approve_all,
        policy=policy.profile,
        policy_digest=release.policy,
        prompt_digest=release.prompts,
        code_digest=release.code,
        data_digest=tapes.data_digest(market, news, symbols, tape),
    )
    return BacktestRequest(question, tape, market, settings, len(sessions) - len(tape.sessions))


def check_sources(settings: configuration.Settings) -> None:
    """Prices and news stand still, so that nobody is asked over a network and the same run is the same tomorrow."""
    if not sources.has_own_time(settings.market):
        raise UsageError(
            f"{settings.market} knows the present alone, and a backtest needs a past that stands still",
            "Use --market simulated, or --market files:DIR with stored bars.",
        )
    if settings.news_name != "none" and not sources.has_own_time(settings.news_name):
        raise UsageError(
            f"a backtest needs the news of its own past, and {settings.news_name} does not keep them",
            "Use --news simulated, --news files:DIR with stored ones, or --news none.",
        )


def strategies_of(name: str) -> tuple[str, ...]:
    """The strategy of that name, or all of them."""
    known = strategies.STRATEGY_NAMES
    if name.lower() == experiments.ALL:
        return known
    if name.lower() not in known:
        raise UsageError(f"there is no strategy {name!a}", f"Choose one of {', '.join(known)}, or all.")
    return (name.lower(),)


def sessions_of(
    calendar: calendars.ExchangeCalendar, arguments: parser.Arguments, standing: datetime
) -> tuple[Session, ...]:
    """The sessions of the days named; up to where the market of the home stands, and so many, where none are."""
    last = arguments.last_day or standing.date()
    first = arguments.first_day or last - REACH
    if first > last:
        raise UsageError(f"the period begins on {first}, after its end on {last}", "Put --from before --to.")
    found = calendar.sessions(night_before(first), night_before(last) + timedelta(days=1))
    if not found:
        raise UsageError(f"the exchange is closed from {first} to {last}", "Name a longer period.")
    return found if arguments.first_day is not None else found[-USUAL_SESSIONS:]


def night_before(day: date) -> datetime:
    """A moment before the session of that day and after the one before it."""
    return datetime.combine(day, EXCHANGE_NIGHT, UTC)


def check_bars(tape: tapes.Tape, sessions: Sequence[Session], market: str) -> None:
    """Every symbol has prices in the period, or one line names those without."""
    bare = [symbol for symbol, bars in tape.bars.items() if not bars]
    if bare:
        named = ", ".join(bare[:6]) + (f" and {len(bare) - 6} more" if len(bare) > 6 else "")
        raise UsageError(
            f"{market} holds no bars of {named} from {sessions[0].day} to {sessions[-1].day}",
            "Name other symbols with --symbols, or another period.",
        )


@contextmanager
def started(request: BacktestRequest) -> Iterator[runtimes.Runtime]:
    """A start over the past in a new folder, a moment before the first cycle."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sage-backtest-")))
        settings = closed.replay_settings(home, request.settings)
        latch = kill_switches.KillSwitch(home / LATCH)
        database = databases.open_database(settings.database)
        stack.callback(database.close)
        stores, calendar = opening.stores_of(database, settings, latch), calendars.ExchangeCalendar()
        clock = times.SimulatedTime(request.tape.sessions[0].opens_at, opening.kept_nowhere)
        symbols = request.question.symbols
        made = opening.runtime_of(settings, stores, latch, calendar, request.market, symbols, clock, stack)
        rules = replace(made.deps.rules, strategies=strategies_of(request.question.strategy))
        deps = replace(made.deps, rules=rules)
        yield replace(made, deps=deps, graphs=opening.graphs_over(deps, settings, stack))


def answered(request: BacktestRequest, told: Progress) -> experiments.ExperimentResult:
    """Run it; ``told`` hears after each session how many are done, of how many, and what was seen in all of them."""
    with started(request) as runtime:
        seen: list[replays.SessionSeen] = []
        sessions = replays.replay(runtime, request.question.symbols, request.tape, approves=request.question.approves)
        for each in sessions:
            seen.append(each)
            told(len(seen), len(request.tape.sessions), seen)
        return replays.answer_of(runtime, request.question, request.tape, seen)


def backtest(arguments: parser.Arguments, terminal: console.Terminal) -> int:
    """``sage backtest``: find the answer that is stored, or run and store it; with ``--again`` run it and compare."""
    settings = reading.load_settings(
        home=arguments.home,
        market=arguments.market,
        news=arguments.news,
        policy=arguments.policy,
        seed=arguments.seed,
        start_cash=arguments.cash,
    )
    with ExitStack() as stack:
        opening.open_log(settings, stack)
        database = databases.open_database(settings.database)
        stack.callback(database.close)
        request = request_of(
            arguments, settings, opening.stores_of(database, settings, kill_switches.KillSwitch(settings.home / LATCH))
        )
        if request.left_out:
            terminal.note(f"{request.left_out} sessions at the ends of the period have no bars and are left out")
        store = experiment_store.ExperimentStore(database)
        found = store.get(request.question.id)
        if found is not None and not arguments.again:
            terminal.note("this was run before and is shown as it is stored; --again runs it once more and compares")
            terminal.show(views.view_of(found), rendering.experiment)
            return 0
        made = run(request, terminal)
        if made is None:
            return STOPPED
        if found is not None:
            compare(found, made, terminal)
        store.save(made)
        terminal.show(views.view_of(made if found is None else found), rendering.experiment)
        return 0


def run(request: BacktestRequest, terminal: console.Terminal) -> experiments.Experiment | None:
    """The finished run; None where it was stopped, and then it is told how far it had come."""
    with terminal.working("starting the backtest") as progress:
        meter = following.Meter(terminal, progress)
        try:
            answer = answered(request, meter)
        except KeyboardInterrupt:
            stands = f" after {meter.said}" if meter.said else " before the first session was over"
            terminal.note(f"stopped{stands}; nothing is stored")
            return None
    return experiments.Experiment(request.question.id, SystemClock().now(), OWNER, request.question, answer)


def compare(stored: experiments.Experiment, made: experiments.Experiment, terminal: console.Terminal) -> None:
    """The same question has the same answer, or something is wrong with this program."""
    if stored.digest == made.digest:
        terminal.note("run once more: the same in every byte")
        return
    pairs = zip(stored.answer.closes, made.answer.closes, strict=True)
    day = next((str(old.day) for old, new in pairs if old != new), "no close, but elsewhere")
    raise IntegrityError(
        f"{stored.id} came out differently: {stored.digest[:12]} is stored, {made.digest[:12]} now; first on {day}",
        "The stored one is kept. Report this: the same question must have the same answer.",
    )
