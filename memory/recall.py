"""What a recall brings: remembered trades, each with its weight, its lesson and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from domain.money import ONE, ZERO
from domain.record.canonical import digest
from domain.record.entries import ClosedTrade
from memory.lessons import Lesson, Result
from memory.situation import Situation

_PLACES = 4


@dataclass(frozen=True, slots=True)
class TradeRecord:
    """What is kept of one trade: the trade, the situation it was decided in, and the cycle that decided it."""

    trade: ClosedTrade
    situation: Situation
    cycle_id: str

    @property
    def digest(self) -> str:
        """Identity of the record; an edited one no longer has it."""
        return digest(self)


class MemoryOrigin(NamedTuple):
    """Where a memory came from: its ids in the ledger, since when it could be known, and how it was embedded."""

    trade_id: str
    decision_id: str
    cycle_id: str
    known_since: datetime
    digest: str
    embedding: str


@dataclass(frozen=True, slots=True)
class SimilarTrade:
    """A remembered trade; ``distance`` 0 is the same situation, ``pnl_pct`` its net return in percent.

    ``weight`` is what it counts by now; ``contradicted`` where its situation has also ended the other way.
    """

    distance: Decimal
    pnl_pct: Decimal
    lesson: Lesson
    record: TradeRecord
    provenance: MemoryOrigin
    weight: Decimal = ONE
    contradicted: bool = False


@dataclass(frozen=True, slots=True)
class Recall:
    """The similar trades that were over by then, nearest first, and what they brought.

    Where ``missing`` says why the memory is not available, every figure is None.
    """

    nearest: tuple[SimilarTrade, ...] = ()
    missing: str = ""

    @property
    def count(self) -> int | None:
        """How many there are."""
        return None if self.missing else len(self.nearest)

    @property
    def wins(self) -> int | None:
        """How many of them made a profit."""
        return None if self.missing else sum(each.lesson.result is Result.WON for each in self.nearest)

    @property
    def support(self) -> Decimal | None:
        """What they count together: ten trades of last week about ten, ten of long ago far less."""
        return None if self.missing else sum((each.weight for each in self.nearest), ZERO)

    @property
    def win_rate(self) -> Decimal | None:
        """Weighted share of winners in [0, 1]; None without any trade."""
        return self._mean([ONE if each.lesson.result is Result.WON else ZERO for each in self.nearest])

    @property
    def mean_pnl_pct(self) -> Decimal | None:
        """Weighted mean return in percent; None without any trade."""
        return self._mean([each.pnl_pct for each in self.nearest])

    @property
    def origin(self) -> tuple[str, ...]:
        """Digests of the records behind the figures, nearest first."""
        return tuple(each.provenance.digest for each in self.nearest)

    def _mean(self, figures: list[Decimal]) -> Decimal | None:
        total = self.support
        if not total:
            return None
        counted = (each.weight * figure for each, figure in zip(self.nearest, figures, strict=True))
        return round(sum(counted, ZERO) / total, _PLACES)
