"""Rows as the database holds them, compared with what they have to hold.

Values are compared in their stored form and never read: whatever somebody has put into a row, it can be named.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Dialect,
    Select,
    Table,
    exists,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from domain.record.entries import RecordKind
from trading.audit.finding import Fault, Finding, Findings, shown
from trading.store.tables import ledger
from trading.store.writing.prepared import Query, given

STREAMED = 1000
"""Rows that are fetched at once."""
ENTRY = (ledger.c.seq, ledger.c.at, ledger.c.kind, ledger.c.subject, ledger.c.cause, ledger.c.cycle_id, ledger.c.body)
"""What is read of an entry: its chain has been verified."""
Row = Mapping[str, Any]
Form = Callable[[Any], Any]


class Expected(NamedTuple):
    """What a row has to hold, by column, and the entry of the ledger that says so."""

    entry: int
    values: Mapping[str, Any]


def stream(connection: Connection, query: Select[Any] | CompoundSelect[Any]) -> Iterator[Any]:
    """The rows of a query, a page at a time."""
    return iter(connection.execute(query.execution_options(yield_per=STREAMED)))


def entries(connection: Connection, *kinds: RecordKind) -> Iterator[Any]:
    """Entries of these kinds in the order in which they were written."""
    wanted = select(*ENTRY).where(ledger.c.kind.in_([kind.value for kind in kinds])).order_by(ledger.c.seq)
    return stream(connection, wanted)


def stored(connection: Connection, table: Table, *key: Any) -> Row | None:
    """The row of that key as it is stored, or None."""
    found = _lookup(table).first(connection, *key)
    return None if found is None else dict(zip(table.c.keys(), found, strict=True))


def compared(connection: Connection, table: Table, expected: Expected, *key: Any) -> Findings:
    """The row of that key against what it has to hold; columns that are not named may hold anything."""
    return differences(connection, table, key, expected, stored(connection, table, *key))


def differences(
    connection: Connection, table: Table, key: Sequence[Any], expected: Expected, row: Row | None
) -> Findings:
    """The same with the row at hand, None where there is none."""
    name = named(key)
    if row is None:
        yield Finding(table.name, name, Fault.MISSING, expected.entry)
        return
    for column, value in expected.values.items():
        wanted = in_form(connection, table, column, value)
        if wanted != row[column]:
            yield Finding(table.name, name, Fault.DIFFERS, expected.entry, column, shown(wanted), shown(row[column]))


def strangers(connection: Connection, table: Table, kind: RecordKind) -> Findings:
    """Rows of which no entry of that kind speaks, where the key of a row is the subject of its entry."""
    (key,) = table.primary_key.columns
    spoken = exists().where(ledger.c.subject == key, ledger.c.kind == kind.value)
    for row in stream(connection, select(key).where(~spoken)):
        yield Finding(table.name, named(row), Fault.UNKNOWN)


def raw(column: Column[Any]) -> ColumnElement[Any]:
    """A column as it is stored."""
    return type_coerce(column, NullType()).label(column.name)


def in_form(connection: Connection, table: Table, column: str, value: Any) -> Any:
    """A value as the column stores it."""
    return None if value is None else _form(table, column, connection.dialect)(value)


def keys(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """The keys of all rows, as they are stored."""
    return map(tuple, stream(connection, select(*map(raw, table.primary_key.columns))))


def others(connection: Connection, table: Table, known: Container[tuple[Any, ...]]) -> Findings:
    """Rows of a table of what is, whose key is none of those known."""
    for key in keys(connection, table):
        if key not in known:
            yield Finding(table.name, named(key), Fault.UNKNOWN)


def named(key: Sequence[Any]) -> str:
    """A key in words."""
    return " ".join(str(shown(part)) for part in key)


@cache
def _lookup(table: Table) -> Query:
    names = {column: f"the_{column.name}" for column in table.primary_key.columns}
    row = select(*map(raw, table.c)).where(*(column == given(name) for column, name in names.items()))
    return Query(row, *names.values())


@lru_cache(maxsize=512)
def _form(table: Table, column: str, dialect: Dialect) -> Form:
    """How a value of the column is stored."""
    return table.c[column].type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
