"""SQLite in a file: in WAL mode with ``synchronous=FULL``, so that what is committed survives a power cut."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from domain.errors import ConfigurationError
from trading.store.columns import ExactSum, TextSum
from trading.store.writing.prepared import execute
from trading.store.writing.straight import WAY, Rows, to_write, way


class ToFile:
    """The ``Way`` to it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def in_transaction(self) -> bool:
        """False where a full disk has made SQLite undo the transaction by itself."""
        return self._connection.in_transaction

    def write(self, text: str, values: Sequence[Any]) -> int:
        """Through a cursor that is gone with the statement."""
        return self._connection.execute(text, values).rowcount

    def read(self, text: str, values: Sequence[Any]) -> Rows:
        """SQLite tells no kinds."""
        cursor = self._connection.execute(text, values)
        return Rows(cursor.fetchall(), [None for _ in cursor.description or ()])


def file_engine(address: URL, lock_wait_s: int) -> Engine:
    """Connections to the file, whose folder is made where there is none."""
    if address.database in (None, "", ":memory:"):
        raise ConfigurationError("a database in memory would forget every order", "Name a file: sqlite:///path.")
    try:
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"cannot make the folder of {address.database}: {error.strerror}", "Choose another place, or its rights."
        ) from error
    engine = create_engine(address, connect_args={"isolation_level": None, "timeout": lock_wait_s})

    def prepare(connection: Any, record: Any) -> None:
        try:
            # Each connection anew: of these the file itself remembers the journal mode alone.
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.create_aggregate(ExactSum.name, 1, TextSum)
        except sqlite3.Error:
            connection.close()  # the pool has not taken it over yet
            raise
        record.info[WAY] = ToFile(connection)

    def let_go(connection: Any, _record: Any, _error: Any) -> None:
        # Closing undoes nothing, and keeps the lock, while a cursor of it is in a traceback that somebody holds.
        with suppress(sqlite3.Error):
            connection.rollback()

    def begin(connection: Connection) -> None:
        # Without it the driver would begin at the first write, and what was read before could be stale: lost updates.
        execute(connection, "BEGIN IMMEDIATE" if to_write(connection) else "BEGIN")

    def still_open(connection: Connection) -> None:
        # A full disk can make SQLite undo the transaction by itself; then a commit would succeed and store nothing.
        if to_write(connection) and not way(connection).in_transaction:
            raise ConfigurationError(f"the database {address.database} undid the write by itself", "Look at the disk.")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "invalidate", let_go)
    event.listen(engine, "begin", begin)
    event.listen(engine, "commit", still_open)
    return engine
