"""How each address wants to be told, and up to where each reader of the record has told people what it found.

Both are small documents of whoever reads them; this store only keeps them, and moves a cursor in the transaction of the
messages that were put because of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, func, select

from domain.record.entries import LedgerEntry, RecordKind
from trading.store.database import Database
from trading.store.messages.tables import tellings, wishes
from trading.store.tables import ledger

Body = Mapping[str, Any]


class Bookmark(NamedTuple):
    """Where a reader stands, and what it remembers."""

    cursor: int
    body: Body


class TellingStore:
    """Wishes and cursors of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def wishes(self, address: str) -> Body | None:
        """What an address wishes; None where it never said."""
        with self._database.reading() as connection:
            found: Body | None = connection.execute(
                select(wishes.c.body).where(wishes.c.address == address)
            ).scalar_one_or_none()
        return found

    def wish(self, address: str, body: Body, *, by: str, at: datetime) -> None:
        """Put the wishes of an address in place of those before."""
        with self._database.transaction() as connection:
            connection.execute(wishes.delete().where(wishes.c.address == address))
            connection.execute(wishes.insert().values(address=address, body=body, changed_by=by, changed_at=at))

    def told(self, reader: str) -> Bookmark | None:
        """Where a reader stands; None before it began."""
        with self._database.reading() as connection:
            row = connection.execute(select(tellings).where(tellings.c.reader == reader)).one_or_none()
        return None if row is None else Bookmark(row.cursor, row.body)

    def tell(self, reader: str, told: Bookmark) -> None:
        """Where it stands now."""
        with self._database.transaction() as connection:
            connection.execute(tellings.delete().where(tellings.c.reader == reader))
            connection.execute(tellings.insert().values(reader=reader, cursor=told.cursor, body=told.body))

    def last(self) -> int:
        """The number of the newest ledger entry."""
        with self._database.reading() as connection:
            return int(connection.execute(select(func.max(ledger.c.seq))).scalar() or 0)

    def entries(self, after: int, kinds: Sequence[RecordKind], most: int) -> tuple[LedgerEntry, ...]:
        """Ledger entries of these kinds that came after, oldest first."""
        query = select(ledger).where(ledger.c.seq > after, ledger.c.kind.in_(kinds)).order_by(ledger.c.seq).limit(most)
        with self._database.reading() as connection:
            return tuple(map(_entry, connection.execute(query)))


def _entry(row: Row[Any]) -> LedgerEntry:
    found = dict(row._mapping)
    return LedgerEntry(**{**found, "kind": RecordKind(found["kind"])})
