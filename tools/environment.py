"""Everything tools may look at in one cycle: values that were fetched already, frozen at ``as_of``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.book import Book
from domain.case import Control, MarketView, Release
from domain.context.news import NewsReading
from domain.ids import CycleId
from domain.market import Bar, Symbol, Timeframe
from domain.signals import CompositeSignal
from memory.recall import Recall
from memory.situation import Situation
from policies.policy import Policy


class TradeRecall(Protocol):
    """The one question tools put to the memory of trades."""

    def recall(self, situation: Situation, *, as_of: datetime, symbol: Symbol | None = None, limit: int = 20) -> Recall:
        """Trades most like ``situation`` that had closed at ``as_of``."""
        ...


@dataclass(frozen=True, slots=True)
class Environment:
    """The cycle's world. ``readings`` are of the texts tagged with a symbol; a symbol without answer is absent.

    Tools are pure over these values; only ``memory`` is asked, and always with ``as_of``.
    """

    cycle_id: CycleId
    as_of: datetime
    timeframe: Timeframe
    book: Book
    control: Control
    market: MarketView
    bars: Mapping[Symbol, tuple[Bar, ...]]
    signals: Mapping[Symbol, CompositeSignal]
    readings: Mapping[Symbol, tuple[NewsReading, ...]]
    policy: Policy
    memory: TradeRecall | None = None
    release: Release | None = None
    """What this process runs: a process that may not trade has no room."""

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The cycle's symbols, sorted."""
        return tuple(sorted(self.market.symbols))
