"""What a running service knows of itself: kept in memory, so that telling it never waits for a database or a broker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from domain.ports import Clock
from domain.record.canonical import plain

SILENT = timedelta(minutes=15)
"""A lane that has not looked at its timetable for so long hangs, and one whose run takes so long is told as hanging
too: it looks again when the run has ended, and nobody can tell from here work from waiting for what never comes."""
_SECONDS = (0.05, 0.25, 1, 5, 15, 60, 300, 1800)


class Vitals:
    """Signs of life by the wall clock, and the figures that Prometheus asks for."""

    def __init__(self, wall: Clock, killed: Callable[[], bool]) -> None:
        self._wall = wall
        self._killed = killed
        self._lock = threading.Lock()
        self._lanes: dict[str, datetime] = {}
        self._due: dict[str, datetime | None] = {}
        self._told: dict[str, Any] = {
            "started_at": wall.now(),
            "reconciled": None,
            "last_cycle": None,
            "next_due": None,
        }
        # A registry of its own: the library's is one for the process, and a second service in it would be a duplicate.
        self._registry = made = CollectorRegistry()
        self._runs = Counter("sage_job_runs", "Scheduled runs by job and outcome.", ("job", "outcome"), registry=made)
        self._seconds = Histogram("sage_job_seconds", "How long a run took.", ("job",), buckets=_SECONDS, registry=made)
        self._events = Counter("sage_events", "Events that could start a cycle.", ("trigger",), registry=made)
        self._connections = Counter("sage_stream_connections", "Connections to the broker's stream.", registry=made)
        self._updates = Counter("sage_trade_updates", "Updates of the broker's stream in the books.", registry=made)
        self._spent = Counter("sage_model_usd", "What models cost, in USD.", registry=made)
        self._calls = Counter("sage_model_calls", "Questions to models.", registry=made)
        self._orders = Counter("sage_orders", "Orders of cycles.", registry=made)
        self._times = Gauge("sage_last_seconds", "Unix time at which it last happened.", ("what",), registry=made)
        Gauge("sage_killed", "1 while the kill latch is set.", registry=made).set_function(lambda: float(killed()))

    def beat(self, lane: str, next_due: datetime | None) -> None:
        """A lane has looked at its timetable."""
        with self._lock:
            self._lanes[lane] = self._wall.now()
            self._due[lane] = next_due
            # Each lane knows its own jobs only: the last to look is not the next to run.
            self._told["next_due"] = min((due for due in self._due.values() if due is not None), default=None)

    def ran(self, job: str, outcome: str, seconds: float) -> None:
        """A run ended."""
        self._runs.labels(job, outcome).inc()
        self._seconds.labels(job).observe(seconds)

    def cycled(self, cycle_id: str, *, calls: int, usd: float, orders: int) -> None:
        """A cycle ended."""
        self._tell("last_cycle", {"cycle_id": cycle_id, "ended_at": self._wall.now()})
        self._times.labels("cycle").set(self._wall.now().timestamp())
        self._calls.inc(calls)
        self._spent.inc(usd)
        self._orders.inc(orders)

    def reconciled(self, *, ok: bool, differences: int) -> None:
        """The books were compared with the broker's."""
        self._tell("reconciled", {"at": self._wall.now(), "ok": ok, "differences": differences})
        self._times.labels("reconciled").set(self._wall.now().timestamp())

    def connected(self) -> None:
        """The broker's stream is connected."""
        self._connections.inc()
        self._tell("stream", {"connected_at": self._wall.now()})

    def updated(self) -> None:
        """An update of the broker is in the books."""
        self._updates.inc()
        self._times.labels("trade_update").set(self._wall.now().timestamp())

    def happened(self, trigger: str) -> None:
        """An event that could start a cycle."""
        self._events.labels(trigger).inc()

    def health(self) -> tuple[bool, Mapping[str, Any]]:
        """Whether all is well, and what there is to tell. A kill is no illness: it is told, and the service lives."""
        now = self._wall.now()
        with self._lock:
            told, lanes = dict(self._told), dict(self._lanes)
        hanging = sorted(lane for lane, at in lanes.items() if now - at > SILENT)
        wrong = [f"the lane {lane} hangs" for lane in hanging]
        if told["reconciled"] is None:
            wrong.append("the books have not been compared with the broker's yet")
        ok = not wrong
        return ok, plain({"ok": ok, "at": now, "killed": self._killed(), "wrong": wrong, "lanes": lanes, **told})

    def line(self) -> str:
        """What the service says with each sign of life."""
        with self._lock:
            cycle, due = self._told["last_cycle"], self._told["next_due"]
        done = "no cycle yet" if cycle is None else f"last cycle {cycle['cycle_id']} at {cycle['ended_at']:%H:%M:%S}Z"
        return done if due is None else f"{done}, next run {due:%Y-%m-%d %H:%M}Z"

    def metrics(self) -> bytes:
        """The figures in Prometheus' own text."""
        return generate_latest(self._registry)

    def _tell(self, what: str, value: object) -> None:
        with self._lock:
            self._told[what] = value
