"""The computed opinion on a symbol as evidence."""

from __future__ import annotations

from domain.evidence import Evidence, Value
from domain.signals import CompositeSignal
from tools.environment import Environment
from tools.tool import SymbolArgument, figure, tool

_DIRECTIONS = {-1: "down", 0: "none", 1: "up"}


_UNITS = {
    "signal.score": "ratio",
    "signal.confidence": "ratio",
    "signal.direction": "text",
    "signal.flags": "text",
    "text.score": "ratio",
    "text.articles": "count",
    "text.posts": "count",
    "text.suspicious": "count",
}


@tool
def signals(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """Score, confidence, direction and risk flags of the computed signal, and what trusted texts add up to."""
    signal = env.signals.get(symbol)
    values = {} if signal is None else _values(signal)
    at, source = (env.as_of, "missing") if signal is None else (signal.at, "signals")
    return tuple(
        figure(name, values.get(name), unit, source=source, at=at, symbol=symbol) for name, unit in _UNITS.items()
    )


_TOLD_ELSEWHERE = ("earnings_soon", "suspicious_text")
"""The events tool tells the first; the second is for people and for no role."""


def _values(signal: CompositeSignal) -> dict[str, Value]:
    return {
        "signal.score": signal.score,
        "signal.confidence": signal.confidence,
        "signal.direction": _DIRECTIONS[signal.direction],
        "signal.flags": ", ".join(flag for flag in signal.risk_flags if flag not in _TOLD_ELSEWHERE) or "none",
        "text.score": signal.text.score,
        "text.articles": signal.text.articles,
        "text.posts": signal.text.posts,
        "text.suspicious": signal.text.suspicious,
    }
