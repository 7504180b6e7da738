"""PostgreSQL: each statement is prepared once for a connection, and is one message with its answer from then on.

A cursor of the driver takes as long for a small statement as the server does: it looks for the places in its text, for
the kind of every value, and whether it is prepared. Here the places are numbered (``$1``), and the server has found the
kinds when it prepared the statement. Values, rows, errors, and what an interrupt does, are those of the driver.

What the server has prepared can be gone (``DISCARD ALL``, a pooler that gives each transaction another connection) or
stale (a column has changed). Then all of it is forgotten here and prepared anew: at once where the statement was the
first of a transaction that reads, and else with the next transaction, because this one has failed.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from domain.errors import ConfigurationError, RetryableError
from trading.store.writing.prepared import execute
from trading.store.writing.straight import WAY, Rows, to_write, way

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGresult

WRITE_LOCK = 0x5A6E
"""The advisory lock that all writers of one PostgreSQL database take."""
CONNECT_WAIT_S = 10
PREPARED_IS_GONE = ("26000", "0A000", "42P05")
"""SQLSTATE: no statement of that name, one whose columns have changed, one of that name is there already."""


class ToServer:
    """The ``Way`` to it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        # An extra, which not every home has.
        from psycopg import adapt, errors, generators, pq

        # What the driver has prepared by itself it throws away all together, and ours with it.
        connection.prepare_threshold = None
        self._connection = connection
        self._wire = connection.pgconn
        self._texts, self._text = adapt.Transformer(connection), adapt.PyFormat.TEXT
        self._fetch, self._error = generators.execute, errors.error_from_result
        self._gone = tuple(map(errors.lookup, PREPARED_IS_GONE))
        self._done = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})
        self._open = pq.TransactionStatus.INTRANS
        self._prepared: dict[str, bytes] = {}
        self._numbers = itertools.count()
        self.again: str | None = None
        """How to begin once more, as long as nothing was asked in a transaction that reads."""

    @property
    def in_transaction(self) -> bool:
        """False also after an error that somebody has caught: a commit would succeed and store nothing."""
        return self._wire.transaction_status == self._open

    def write(self, text: str, values: Sequence[Any]) -> int:
        """Without values it may be several statements; what is counted is what the last one wrote."""
        return self._run(text, values).command_tuples or 0

    def read(self, text: str, values: Sequence[Any]) -> Rows:
        """Its kinds are numbers of the server."""
        result = self._run(text, values)
        self._texts.set_pgresult(result)
        kinds = [result.ftype(place) for place in range(result.nfields)]
        return Rows(self._texts.load_rows(0, result.ntuples, tuple), kinds)

    def _run(self, text: str, values: Sequence[Any]) -> PGresult:
        again, self.again = self.again, None
        try:
            return self._sent(text, values)
        except self._gone:
            self._prepared.clear()
            if again is None:
                raise
            # Nothing was read of the snapshot that is given up.
            self._sent(f"ROLLBACK; {again}", ())
            return self._sent(text, values)

    def _sent(self, text: str, values: Sequence[Any]) -> PGresult:
        if not values:
            self._wire.send_query(text.encode())
            return self._answer()
        name = self._prepared.get(text) or self._prepare(text)
        self._wire.send_query_prepared(name, self._texts.dump_sequence(values, [self._text] * len(values)))
        return self._answer()

    def _prepare(self, text: str) -> bytes:
        # A number of its own each time: one that was interrupted may be there already. And of the text: behind a pooler
        # that number may be another process's, and must not be another statement.
        name = f"sage_{hashlib.sha256(text.encode()).hexdigest()[:16]}_{next(self._numbers)}".encode()
        self._wire.send_prepare(name, text.encode())
        self._answer()
        self._prepared[text] = name
        return name

    def _answer(self) -> PGresult:
        # Waiting as the driver does: an interrupt cancels the statement and leaves the connection in order.
        results: list[PGresult] = self._connection.wait(self._fetch(self._wire))
        for result in results:
            if result.status not in self._done:
                raise self._error(result)
        return results[-1]


def server_engine(address: URL, lock_wait_s: int) -> Engine:
    """Connections to the server; a commit that nobody has heard of is told as what it is."""
    # The driver would begin by itself, with a trip to the server for each part of it.
    engine = create_engine(address, connect_args={"connect_timeout": CONNECT_WAIT_S, "autocommit": True})
    begins = {
        # At READ COMMITTED each statement sees what is committed; one snapshot would be older than the lock. That is
        # given back at the end of the transaction, also where its process has died.
        True: f"BEGIN; SET LOCAL lock_timeout = '{lock_wait_s}s'; SELECT pg_advisory_xact_lock({WRITE_LOCK})",
        False: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    }

    def prepare(connection: Any, record: Any) -> None:
        record.info[WAY] = ToServer(connection)

    def begin(connection: Connection) -> None:
        text, to_server = begins[to_write(connection)], connection.info[WAY]
        to_server.again = None
        execute(connection, text)
        # A write has its lock, and may have read clock and kill switch under it: that one fails, and is tried again.
        to_server.again = None if to_write(connection) else text

    def asked(connection: Connection, *_statement: Any) -> None:
        connection.info[WAY].again = None  # by SQLAlchemy itself, past the way

    def commit(connection: Connection) -> None:
        # After an error that somebody has caught, a commit would succeed and store nothing.
        if to_write(connection) and not way(connection).in_transaction:
            raise ConfigurationError(f"the database {address.database} undid the write by itself", "Look at its log.")
        try:
            # Here, because the driver's own takes longer; it finds nothing left to do.
            execute(connection, "COMMIT")
        except DBAPIError as error:
            if not error.connection_invalidated or not to_write(connection):
                raise
            lost = f"the database {address.database} was lost while it committed: the write may be stored or not"
            raise RetryableError(lost, "Look whether it is there before trying again.") from error

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    event.listen(engine, "before_cursor_execute", asked)
    event.listen(engine, "commit", commit)
    return engine
