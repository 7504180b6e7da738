"""Exact nearest neighbours among the trades that had closed by a moment.

An approximate index may skip the nearest trade, and filtered it is slower than looking at all of them. So every vector
is compared: for 100,000 trades of one width that is one pass over a few megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(at: datetime) -> int:
    """An aware time as whole microseconds since 1970, so that it compares exactly."""
    return (at - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Parallel columns, one row a trade; ``vectors`` is (rows, width)."""

    ids: tuple[str, ...]
    symbols: NDArray[np.str_]
    closed: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def extended(self, other: Neighbours) -> Neighbours:
        """Both tables in one."""
        return Neighbours(
            (*self.ids, *other.ids),
            np.concatenate([self.symbols, other.symbols]),
            np.concatenate([self.closed, other.closed]),
            np.concatenate([self.vectors, other.vectors]),
        )

    def nearest(
        self, vector: Sequence[float], *, until: int, symbol: str | None, limit: int
    ) -> tuple[tuple[str, float], ...]:
        """Up to ``limit`` (id, distance) of trades closed at or before ``until``, nearest first, ties by id."""
        visible = self.closed <= until
        if symbol is not None:
            visible &= self.symbols == symbol
        rows = np.flatnonzero(visible)
        if limit < 1 or rows.size == 0:
            return ()
        away = distances(self.vectors[rows], vector)
        if rows.size > limit:
            within = away <= np.partition(away, limit - 1)[limit - 1]
            rows, away = rows[within], away[within]
        found = sorted((float(distance), self.ids[row]) for row, distance in zip(rows, away, strict=True))
        return tuple((trade_id, distance) for distance, trade_id in found[:limit])


def distances(vectors: NDArray[np.float32], vector: Sequence[float]) -> NDArray[np.float64]:
    """Euclidean distance of each row of (rows, width) to ``vector``, which is first rounded as the rows were."""
    own = np.asarray(vector, dtype=np.float32).astype(np.float64)
    apart: NDArray[np.float64] = np.sqrt(np.square(vectors.astype(np.float64) - own).sum(axis=1))
    return apart


def table(
    ids: Sequence[str], symbols: Sequence[str], closed: Sequence[int], vectors: NDArray[np.float32]
) -> Neighbours:
    """Columns as Chroma or a batch of new trades gives them."""
    return Neighbours(
        tuple(ids), np.array(symbols, dtype=np.str_), np.array(closed, dtype=np.int64), vectors.astype(np.float32)
    )
