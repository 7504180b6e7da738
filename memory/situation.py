"""The situation a trade was decided in: the figures its signal was made of, so that one symbol compares with another.

Prices are worth nothing across symbols, so they become percentages: an ATR of 4 at a close of 200 is ``atr_pct`` 2.
What is near to what, ``memory.embedding`` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from domain.market import Symbol
from domain.money import HUNDRED
from domain.orders import Side
from domain.signals import CompositeSignal, Regime


@dataclass(frozen=True, slots=True)
class Situation:
    """What was known when a trade was decided; a feature that was not known is None."""

    symbol: Symbol
    strategy: str
    side: Side
    regime: Regime
    features: Mapping[str, Decimal | None]


_AS_COMPUTED = ("rsi14", "adx14", "stoch14", "bb_pct", "volume_ratio", "vol20", "ret5", "ret20")
"""Indicators that already mean the same for every symbol."""


def situation_of(signal: CompositeSignal, *, strategy: str, side: Side) -> Situation:
    """The situation behind a candidate; prices become percentages, so that one symbol compares with another."""
    values = signal.quant.values
    close = values.get("close")
    features = {name: values.get(name) for name in _AS_COMPUTED} | {
        "atr_pct": share_pct(values.get("atr14"), close),
        "macd_pct": share_pct(values.get("macd_hist"), close),
        "to_sma20_pct": distance_pct(close, values.get("sma20")),
        "to_sma50_pct": distance_pct(close, values.get("sma50")),
        "direction": Decimal(signal.direction),
        "score": signal.score,
        "confidence": signal.confidence,
        "quant_score": signal.quant.score,
        "text_score": signal.text.score,
        "articles": Decimal(signal.text.articles + signal.text.posts),
        "suspicious": Decimal(signal.text.suspicious),
    }
    return Situation(signal.symbol, strategy, side, signal.quant.regime, features)


def share_pct(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """``part`` in percent of ``whole``, six decimals; None where either is unknown or ``whole`` is zero."""
    if part is None or whole is None or not (part.is_finite() and whole.is_finite()) or whole == 0:
        return None
    return round(part / whole * HUNDRED, 6)


def distance_pct(price: Decimal | None, mean: Decimal | None) -> Decimal | None:
    """How far ``price`` is above (positive) or below ``mean``, in percent of ``mean``."""
    share = share_pct(price, mean)
    return None if share is None else share - HUNDRED
