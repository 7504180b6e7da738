"""CPU and wall time of the oversight cycle per candidate, without any time of a model, beside LangGraph by itself.

Ours is the product as it starts from the command line: files of bars as the market, the conservative policy, the paper
broker, SQLite for facts and checkpoints, every figure, verdict and explanation on record. The universe is as large as
the number of candidates: every symbol has 300 daily bars of an orderly rise, so that the momentum strategy proposes an
entry in each. The model answers at once from memory (its answers were given by the rules in a first, uncounted run).
All roles speak on every candidate and all gates pass each on its own; the desk sends as many as the policy allows in
one cycle, and its gates refuse the rest.

The peers are graphs of LangGraph as people write them, with SqliteSaver on a file, six nodes and four answers of the
same model text a candidate: one ``invoke`` a candidate, and one ``invoke`` for all with ``Send`` to a sub-graph. They
have no market, gates, ledger, orders or explanations: they are the price of the steps alone.
"""

from __future__ import annotations

import gc
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import add
from pathlib import Path
from time import process_time
from typing import Annotated, Any, TypedDict

from harness.report import Report, Row, arguments
from harness.sampling import Profile, sampled
from harness.timing import Spent, middle, timed
from harness.writes import counted_writes
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

import composition.opening as composition
from agents.llm import LanguageModel, ModelReply, ModelRequest, Sampling
from agents.models.rules_llm import RulesModel
from app import COLLECTED_AT
from domain.clock import FixedClock
from domain.market import Session, Symbol
from graphs.approval import build_approval
from graphs.checkpoints import open_checkpoints
from graphs.oversight import build_oversight
from interfaces.cli.home import LATCH
from interfaces.runtime import Compiled, Graphs, Runtime
from interfaces.service import Service
from policies.kill_switch import KillSwitch
from settings.reading import load_settings
from trading.data.calendar import ExchangeCalendar
from trading.data.files_market import FilesMarket
from trading.store.database import open_database

SIZES = (1, 10, 50)
BARS = 301
INDEX = Symbol("SPY")
AFTER_OPEN = timedelta(minutes=10)
"""The policy sends nothing in the first five minutes of a session."""
LAST_DAY = datetime(2026, 3, 17, tzinfo=UTC)
STEPS = ("observe", "advise", "inspect", "decide", "gate", "explain")
ANSWERED = frozenset(STEPS[1:4]) | {STEPS[5]}
ANSWER = "x" * 700
"""As long as the model's answers are on average."""
TOLD = ("domain/", "policies/", "trading/", "memory/", "tools/", "agents/", "graphs/record.py", "graphs/proposal.py")
"""Rooms and modules whose functions the profile names; above them everything is on every stack."""
BRANCHES = {"review": "review and exits", "exit by rule": "review and exits"}
"""They run side by side, so their time is told together."""
ENOUGH_S = 8.0
"""After so long no further cycle of a size begins."""
REACH_CPU_MS = 1.5
"""Of CPU a candidate at 50 candidates."""


@dataclass
class InstantModel:
    """Answers from memory by role and symbol; a question that is new is answered by the rules, and remembered."""

    answers: dict[tuple[str, str], ModelReply] = field(default_factory=dict)
    calls: int = 0
    _rules: RulesModel = field(default_factory=RulesModel)

    @property
    def name(self) -> str:
        """What reports call it."""
        return "scripted:instant"

    @property
    def sampling(self) -> Sampling:
        """Nothing is sampled."""
        return Sampling("instant")

    def complete(self, request: ModelRequest) -> ModelReply:
        """The remembered answer."""
        self.calls += 1
        key = (request.role, request.user.partition("Symbol: ")[2].partition("\n")[0])
        if key not in self.answers:
            self.answers[key] = replace(self._rules.complete(request), origin="scripted")
        return self.answers[key]


def symbols_of(count: int) -> tuple[Symbol, ...]:
    """RAAA, RAAB and so on."""
    letters = "ABCDEFGHIJ"
    return tuple(Symbol(f"R{''.join(letters[int(digit)] for digit in f'{number:03}')}") for number in range(count))


def write_market(folder: Path, symbols: Sequence[Symbol], sessions: Sequence[Session]) -> None:
    """A ``files:`` folder in which every symbol rises in small steps, two up for one down, each at its own price.

    The bars are wide enough for stops so far away that no order is large enough to wait for a person.
    """
    (folder / "bars").mkdir(parents=True)
    lines = ["symbol,time,open,high,low,close,volume"]
    for place, symbol in enumerate((*symbols, INDEX)):
        close = Decimal(40 + place)
        for number, session in enumerate(sessions):
            opened, close = close, round(close * Decimal("0.992" if number % 3 == 0 else "1.006"), 2)
            width = round(close / 100, 2)
            high, low = max(opened, close) + width, min(opened, close) - width
            lines.append(f"{symbol},{session.day},{opened},{high},{low},{close},{2_000_000 + 1000 * number}")
    (folder / "bars" / "daily.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    stated = ['event_kinds = ["earnings", "macro", "split", "dividend"]']
    known = 'listed_on = 2001-01-02\nmarket_cap = "5000000000"'
    stated += [
        f'[instruments.{symbol}]\nsector = "Sector {place % 10}"\n{known}' for place, symbol in enumerate(symbols)
    ]
    (folder / "source.toml").write_text("\n".join(stated) + "\n", encoding="utf-8")


@contextmanager
def a_start(folder: Path, model: LanguageModel, symbols: Sequence[Symbol], concurrency: int = 8) -> Iterator[Runtime]:
    """The product over the market in ``folder``, at the open of its newest bar, in a new home beside it."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        settings = load_settings(
            home=home, database_url="", chroma_url="", redis_url="", market=f"files:{folder}", news="none",
            model="rules", policy="conservative", universe="", mode="paper", concurrency=concurrency,
            max_calls_per_cycle=8 * len(symbols), max_tokens_per_cycle=100_000 * len(symbols),
        )  # fmt: skip
        latch, calendar = KillSwitch(home / LATCH), ExchangeCalendar()
        database = open_database(settings.database)
        stack.callback(database.close)
        stores, market = composition.stores_of(database, settings, latch), FilesMarket(folder, calendar)
        clock = FixedClock(calendar.sessions(LAST_DAY, LAST_DAY.replace(hour=23))[0].opens_at + AFTER_OPEN)
        runtime = composition.runtime_of(settings, stores, latch, calendar, market, tuple(symbols), clock, stack)
        saver = stack.enter_context(open_checkpoints(home, settings.database))
        deps = replace(runtime.deps, asker=replace(runtime.deps.asker, model=model))
        compiled = Compiled(build_oversight(deps, saver), build_approval(deps, saver))
        yield replace(runtime, deps=deps, graphs=Graphs(lambda: compiled))


@dataclass
class Run:
    """One cycle: what it cost in all, CPU by node, and what it came to."""

    spent: Spent
    cpu_ms: Mapping[str, float]
    candidates: int
    calls: int
    orders: int
    writes: int


def a_cycle(runtime: Runtime, symbols: Sequence[Symbol]) -> Run:
    """Run one cycle; the graph tells after each node, and the rest of the cycle is what lies around the graph."""
    nodes: dict[str, float] = {}
    last = process_time()

    def progress(done: str) -> None:
        nonlocal last
        now, name = process_time(), BRANCHES.get(done.removesuffix(" done"), done.removesuffix(" done"))
        nodes[name] = nodes.get(name, 0) + 1000 * (now - last)
        last = now

    reports: list[Any] = []
    at = runtime.deps.clock.now()
    with counted_writes() as writes:
        spent = timed(lambda: reports.append(Service(runtime).cycle(tuple(symbols), at, progress)))
    nodes["report"] = 1000 * (process_time() - last)
    told = reports[0]
    return Run(spent, nodes, len(told.candidates), told.model_calls.count, len(told.orders), writes.count)


@dataclass
class Scene:
    """A market of ``count`` symbols in a folder, and the model that knows the answers to its questions."""

    folder: Path
    count: int
    model: InstantModel = field(default_factory=InstantModel)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The universe."""
        return symbols_of(self.count)

    def cycle(self, watch: Callable[[], AbstractContextManager[object]] = nullcontext) -> Run:
        """One cycle in a new home, with ``watch`` around it."""
        with a_start(self.folder, self.model, self.symbols) as runtime, watch():
            return a_cycle(runtime, self.symbols)


def a_scene(folder: Path, count: int) -> Scene:
    """A market on disk, and one cycle that teaches the model."""
    scene = Scene(folder / f"market-{count}", count)
    sessions = ExchangeCalendar().sessions(LAST_DAY.replace(year=2024), LAST_DAY.replace(hour=23))[-BARS:]
    write_market(scene.folder, scene.symbols, sessions)
    candidates = scene.cycle().candidates
    assert candidates == count, f"{count} symbols gave {candidates} candidates"
    return scene


def cycles(scene: Scene, rounds: int) -> list[Run]:
    """So many cycles, fewer where they take long."""
    found = [scene.cycle()]
    while len(found) < rounds and sum(run.spent.wall_s for run in found) < ENOUGH_S:
        found.append(scene.cycle())
    return found


class StepState(TypedDict):
    """State of the peers' graph for one candidate."""

    symbol: str
    said: Annotated[list[str], add]


class FanState(TypedDict):
    """State of the peers' graph for all candidates."""

    symbols: list[str]
    said: Annotated[list[str], add]


PeerGraph = CompiledStateGraph[Any, Any, Any, Any]


def steps_graph(answer: str, saver: SqliteSaver | None) -> PeerGraph:
    """Six nodes in a row, four of which take an answer of the model into the state."""
    graph = StateGraph(StepState)
    for name in STEPS:
        words = [answer] if name in ANSWERED else []
        graph.add_node(name, lambda _state, words=words: {"said": words})
    for before, after in zip((START, *STEPS), (*STEPS, END), strict=True):
        graph.add_edge(before, after)
    return graph.compile(checkpointer=saver)


def fan_graph(answer: str, saver: SqliteSaver) -> PeerGraph:
    """All candidates at once, each in a branch with the six nodes."""
    graph = StateGraph(FanState)
    graph.add_node("start", lambda _state: {})
    graph.add_node("branch", steps_graph(answer, None))
    graph.add_edge(START, "start")
    graph.add_conditional_edges(
        "start", lambda state: [Send("branch", {"symbol": name, "said": []}) for name in state["symbols"]], ["branch"]
    )
    graph.add_edge("branch", END)
    return graph.compile(checkpointer=saver)


def config(thread: str) -> RunnableConfig:
    """One thread, eight branches at once, as in the product."""
    return {"configurable": {"thread_id": thread}, "max_concurrency": 8}


def peers(folder: Path, count: int, rounds: int) -> dict[str, list[Spent]]:
    """Both shapes of LangGraph over ``count`` candidates, each round on a new file; the first does not count."""
    symbols = [str(symbol) for symbol in symbols_of(count)]
    found: dict[str, list[Spent]] = {"LangGraph, one invoke a candidate": [], "LangGraph, Send to a sub-graph": []}
    for number in range(rounds + 1):
        with closing(sqlite3.connect(folder / f"peer-{count}-{number}.db", check_same_thread=False)) as connection:
            saver = SqliteSaver(connection)
            saver.setup()
            single, fan = steps_graph(ANSWER, saver), fan_graph(ANSWER, saver)

            def one_by_one(graph: PeerGraph = single) -> None:
                for name in symbols:
                    graph.invoke({"symbol": name, "said": []}, config(name))

            def all_at_once(graph: PeerGraph = fan) -> None:
                graph.invoke({"symbols": symbols, "said": []}, config("all"))

            for name, action in zip(found, (one_by_one, all_at_once), strict=True):
                found[name].append(timed(action))
    return {name: spent[1:] for name, spent in found.items()}


def row(name: str, count: int, spent: Sequence[Spent], run: Run | None = None) -> Row:
    """One line of the first table."""
    each = middle(spent)
    return {
        "what": name,
        "candidates": count,
        "cpu ms each": round(1000 * each.cpu_s / count, 2),
        "wall ms each": round(1000 * each.wall_s / count, 2),
        "cpu ms all": round(1000 * each.cpu_s, 1),
        "model calls": None if run is None else run.calls,
        "orders": None if run is None else run.orders,
        "writes each": None if run is None else round(run.writes / count, 1),
        "reach cpu ms": REACH_CPU_MS if run is not None and count == SIZES[-1] else None,
        "runs": len(spent),
    }


def nodes_of(by_size: Mapping[int, Sequence[Run]]) -> list[Row]:
    """CPU a node and cycle, by number of candidates; the last column is what one candidate adds."""
    few, many = min(by_size), max(by_size)
    middles = {
        count: {node: sorted(run.cpu_ms[node] for run in runs)[len(runs) // 2] for node in runs[0].cpu_ms}
        for count, runs in by_size.items()
    }
    rows: list[Row] = []
    for node in middles[many]:
        each = (middles[many][node] - middles[few].get(node, 0)) / max(1, many - few)
        columns = {f"cpu ms at {count}": round(middles[count].get(node, 0), 1) for count in by_size}
        rows.append({"node": node, **columns, "cpu ms a candidate": round(each, 2)})
    return rows


def main() -> None:
    """Measure and report."""
    parser = arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="cycles of each size")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="candidates of a cycle, rising"
    )
    chosen = parser.parse_args()
    gc.set_threshold(*COLLECTED_AT)  # as every start has it
    report = Report("cycle")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenes = [a_scene(folder, count) for count in chosen.sizes]
        by_size = {scene.count: cycles(scene, chosen.rounds) for scene in scenes}
        rows = []
        for count, runs in by_size.items():
            rows.append(row("Sage", count, [run.spent for run in runs], runs[0]))
            rows += [row(peer, count, spent) for peer, spent in peers(folder, count, chosen.rounds).items()]
        report.add("Cycle per candidate, durable in SQLite, without model time", rows)
        report.add("Where the CPU goes, by node", nodes_of(by_size))
        profile = Profile()
        scenes[-1].cycle(lambda: sampled(profile))
        title = f"Share of a cycle of {scenes[-1].count} candidates"
        report.add(f"{title}: functions of Sage with what they call", profile.top(15, profile.below, TOLD))
        report.add(f"{title}: functions by themselves, libraries included", profile.top(10, profile.own))
    report.write(chosen.json)


if __name__ == "__main__":
    main()
