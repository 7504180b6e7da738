"""The situation a trade was decided in, and its place in a space where near means alike.

A text of a situation carries no distance: hashed words of indicator values find unrelated trades. So the figures
themselves are embedded, as robust z-scores ``(x - median) / IQR`` clipped to +-3, beside one-hots where no order is:

    rsi14 = 79, scaler v1 (median 52, IQR 18.3)   ->  (79 - 52) / 18.3 = 1.48
    side = buy, weight 1.5                        ->  (1.5, 0.0)

A figure that is unknown sits at the median and pulls nowhere. Strategies are an open set and share hashed slots.
"""

from __future__ import annotations

import hashlib
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


@dataclass(frozen=True, slots=True)
class Spread:
    """Where a feature usually lies: its median and interquartile range."""

    median: float
    iqr: float


@dataclass(frozen=True, slots=True)
class Scaler:
    """Fixed medians and spreads: vectors of different versions are never compared."""

    version: str
    spreads: Mapping[str, Spread]
    side_weight: float
    regime_weight: float
    strategy_weight: float
    strategy_slots: int

    @property
    def width(self) -> int:
        """Numbers in one vector."""
        return len(self.spreads) + len(Side) + len(Regime) + self.strategy_slots


CLIP = 3.0

SCALER_V1 = Scaler(
    version="v1",
    spreads={
        # Medians and ranges of what trading.signals computes, over 16,632 daily bars of 24 large US stocks.
        "rsi14": Spread(52.0, 18.3),
        "adx14": Spread(21.6, 11.7),
        "stoch14": Spread(57.3, 58.3),
        "bb_pct": Spread(0.56, 0.56),
        "volume_ratio": Spread(0.93, 0.34),
        "vol20": Spread(25.7, 16.3),
        "ret5": Spread(0.29, 4.71),
        "ret20": Spread(0.88, 10.2),
        "atr_pct": Spread(2.36, 1.26),
        "macd_pct": Spread(0.02, 0.77),
        "to_sma20_pct": Spread(0.49, 5.62),
        "to_sma50_pct": Spread(1.06, 9.06),
        # The middle and half the width of what these can be: they are bounded by construction.
        "direction": Spread(0.0, 1.0),
        "score": Spread(0.0, 0.5),
        "confidence": Spread(0.5, 0.25),
        "quant_score": Spread(0.0, 0.5),
        "text_score": Spread(0.0, 0.5),
        "articles": Spread(1.0, 3.0),
        "suspicious": Spread(0.0, 1.0),
    },
    side_weight=1.5,
    regime_weight=1.0,
    strategy_weight=1.0,
    strategy_slots=16,
)

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


def embed(situation: Situation, scaler: Scaler = SCALER_V1) -> tuple[float, ...]:
    """The situation as ``scaler.width`` finite numbers, each within +-3."""
    numbers = [_z_score(situation.features.get(name), spread) for name, spread in scaler.spreads.items()]
    sides = [scaler.side_weight * (situation.side is side) for side in Side]
    regimes = [scaler.regime_weight * (situation.regime is regime) for regime in Regime]
    slot = _slot(situation.strategy, scaler.strategy_slots)
    strategies = [scaler.strategy_weight * (slot == index) for index in range(scaler.strategy_slots)]
    return (*numbers, *sides, *regimes, *strategies)


def _z_score(value: Decimal | None, spread: Spread) -> float:
    if value is None or not value.is_finite():
        return 0.0
    return max(-CLIP, min(CLIP, (float(value) - spread.median) / spread.iqr))


def _slot(name: str, slots: int) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % slots
