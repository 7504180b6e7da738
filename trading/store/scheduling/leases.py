"""Leases: what one process at a time may do, held by compare-and-set and kept by signs of life.

A lease that nobody renews runs out and is taken over; one whose process is known to be gone is taken over at once. The
holder learns that it lost one when it renews it, and has to stop then: the work of the next holder goes on from the
records, so the worst that two of them can do is to ask a model twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.ports import Clock
from trading.store.database import Database
from trading.store.scheduling.tables import leases

TERM = timedelta(seconds=60)
"""How long a lease counts without a sign of life; holders renew it three times within."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who does what, since when, and until when that counts."""

    name: str
    holder: str
    what: str
    since: datetime
    beat_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Process:
    """This process by name, and how to tell that another one is gone for certain."""

    name: str
    is_gone: Callable[[str], bool]


class LeaseStore:
    """Leases by name; ``clock`` is the wall's."""

    def __init__(self, database: Database, clock: Clock, process: Process) -> None:
        self._database = database
        self._clock = clock
        self._process = process

    @property
    def me(self) -> str:
        """This process."""
        return self._process.name

    def take(self, name: str, what: str, *, term: timedelta = TERM) -> Lease:
        """Take it where nobody else holds it; the answer is the lease as it stands, whoever holds it."""
        now = self._clock.now()
        mine = Lease(name, self.me, what, now, now, now + term)
        with self._database.transaction() as connection:
            held = self.get(name)
            if held is not None and held.holder != self.me and not self.is_over(held):
                return held
            # Read and written in one transaction, which writers have one at a time: nobody comes between.
            connection.execute(leases.delete().where(leases.c.name == name))
            connection.execute(leases.insert().values({key: getattr(mine, key) for key in Lease.__slots__}))
        return mine

    def renew(self, name: str, *, what: str | None = None, term: timedelta = TERM) -> bool:
        """A sign of life; False where another process has taken it over meanwhile."""
        now = self._clock.now()
        values: dict[str, object] = {"beat_at": now, "until": now + term}
        if what is not None:
            values["what"] = what
        own = (leases.c.name == name) & (leases.c.holder == self.me)
        with self._database.transaction() as connection:
            return bool(connection.execute(leases.update().where(own).values(values)).rowcount)

    def give_back(self, name: str) -> None:
        """Let the next one have it at once."""
        own = (leases.c.name == name) & (leases.c.holder == self.me)
        with self._database.transaction() as connection:
            connection.execute(leases.delete().where(own))

    def get(self, name: str) -> Lease | None:
        """The lease as it stands."""
        with self._database.reading() as connection:
            row = connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
        return None if row is None else Lease(**row._mapping)

    def named(self, prefix: str) -> tuple[Lease, ...]:
        """Every lease whose name begins so, by name; what has run out is among them."""
        query = select(leases).where(leases.c.name.startswith(prefix, autoescape=True)).order_by(leases.c.name)
        with self._database.reading() as connection:
            return tuple(Lease(**row._mapping) for row in connection.execute(query))

    def is_over(self, lease: Lease) -> bool:
        """True where it ran out, or its process is gone."""
        return lease.until <= self._clock.now() or self._process.is_gone(lease.holder)

    def clear(self, prefix: str) -> None:
        """Forget those that are over."""
        for lease in self.named(prefix):
            if lease.holder != self.me and self.is_over(lease):
                with self._database.transaction() as connection:
                    connection.execute(
                        # Only where it has not been renewed since it was read.
                        leases.delete().where(leases.c.name == lease.name, leases.c.beat_at == lease.beat_at)
                    )
