"""What similar trades brought, as evidence: only trades that were over at ``as_of``, of whatever symbol.

The figures name as their source the digest of the records they were made of, so that what stood behind a decision can
be told from any later state of the memory. Lessons in words go to people and into no prompt.
"""

from __future__ import annotations

from domain.evidence import Evidence
from domain.market import Symbol
from domain.orders import Side
from domain.record.canonical import digest
from memory.recall import Recall
from memory.situation import situation_of
from tools.environment import Environment
from tools.tool import SymbolArgument, figure, tool


@tool
def memory(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """How many similar trades are remembered, the share of them that won, and their mean result."""
    recall = _recall(env, symbol)
    figures = (
        ("memory.trades", recall.count, "count"),
        ("memory.win_rate", recall.win_rate, "ratio"),
        ("memory.mean_pnl_pct", recall.mean_pnl_pct, "pct"),
    )
    # Known no sooner than the last of the records it is made of (I-67).
    at = max((similar.provenance.known_since for similar in recall.nearest), default=env.as_of)
    source = "missing" if recall.missing else " ".join(("memory", *_origin(recall)))
    return tuple(figure(name, value, unit, source=source, at=at, symbol=symbol) for name, value, unit in figures)


def _origin(recall: Recall) -> tuple[str, ...]:
    """One short digest over all the records behind a recall; nothing where there are none."""
    return (digest(recall.origin)[:12],) if recall.nearest else ()


def _recall(env: Environment, symbol: Symbol) -> Recall:
    """The situation is that of the strategy which holds the symbol; before any candidate, of none in particular."""
    signal, held = env.signals.get(symbol), env.book.positions.get(symbol)
    if env.memory is None or signal is None:
        return Recall(missing="there is no memory, or no signal to compare")
    side = Side.SELL if signal.direction < 0 else Side.BUY
    situation = situation_of(signal, strategy="" if held is None else held.strategy, side=side)
    return env.memory.recall(situation, as_of=env.as_of)
