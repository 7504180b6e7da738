"""Every tool that reads, and the evidence of one cycle gathered with them.

A role's own tuple names some of these; what acts (``tools.orders``, ``tools.control``) is in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.evidence import Evidence, EvidenceSet, gather
from domain.market import Symbol
from tools.environment import Environment
from tools.events import events
from tools.indicators import indicators
from tools.memory import memory
from tools.news import news
from tools.portfolio import portfolio, position
from tools.quotes import quotes
from tools.risk import room
from tools.signals import signals
from tools.tool import Tool

READ_TOOLS: tuple[Tool, ...] = (
    portfolio,
    indicators,
    quotes,
    signals,
    news,
    events,
    position,
    room,
    memory,
)


def gather_evidence(env: Environment, symbols: Iterable[Symbol]) -> EvidenceSet:
    """What every read tool says about ``symbols`` and the book; raises DataQualityError for look-ahead."""
    return gather(env.cycle_id, env.as_of, _said(env, tuple(sorted(set(symbols)))))


def _said(env: Environment, symbols: tuple[Symbol, ...]) -> Iterator[Evidence]:
    for tool in READ_TOOLS:
        if tool.arguments:
            for symbol in symbols:
                yield from tool(env, symbol=symbol)
        else:
            yield from tool(env)
