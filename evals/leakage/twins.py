"""A question with its evidence turned round: the same symbol, plan and prices, and all else speaks against it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.record.canonical import decimal_text
from evals.answers.frozen import Inputs

_NEGATED = ("signal.score", "macd_hist", "ret1", "ret5", "ret20", "text.score")
_MIRRORED = ("rsi14", "stoch14")
_WORDS = {"trend_up": "trend_down", "up": "down", "trend_down": "trend_up", "down": "up"}


def turned(inputs: Inputs) -> dict[str, Any]:
    """The inputs of the twin: signs negated, oscillators mirrored at their middle."""
    return {**inputs, "evidence": [_line(*line) for line in inputs["evidence"]]}


def _line(ref: str, value: Any, unit: str, age_s: int) -> list[Any]:
    name = ref.partition("@")[0]
    if value is None or isinstance(value, bool):
        return [ref, value, unit, age_s]
    if name in _NEGATED:
        value = decimal_text(-Decimal(value))
    elif name in _MIRRORED:
        value = decimal_text(100 - Decimal(value))
    elif name in ("regime", "signal.direction"):
        value = _WORDS.get(value, value)
    elif name.startswith("news."):
        value = value.replace(", good,", ", bad,")
    return [ref, value, unit, age_s]
