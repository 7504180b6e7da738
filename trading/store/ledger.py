"""The append-only record: each entry's hash covers all its fields and the hash of the entry before it.

    hash_n = SHA-256(canonical(seq, at, kind, subject, cause, cycle_id, body, hash_(n-1)))

A head row, moved with each of them, counts the entries, and a small anchor file beside the database repeats it, so that
a tail that was cut off, or a chain that was written anew, is found too.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, Text, bindparam, func, select, text, type_coerce

from domain.errors import ConfigurationError, DataQualityError, IntegrityError
from domain.record.canonical import canonical_json, digest, json_text, restore, time_text
from domain.record.entries import GENESIS, LedgerEntry, RecordKind
from trading.store.database import Database
from trading.store.tables import ledger, ledger_head
from trading.store.writing.prepared import Prepared, first_row

PAGE = 100
"""Entries that are read at once by whoever looks back."""
TOLD_EACH = 5000
"""Entries after which a check of the chain tells how far it has come."""
ANCHOR_BYTES = 128
"""Room for the hash and any number of entries."""
LONGEST_ANCHOR = 4096
"""What is read of a file that somebody may have made longer."""


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


class Draft(NamedTuple):
    """What is to be chained, in the order of an entry; ``body`` is the canonical text of an object."""

    at: datetime
    kind: RecordKind
    subject: str
    cause: str
    cycle_id: str
    body: str


class SqlLedger:
    """``domain.ports.Ledger`` in the database; ``anchor`` is a file that repeats the head after each commit."""

    def __init__(self, database: Database, *, anchor: Path | None = None) -> None:
        self._database = database
        self._anchor = anchor
        self._written = Head(0, GENESIS)
        self._anchored = b""

    def append(
        self, kind: RecordKind, subject: str, body: Any, *, at: datetime, cycle_id: str = "", cause: str = ""
    ) -> None:
        """Chain one fact; inside a running transaction it is committed with it, otherwise at once."""
        told = canonical_json(body)
        # An object whatever it is, so that every reader can ask for its parts by name.
        draft = Draft(at, kind, subject, cause, cycle_id, told if told.startswith("{") else f'{{"value":{told}}}')
        with self._database.transaction() as connection:
            self._database.notes[_END] = self._put(connection, draft)
            self._database.before_commit(self._keep_end)
            if self._anchor is not None:
                self._database.after_commit(self._write_anchor)

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

    def backwards(
        self, kind: RecordKind, *, subject: str | None = None, cycle_id: str | None = None, after: int = 0
    ) -> Iterator[LedgerEntry]:
        """Facts of a kind, newest first, down to the number ``after``; read page by page, as far as somebody looks."""
        wanted = _RAW.where(ledger.c.kind == kind, ledger.c.seq > after).order_by(None).order_by(ledger.c.seq.desc())
        for column, named in ((ledger.c.subject, subject), (ledger.c.cycle_id, cycle_id)):
            if named is not None:
                wanted = wanted.where(column == named)
        page = wanted
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(page.limit(PAGE)).all()
            yield from (_entry(row._asdict()) for row in rows)
            if len(rows) < PAGE:
                return
            # By number and not by offset, which entries that come meanwhile would shift.
            page = wanted.where(ledger.c.seq < rows[-1].seq)

    def texts(self, kind: RecordKind, cycle_id: str) -> frozenset[tuple[str, str]]:
        """Subject and body of every fact of a kind in a cycle, as they are stored: unread, to be compared."""
        query = select(ledger.c.subject, _BODY).where(ledger.c.cycle_id == cycle_id, ledger.c.kind == kind)
        with self._database.reading() as connection:
            return frozenset((row.subject, row.body) for row in connection.execute(query))

    def newest_texts(self, kind: RecordKind, cycle_id: str) -> dict[str, str]:
        """By subject, the body of the newest fact of a kind in a cycle, as it is stored."""
        of_cycle = ledger.c.cycle_id == cycle_id, ledger.c.kind == kind
        newest = select(func.max(ledger.c.seq)).where(*of_cycle).group_by(ledger.c.subject)
        with self._database.reading() as connection:
            query = select(ledger.c.subject, _BODY).where(ledger.c.seq.in_(newest))
            return {subject: str(body) for subject, body in connection.execute(query)}

    def newest(self, count: int) -> tuple[LedgerEntry, ...]:
        """The newest facts, newest first."""
        query = _RAW.order_by(None).order_by(ledger.c.seq.desc()).limit(count)
        with self._database.reading() as connection:
            return tuple(_entry(row._asdict()) for row in connection.execute(query))

    def head(self) -> str:
        """Hash of the newest entry."""
        with self._database.reading() as connection:
            return _head(connection).hash

    def verify(self, progress: Callable[[str], None] = lambda _words: None) -> ChainReport:
        """Walk the whole chain and compare its end with the head row and the anchor file."""
        # Before the view begins: another process may write meanwhile, and an anchor behind the chain is no fault.
        anchor = self._read_anchor()
        with self._database.reading() as connection:
            head = _head(connection)
            rows = connection.execute(_RAW.execution_options(yield_per=1000))
            report = check_chain((row._asdict() for row in _told(rows, head, progress)), head, anchor)
        if self._anchor is None or self._anchor.exists() or not report.entries:
            return report
        lost = f"the anchor file {self._anchor.name} is gone, so a cut at the end would not show"
        return replace(report, ok=False, problems=(*report.problems, lost))

    def _put(self, connection: Connection, draft: Draft) -> Head:
        """Chain it to the end as it was last seen here; where another process has moved that, to the end as it is."""
        end = _stored(connection, draft, self._database.notes.get(_END, self._written))
        end = end or _stored(connection, draft, _head(connection, make=True))
        if end is None:
            raise IntegrityError("the head of the ledger does not move", "Run `sage audit verify`.")
        return end

    def _keep_end(self) -> None:
        """What the transaction leaves as the end; the notes are gone by the time the anchor is written."""
        self._written = self._database.notes[_END]

    def _write_anchor(self) -> None:
        """Repeat the head in the anchor file: always as many bytes in one write, so that nothing is ever half of it.

        To replace the file by another would have the file system write all of it to the disk at once.
        """
        if self._anchor is None:
            return
        last = self._written
        try:
            # Opened each time, because somebody may have put a backup in its place.
            descriptor = os.open(self._anchor, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                known = os.pread(descriptor, LONGEST_ANCHOR, 0)
                if known != self._anchored and _entries_in(known.decode(errors="replace")) > last.entries:
                    return  # the ledger was cut: what shows it must not be written over
                self._anchored = canonical_json(last).ljust(ANCHOR_BYTES).encode()
                os.pwrite(descriptor, self._anchored, 0)
                if len(known) > ANCHOR_BYTES:
                    os.ftruncate(descriptor, ANCHOR_BYTES)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise ConfigurationError(
                f"the ledger's anchor {self._anchor} cannot be written: {error.strerror}", "Check the folder's rights."
            ) from error

    def holds_anchor(self) -> bool | None:
        """Whether the entry that the anchor file names is here: these are the facts that it was written for.

        None where there is no anchor that anybody can read.
        """
        try:
            pinned = _pinned(self._read_anchor(), [])
        except OSError:
            pinned = None
        if pinned is None:
            return None
        with self._database.reading() as connection:
            stored = connection.execute(select(ledger.c.hash).where(ledger.c.seq == pinned.entries)).scalar()
        return stored is not None and stored == pinned.hash

    def _read_anchor(self) -> str | None:
        try:
            return None if self._anchor is None else self._anchor.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None


def _told(rows: Iterable[Row[Any]], head: Head, progress: Callable[[str], None]) -> Iterator[Row[Any]]:
    """The rows as they come, telling now and then how many have."""
    for count, row in enumerate(rows):
        if count % TOLD_EACH == 0:
            progress(f"entry {count:,} of {head.entries:,}")
        yield row


def _entries_in(anchor: str | None) -> int:
    """How many entries an anchor names; none where there is none or it cannot be read."""
    try:
        return int(json.loads(anchor or "{}").get("entries", 0))
    except (ValueError, TypeError, AttributeError):
        return 0


def chained(last: Head, draft: Draft) -> Head:
    """Where the ledger ends with the draft behind ``last``."""
    seq = last.entries + 1
    # As ``digest`` over all fields but the hash: sorted by name, with the body's text put in its place.
    told = (
        f'{{"at":"{time_text(draft.at)}","body":{draft.body},"cause":{json_text(draft.cause)},'
        f'"cycle_id":{json_text(draft.cycle_id)},"kind":"{draft.kind.value}","previous":"{last.hash}","seq":{seq},'
        f'"subject":{json_text(draft.subject)}}}'
    )
    return Head(seq, hashlib.sha256(told.encode()).hexdigest())


def check_chain(rows: Iterable[Mapping[str, Any]], head: Head, anchor: str | None) -> ChainReport:
    """Every place where the chain does not hold, and whether it ends where head row and anchor file say."""
    problems: list[str] = []
    pinned = _pinned(anchor, problems)
    last = Head(0, GENESIS)
    for row in rows:
        problems.extend(_faults(row, last))
        # On from the hash as stored, right or wrong: one edited entry is not a fault of all behind it.
        last = Head(row["seq"], row["hash"])
        if pinned is not None and pinned.entries == last.entries and pinned.hash != last.hash:
            problems.append(f"entry {last.entries} is not the one the anchor file names: the chain was written anew")
    if last != head:
        problems.append(
            f"the ledger ends with entry {last.entries} ({last.hash[:12]}) and its head names entry {head.entries} "
            f"({head.hash[:12]}): the tail or the head was changed"
        )
    # Fewer are no fault: the anchor follows the commit, and a crash between the two leaves it behind.
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


def _head(connection: Connection, *, make: bool = False) -> Head:
    """Where the head row says that the ledger ends; ``make`` writes the row of a new one."""
    row = first_row(connection, "SELECT entries, hash FROM ledger_head")
    if row is None and make:
        connection.execute(ledger_head.insert().values(id=1, entries=0, hash=GENESIS))
    return Head(0, GENESIS) if row is None else Head(*row)


def _stored(connection: Connection, draft: Draft, last: Head) -> Head | None:
    """Store it behind ``last`` and move the head row; None, and nothing is stored, where that is not there."""
    end = chained(last, draft)
    row = (end.entries, *draft, last.hash, end.hash)
    if connection.dialect.name == "postgresql":
        return end if _CHAIN.run(connection, row) else None
    if not _MOVE_HEAD.run(connection, (end.entries, end.hash, last.entries, last.hash)):
        return None
    _APPEND.run(connection, row)
    return end


def _entry(row: Mapping[str, Any]) -> LedgerEntry:
    try:
        at = datetime.fromisoformat(row["at"]) if isinstance(row["at"], str) else row["at"]
        return LedgerEntry(**{**row, "at": at, "kind": RecordKind(row["kind"]), "body": json.loads(row["body"])})
    except ValueError as error:
        raise IntegrityError(
            f"ledger entry {row['seq']} cannot be read: {error}", "Run `sage audit verify`."
        ) from error


_FIELDS = tuple(field.name for field in fields(LedgerEntry))
_END = "end of the ledger"
_APPEND = Prepared(ledger.insert().values(body=bindparam("body", type_=Text)), _FIELDS)
_AT = ledger_head.c.entries == bindparam("before"), ledger_head.c.hash == bindparam("previous")
_MOVE_HEAD = Prepared(ledger_head.update().where(*_AT), ("entries", "hash", "before", "previous"))
# Both in one, because each statement is a trip to the server; SQLite, which needs none, cannot say it.
_CHAIN = Prepared(
    text(
        """WITH moved AS (
            UPDATE ledger_head SET entries = :seq, hash = :hash WHERE entries = :seq - 1 AND hash = :previous
            RETURNING id
        )
        INSERT INTO ledger (seq, at, kind, subject, cause, cycle_id, body, previous, hash)
        SELECT :seq, :at, :kind, :subject, :cause, :cycle_id, :body, :previous, :hash FROM moved"""
    ).bindparams(bindparam("at", type_=ledger.c.at.type)),
    _FIELDS,
)
_BODY = type_coerce(ledger.c.body, Text).label("body")
# Times and bodies come as they are stored, so that an entry somebody spoilt can still be named.
_RAW: Select[Any] = select(
    *(
        type_coerce(column, Text).label(column.name) if column.name in ("at", "body") else column
        for column in ledger.columns
    )
).order_by(ledger.c.seq)
