"""The append-only record: each entry's hash covers all its fields and the hash of the entry before it.

    hash_n = SHA-256(canonical(seq, at, kind, subject, cause, cycle_id, body, hash_(n-1)))

A head row counts the entries, and a small anchor file beside the database repeats it, so that a tail that was cut off,
or a chain that was written anew, is found too.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, Text, select, type_coerce

from domain.canonical import canonical_json, digest, plain, restore
from domain.errors import ConfigurationError, DataQualityError, IntegrityError
from domain.records import GENESIS, LedgerEntry, RecordKind
from trading.store.database import Database
from trading.store.tables import ledger, ledger_head


@dataclass(frozen=True, slots=True)
class Head:
    """Where the ledger ends: how many entries, and the hash of the last."""

    entries: int
    hash: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of the whole chain found; each problem names the entry."""

    ok: bool
    entries: int
    head: str
    problems: tuple[str, ...]


class SqlLedger:
    """``domain.ports.Ledger`` in the database; ``anchor`` is a file that repeats the head after each commit."""

    def __init__(self, database: Database, *, anchor: Path | None = None) -> None:
        self._database = database
        self._anchor = anchor

    def append(
        self, kind: RecordKind, subject: str, body: Any, *, at: datetime, cycle_id: str = "", cause: str = ""
    ) -> LedgerEntry:
        """Chain one fact; inside a running transaction it is committed with it, otherwise at once."""
        with self._database.transaction() as connection:
            entry = chained(_head(connection), kind, subject, body, at=at, cycle_id=cycle_id, cause=cause)
            connection.execute(ledger.insert().values({name: getattr(entry, name) for name in _FIELDS}))
            end = {"entries": entry.seq, "hash": entry.hash}
            if not connection.execute(ledger_head.update().values(end)).rowcount:
                connection.execute(ledger_head.insert().values(id=1, **end))
            if self._anchor is not None:
                self._database.after_commit(self._write_anchor)
        return entry

    def entries(
        self, *, subject: str | None = None, cycle_id: str | None = None, kind: RecordKind | None = None
    ) -> tuple[LedgerEntry, ...]:
        """Matching facts in order."""
        query = _RAW
        for column, wanted in ((ledger.c.subject, subject), (ledger.c.cycle_id, cycle_id), (ledger.c.kind, kind)):
            if wanted is not None:
                query = query.where(column == wanted)
        with self._database.reading() as connection:
            return tuple(_entry(row._asdict()) for row in connection.execute(query))

    def head(self) -> str:
        """Hash of the newest entry."""
        with self._database.reading() as connection:
            return _head(connection).hash

    def verify(self) -> ChainReport:
        """Walk the whole chain and compare its end with the head row and the anchor file."""
        with self._database.reading() as connection:
            head = _head(connection)
            rows = connection.execute(_RAW.execution_options(yield_per=1000))
            report = check_chain((row._asdict() for row in rows), head, self._read_anchor())
        if self._anchor is None or self._anchor.exists() or not report.entries:
            return report
        lost = f"the anchor file {self._anchor.name} is gone, so a cut at the end would not show"
        return replace(report, ok=False, problems=(*report.problems, lost))

    def _write_anchor(self) -> None:
        """Repeat the head in the anchor file, replacing it as a whole."""
        if self._anchor is None:
            return
        with self._database.reading() as connection:
            last = _head(connection)
        if _entries_in(self._read_anchor()) > last.entries:
            return  # the ledger was cut: what shows it must not be written over
        draft = self._anchor.with_name(f"{self._anchor.name}.{os.getpid()}-{threading.get_ident()}")
        try:
            draft.write_text(canonical_json(last), encoding="utf-8")
            draft.replace(self._anchor)
        except OSError as error:
            raise ConfigurationError(
                f"the ledger's anchor {self._anchor} cannot be written: {error.strerror}", "Check the folder's rights."
            ) from error

    def _read_anchor(self) -> str | None:
        try:
            return None if self._anchor is None else self._anchor.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None


def _entries_in(anchor: str | None) -> int:
    """How many entries an anchor names; none where there is none or it cannot be read."""
    try:
        return int(json.loads(anchor or "{}").get("entries", 0))
    except (ValueError, TypeError, AttributeError):
        return 0


def chained(
    last: Head, kind: RecordKind, subject: str, body: Any, *, at: datetime, cycle_id: str, cause: str
) -> LedgerEntry:
    """The entry that follows ``last``; a body that is not an object is kept under ``value``."""
    content = plain(body)
    values: dict[str, Any] = {
        "seq": last.entries + 1,
        "at": at,
        "kind": kind,
        "subject": subject,
        "cause": cause,
        "cycle_id": cycle_id,
        "body": content if isinstance(content, Mapping) else {"value": content},
        "previous": last.hash,
    }
    return LedgerEntry(**values, hash=digest(values))


def check_chain(rows: Iterable[Mapping[str, Any]], head: Head, anchor: str | None) -> ChainReport:
    """Every place where the chain does not hold, and whether it ends where head row and anchor file say."""
    problems: list[str] = []
    pinned = _pinned(anchor, problems)
    last = Head(0, GENESIS)
    for row in rows:
        problems.extend(_faults(row, last))
        last = Head(row["seq"], row["hash"])
        if pinned is not None and pinned.entries == last.entries and pinned.hash != last.hash:
            problems.append(f"entry {last.entries} is not the one the anchor file names: the chain was written anew")
    if last != head:
        problems.append(
            f"the ledger ends with entry {last.entries} ({last.hash[:12]}) and its head names entry {head.entries} "
            f"({head.hash[:12]}): the tail or the head was changed"
        )
    if pinned is not None and pinned.entries > last.entries:
        problems.append(f"the anchor file names entry {pinned.entries}, the ledger ends with {last.entries}: cut off")
    return ChainReport(not problems, last.entries, last.hash, tuple(problems))


def _faults(row: Mapping[str, Any], last: Head) -> list[str]:
    found, seq = [], row["seq"]
    if seq != last.entries + 1:
        found.append(f"entry {last.entries + 1} is missing before entry {seq}")
    if row["previous"] != last.hash:
        found.append(f"entry {seq} does not follow the one before it: inserted, moved, or its neighbour is gone")
    try:
        entry = _entry(row)
        true_hash = digest({name: getattr(entry, name) for name in _FIELDS if name != "hash"})
    except (IntegrityError, DataQualityError):
        return [*found, f"entry {seq} cannot be read: it was edited"]
    if true_hash != row["hash"]:
        found.append(f"entry {seq} ({entry.kind}) was edited: its content does not match its hash")
    return found


def _pinned(anchor: str | None, problems: list[str]) -> Head | None:
    if anchor is None:
        return None
    try:
        return restore(Head, json.loads(anchor))
    except (ValueError, DataQualityError):
        problems.append(f"the anchor file does not name an entry: {anchor[:40]!r}")
        return None


def _head(connection: Connection) -> Head:
    row = connection.execute(select(ledger_head)).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.entries, row.hash)


def _entry(row: Mapping[str, Any]) -> LedgerEntry:
    try:
        at = datetime.fromisoformat(row["at"]) if isinstance(row["at"], str) else row["at"]
        return LedgerEntry(**{**row, "at": at, "kind": RecordKind(row["kind"]), "body": json.loads(row["body"])})
    except ValueError as error:
        raise IntegrityError(
            f"ledger entry {row['seq']} cannot be read: {error}", "Run `sage audit verify`."
        ) from error


_FIELDS = tuple(field.name for field in fields(LedgerEntry))
# Times and bodies come as they are stored, so that an entry somebody spoilt can still be named.
_RAW: Select[Any] = select(
    *(
        type_coerce(column, Text).label(column.name) if column.name in ("at", "body") else column
        for column in ledger.columns
    )
).order_by(ledger.c.seq)
