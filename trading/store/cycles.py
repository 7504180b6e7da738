"""The cycles that were run, with their reports, and how far each simulated clock has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from domain.ids import CycleId
from trading.store.database import Database
from trading.store.tables import cursors, cycles


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """One run of the oversight cycle; ``report`` is None until it has finished."""

    cycle_id: CycleId
    account: str
    sequence: int
    as_of: datetime
    started_at: datetime
    finished_at: datetime | None = None
    report: Mapping[str, Any] | None = None


class CycleStore:
    """Cycles by id and by number within their account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_sequence(self, account: str) -> int:
        """The number of the account's next cycle, from 1."""
        with self._database.reading() as connection:
            last = connection.execute(select(func.max(cycles.c.sequence)).where(cycles.c.account == account)).scalar()
        return 1 if last is None else last + 1

    def start(self, cycle: CycleRecord) -> bool:
        """Claim the cycle; False when it was started before, by this process or another."""
        with self._database.transaction() as connection:
            # By number too: it was read in an earlier transaction, where another process may have read the same.
            taken = (cycles.c.account == cycle.account) & (cycles.c.sequence == cycle.sequence)
            if connection.execute(select(cycles).where((cycles.c.cycle_id == cycle.cycle_id) | taken)).first():
                return False
            values = {name: getattr(cycle, name) for name in CycleRecord.__slots__}
            connection.execute(cycles.insert().values(values))
        return True

    def finish(self, cycle_id: CycleId, report: Any, *, at: datetime) -> None:
        """Store the report of a cycle that ran to its end."""
        with self._database.transaction() as connection:
            connection.execute(
                cycles.update().where(cycles.c.cycle_id == cycle_id).values(report=report, finished_at=at)
            )

    def get(self, cycle_id: CycleId) -> CycleRecord | None:
        """One cycle, or None."""
        with self._database.reading() as connection:
            row = connection.execute(select(cycles).where(cycles.c.cycle_id == cycle_id)).one_or_none()
        return None if row is None else _record(row)

    def last(self, account: str, *, finished: bool = False) -> CycleRecord | None:
        """The account's newest cycle, or its newest that finished."""
        query = select(cycles).where(cycles.c.account == account).order_by(cycles.c.sequence.desc()).limit(1)
        if finished:
            query = query.where(cycles.c.finished_at.is_not(None))
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _record(row)

    def newest(self) -> CycleId | None:
        """The cycle of this home that finished last, whatever its account."""
        query = select(cycles.c.cycle_id).where(cycles.c.finished_at.is_not(None))
        with self._database.reading() as connection:
            newest = query.order_by(cycles.c.as_of.desc(), cycles.c.sequence.desc()).limit(1)
            return connection.execute(newest).scalar_one_or_none()

    def cursor(self, name: str) -> datetime | None:
        """Where the simulated clock of that name stands."""
        with self._database.reading() as connection:
            return connection.execute(select(cursors.c.at).where(cursors.c.name == name)).scalar_one_or_none()

    def move_cursor(self, name: str, to: datetime) -> None:
        """Set the simulated clock of that name; it never goes back."""
        with self._database.transaction() as connection:
            stands = self.cursor(name)
            if stands is None:
                connection.execute(cursors.insert().values(name=name, at=to))
            elif to > stands:
                connection.execute(cursors.update().where(cursors.c.name == name).values(at=to))


def _record(row: Row[Any]) -> CycleRecord:
    return CycleRecord(**row._mapping)
