"""How a database fails in a simulated life: for real where it can be made to, else by its driver's own error."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg

from tests.simulation.lives.chance import DROPPED, FULL, LOCKED, UNHEARD
from tests.simulation.stage import Place

_FULL = "database or disk is full"


class Faults:
    """The faults of one place. ``met`` is told the fault before it strikes."""

    def __init__(self, place: Place, met: Callable[[str], None]) -> None:
        self.on_file = place.url.startswith("sqlite")
        self._file = place.folder / "sage.db"
        self._met = met
        self._lock: sqlite3.Connection | None = None

    def strike(self, kind: str, connection: Any) -> None:
        """Spoil the moment that a connection is in; nothing where this database cannot fail like that."""
        if kind == LOCKED and self.on_file:
            self._met(kind)
            self._lock = sqlite3.connect(self._file, timeout=0, isolation_level=None)
            # Held until the step is over: the product's own wait for the lock is set to nothing in lives.
            self._lock.execute("BEGIN IMMEDIATE")
        elif kind == DROPPED and not self.on_file:
            self._met(kind)
            with psycopg.connect(**connection.info.get_parameters(), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        elif kind == FULL:
            self._met(kind)
            raise sqlite3.OperationalError(_FULL) if self.on_file else psycopg.errors.DiskFull(_FULL)
        elif kind == UNHEARD:
            self._met(kind)
            raise sqlite3.OperationalError("disk I/O error") if self.on_file else psycopg.OperationalError("gone")

    def over(self) -> None:
        """Whoever held the lock lets it go."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
