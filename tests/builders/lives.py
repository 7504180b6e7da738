"""Lives of the service in one process: the simulated market, virtual time, and crashes where a test wants them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from domain.market import Symbol
from interfaces.runtime import Runtime
from interfaces.serving.life import Life
from interfaces.serving.live import live
from interfaces.serving.times import SimulatedTime
from settings.schedule import JobSettings, ScheduleSettings
from tests.builders.market import NOON
from tests.builders.runtime import KORVA, NIMBO, OSTRE, Crash, CrashingDatabase, a_runtime
from trading.store.database import Database

UNIVERSE = (KORVA, NIMBO, OSTRE)
QUIET = {name.replace("-", "_"): JobSettings() for name in ScheduleSettings().jobs}
"""No job at all."""


def a_schedule(**jobs: Any) -> ScheduleSettings:
    """These jobs and no others; simulated time waits for nothing."""
    made = {name: job if isinstance(job, JobSettings) else JobSettings(at=job) for name, job in jobs.items()}
    told: dict[str, Any] = {**QUIET, **made, "simulated_speed": 0}
    return ScheduleSettings(**told)


HOURLY = a_schedule(
    cycle=("open+30m", "close-30m"),
    reconcile=("every 60m",),
    report=("close+20m",),
    maintenance=("03:10 America/New_York",),
)


class DyingDatabase(CrashingDatabase):
    """Struck by a crash in the threads that work; the one that gives signs of life dies silently with the process."""

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """As the database does it, up to the crash."""
        if threading.current_thread().name.startswith("alive"):
            with Database.transaction(self) as connection:
                yield connection
            return
        with super().transaction() as connection:
            yield connection


@dataclass
class Home:
    """A home with a simulated clock that goes on from life to life."""

    folder: Path
    schedule: ScheduleSettings = HOURLY
    universe: tuple[Symbol, ...] = UNIVERSE
    now: datetime = NOON
    told: list[str] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)

    def keep(self, to: datetime) -> None:
        """Time survives a crash: it is in the database."""
        self.now = to

    @contextmanager
    def opened(self, **given: Any) -> Iterator[Any]:
        """One start."""
        clock = SimulatedTime(self.now, self.keep)
        changes = {"schedule": self.schedule, "health_port": 0, **self.changes}
        with a_runtime(self.folder, clock=clock, **changes, **given) as runtime:
            yield runtime

    def live(self, *, stop: threading.Event | None = None, dies_at: int | None = None, **lasting: float) -> bool:
        """One life of so long; False where it ended in a crash, at the so-many-th write."""
        given = {} if dies_at is None else {"database": lambda database: DyingDatabase(database, dies_at)}
        try:
            with self.opened(**given) as runtime:
                self.one_life(runtime, stop or threading.Event(), timedelta(**lasting))
        except Crash:
            return False
        return True

    def one_life(self, runtime: Runtime, stop: threading.Event, lasting: timedelta) -> None:
        """The service over a start."""
        live(runtime, self.universe, Life(stop, lasting, self.told.append))
