"""Exact nearest neighbours among the trades that had closed by a moment, of one symbol or regime where asked.

An approximate index may skip the nearest trade, and filtered it is slower than looking at all of them. So every trade
that qualifies is compared. Rows stand in the order of their closing: what a moment may see is a prefix, found by
halving, and so it is inside every symbol and regime, whose row numbers are kept from their first use on.

Few rows are measured in double precision at once. Many are first measured in single precision by one product of matrix
and vector; whatever lies within the largest error that can make (``_SLACK``) of the last place is measured exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Below, an exact distance to every row costs less than choosing rows roughly first.
_FEW = 2_000
# A float32 sum of 50 products within +-9 errs by at most 50 * 450 * 2**-24 < 0.0014. Three of them make up a rough
# figure, and two such figures are compared: 0.0084 in all.
_SLACK = 0.01

Rows = NDArray[np.int64]


def microseconds(at: datetime) -> int:
    """An aware time as whole microseconds since 1970, so that it compares exactly."""
    return (at - _EPOCH) // timedelta(microseconds=1)


class Neighbour(NamedTuple):
    """One neighbour: its row in the table, its id and how far away it is."""

    row: int
    id: str
    distance: float


class Neighbours:
    """Parallel columns, one row a trade, in the order of (closed, id); ``vectors`` is (rows, width). Never changed."""

    def __init__(
        self,
        ids: Sequence[str],
        symbols: Sequence[str],
        regimes: Sequence[str],
        closed: Sequence[int],
        vectors: NDArray[np.float32],
    ) -> None:
        # The id breaks ties, so that the order of rows, and with it every answer, is the same after a rebuild.
        order = sorted(range(len(ids)), key=lambda row: (closed[row], ids[row]))
        self.ids: tuple[str, ...] = tuple(ids[row] for row in order)
        self.symbols: NDArray[np.str_] = np.array([symbols[row] for row in order], dtype=np.str_)
        self.regimes: NDArray[np.str_] = np.array([regimes[row] for row in order], dtype=np.str_)
        self.closed: NDArray[np.int64] = np.array([closed[row] for row in order], dtype=np.int64)
        self.vectors: NDArray[np.float32] = np.ascontiguousarray(vectors[order], dtype=np.float32)
        self._squares = np.einsum("ij,ij->i", self.vectors, self.vectors)
        self._parts: dict[tuple[str | None, str | None], Rows] = {}
        # A part is looked for among all rows, and 100,000 numbers compare in 20 us where as many names take 1.7 ms.
        self._symbol_numbers = _numbered(self.symbols)
        self._regime_numbers = _numbered(self.regimes)

    def extended(self, other: Neighbours) -> Neighbours:
        """Both tables in one."""
        return Neighbours(
            (*self.ids, *other.ids),
            (*self.symbols.tolist(), *other.symbols.tolist()),
            (*self.regimes.tolist(), *other.regimes.tolist()),
            (*self.closed.tolist(), *other.closed.tolist()),
            np.concatenate([self.vectors, other.vectors]),
        )

    def nearest(
        self,
        vector: Sequence[float],
        *,
        until: int,
        symbol: str | None = None,
        regime: str | None = None,
        limit: int,
    ) -> tuple[Neighbour, ...]:
        """Up to ``limit`` trades closed at or before ``until``, nearest first, ties by id."""
        rows = self._visible(until, symbol, regime)
        if limit < 1 or rows.size == 0:
            return ()
        if rows.size > max(limit, _FEW):
            rows = self._roughly_nearest(rows, vector, limit)
        away = distances(self.vectors[rows], vector)
        if rows.size > limit:
            # All that tie with the last place stay in until the ids decide between them.
            within = away <= np.partition(away, limit - 1)[limit - 1]
            rows, away = rows[within], away[within]
        pairs = zip(away.tolist(), rows.tolist(), strict=True)
        nearest = sorted((distance, self.ids[row], row) for distance, row in pairs)
        return tuple(Neighbour(row, name, distance) for distance, name, row in nearest[:limit])

    def newest(self, *, until: int, symbol: str | None = None) -> int | None:
        """The row of the trade that closed last by ``until``; None where there is none."""
        rows = self._visible(until, symbol, None)
        return int(rows[-1]) if rows.size else None

    def _visible(self, until: int, symbol: str | None, regime: str | None) -> Rows:
        """Rows that closed by ``until``: a prefix of the table, and of every part of it."""
        seen = int(np.searchsorted(self.closed, until, side="right"))
        part = self._part(symbol, regime)
        return part[: int(np.searchsorted(part, seen, side="left"))]

    def _part(self, symbol: str | None, regime: str | None) -> Rows:
        key = (symbol, regime)
        found = self._parts.get(key)
        if found is None:
            held = np.ones(len(self.ids), dtype=np.bool_)
            for name, (numbers, column) in ((symbol, self._symbol_numbers), (regime, self._regime_numbers)):
                if name is not None:
                    held &= column == numbers.get(name, -1)
            found = np.flatnonzero(held)
            if found.size or not any(key):  # names of nothing are not collected
                self._parts[key] = found
        return found

    def _roughly_nearest(self, rows: Rows, vector: Sequence[float], limit: int) -> Rows:
        """Every row that can be among the ``limit`` nearest, and few others."""
        own = np.asarray(vector, dtype=np.float32)
        whole = rows.size == rows[-1] + 1  # a prefix of the table needs no copy of its rows
        vectors = self.vectors[: rows.size] if whole else self.vectors[rows]
        squares = self._squares[: rows.size] if whole else self._squares[rows]
        # |v - q|^2 = |v|^2 - 2 vq + |q|^2, and the last term is the same for all
        rough = squares - 2 * (vectors @ own)
        near: Rows = rows[rough <= np.partition(rough, limit - 1)[limit - 1] + _SLACK]
        return near


def _numbered(names: NDArray[np.str_]) -> tuple[dict[str, int], NDArray[np.int32]]:
    """Each name's number, and the column in numbers."""
    known, column = np.unique(names, return_inverse=True)
    return {str(name): number for number, name in enumerate(known)}, column.astype(np.int32)


def distances(vectors: NDArray[np.float32], vector: Sequence[float]) -> NDArray[np.float64]:
    """Euclidean distance of each row of (rows, width) to ``vector``, which is first rounded as the rows were."""
    own = np.asarray(vector, dtype=np.float32).astype(np.float64)
    apart: NDArray[np.float64] = np.sqrt(np.square(vectors.astype(np.float64) - own).sum(axis=1))
    return apart
