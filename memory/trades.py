"""Memory of trades: what happened the last times it looked like this.

Only settled trades enter, each with the decision and cycle it came from and a digest that is checked when it is first
read. ``recall`` shows nothing that closed after its ``as_of``. A memory that cannot be trusted or reached answers
"not available": it informs, and nothing depends on it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import RLock
from typing import NamedTuple

import numpy as np

from domain.clock import in_utc
from domain.errors import DataQualityError, IntegrityError, RetryableError
from domain.market import Symbol, parse_symbol
from domain.money import rounded
from domain.record.canonical import canonical_json, restore
from domain.record.entries import ClosedTrade
from domain.signals import Regime
from memory.chroma_index import ChromaIndex
from memory.embedding import EMBEDDING, embed
from memory.index import REBUILD, Index, Row, StoredRow, columns_of
from memory.lessons import Lesson, Result, lesson_of, return_pct
from memory.neighbours import Neighbour, Neighbours, microseconds
from memory.recall import MemoryOrigin, Recall, SimilarTrade, TradeRecord
from memory.situation import Situation
from memory.weights import HALF_LIFE, weights

MOST_KEPT = 16_384
"""Records that are kept ready after they were read and checked: some 5 KB each."""
_SIGNS = {Result.WON: 1, Result.LOST: -1, Result.EVEN: 0}


class CheckedTrade(NamedTuple):
    """A stored record that was checked, and what follows from it."""

    record: TradeRecord
    lesson: Lesson
    pnl_pct: Decimal
    vector: tuple[float, ...]
    provenance: MemoryOrigin


class TradeMemory:
    """Remembered trades; nothing is opened before the first use.

    ``place`` is a folder for this process alone (unless ``url`` names a Chroma server), or an index.
    """

    def __init__(self, place: Path | Index, url: str = "", *, half_life: timedelta = HALF_LIFE) -> None:
        self._index = ChromaIndex(place, url, version=EMBEDDING.version) if isinstance(place, Path) else place
        self.half_life = half_life
        self._columns: Neighbours | None = None
        self._read: OrderedDict[str, CheckedTrade] = OrderedDict()
        self._guard = RLock()

    @property
    def place(self) -> str:
        """Where the index is, for people."""
        return self._index.place

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
            # Told again is nothing new; told differently, one of the two is wrong, and neither is overwritten.
            for name, stored in self._index.fetch([name for name in known.ids if name in rows]).items():
                if stored.metadata.get("digest") != rows.pop(name).metadata["digest"]:
                    raise IntegrityError(f"trade {name} was remembered differently before", REBUILD)
            new = tuple(rows.values())
            if new:
                self._index.put(new)
                self._columns = known.extended(columns_of(new, EMBEDDING.width))
            return len(new)

    def recall(
        self,
        situation: Situation,
        *,
        as_of: datetime,
        symbol: Symbol | None = None,
        regime: Regime | None = None,
        limit: int = 20,
    ) -> Recall:
        """The up to ``limit`` trades most like ``situation`` that had closed at ``as_of``.

        ``symbol`` and ``regime`` leave only trades of that symbol, or decided in that regime.
        """
        moment = in_utc(as_of, name="as_of")
        until, vector = microseconds(moment), embed(situation)
        try:
            with self._guard:
                table = self._known()
                found = table.nearest(vector, until=until, symbol=symbol, regime=regime, limit=limit)
                return Recall(self._weighed(table, found, moment))
        except (RetryableError, IntegrityError, DataQualityError) as error:
            return Recall(missing=str(error))

    def named(self, away: Mapping[str, float], *, as_of: datetime) -> Recall:
        """The trades of these ids that had closed at ``as_of``, at the distances found elsewhere, nearest first."""
        moment = in_utc(as_of, name="as_of")
        try:
            with self._guard:
                table = self._known()
                rows = (row for row, name in enumerate(table.ids) if name in away)
                found = [Neighbour(row, table.ids[row], away[table.ids[row]]) for row in rows]
                # Whoever found them elsewhere may not know of ``as_of``.
                seen = [each for each in found if table.closed[each.row] <= microseconds(moment)]
                seen.sort(key=lambda each: (each.distance, each.id))
                return Recall(self._weighed(table, seen, moment))
        except (RetryableError, IntegrityError, DataQualityError) as error:
            return Recall(missing=str(error))

    def newest(self, symbol: Symbol, *, as_of: datetime) -> TradeRecord | None:
        """The trade of a symbol that closed last by ``as_of``; raises what ``remember`` raises."""
        with self._guard:
            table = self._known()
            row = table.newest(until=microseconds(in_utc(as_of, name="as_of")), symbol=symbol)
            return None if row is None else self._checked(table, [row])[0].record

    def table(self) -> Neighbours:
        """All that is remembered, in the order of its closing; raises what ``remember`` raises."""
        with self._guard:
            return self._known()

    def remembered(self) -> frozenset[str]:
        """Ids of all remembered trades."""
        return frozenset(self.table().ids)

    def clear(self) -> None:
        """Forget everything, also a memory that cannot be read."""
        with self._guard:
            self._forget()
            self._index.wipe()

    def close(self) -> None:
        """Let another process have it."""
        with self._guard:
            self._forget()
            self._index.close()

    def _forget(self) -> None:
        self._columns = None
        self._read.clear()

    def _weighed(self, table: Neighbours, found: Sequence[Neighbour], moment: datetime) -> tuple[SimilarTrade, ...]:
        read = self._checked(table, [each.row for each in found])
        # The column that the search went by and the record have to agree, or the future would be remembered.
        if any(each.record.trade.closed_at > moment for each in read):
            raise IntegrityError("the trade memory dates a trade before its close", REBUILD)
        vectors = table.vectors[[each.row for each in found]]
        signs = [_SIGNS[each.lesson.result] for each in read]
        ages = [moment - each.record.trade.closed_at for each in read]
        counted = weights(vectors, signs, ages, self.half_life)
        return tuple(
            SimilarTrade(
                distance=rounded(place.distance) or Decimal(0),
                pnl_pct=each.pnl_pct,
                lesson=each.lesson,
                record=each.record,
                provenance=each.provenance,
                weight=weight.value,
                contradicted=weight.contradicted,
            )
            for place, each, weight in zip(found, read, counted, strict=True)
        )

    def _checked(self, table: Neighbours, rows: Sequence[int]) -> list[CheckedTrade]:
        """Records by row, each read from the index and checked once; raises IntegrityError for one that was changed."""
        names = [table.ids[row] for row in rows]
        unread = [name for name in names if name not in self._read]
        stored = self._index.fetch(unread)
        # Another process may have rebuilt a shared index since the table was read.
        if len(stored) < len(unread):
            self._forget()
            raise RetryableError("the trade memory changed while it was read", "The next cycle reads it again.")
        kept = {name: checked(name, stored[name]) if name in stored else self._read[name] for name in names}
        for name, row in zip(names, rows, strict=True):
            # The digest covers the record, not the vector beside it: moved to another place, a record would be found
            # for the wrong situations.
            if not np.array_equal(np.array(kept[name].vector, dtype=np.float32), table.vectors[row]):
                raise IntegrityError(f"the memory of trade {name} lies where it does not belong", REBUILD)
        for name, each in kept.items():
            self._read[name] = each
            self._read.move_to_end(name)
        while len(self._read) > MOST_KEPT:
            self._read.popitem(last=False)
        return [kept[name] for name in names]

    def _known(self) -> Neighbours:
        # Only a shared index can have grown by another hand; asking costs a trip.
        stale = self._index.shared and self._columns is not None and len(self._columns.ids) != self._index.count()
        if self._columns is None or stale:
            self._forget()
            self._columns = self._index.columns(EMBEDDING.width)
        return self._columns


def row_of(record: TradeRecord) -> Row:
    """The record as stored; raises DataQualityError for a trade that cannot have happened."""
    trade = record.trade
    # For what it refuses: a trade without size or price must not get in.
    return_pct(trade)
    if parse_symbol(trade.symbol) != record.situation.symbol or trade.closed_at < trade.opened_at:
        raise DataQualityError(f"trade {trade.trade_id} contradicts itself", "Look at its fills.")
    metadata: dict[str, str | int] = {
        "symbol": trade.symbol,
        "regime": record.situation.regime.value,
        "closed": microseconds(trade.closed_at),
        "decision_id": trade.decision_id,
        "cycle_id": record.cycle_id,
        "embedding": EMBEDDING.version,
        "digest": record.digest,
    }
    return Row(trade.trade_id, embed(record.situation), canonical_json(record), metadata)


def checked(name: str, stored: StoredRow) -> CheckedTrade:
    """The stored record, if it is what was remembered: same digest, same columns."""
    try:
        record = restore(TradeRecord, json.loads(stored.document))
        row, pnl_pct = row_of(record), return_pct(record.trade)
        lesson = lesson_of(record.trade, record.situation)
    except (DataQualityError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"the memory of trade {name} cannot be read", REBUILD) from error
    if row.id != name or row.metadata != dict(stored.metadata):
        raise IntegrityError(f"the memory of trade {name} is not what was remembered", REBUILD)
    trade, digest = record.trade, str(row.metadata["digest"])
    origin = MemoryOrigin(name, trade.decision_id, record.cycle_id, trade.closed_at, digest, EMBEDDING.version)
    return CheckedTrade(record, lesson, pnl_pct, row.vector, origin)
