"""A start of Sage as app.py makes it, over the simulated market, in a folder of the test's own; and models to put in.

    with a_runtime(tmp_path, model=SpyModel()) as runtime:
        report = a_cycle(runtime)

The wiring is the product's: ``open_database``, ``stores_of`` and ``runtime_of`` run as they do for the command line. A
test changes what lies outside (the model, the clock, the market, settings), and the graphs are compiled anew over it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

import app
import composition.opening as composition
from agents.llm import LanguageModel, ModelReply, ModelRequest, Role, Sampling
from agents.models.rules_llm import RulesModel
from agents.slots import read_slot
from domain.clock import FixedClock
from domain.context.news import NewsArticle, SocialPost
from domain.market import Quote, Symbol
from domain.money import CENT
from domain.orders import Order
from domain.ports import Clock, Market, NewsFeed
from graphs.approval import build_approval
from graphs.deps import CycleDeps
from graphs.oversight import build_oversight
from interfaces.acting.cycling import Progress
from interfaces.cli.home import LATCH
from interfaces.runtime import Compiled, Graphs, Runtime
from interfaces.service import Service
from policies.kill_switch import KillSwitch
from settings.reading import load_settings
from settings.variables import Settings
from tests.builders.agents import an_article
from tests.builders.market import NOON
from trading.data.calendar import ExchangeCalendar
from trading.data.simulated_market import SimulatedMarket
from trading.store.database import Database, open_database

GLIMR, KORVA, NIMBO = Symbol("GLIMR"), Symbol("KORVA"), Symbol("NIMBO")
OSTRE, TARQU, VERDA = Symbol("OSTRE"), Symbol("TARQU"), Symbol("VERDA")
SCENE = (GLIMR, KORVA, NIMBO, OSTRE, TARQU)
"""On NOON the rules take NIMBO and KORVA, ask a person about OSTRE, halve GLIMR (its spread is too wide for the gates)
and have TARQU blocked by the inspector, because it reports tomorrow."""
TAKEN, ASKED, SHRUNK, BLOCKED = NIMBO, OSTRE, GLIMR, TARQU
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LEAVING = datetime(2026, 3, 27, 15, tzinfo=UTC)
"""When the rules leave KORVA; the order is filled in part, and the rest goes on GONE."""
GONE = datetime(2026, 3, 31, 15, tzinfo=UTC)


@lru_cache(maxsize=1)
def the_calendar() -> ExchangeCalendar:
    """The exchange of the simulated market."""
    return ExchangeCalendar()


@lru_cache(maxsize=1)
def the_market() -> SimulatedMarket:
    """The simulated market of seed 7; it keeps the prices it has found, so one is enough for all tests."""
    return SimulatedMarket(7, the_calendar())


def settings_in(home: Path, **changes: object) -> Settings:
    """Settings of a home without news and with a policy of its own, where ``changes`` say nothing else."""
    policy = changes.pop("policy", None) or a_policy(home)
    return load_settings(**{"home": home, "model": "rules", "news": "none", "policy": policy, **changes})


def a_policy(folder: Path, **limits: object) -> str:
    """The conservative profile in a file, with these limits; entries above 8,000 USD wait for a person.

    None takes a limit out of the file.
    """
    text = (resources.files("policies") / "conservative.toml").read_text(encoding="utf-8")
    for name, limit in {"approval_required_above_notional": 8000, "max_entries_per_cycle": 3, **limits}.items():
        line = "" if limit is None else f"{name} = {json.dumps(limit)} "
        text = re.sub(rf"^{name} = [^#\n]*", line, text, flags=re.MULTILINE)
    path = folder / "policy.toml"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:  # two starts at once share one file
        path.write_text(text, encoding="utf-8")
    return str(path)


@contextmanager
def a_runtime(
    home: Path,
    *,
    model: LanguageModel | str | None = None,
    clock: Clock | None = None,
    market: Market | None = None,
    news: NewsFeed | None = None,
    database: Callable[[Database], Database] = lambda opened: opened,
    deps: Mapping[str, Any] | None = None,
    **changes: object,
) -> Iterator[Any]:
    """One start of Sage in ``home``; ``deps`` replaces fields of CycleDeps, ``changes`` are settings.

    A ``model`` that is a text is a setting too: it is made as the product makes it.

    It yields a ``Runtime``, as Any: tests know what is there where the product must ask whether it is.
    """
    with ExitStack() as stack:
        settings = settings_in(home, **changes, **({"model": model} if isinstance(model, str) else {}))
        composition.open_log(settings, stack)
        latch = KillSwitch(settings.home / LATCH)
        opened = open_database(settings.database)
        stack.callback(opened.close)
        stores = composition.stores_of(database(opened), settings, latch)
        source = the_market() if market is None else market
        runtime = composition.runtime_of(
            settings,
            stores,
            latch,
            the_calendar(),
            source,
            source.symbols(),
            FixedClock(NOON) if clock is None else clock,
            stack,
        )
        given = dict(deps or {})
        if model is not None and not isinstance(model, str):
            given["asker"] = replace(runtime.deps.asker, model=model)
        if news is not None:
            given["news"] = news
        yield rewired(runtime, **given) if given else runtime


def rewired(runtime: Runtime, **changes: Any) -> Runtime:
    """The same start with other dependencies; both graphs are compiled anew over them."""
    deps: CycleDeps = replace(runtime.deps, **changes)
    saver = runtime.approval.checkpointer
    assert saver is not None
    assert not isinstance(saver, bool)
    setup = replace(runtime.setup, model=deps.asker.model.name)
    compiled = Compiled(build_oversight(deps, saver), build_approval(deps, saver))
    return replace(runtime, deps=deps, setup=setup, graphs=Graphs(lambda: compiled))


def a_cycle(
    runtime: Runtime,
    *symbols: Symbol,
    as_of: datetime | None = None,
    progress: Progress = lambda _text: None,
) -> Any:
    """The ``CycleReport`` of one cycle over ``symbols`` (the scene), as of the clock."""
    moment = runtime.deps.clock.now() if as_of is None else as_of
    return Service(runtime).cycle(symbols or SCENE, moment, progress)


Answering = Callable[[ModelRequest, dict[str, Any]], "dict[str, Any] | str | ModelReply | BaseException"]


class SpyModel:
    """The rules' answers, counted; ``says`` may change an answer, or return what to raise.

    ``calls`` holds the digest of every question that was put, in order; ``peak`` is the most that were open at once.
    """

    def __init__(self, says: Answering = lambda _request, answer: answer, *, pause_s: float = 0) -> None:
        self._rules = RulesModel()
        self._says = says
        self._pause_s = pause_s
        self._open = 0
        self._lock = threading.Lock()
        self.requests: list[ModelRequest] = []
        self.answered: list[str] = []
        self.peak = 0

    @property
    def name(self) -> str:
        """``scripted:spy``."""
        return "scripted:spy"

    @property
    def sampling(self) -> Sampling:
        """Nothing is sampled."""
        return Sampling("spy")

    @property
    def calls(self) -> list[str]:
        """Digests of the questions."""
        return [request.digest for request in self.requests]

    def asked(self, role: Role) -> list[ModelRequest]:
        """The questions put to one role."""
        return [request for request in self.requests if request.role == role]

    def complete(self, request: ModelRequest) -> ModelReply:
        """Answer by rule and by script."""
        with self._lock:
            self.requests.append(request)
            self._open += 1
            self.peak = max(self.peak, self._open)
        try:
            time.sleep(self._pause_s)
            said = self._says(request, json.loads(self._rules.complete(request).text))
        finally:
            with self._lock:
                self._open -= 1
        if isinstance(said, BaseException):
            raise said
        with self._lock:
            self.answered.append(request.digest)
        if isinstance(said, ModelReply):
            return said
        return a_scripted_reply(said if isinstance(said, str) else json.dumps(said))


def a_scripted_reply(text: str, **changes: Any) -> ModelReply:
    """A finished answer."""
    return replace(ModelReply(text, "stop", "spy", "scripted", 100, 10, 0), **changes)


def symbol_in(request: ModelRequest) -> str:
    """The symbol an advisor, inspector, decider or explainer is asked about."""
    lines = (line for line in request.user.splitlines() if line.startswith("Symbol: "))
    return next(lines, "").removeprefix("Symbol: ")


def slot_of(request: ModelRequest, name: str) -> list[Any]:
    """The values in a slot of a question."""
    return read_slot(request.user, name)


class Crash(BaseException):
    """The process dies: no ordinary exception, so that nothing may catch it on the way."""


class CrashingDatabase(Database):
    """A database that is struck by a crash at its ``at``-th outermost write; nothing can be written from there on."""

    def __init__(self, database: Database, at: int) -> None:
        super().__init__(database._engine)
        self._at = at
        self._depth = threading.local()
        self._counting = threading.Lock()
        self.writes = 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """As the database does it, up to the crash."""
        outermost = not getattr(self._depth, "inside", False)
        if outermost:
            with self._counting:
                self.writes += 1
                if self.writes >= self._at:
                    raise Crash(f"write {self.writes}")
        self._depth.inside = True
        try:
            with super().transaction() as connection:
                yield connection
        finally:
            self._depth.inside = not outermost

    def write(self, work: Callable[[], Any]) -> Any:
        """One write among those that are counted."""
        with self.transaction():
            return work()


class Feed:
    """A news source with these articles, or one that fails."""

    name = "feed"

    def __init__(self, articles: Sequence[NewsArticle] = (), error: Exception | None = None) -> None:
        self._articles, self._error = tuple(articles), error

    def articles(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[NewsArticle, ...]:
        """What was first seen in the window."""
        if self._error is not None:
            raise self._error
        return tuple(each for each in self._articles if since < each.first_seen_at <= as_of)

    def posts(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[SocialPost, ...]:
        """None."""
        return ()


def headlines(symbol: Symbol, count: int) -> tuple[NewsArticle, ...]:
    """Different articles about one symbol, two hours before noon."""
    return tuple(
        an_article(f"{symbol} beats estimates, take {n}", article_id=f"art-{n}", symbols=(symbol,))
        for n in range(count)
    )


class ShiftedMarket:
    """The simulated market with the quotes of some symbols multiplied by a factor, or away (None)."""

    def __init__(self, market: Market, **factors: Decimal | None) -> None:
        self._market = market
        self._factors = factors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._market, name)

    def quote(self, symbol: Symbol, *, as_of: datetime) -> Quote | None:
        """The quote, moved."""
        quote = self._market.quote(symbol, as_of=as_of)
        if quote is None or symbol not in self._factors:
            return quote
        factor = self._factors[symbol]
        if factor is None:
            return None
        moved = {name: (getattr(quote, name) * factor).quantize(CENT) for name in ("bid", "ask", "last")}
        return replace(quote, **moved)


def entries_of(runtime: Runtime) -> list[Order]:
    """Every order on record that is no protective leg, newest first."""
    return [order for order in runtime.deps.stores.orders.newest(999) if order.parent_id is None]


def at_the_broker(runtime: Runtime) -> dict[str, list[tuple[str, ...]]]:
    """What the paper broker itself knows: working orders, fills and holdings, in a comparable form."""
    broker = runtime.deps.broker
    return {
        "working": sorted((r.client_order_id, str(r.qty), str(r.filled_qty), r.leg) for r in broker.orders()),
        "fills": sorted((f.client_order_id, str(f.qty), str(f.price)) for f in broker.fills(since=LONG_AGO)),
        "held": sorted((p.symbol, str(p.qty), str(p.avg_price)) for p in broker.positions()),
    }


@contextmanager
def standing_in(folder: Path, **environment: str) -> Iterator[Path]:
    """A working folder and environment variables, put back afterwards."""
    before = {name: os.environ.get(name) for name in environment}
    with chdir(folder):
        os.environ.update(environment)
        try:
            yield folder
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


ROOT = Path(app.__file__).parent
Ran = subprocess.CompletedProcess


def python(*arguments: str, cwd: Path = ROOT, **environment: str) -> Ran[str]:
    """This interpreter in a process of its own, without any setting of the person at the keyboard."""
    told = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "HOME": str(cwd)}
    # Matplotlib keeps its list of fonts there, and the home folder may be this checkout.
    told |= {"XDG_CACHE_HOME": tempfile.gettempdir(), **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=told, capture_output=True, text=True, timeout=120, check=False)


def sage(*arguments: str, cwd: Path, **environment: str) -> Ran[str]:
    """The command line in a process of its own."""
    return python(str(ROOT / "app.py"), *arguments, cwd=cwd, **environment)
