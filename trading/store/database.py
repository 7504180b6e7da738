"""One database for every fact: SQLite in a file by default, PostgreSQL by URL; writes are serialised on both.

A write transaction takes the write lock before it reads (``BEGIN IMMEDIATE``, or one advisory lock), so that what it
read is still true when it commits: two processes cannot both spend the same room under a limit. SQLite runs in WAL
mode with ``synchronous=FULL``: what is committed survives a power cut.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError

from domain.errors import ConfigurationError, OversightError, RetryableError
from trading.store.columns import ExactSum, TextSum
from trading.store.tables import APPEND_ONLY, SCHEMA_VERSION, metadata, schema_version

WRITE_LOCK = 0x5A6E
"""The advisory lock that all writers of one PostgreSQL database take."""
LOCK_WAIT_S = 15
CONNECT_WAIT_S = 10
_BUSY = ("locked", "busy", "timeout", "timed out", "connect", "connection", "starting up", "shutting down", "deadlock")


class Database:
    """Transactions on one engine. A thread that is inside one joins it; the outermost begins and commits."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Per thread and not a context variable: a copied context would hand one connection to two threads.
        self._running = threading.local()
        self._along: list[Callable[[], None]] = []

    @property
    def place(self) -> str:
        """Where it is, without any password, for messages."""
        return self._engine.url.set(query={}).render_as_string(hide_password=True)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A serialised write transaction: all of it is committed durably, or none."""
        with self._open(write=True) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view for several reads; inside a running transaction it sees that one's writes."""
        with self._open(write=False) as connection:
            yield connection

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` once after the running transaction has committed; equal actions run once."""
        if action not in self._running.actions:
            self._running.actions.append(action)

    def along(self, action: Callable[[], None]) -> None:
        """Run ``action`` as the last part of every write transaction from now on: small notes need no own commit."""
        self._along.append(action)

    def afterwards(self, action: Callable[[], None]) -> None:
        """Run ``action`` once nothing runs here any more, whether that was committed or not; at once when nothing does.

        What happened outside (a broker was asked) stays true when the transaction around it is rolled back.
        """
        if getattr(self._running, "connection", None) is None:
            action()
        elif action not in self._running.afterwards:
            self._running.afterwards.append(action)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def _open(self, *, write: bool) -> Iterator[Connection]:
        running: Connection | None = getattr(self._running, "connection", None)
        if running is not None and (self._running.write or not write):
            yield running
            return
        if running is not None:
            raise RuntimeError("a write was asked for inside a read: open the transaction before the first read")
        afterwards: list[Callable[[], None]] = []
        try:
            with self._engine.connect().execution_options(sage_write=write) as connection, connection.begin():
                self._running.connection, self._running.write, self._running.actions = connection, write, []
                self._running.afterwards = afterwards
                try:
                    yield connection
                    for action in self._along if write else ():
                        action()
                finally:
                    self._running.connection = None
            for action in self._running.actions:
                action()
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise translated(error, self.place) from error
        finally:
            for action in afterwards:
                action()


def open_database(url: str, *, lock_wait_s: int = LOCK_WAIT_S) -> Database:
    """Open or create the database at ``url``; one clear line where that is not possible.

    A write waits ``lock_wait_s`` seconds for other writers.
    """
    engine = _engine(url, lock_wait_s)
    database = Database(engine)
    try:
        with database.transaction() as connection:
            _prepare(connection, database.place)
    except OversightError:
        database.close()
        raise
    return database


def translated(error: DBAPIError, place: str) -> OversightError:
    """A driver's error in our words: away or busy can be tried again, everything else needs a look."""
    told = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
    if error.connection_invalidated or any(word in told.lower() for word in _BUSY):
        return RetryableError(f"the database {place} does not answer: {told}", "It is busy or away; try again.")
    return ConfigurationError(
        f"the database {place} cannot be used: {told}", "Check SAGE_DATABASE_URL, or restore the file from a backup."
    )


def _engine(url: str, lock_wait_s: int) -> Engine:
    try:
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            return _sqlite(address, lock_wait_s)
        if address.get_backend_name() == "postgresql":
            return _postgresql(address.set(drivername="postgresql+psycopg"), lock_wait_s)
    except (ArgumentError, NoSuchModuleError) as error:
        remedy = "Write sqlite:///path or postgresql://…"
        raise ConfigurationError("SAGE_DATABASE_URL is not a database URL", remedy) from error
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "the driver for PostgreSQL is not installed", "Install it with the extra: sage-oversight[postgres]."
        ) from error
    raise ConfigurationError(f"no support for {address.get_backend_name()!r}", "Use SQLite or PostgreSQL.")


def _sqlite(address: URL, lock_wait_s: int) -> Engine:
    if address.database in (None, "", ":memory:"):
        raise ConfigurationError("a database in memory would forget every order", "Name a file: sqlite:///path.")
    try:
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"cannot make the folder of {address.database}: {error.strerror}", "Choose another place, or its rights."
        ) from error
    engine = create_engine(address, connect_args={"isolation_level": None, "timeout": lock_wait_s})

    def prepare(connection: Any, _record: object) -> None:
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.create_aggregate(ExactSum.name, 1, TextSum)
        except sqlite3.Error:
            connection.close()  # the pool has not taken it over yet
            raise

    def begin(connection: Connection) -> None:
        # Without it the driver would begin at the first write, and what was read before could be stale: lost updates.
        write = connection.get_execution_options().get("sage_write", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _postgresql(address: URL, lock_wait_s: int) -> Engine:
    engine = create_engine(address, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_WAIT_S})

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("sage_write", True):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{lock_wait_s}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    event.listen(engine, "begin", begin)
    return engine


def _prepare(connection: Connection, place: str) -> None:
    """Create the tables of a new database; refuse one that another version has made."""
    if not inspect(connection).has_table(schema_version.name):
        metadata.create_all(connection)
        for statement in APPEND_ONLY[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))
        return
    found = connection.execute(select(schema_version.c.version)).scalar()
    if found != SCHEMA_VERSION:
        raise ConfigurationError(
            f"the database {place} has schema version {found}, this program needs {SCHEMA_VERSION}",
            "Use the program that made it, or start with a new file.",
        )
