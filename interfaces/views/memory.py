"""What the memory, its recall and the learning job look like to a face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.market import Symbol
from domain.orders import Side
from domain.signals import Regime


@dataclass(frozen=True, slots=True)
class TallyRow:
    """How far one role's confidence by one model can be believed; figures are None where they cannot be told."""

    role: str
    model: str
    outcomes: int
    brier: Decimal | None
    skill: Decimal | None
    ece: Decimal | None
    proven: bool


@dataclass(frozen=True, slots=True)
class MemoryStatsView:
    """``sage memory stats``: what is remembered and what was learned of it; ``note`` says what stands in the way."""

    as_of: datetime
    place: str
    embedding: str
    width: int
    trades: int
    oldest: datetime | None
    newest: datetime | None
    symbols: Mapping[str, int]
    regimes: Mapping[str, int]
    lessons: int
    calibration: tuple[TallyRow, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class RememberedTrade:
    """One recalled trade with its weight, its lesson in words, and where it came from."""

    trade_id: str
    decision_id: str
    cycle_id: str
    symbol: Symbol
    closed_at: datetime
    strategy: str
    side: Side
    regime: Regime
    distance: Decimal
    pnl_pct: Decimal
    weight: Decimal
    contradicted: bool
    lesson: str
    review: tuple[str, ...]
    source: str
    record_digest: str
    embedding: str


@dataclass(frozen=True, slots=True)
class RecallView:
    """``sage memory recall SYMBOL``: ``compared_with`` says which situation, or words, stood for now."""

    as_of: datetime
    symbol: Symbol | None
    """None where trades of every symbol were looked through."""
    regime: Regime | None
    compared_with: str
    count: int
    wins: int
    support: Decimal
    win_rate: Decimal | None
    mean_pnl_pct: Decimal | None
    trades: tuple[RememberedTrade, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class LearnView:
    """``sage learn``: what one run added."""

    as_of: datetime
    trades: tuple[str, ...]
    by_code: int
    waiting: int
    proposals: tuple[str, ...]
    place: str
    calibration: tuple[TallyRow, ...]
    problems: tuple[str, ...]
