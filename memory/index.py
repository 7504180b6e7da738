"""Where rows of trades lie: the port, and the twin that keeps them in this process only.

An index is never the record. The ledger holds the facts, and whatever is wrong here ``sage memory rebuild`` mends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from domain.errors import IntegrityError
from memory.neighbours import Neighbours

REBUILD = "Run `sage memory rebuild`; the ledger holds everything."


class Row(NamedTuple):
    """One record: its document, its place in space, and the columns it is filtered and checked by."""

    id: str
    vector: tuple[float, ...]
    document: str
    metadata: dict[str, str | int]


class StoredRow(NamedTuple):
    """A record as it came back."""

    document: str
    metadata: Mapping[str, Any]


class Index(Protocol):
    """Rows by id. Every method but ``close`` may raise RetryableError (out of reach) or IntegrityError (damaged)."""

    @property
    def shared(self) -> bool:
        """True where other processes may write too."""
        ...

    @property
    def place(self) -> str:
        """Where it is, for people."""
        ...

    def count(self) -> int:
        """How many records there are."""
        ...

    def columns(self, width: int) -> Neighbours:
        """All records in the form that is searched."""
        ...

    def fetch(self, ids: Sequence[str]) -> dict[str, StoredRow]:
        """The records of these ids; absent ones are left out."""
        ...

    def put(self, rows: Sequence[Row]) -> None:
        """Store records, each in place of an earlier one of its id."""
        ...

    def wipe(self) -> None:
        """Delete everything, also what cannot be read any more."""
        ...

    def close(self) -> None:
        """Let others have it."""
        ...


class ProcessIndex:
    """Rows in this process and nowhere else: to look while another process owns the folder."""

    def __init__(self, place: str = "this process") -> None:
        self._rows: dict[str, Row] = {}
        self._place = place

    @property
    def shared(self) -> bool:
        """Nobody else can reach it."""
        return False

    @property
    def place(self) -> str:
        """What it was made from, in words."""
        return self._place

    def count(self) -> int:
        """How many records there are."""
        return len(self._rows)

    def columns(self, width: int) -> Neighbours:
        """All records in the form that is searched."""
        return columns_of(self._rows.values(), width)

    def fetch(self, ids: Sequence[str]) -> dict[str, StoredRow]:
        """The records of these ids; absent ones are left out."""
        found = (self._rows[name] for name in ids if name in self._rows)
        return {row.id: StoredRow(row.document, row.metadata) for row in found}

    def put(self, rows: Sequence[Row]) -> None:
        """Keep records, each in place of an earlier one of its id."""
        self._rows.update((row.id, row) for row in rows)

    def wipe(self) -> None:
        """Forget everything."""
        self._rows.clear()

    def close(self) -> None:
        """Nothing is held open."""


def columns_of(rows: Iterable[Row], width: int) -> Neighbours:
    """Rows of our own making in the form that is searched."""
    kept = tuple(rows)
    vectors = np.array([row.vector for row in kept], dtype=np.float32).reshape(len(kept), width)
    return checked_columns([row.id for row in kept], [row.metadata for row in kept], vectors, "this process")


def checked_columns(
    ids: Sequence[str], metadata: Sequence[Mapping[str, Any]], vectors: NDArray[np.float32], place: str
) -> Neighbours:
    """Columns as a store gives them; raises IntegrityError for rows of another make."""
    names = [(row.get("symbol"), row.get("regime")) for row in metadata]
    closed = [row.get("closed") for row in metadata]
    words = all(isinstance(name, str) for pair in names for name in pair)
    # ``type(...) is int``: a bool is an int too, and no closing time.
    whole = words and all(type(moment) is int for moment in closed)
    if not whole or vectors.shape[0] != len(ids) or not np.isfinite(vectors).all():
        raise IntegrityError(f"the trade memory in {place} holds rows that Sage did not write", REBUILD)
    symbols, regimes = [str(symbol) for symbol, _ in names], [str(regime) for _, regime in names]
    return Neighbours(ids, symbols, regimes, cast(list[int], closed), vectors)
