"""Statements that are run often, compiled once for each kind of database.

Building an expression, finding its compiled form and wrapping its result takes SQLAlchemy ten times as long as SQLite
needs for a row. Types and errors stay those of SQLAlchemy: values go through the types of their columns, and a key that
is taken is its IntegrityError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Dialect, Select, TextClause, bindparam
from sqlalchemy.engine.interfaces import DBAPIModule
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

from trading.store.writing.straight import Rows, way

Convert = Callable[[Any], Any]


class _Compiled(NamedTuple):
    """The text of a statement, in which order it takes a row, and how each value is stored."""

    text: str
    ordered: Callable[[Sequence[Any]], tuple[Any, ...]]
    converts: tuple[tuple[int, Convert], ...]


class _Found(NamedTuple):
    """The text of a select, its constants, how given values are stored, and their order."""

    text: str
    constants: Mapping[str, Any]
    converts: Mapping[str, Convert]
    order: tuple[str, ...]


class Prepared:
    """A statement that writes, whose values come as one row, in the order of ``names``; at least two of them."""

    def __init__(self, statement: UpdateBase | TextClause, names: Sequence[str]) -> None:
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
        return execute(connection, ready.text, ready.ordered(values))

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled = self._statement.compile(dialect=_numbered(dialect), column_keys=list(self._names))
        if set(compiled.binds) != set(self._names):
            raise ValueError(f"{compiled} takes {sorted(compiled.binds)}, not {self._names}")
        processors = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in self._names]
        # SQLAlchemy writes columns in the order of their table, which is not that of the names.
        places = [self._names.index(name) for name in compiled.positiontup or self._names]
        converts = tuple((place, each) for place, each in enumerate(processors) if each is not None)
        ready = _Compiled(str(compiled), itemgetter(*places), converts)
        self._compiled[dialect.name] = ready
        return ready


def given(name: str) -> BindParameter[Any]:
    """A place in a ``Query`` for a value of that name."""
    return bindparam(name, required=False)


class Query:
    """A select whose values come as one row, in the order of ``names``; what it finds are rows of its columns' types.

    What stands in it as a constant stays there: ``status IN ('intent', ...)``.
    """

    def __init__(self, statement: Select[Any], *names: str) -> None:
        self._statement = statement
        self._names = names
        self._compiled: dict[str, _Found] = {}
        self._reads: dict[str, tuple[tuple[int, Convert], ...]] = {}

    def rows(self, connection: Connection, *values: Any) -> list[tuple[Any, ...]]:
        """Every row that it finds."""
        dialect = connection.dialect
        ready = self._compiled.get(dialect.name) or self._compile(dialect)
        asked = dict(ready.constants)
        for name, value in zip(self._names, values, strict=True):
            convert = ready.converts.get(name)
            asked[name] = value if convert is None or value is None else convert(value)
        found, kinds = fetched(connection, ready.text, [asked[name] for name in ready.order])
        reads = self._reads.get(dialect.name)
        if reads is None:
            reads = self._reads[dialect.name] = self._loaded(dialect, kinds)
        return [_read(row, reads) for row in found] if reads else found

    def first(self, connection: Connection, *values: Any) -> tuple[Any, ...] | None:
        """The first row, or None; the statement says which that is."""
        return next(iter(self.rows(connection, *values)), None)

    def _compile(self, dialect: Dialect) -> _Found:
        # Lists of IN are written out here: the driver gets the text without SQLAlchemy's last pass over it.
        compiled = self._statement.compile(dialect=_numbered(dialect), compile_kwargs={"render_postcompile": True})
        told, places = compiled.params, {bind.key: bind for bind in compiled.binds.values()}
        # A constant None is IS NULL and no bind, so one without a value is one to be given.
        if {name for name, bind in places.items() if bind.value is None} != set(self._names):
            raise ValueError(f"{compiled} takes other values than {self._names}")
        stored = {name: places[name].type.dialect_impl(dialect).bind_processor(dialect) for name in self._names}
        ready = _Found(
            str(compiled),
            {name: value for name, value in told.items() if name not in stored},
            {name: convert for name, convert in stored.items() if convert is not None},
            tuple(compiled.positiontup or ()),
        )
        self._compiled[dialect.name] = ready
        return ready

    def _loaded(self, dialect: Dialect, kinds: Sequence[Any]) -> tuple[tuple[int, Convert], ...]:
        """How each column is read that needs it, which the driver's own kind of the column has a say in."""
        columns = zip(self._statement.selected_columns, kinds, strict=True)
        reads = (each.type.dialect_impl(dialect).result_processor(dialect, kind) for each, kind in columns)
        return tuple((place, read) for place, read in enumerate(reads) if read is not None)


def _read(row: Sequence[Any], reads: Sequence[tuple[int, Convert]]) -> tuple[Any, ...]:
    values = list(row)
    for place, read in reads:
        values[place] = read(values[place])
    return tuple(values)


def execute(connection: Connection, text: str, values: Sequence[Any] = ()) -> int:
    """One statement straight to the driver; the answer is how many rows it wrote."""
    try:
        return way(connection).write(text, values)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, text, values, error) from error


def first_row(connection: Connection, text: str) -> tuple[Any, ...] | None:
    """The first row that a query without values finds, as the driver gives it."""
    return next(iter(fetched(connection, text).found), None)


def fetched(connection: Connection, text: str, values: Sequence[Any] = ()) -> Rows:
    """All rows that a query finds, as the driver gives them."""
    try:
        return way(connection).read(text, values)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, text, values, error) from error


def _numbered(dialect: Dialect) -> Dialect:
    """How statements are written: for a server with numbered places, which it takes as they are."""
    like: Callable[..., Dialect] = type(dialect)
    return like(paramstyle="numeric_dollar") if dialect.name == "postgresql" else dialect


def _told(connection: Connection, text: str, values: Any, error: DBAPIModule.Error) -> BaseException:
    """The driver's error as that of SQLAlchemy; a connection that is gone is not used again."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if gone:
        connection.invalidate(error)
    base = dialect.loaded_dbapi.Error
    return DBAPIError.instance(text, values, error, base, dialect=dialect, connection_invalidated=gone)
