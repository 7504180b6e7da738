"""What deterministic code concludes before any model is asked: signals, alerts and trade candidates.

A *signal* is computed, *advice* is written by a model. Directions run from -1 (down) to 1 (up), scores likewise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.ids import CandidateId, Ref
from domain.market import Symbol, Timeframe
from domain.money import ZERO, known
from domain.orders import Side


class Regime(StrEnum):
    """Coarse state of a price series."""

    TREND_UP = "trend_up"
    TREND_DOWN = "trend_down"
    RANGE = "range"
    VOLATILE = "volatile"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class QuantSignals:
    """Indicator values by name at the end of the last completed bar; None while an indicator warms up."""

    symbol: Symbol
    timeframe: Timeframe
    at: datetime
    values: Mapping[str, Decimal | None]
    regime: Regime
    score: Decimal

    def __post_init__(self) -> None:
        """A figure that is no number is an unknown one; without a score nobody knows the regime either."""
        # A frozen class has no other way to correct its own field.
        object.__setattr__(self, "values", {name: known(value) for name, value in self.values.items()})
        if known(self.score) is None:
            object.__setattr__(self, "score", ZERO)
            object.__setattr__(self, "regime", Regime.UNKNOWN)


@dataclass(frozen=True, slots=True)
class TextSignals:
    """News and posts of the look-back window as counts and a score in [-1, 1]; suspicious texts do not score."""

    symbol: Symbol
    at: datetime
    score: Decimal
    articles: int
    posts: int
    strongest_topic: str | None
    suspicious: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class CompositeSignal:
    """Quant and text in one view: direction -1, 0 or 1, score in [-1, 1], confidence in [0, 1]."""

    symbol: Symbol
    timeframe: Timeframe
    at: datetime
    quant: QuantSignals
    text: TextSignals
    direction: int
    score: Decimal
    confidence: Decimal
    risk_flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScannerAlert:
    """A pattern a scanner saw, e.g. volume three times its average."""

    scanner: str
    symbol: Symbol
    kind: str
    score: Decimal
    at: datetime
    facts: Mapping[str, Decimal]


class CandidateKind(StrEnum):
    """What a candidate would do to the position."""

    ENTRY = "entry"
    EXIT = "exit"
    REDUCE = "reduce"


@dataclass(frozen=True, slots=True)
class TradeCandidate:
    """A trade that deterministic code proposes. Roles may take, shrink, skip or delay it, never enlarge it.

    ``qty`` in shares, prices in the instrument's currency; ``stop_loss`` and ``take_profit`` are None for exits.
    """

    candidate_id: CandidateId
    symbol: Symbol
    strategy: str
    kind: CandidateKind
    side: Side
    qty: Decimal
    entry_price: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    score: Decimal
    confidence: Decimal
    reason: str
    refs: tuple[Ref, ...]
