"""What similar trades brought, as evidence: only trades that were over at ``as_of``, of whatever symbol."""

from __future__ import annotations

from domain.evidence import Evidence
from domain.market import Symbol
from domain.orders import Side
from memory.situation import situation_of
from memory.trades import Recall
from tools.environment import Environment
from tools.tool import SymbolArgument, figure, tool


@tool
def memory(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """How many similar trades are remembered, the share of them that won, and their mean result."""
    recall = _recall(env, symbol)
    known = recall is not None and recall.count is not None
    closed = [similar.record.trade.closed_at for similar in recall.nearest] if recall is not None else []
    figures = (
        ("memory.trades", recall.count if recall is not None else None, "count"),
        ("memory.win_rate", recall.win_rate if recall is not None else None, "ratio"),
        ("memory.mean_pnl_pct", recall.mean_pnl_pct if recall is not None else None, "pct"),
    )
    at = max(closed, default=env.as_of)
    return tuple(
        figure(name, value, unit, source="memory" if known else "missing", at=at, symbol=symbol)
        for name, value, unit in figures
    )


def _recall(env: Environment, symbol: Symbol) -> Recall | None:
    """The situation is that of the strategy which holds the symbol; before any candidate, of none in particular."""
    signal, held = env.signals.get(symbol), env.book.positions.get(symbol)
    if env.memory is None or signal is None:
        return None
    side = Side.SELL if signal.direction < 0 else Side.BUY
    situation = situation_of(signal, strategy="" if held is None else held.strategy, side=side)
    return env.memory.recall(situation, as_of=env.as_of)
