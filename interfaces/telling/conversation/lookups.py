"""The tools of a conversation: the use cases that only look, each by its name, its words and what it finds.

This list is all that a talker can reach. Nothing on it sends, cancels, approves or changes anything.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from agents.chat import ToolLine
from domain.errors import UsageError
from domain.evidence import Evidence
from domain.ids import CycleId
from domain.market import parse_symbol
from domain.orders import Side
from domain.ports import Clock
from graphs.nodes.talk import ChatTool, Words
from interfaces.acting import approving
from interfaces.acting.ordering import Ticket, order
from interfaces.acting.remembering import stats
from interfaces.delivery.running import alerts
from interfaces.serving.timetable import schedule
from interfaces.telling import looking
from interfaces.telling.conversation.figures import figures_of
from interfaces.telling.explaining import explain
from interfaces.telling.gates.whynot import why_not
from interfaces.words import identifier, positive

if TYPE_CHECKING:
    from interfaces.runtime import Runtime

SHOWN_RUNS, MOST_GATES = 6, 15
MOST_OF_A_CYCLE = 80
"""Figures of a cycle's evidence about one symbol that a look finds."""


def tools_of(runtime: Runtime) -> Mapping[str, ChatTool]:
    """The tools over one start."""
    clock = runtime.deps.clock
    plain: Sequence[tuple[str, str, Callable[[Runtime], Any]]] = (
        ("status", "mode, trading state, kill switch, pauses, alerts, sources and their age", looking.status),
        ("positions", "holdings with price, result and stop", looking.positions),
        ("orders", "orders with their state, newest first", looking.orders),
        ("trades", "closed trades with their results, newest first", looking.trades),
        ("pnl", "equity, result of the day, drawdown, statistics", looking.pnl),
        ("risk", "the gates with the least room: limit, value, room that is left", tightest),
        ("limits", "the limits of the policy in force, by name", lambda start: looking.limits(start).limits),
        ("pending", "orders that wait for a person", approving.pending),
        ("schedule", "the next runs and the newest ones", lambda start: schedule(start, SHOWN_RUNS)),
        ("alerts", "what was critical, and whether somebody has seen it", alerts),
        ("memory", "what is remembered of closed trades", stats),
    )
    tools = [plain_look(name, finds, partial(look, runtime), clock) for name, finds, look in plain]
    tools += [
        tool("explain", "ID or SYMBOL or last", "why it was decided and what became of it", clock,
             lambda words: explain(runtime, one_name(words), None)),
        tool("whynot", "ID or SYMBOL", "what stood in the way of an order", clock,
             lambda words: why_not(runtime, one_name(words))),
        tool("whatif", "buy|sell SYMBOL QUANTITY", "what the gates would say to such an order; nothing is sent", clock,
             lambda words: order(runtime, ticket(words), what_if=True)),
        ChatTool(
            ToolLine("seen", "SYMBOL", "figures, news and events of a symbol as the newest cycle saw them"),
            lambda words: seen(runtime, words),
        ),
    ]  # fmt: skip
    return {each.line.name: each for each in tools}


def tightest(runtime: Runtime) -> Mapping[str, Any]:
    """The gates that leave the least room, and holdings without their stop."""
    view = looking.risk(runtime)
    # All gates are more figures than a look may find, and the first of them are not the tightest.
    measured = [(row.headroom_pct, row) for row in view.risk if row.headroom_pct is not None]
    rows = [row for _, row in sorted(measured, key=lambda each: each[0])[:MOST_GATES]]
    names = ("gate", "name", "limit", "value", "unit", "headroom_pct", "state")
    return {"risk": [{name: getattr(row, name) for name in names} for row in rows], "unprotected": view.unprotected}


def plain_look(name: str, finds: str, look: Callable[[], Any], clock: Clock) -> ChatTool:
    """A tool without words."""

    def ask(words: Words) -> Any:
        if words:
            raise UsageError(f"{name} takes no words")
        return look()

    return tool(name, "", finds, clock, ask)


def tool(name: str, words: str, finds: str, clock: Clock, ask: Callable[[Words], Any]) -> ChatTool:
    """A tool whose view becomes figures."""
    return ChatTool(ToolLine(name, words, finds), lambda given: figures_of(ask(given), name, clock.now()))


def one_name(words: Words) -> str:
    """One id or symbol."""
    if len(words) != 1:
        raise UsageError("name one id or symbol")
    name: str = read(identifier, words[0])
    return name


def ticket(words: Words) -> Ticket:
    """A side, a symbol and a quantity."""
    if len(words) != 3 or words[0].lower() not in set(Side):
        raise UsageError("name buy or sell, a symbol and a quantity")
    return Ticket(Side(words[0].lower()), parse_symbol(words[1]), read(positive, words[2]))


def read(reader: Callable[[str], Any], word: str) -> Any:
    """A word as the command line reads it, with its complaint as ours."""
    try:
        return reader(word)
    except argparse.ArgumentTypeError as error:
        raise UsageError(str(error)) from error


def seen(runtime: Runtime, words: Words) -> tuple[Evidence, ...]:
    """What the newest finished cycle knew about one symbol, by its own references."""
    symbol = parse_symbol(one_name(words))
    last = runtime.deps.stores.cycles.last(runtime.setup.account_id, finished=True)
    observation = None if last is None else runtime.deps.stores.observations.load(CycleId(last.cycle_id))
    found = () if observation is None else observation.evidence.about(symbol)
    # About a symbol are also figures of the whole book; those are what other tools are for.
    own = tuple(item for item in found if item.symbol == symbol and item.value is not None)
    if not own:
        raise UsageError(f"no cycle has looked at {symbol} yet")
    return own[:MOST_OF_A_CYCLE]
