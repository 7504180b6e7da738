"""What the use cases work on: the nodes' dependencies, the two graphs over them, and how this start was set up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

from domain.book import Position
from domain.market import Symbol
from graphs.deps import CycleDeps
from interfaces.delivery.bell import Bell
from interfaces.scheduler.jobs import Job
from interfaces.serving.times import SimulatedTime
from interfaces.views.records import ConfigRow, SuiteRow
from policies.kill_switch import KillSwitch
from trading.bus.port import Bus
from trading.data.normalise import Issue
from trading.execution.algos.runner import AlgoRunner
from trading.execution.algos.store import AlgoStore
from trading.monitor.logs import Redaction
from trading.store.messages.message import Carrier
from trading.store.messages.outbox import OutboxStore
from trading.store.messages.tellings import TellingStore
from trading.store.people.roles import PeopleStore
from trading.store.scheduling.leases import LeaseStore
from trading.store.scheduling.runs import RunStore

if TYPE_CHECKING:
    # The graph framework takes a second to load, and most commands only look.
    from graphs.approval import ApprovalGraph
    from graphs.oversight import OversightGraph
    from interfaces.views.charts import EquityView


class Listening(Protocol):
    """A stream of what the broker tells without being asked."""

    def start(self) -> None:
        """Begin, in a thread of its own."""
        ...

    def stop(self) -> None:
        """Close the line and end the thread."""
        ...


SAID_KEPT = timedelta(days=30)
"""How long what people were told is kept."""
Listen = Callable[[Callable[[], None], Callable[[bool], None]], Listening]
"""Makes the stream: what to do when it is connected (again), and after an update, or a fill, is in the books."""


class Pace(NamedTuple):
    """How fast simulated time goes against the wall clock, and the longest wait between two things that are due."""

    speed: float = 0.0
    longest_wait_s: float = 0.0


class Telling(NamedTuple):
    """How people are told: what is written down for them, who they are, and the ways to them, opened and closed.

    ``chart`` draws equity over time for the daily report, as a PNG.
    """

    outbox: OutboxStore
    tellings: TellingStore
    addresses: Callable[[], Sequence[str]]
    carriers: Callable[[], AbstractContextManager[Sequence[Carrier]]]
    bell: Bell
    chart: Callable[[EquityView], bytes | None] | None = None


class Talking(Protocol):
    """A face that people talk with from afar."""

    def running(self, stop: Event) -> AbstractContextManager[None]:
        """Answer for the length of the block; setting ``stop`` ends it early."""
        ...


class Talks(Protocol):
    """Makes that face over a start, and tells how its first owner is let in."""

    def over(self, runtime: Runtime, universe: tuple[Symbol, ...]) -> Talking:
        """The face."""
        ...

    def way(self) -> str:
        """How it hears people, in a few words; ConfigurationError where the settings allow it to hear nobody."""
        ...

    def exposed(self) -> bool:
        """Whether it listens where others than this machine reach it, past whoever ends TLS; raises like ``way``."""
        ...

    def pairing(self, runtime: Runtime) -> str:
        """What somebody at the machine is told who wants to be its owner; empty once it has one."""
        ...


class Duties(NamedTuple):
    """What goes on by itself: the jobs, who is at work, the ledger of runs, sliced orders, and the broker's stream.

    ``time`` is the clock of a service in simulated time, ``listen`` is None where the broker tells nothing by itself,
    ``talks`` is None where the settings name no bot.
    """

    jobs: tuple[Job, ...]
    leases: LeaseStore
    runs: RunStore
    algos: AlgoRunner
    algo_store: AlgoStore
    telling: Telling
    time: SimulatedTime | None = None
    listen: Listen | None = None
    pace: Pace = Pace()
    health_port: int = 0
    talks: Talks | None = None
    people: Callable[[], PeopleStore] | None = None
    """Opens who may do what from afar; ConfigurationError where the settings name no persons' numbers."""


class Compiled(NamedTuple):
    """The two graphs over one checkpointer."""

    oversight: OversightGraph
    approval: ApprovalGraph


class Graphs:
    """The graphs, compiled once, by whichever thread asks first."""

    def __init__(self, build: Callable[[], Compiled]) -> None:
        self._build = build
        self._compiled: Compiled | None = None
        self._lock = Lock()

    def compiled(self) -> Compiled:
        """Both of them."""
        with self._lock:
            if self._compiled is None:
                self._compiled = self._build()
            return self._compiled


SHAPES = Redaction()
"""Cuts what looks like a secret, where no settings name any."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How this start was set up, in the words people are shown."""

    home: Path
    model: str
    market: str
    news: str
    broker: str
    account_id: str
    prompt_digest: str
    started_at: datetime
    own_time: bool = True
    """Whether the market's time is another than the wall's: simulated, or stored."""
    universe: tuple[Symbol, ...] = ()
    """The symbols of this start."""
    uncovered: tuple[str, ...] = ()
    """Gates whose inputs no configured source supplies, a line each."""
    policy_source: str = ""
    """Name or path of the policy of this start, to be read again; empty where there is none to read."""
    notice: str = ""
    """What the owner has to know before anything else: a policy that waits for their word, a latch removed by hand."""
    config: tuple[ConfigRow, ...] = ()
    """The settings as they may be shown."""
    evals: Callable[[], tuple[str, tuple[SuiteRow, ...]]] = lambda: ("", ())
    """Reads how the evals went, and says from where."""
    redact: Redaction = SHAPES
    """Cuts what the settings keep secret out of any text."""
    issues: tuple[Issue, ...] = ()
    """What is wrong or odd in files that were read at the start."""
    venues: tuple[str, ...] = ()
    """What each paper venue is set to, a line each."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """One start of Sage."""

    deps: CycleDeps
    graphs: Graphs
    kill_switch: KillSwitch
    bus: Bus
    setup: Setup
    duties: Duties
    advance: Callable[[datetime], None]
    """Lets what rests at a simulated broker meet the market up to that moment; a real broker needs no telling."""
    parts: Callable[[], Mapping[str, Sequence[Position] | None]] = dict
    """What each of several brokers held when asked last, None of one that was silent; empty where there is but one."""

    @property
    def oversight(self) -> OversightGraph:
        """The cycle."""
        return self.graphs.compiled().oversight

    @property
    def approval(self) -> ApprovalGraph:
        """The thread of a decision that waits for a person."""
        return self.graphs.compiled().approval
