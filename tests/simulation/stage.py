"""Where processes are killed over and over: a folder and a database that are brought back to any state in no time.

What a process leaves behind is all that the next one starts from: every row, the exchange, and the files of the folder.
``mark`` is the digest of that, so two deaths with one mark have one future. On SQLite a kept state is a copy of the raw
files, a log that nobody has folded in included; on PostgreSQL it is the rows of a schema.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.simulation.exchange import Exchange

EXCHANGE, OTHER = "exchange.bin", "other.bin"
_DATABASE = "sage.db"
# Drafts carry the number of their process, by which equal states would differ.
_OF_ONE_PROCESS = re.compile(r"\d+-\d+$")


class Place(NamedTuple):
    """Where a case runs: its own folder and the address of a database that is ready to trade."""

    folder: Path
    url: str

    @property
    def exchange(self) -> Exchange:
        """The broker's truth."""
        return Exchange(self.folder / EXCHANGE)

    @property
    def other(self) -> Exchange:
        """That of the second broker, where there is one."""
        return Exchange(self.folder / OTHER)


Maker = Callable[[Place], None]
"""Brings a new place to where trading starts."""


class Kept(NamedTuple):
    """A state that was kept: its files, and its rows where they are not in files."""

    folder: Path
    rows: Mapping[str, tuple[str, ...]]


class Stage(Protocol):
    """One place, brought to one state after the other."""

    place: Place

    def restore(self, kept: Kept | None = None) -> None:
        """Put it into a state that was kept, or to where trading starts."""
        ...

    def keep(self) -> Kept:
        """The state as it is, while no process works there."""
        ...

    def mark(self) -> str:
        """The digest of that state."""
        ...

    def close(self) -> None:
        """It is not needed any more."""
        ...


class FileStage:
    """SQLite: a state is a folder."""

    def __init__(self, folder: Path, make: Maker) -> None:
        self._kept = folder / "kept"
        self._number = 0
        self.place = Place(folder / "place", f"sqlite:///{folder / 'place' / _DATABASE}")
        self.place.folder.mkdir(parents=True)
        make(self.place)
        self._template = self.keep()

    def restore(self, kept: Kept | None = None) -> None:
        copied((self._template if kept is None else kept).folder, self.place.folder)

    def keep(self) -> Kept:
        self._number += 1
        kept = self._kept / str(self._number)
        copied(self.place.folder, kept)
        return Kept(kept, {})

    def mark(self) -> str:
        # A reader that may not write folds no log into the file.
        with closing(sqlite3.connect(f"file:{self.place.folder / _DATABASE}?mode=ro", uri=True)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = {name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) for name in tables}  # noqa: S608
        return digest_of(self.place, rows)

    def close(self) -> None:
        shutil.rmtree(self.place.folder.parent)


class ServerStage:
    """PostgreSQL: one schema, whose rows are read, emptied and put back by one connection that stays."""

    def __init__(self, folder: Path, make: Maker, url: str, schema: str) -> None:
        self._kept = folder / "kept"
        self._number = 0
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._admin = psycopg.connect(address, autocommit=True, options=f"-csearch_path={schema}")
        self._admin.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        # A killed client loses nothing by a server that writes its log a little later; a power cut is not tried here.
        options = f"?options=-csearch_path%3D{schema}%20-csynchronous_commit%3Doff"
        self.place = Place(folder / "place", f"{url}{options}")
        self.place.folder.mkdir(parents=True)
        make(self.place)
        names = "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename"
        self._tables = [name for (name,) in self._admin.execute(names, (schema,))]
        parts = [
            sql.SQL("SELECT {}, t::text FROM {} t").format(sql.Literal(name), sql.Identifier(name))
            for name in self._tables
        ]
        self._all = sql.SQL(" UNION ALL ").join(parts)
        numbered = """SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = %s AND column_default LIKE 'nextval(%%' ORDER BY table_name"""
        self._numbered = [(table, column) for table, column in self._admin.execute(numbered, (schema,))]
        self._template = self.keep()

    def restore(self, kept: Kept | None = None) -> None:
        state = self._template if kept is None else kept
        copied(state.folder, self.place.folder)
        with self._admin.transaction(), self._admin.pipeline():
            # The role silences the append-only trigger of the ledger.
            self._admin.execute("SET LOCAL session_replication_role = replica")
            self._admin.execute("SET LOCAL synchronous_commit = off")
            for name in self._tables:
                self._admin.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            for name, rows in state.rows.items():
                put = "INSERT INTO {0} SELECT (r::{0}).* FROM unnest(%s::text[]) r"
                self._admin.execute(sql.SQL(put).format(sql.Identifier(name)), (list(rows),))
            for table, column in self._numbered:
                # A number that a dead process has drawn stays drawn, and would make equal states differ.
                again = "SELECT setval(pg_get_serial_sequence({0}, {1}), coalesce(max({2}), 0) + 1, false) FROM {3}"
                names = sql.Literal(table), sql.Literal(column), sql.Identifier(column), sql.Identifier(table)
                self._admin.execute(sql.SQL(again).format(*names))

    def keep(self) -> Kept:
        self._number += 1
        kept = self._kept / str(self._number)
        copied(self.place.folder, kept)
        return Kept(kept, self._rows())

    def mark(self) -> str:
        return digest_of(self.place, self._rows())

    def close(self) -> None:
        self._admin.close()
        shutil.rmtree(self.place.folder.parent)

    def _rows(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for name, row in self._admin.execute(self._all):
            found.setdefault(name, []).append(row)
        return {name: tuple(sorted(rows)) for name, rows in found.items()}


def copied(state: Path, to: Path) -> None:
    """The files of ``state``, and no others, in the folder ``to``."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(state, to)


def digest_of(place: Place, rows: Mapping[str, object]) -> str:
    """Rows, exchange and every other file; a draft that a process left behind bears no number of that process."""
    told = sha256(repr(sorted(rows.items())).encode())
    for exchange in (place.exchange, place.other):
        told.update(repr(exchange.books).encode())
    for name, content in sorted(_files(place.folder)):
        told.update(name.encode() + b"\0" + content)
    return told.hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith((_DATABASE, EXCHANGE, OTHER)):
            yield _OF_ONE_PROCESS.sub("", path.name), path.read_bytes()
