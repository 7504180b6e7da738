"""Databases that are opened thousands of times, and a hook where statements leave for the driver.

SQLAlchemy compiles a statement once for each engine, which takes longer than running it; here every engine of this
process, and of those that it forks, shares what was compiled before. Connections are the drivers' own with a hook in
front, so that what it raises is taken for what it is: an error of the database. Nothing here knows what stores ask.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import psycopg
from sqlalchemy import event

from trading.store.database import Database, open_database
from trading.store.writing.straight import WAY, Rows, Way

Moment = Literal["begin", "write", "commit", "committed"]
Hook = Callable[[Moment, Any], None]
"""Called with the moment and the driver's connection; it may raise what that driver raises."""
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")


class Compiled(dict[Any, Any]):
    """Compiled statements by the name of their dialect: engines of one kind have dialects of their own."""

    def get(self, key: Any, default: Any = None) -> Any:
        """The statement, whichever engine it was compiled for."""
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, statement: Any) -> None:
        # The first part of a key is the dialect object, of which every engine has one of its own.
        super().__setitem__((key[0].name, *key[1:]), statement)


COMPILED = Compiled()


def opened(url: str, hook: Hook | None = None, *, lock_wait_s: int = 15) -> Database:
    """The database at ``url``. A kill is not a power cut, so nothing waits for the disk."""
    database = open_database(url, lock_wait_s=lock_wait_s)
    engine = database._engine
    engine.update_execution_options(compiled_cache=COMPILED)
    for option in (database._writes, database._reads):
        option.update_execution_options(compiled_cache=COMPILED)
    if hook is not None:
        connect = hooked_file(hook) if engine.dialect.name == "sqlite" else hooked_server(hook)
        event.listen(engine, "do_connect", lambda _dialect, _record, given, named: connect(*given, **named))
        if engine.dialect.name != "sqlite":
            event.listen(engine, "connect", partial(hook_way, hook))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    database.close()  # the connection that looked at the tables has no hook
    return database


def moment_of(statement: object) -> Moment | None:
    """What a statement is to the hook; reading begins and ends unseen."""
    text = str(statement)
    if text.startswith(WRITES):
        return "write"
    return "begin" if text == "BEGIN IMMEDIATE" or "pg_advisory_xact_lock" in text else None


def hooked_file(hook: Hook) -> Callable[..., sqlite3.Connection]:
    """Connects to SQLite."""

    class Cursor(sqlite3.Cursor):
        def execute(self, statement: str, *values: Any) -> Cursor:
            moment = moment_of(statement)
            if moment is not None:
                hook(moment, self.connection)
            return super().execute(statement, *values)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            # The connection's own would not pass by the cursor's, and with it by the hook.
            return self.cursor().execute(statement, *values)

        def commit(self) -> None:
            # A commit that ends a look changes nothing that a next process could find.
            writes = self.in_transaction and self.total_changes > self.seen
            if writes:
                hook("commit", self)
            super().commit()
            self.seen = self.total_changes
            if writes:
                hook("committed", self)

        seen = 0

    def connect(*given: Any, **named: Any) -> sqlite3.Connection:
        return sqlite3.connect(*given, **named, factory=Connection)

    return connect


def hook_way(hook: Hook, connection: Any, record: Any) -> None:
    """A hook in front of what goes straight to the server, commits included."""
    record.info[WAY] = HookedWay(record.info[WAY], hook, connection)


class HookedWay:
    """The way of a connection to PostgreSQL."""

    def __init__(self, way: Way, hook: Hook, connection: Any) -> None:
        self._way = way
        self._hook = hook
        self._connection = connection

    @property
    def in_transaction(self) -> bool:
        return self._way.in_transaction

    def write(self, text: str, values: Sequence[Any]) -> int:
        if text == "COMMIT":
            return self._commit(text)
        moment = moment_of(text)
        if moment is not None:
            self._connection.wrote = moment == "write" or self._connection.wrote
            self._hook(moment, self._connection)
        return self._way.write(text, values)

    def read(self, text: str, values: Sequence[Any]) -> Rows:
        return self._way.read(text, values)

    def _commit(self, text: str) -> int:
        writes, self._connection.wrote = self._connection.wrote, False
        if writes:
            self._hook("commit", self._connection)
        answer = self._way.write(text, ())
        if writes:
            self._hook("committed", self._connection)
        return answer


def hooked_server(hook: Hook) -> Callable[..., psycopg.Connection[Any]]:
    """Connects to PostgreSQL; what SQLAlchemy executes goes through a cursor."""

    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *values: Any, **named: Any) -> Cursor:
            moment = moment_of(query)
            if moment is not None:
                self.connection.wrote = moment == "write" or self.connection.wrote  # type: ignore[attr-defined]
                hook(moment, self.connection)
            return super().execute(query, *values, **named)

    class Connection(psycopg.Connection[Any]):
        wrote = False

        def rollback(self) -> None:
            self.wrote = False
            super().rollback()

    def connect(*given: Any, **named: Any) -> psycopg.Connection[Any]:
        return Connection.connect(*given, **named, cursor_factory=Cursor)

    return connect
