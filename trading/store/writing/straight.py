"""Statements straight to the driver: what stands between takes longer than a small statement.

Each connection keeps its way: to a file through a cursor for every statement, to a server by one message for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection

WAY = "way"
"""Where a connection keeps it."""


class Rows(NamedTuple):
    """What a select has found, as the driver gives it, and its kind of every column."""

    found: list[tuple[Any, ...]]
    kinds: list[Any]


class Way(Protocol):
    """To the database of one connection; errors are those of its driver."""

    @property
    def in_transaction(self) -> bool:
        """True while a commit would store what was written; False where that is undone, or can only be undone."""

    def write(self, text: str, values: Sequence[Any]) -> int:
        """Execute a statement; the answer is how many rows it wrote."""

    def read(self, text: str, values: Sequence[Any]) -> Rows:
        """Everything that a select finds."""


def way(connection: Connection) -> Way:
    """That of a connection."""
    found: Way = connection.info[WAY]
    return found


def to_write(connection: Connection) -> bool:
    """Whether its transactions are to write, and not only to read."""
    asked: bool = connection.get_execution_options().get("sage_write", True)
    return asked
