"""Memory of trades: what happened the last times it looked like this.

Only settled trades enter, each with the decision and cycle it came from and a digest that is checked whenever it is
read. ``recall`` shows nothing that closed after its ``as_of``. A memory that cannot be trusted or reached answers
"not available": it informs, and nothing depends on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from threading import RLock

import numpy as np

from domain.canonical import canonical_json, digest, restore
from domain.clock import in_utc
from domain.errors import DataQualityError, IntegrityError, RetryableError
from domain.market import Symbol, parse_symbol
from domain.money import rounded
from domain.records import ClosedTrade
from memory.chroma_index import REBUILD, ChromaIndex, Row, Stored
from memory.lessons import Lesson, lesson_of, return_pct
from memory.neighbours import Neighbours, distances, microseconds, table
from memory.situation import SCALER_V1, Situation, embed


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


@dataclass(frozen=True, slots=True)
class SimilarTrade:
    """A remembered trade; ``distance`` 0 is the same situation, ``pnl_pct`` its net return in percent."""

    distance: Decimal
    pnl_pct: Decimal
    lesson: Lesson
    record: TradeRecord
    digest: str


@dataclass(frozen=True, slots=True)
class Recall:
    """The similar trades that were over by then, nearest first, and what they brought.

    ``wins`` counts trades with a profit. Where ``missing`` says why the memory is not available, every figure is None.
    """

    count: int | None
    wins: int | None
    mean_pnl_pct: Decimal | None
    nearest: tuple[SimilarTrade, ...]
    missing: str = ""

    @property
    def win_rate(self) -> Decimal | None:
        """Share of winners in [0, 1]; None without any trade."""
        return round(Decimal(self.wins) / self.count, 4) if self.count and self.wins is not None else None


class TradeMemory:
    """Remembered trades in ``folder`` or on the Chroma server at ``url``; nothing is opened before the first use."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self._index = ChromaIndex(folder, url)
        self._columns: Neighbours | None = None
        self._guard = RLock()

    def remember(self, trade: ClosedTrade, situation: Situation, *, cycle_id: str) -> Lesson:
        """Keep a settled trade, once however often it is told; returns its lesson.

        Raises DataQualityError for a trade that is none, IntegrityError when the same id was told differently before,
        RetryableError while the memory is out of reach.
        """
        self.remember_all((TradeRecord(trade, situation, cycle_id),))
        return lesson_of(trade, situation)

    def remember_all(self, records: Iterable[TradeRecord]) -> int:
        """Keep many trades; returns how many were new."""
        with self._guard:
            known = self._known()
            rows = {record.trade.trade_id: row_of(record) for record in records}
            for name, stored in self._index.fetch([name for name in known.ids if name in rows]).items():
                if stored.metadata.get("digest") != rows.pop(name).metadata["digest"]:
                    raise IntegrityError(f"trade {name} was remembered differently before", REBUILD)
            new = tuple(rows.values())
            if new:
                self._index.put(new)
                self._columns = known.extended(columns_of(new))
            return len(new)

    def recall(self, situation: Situation, *, as_of: datetime, symbol: Symbol | None = None, limit: int = 20) -> Recall:
        """The up to ``limit`` trades most like ``situation`` that had closed at ``as_of``; of ``symbol`` if named."""
        until = in_utc(as_of, name="as_of")
        try:
            with self._guard:
                similar = self._similar(embed(situation), until, symbol, limit)
        except (RetryableError, IntegrityError, DataQualityError) as error:
            return Recall(None, None, None, (), missing=str(error))
        gains = [trade.pnl_pct for trade in similar]
        mean = round(sum(gains, Decimal(0)) / len(gains), 4) if gains else None
        return Recall(len(gains), sum(gain > 0 for gain in gains), mean, similar)

    def remembered(self) -> frozenset[str]:
        """Ids of all remembered trades."""
        with self._guard:
            return frozenset(self._known().ids)

    def clear(self) -> None:
        """Forget everything, also a memory that cannot be read."""
        with self._guard:
            self._columns = None
            self._index.wipe()

    def close(self) -> None:
        """Let another process have it."""
        with self._guard:
            self._columns = None
            self._index.close()

    def _similar(
        self, vector: tuple[float, ...], until: datetime, symbol: Symbol | None, limit: int
    ) -> tuple[SimilarTrade, ...]:
        found = self._known().nearest(vector, until=microseconds(until), symbol=symbol, limit=limit)
        stored = self._index.fetch([name for name, _ in found])
        if len(stored) < len(found):
            self._columns = None
            raise RetryableError("the trade memory changed while it was read", "The next cycle reads it again.")
        return tuple(checked(name, stored[name], vector, until) for name, _ in found)

    def _known(self) -> Neighbours:
        stale = self._index.shared and self._columns is not None and len(self._columns.ids) != self._index.count()
        if self._columns is None or stale:
            self._columns = self._index.columns(SCALER_V1.width)
        return self._columns


def row_of(record: TradeRecord) -> Row:
    """The record as stored; raises DataQualityError for a trade that cannot have happened."""
    trade = record.trade
    return_pct(trade)
    if parse_symbol(trade.symbol) != record.situation.symbol or trade.closed_at < trade.opened_at:
        raise DataQualityError(f"trade {trade.trade_id} contradicts itself", "Look at its fills.")
    metadata: dict[str, str | int] = {
        "symbol": trade.symbol,
        "closed": microseconds(trade.closed_at),
        "decision_id": trade.decision_id,
        "cycle_id": record.cycle_id,
        "scaler": SCALER_V1.version,
        "digest": record.digest,
    }
    return Row(trade.trade_id, embed(record.situation), canonical_json(record), metadata)


def columns_of(rows: Sequence[Row]) -> Neighbours:
    """New rows in the form that is searched."""
    return table(
        [row.id for row in rows],
        [str(row.metadata["symbol"]) for row in rows],
        [int(row.metadata["closed"]) for row in rows],
        np.array([row.vector for row in rows], dtype=np.float32),
    )


def checked(name: str, stored: Stored, vector: tuple[float, ...], until: datetime) -> SimilarTrade:
    """The stored record, if it is what was remembered: same digest, same columns, and closed by ``until``."""
    try:
        record = restore(TradeRecord, json.loads(stored.document))
        row, pnl_pct = row_of(record), return_pct(record.trade)
        lesson = lesson_of(record.trade, record.situation)
    except (DataQualityError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"the memory of trade {name} cannot be read", REBUILD) from error
    if row.id != name or row.metadata != dict(stored.metadata) or record.trade.closed_at > until:
        raise IntegrityError(f"the memory of trade {name} is not what was remembered", REBUILD)
    away = distances(np.array([row.vector], dtype=np.float32), vector)[0]
    return SimilarTrade(rounded(float(away)) or Decimal(0), pnl_pct, lesson, record, record.digest)
