"""A situation's place in a space where near means alike: robust z-scores beside weighted one-hots.

A text of a situation carries no distance: hashed words of indicator values find unrelated trades (measured:
``benchmarks/memory.py``). So the figures themselves are embedded, held against a reference that is frozen with its
version, and what has no order gets one axis a value:

    z = 0.6745 (x - median) / MAD, clipped to +-3          0.6745: the MAD of a normal figure is 0.6745 of its sigma

    rsi14 = 79 under v2 (median 52.0, MAD 9.15)            ->  0.6745 (79 - 52.0) / 9.15 = 1.990
    side = buy, weight 2                                   ->  (2.0, 0.0)

A figure that is unknown sits at the median and pulls nowhere. Strategies are an open set and share hashed slots. Source
of the robust z-score: B. Iglewicz, D. Hoaglin, How to Detect and Handle Outliers, 1993.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from domain.orders import Side
from domain.signals import Regime
from memory.situation import Situation

# One feature far out must not outweigh all the others together.
CLIP = 3.0
# The median absolute deviation of a normal distribution is 0.6745 of its standard deviation.
NORMAL = 0.6745


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a figure usually lies: its median, and its median absolute deviation from it."""

    median: float
    mad: float


@dataclass(frozen=True, slots=True)
class Embedding:
    """Fixed references and weights. Vectors of two versions are never compared: each version has its own index."""

    version: str
    references: Mapping[str, Reference]
    side_weight: float
    regime_weight: float
    strategy_weight: float
    strategy_slots: int

    @property
    def width(self) -> int:
        """Numbers in one vector."""
        return len(self.references) + len(Side) + len(Regime) + self.strategy_slots


EMBEDDING = Embedding(
    version="v2",
    references={
        # What trading.signals computes, on 4,002 days of 23 large US stocks (every fourth daily bar of 2021 to 2023).
        "rsi14": Reference(52.0, 9.15),
        "adx14": Reference(21.6, 5.49),
        "stoch14": Reference(57.1, 28.7),
        "bb_pct": Reference(0.562, 0.277),
        "volume_ratio": Reference(0.917, 0.170),
        "vol20": Reference(26.1, 7.86),
        "ret5": Reference(0.397, 2.47),
        "ret20": Reference(0.856, 5.21),
        "atr_pct": Reference(2.40, 0.591),
        "macd_pct": Reference(0.00721, 0.395),
        "to_sma20_pct": Reference(0.531, 2.87),
        "to_sma50_pct": Reference(1.12, 4.63),
        "quant_score": Reference(0.00975, 0.489),
        # Texts and what is made with them have no such history: set by what they can be, not measured.
        "direction": Reference(0.0, 0.67),
        "score": Reference(0.0, 0.67),
        "confidence": Reference(0.7, 0.2),
        "text_score": Reference(0.0, 0.67),
        "articles": Reference(1.0, 2.0),
        "suspicious": Reference(0.0, 0.67),
    },
    # Another side is as far away as a figure that moved by almost three sigma; regime and strategy are by two.
    side_weight=2.0,
    regime_weight=1.4,
    strategy_weight=1.4,
    strategy_slots=16,
)
"""The one in use. A changed number is a new version: what is stored under the old one is no longer its neighbour."""


def embed(situation: Situation, embedding: Embedding = EMBEDDING) -> tuple[float, ...]:
    """The situation as ``embedding.width`` finite numbers, each within +-3."""
    numbers = [z_score(situation.features.get(name), usual) for name, usual in embedding.references.items()]
    sides = [embedding.side_weight * (situation.side is side) for side in Side]
    regimes = [embedding.regime_weight * (situation.regime is regime) for regime in Regime]
    slot = _slot(situation.strategy, embedding.strategy_slots)
    strategies = [embedding.strategy_weight * (slot == index) for index in range(embedding.strategy_slots)]
    return (*numbers, *sides, *regimes, *strategies)


def z_score(value: Decimal | None, usual: Reference) -> float:
    """How unusual a figure is, in sigmas of a normal one; 0 where it is unknown or not finite."""
    if value is None or not value.is_finite():
        return 0.0
    return max(-CLIP, min(CLIP, NORMAL * (float(value) - usual.median) / usual.mad))


def _slot(name: str, slots: int) -> int:
    # Python's own hash differs from process to process, and a vector must not.
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % slots
