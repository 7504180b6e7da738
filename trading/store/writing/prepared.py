"""Statements that are run often, compiled once for each kind of database.

Building an expression, finding its compiled form and wrapping its result takes SQLAlchemy ten times as long as SQLite
needs for a row. Types and errors stay those of SQLAlchemy: values go through the types of their columns, and a key that
is taken is its IntegrityError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

Convert = Callable[[Any], Any]


class _Compiled(NamedTuple):
    """The text of a statement, in which order it takes a row, or by which names, and how each value is stored."""

    text: str
    ordered: Callable[[Sequence[Any]], tuple[Any, ...]]
    named: bool
    converts: tuple[tuple[int, Convert], ...]


class Prepared:
    """An insert or update whose values come as one row, in the order of ``names``; at least two of them."""

    def __init__(self, statement: UpdateBase, names: Sequence[str]) -> None:
        self._statement = statement
        self._names = tuple(names)
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, row: Sequence[Any]) -> int:
        """Execute it with one row; the answer is how many rows it wrote."""
        dialect = connection.dialect
        ready = self._compiled.get(dialect.name) or self._compile(dialect)
        values = list(row)
        for place, convert in ready.converts:
            if values[place] is not None:  # NULL, whatever the type
                values[place] = convert(values[place])
        if ready.named:
            return execute(connection, ready.text, dict(zip(self._names, values, strict=True)))
        return execute(connection, ready.text, ready.ordered(values))

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled = self._statement.compile(dialect=dialect, column_keys=list(self._names))
        if set(compiled.binds) != set(self._names):
            raise ValueError(f"{compiled} takes {sorted(compiled.binds)}, not {self._names}")
        processors = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in self._names]
        places = [self._names.index(name) for name in compiled.positiontup or self._names]
        converts = tuple((place, each) for place, each in enumerate(processors) if each is not None)
        ready = _Compiled(str(compiled), itemgetter(*places), not compiled.positional, converts)
        self._compiled[dialect.name] = ready
        return ready


def execute(connection: Connection, text: str, values: Any = ()) -> int:
    """One statement straight to the driver; the answer is how many rows it wrote."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text, values)
        return int(cursor.rowcount)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, text, values, error) from error
    finally:
        cursor.close()


def first_row(connection: Connection, text: str) -> tuple[Any, ...] | None:
    """The first row that a query without values finds, as the driver gives it."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text)
        found: tuple[Any, ...] | None = cursor.fetchone()
        return found
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, text, (), error) from error
    finally:
        cursor.close()


def _told(connection: Connection, text: str, values: Any, error: Exception) -> BaseException:
    """The driver's error as that of SQLAlchemy."""
    base = connection.dialect.loaded_dbapi.Error
    return DBAPIError.instance(text, values, error, base, dialect=connection.dialect)
