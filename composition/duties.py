"""What goes on by itself, made: the clock of a start, the jobs, leases and runs, sliced orders, the broker's stream.

Part of the composition root: ``opening.py`` calls it, and like it names the rooms once and runs them on first use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from domain.clock import FixedClock, SystemClock
from domain.errors import UsageError
from interfaces.cli import parser
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import composition.brokers as brokers
    import composition.carriers as carriers
    import composition.chats as chats
    import composition.sources as sources
    import graphs.deps as wiring
    import interfaces.runtime as runtimes
    import interfaces.scheduler.jobs as scheduled
    import interfaces.serving.process as processes
    import interfaces.serving.times as times
    import settings.variables as configuration
    import trading.execution.algos.runner as algo_runner
    import trading.execution.algos.store as algo_store
    import trading.execution.brokers.alpaca.stream as alpaca_stream
    import trading.execution.settle as settling
    import trading.store.scheduling.leases as lease_store
    import trading.store.scheduling.runs as run_store

if TYPE_CHECKING:
    from domain.ids import BrokerName
    from domain.ports import Clock

SERVES = "run"


def clock_of(
    settings: configuration.Settings, arguments: parser.Arguments, stores: wiring.Stores, moment: datetime
) -> Clock:
    """The present; a moment that stands still; or, for a service in a simulated market, time that moves by itself."""
    if not sources.has_own_time(settings.market) and arguments.as_of is None:
        return SystemClock()
    if arguments.command != SERVES:
        return FixedClock(moment)
    if settings.market not in sources.SIMULATED:
        raise UsageError(
            f"{settings.market} has no present for a service to live in", "Use `sage cycle`, or another market."
        )
    return times.SimulatedTime(moment, lambda to: stores.cycles.move_cursor(settings.market, to))


def duties_of(
    settings: configuration.Settings, deps: wiring.CycleDeps, settlement: settling.Settlement, *, by_name: bool
) -> runtimes.Duties:
    """What ``sage run`` and the owner's sliced orders work with; leases count by the wall clock."""
    # Simulated time jumps from one thing that is due to the next: leases counted in it would end at every jump.
    database, wall, process = deps.stores.database, SystemClock(), processes.this_process()
    algos = algo_store.AlgoStore(database)
    return runtimes.Duties(
        jobs=scheduled.jobs_of(settings.schedule.jobs),
        leases=lease_store.LeaseStore(database, wall, process),
        runs=run_store.RunStore(database, wall, process),
        algos=algo_runner.AlgoRunner(deps.desk, deps.stores.orders, deps.stores.control, algos),
        algo_store=algos,
        telling=carriers.telling_of(settings, database),
        time=deps.clock if isinstance(deps.clock, times.SimulatedTime) else None,
        listen=listen_of(settings, deps, settlement, by_name=by_name) if any(brokers.alpacas(settings)) else None,
        pace=runtimes.Pace(settings.schedule.simulated_speed, settings.schedule.longest_wait_s),
        health_port=settings.health_port,
        talks=chats.talks_of(settings),
        people=lambda: chats.people_in(chats.owners_of(settings), deps, wall),
    )


def listen_of(
    settings: configuration.Settings, deps: wiring.CycleDeps, settlement: settling.Settlement, *, by_name: bool
) -> runtimes.Listen:
    """Trade updates of Alpaca into the books; the one who listens says what a connection and an update mean.

    ``by_name``: look-ups tell an order's number with its broker's name in front, and so must updates.
    """
    books = alpaca_stream.Books(deps.stores.database, deps.stores.orders, settlement, deps.broker, deps.clock)

    def listen(connected: Callable[[], None], updated: Callable[[bool], None]) -> runtimes.Listening:
        # Accounts tell from threads of their own, and whoever listens is told one thing after the other.
        turn = threading.Lock()

        def stream_of(named: BrokerName) -> runtimes.Listening:
            def heard(update: alpaca_stream.Update) -> None:
                with turn:
                    # Booked before it is told: a fill may start a cycle, which decides on the books.
                    books.apply(update.at(named.name) if by_name else update)
                    updated(update.fill is not None)

            def again() -> None:
                with turn:
                    connected()

            config, url = brokers.account_of(settings, named), brokers.stream_url_of(settings, named)
            return alpaca_stream.TradeUpdates(config, on_update=heard, on_connect=again, url=url)

        return _Streams([stream_of(named) for named in brokers.alpacas(settings)])

    return listen


class _Streams:
    """The streams of several accounts, begun and ended together."""

    def __init__(self, streams: Sequence[runtimes.Listening]) -> None:
        self._streams = streams

    def start(self) -> None:
        """Begin, each in a thread of its own."""
        for stream in self._streams:
            stream.start()

    def stop(self) -> None:
        """Close all lines."""
        for stream in self._streams:
            stream.stop()
