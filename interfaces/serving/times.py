"""Simulated time under ``sage run``: it jumps from one thing that is due to the next, and never back.

Where it stands is kept in the database as for ``sage cycle``, so that a restart goes on from there. Between two jumps
the service waits as long as the way is far, ``speed`` times faster than the wall clock and never longer than a limit:
at 600 an hour takes 6 seconds, and a night takes the limit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime


class SimulatedTime:
    """A clock that is moved. ``keep`` makes the new moment durable before anybody can see it."""

    def __init__(self, at: datetime, keep: Callable[[datetime], None]) -> None:
        self._at = at
        self._keep = keep

    def now(self) -> datetime:
        """Where it stands."""
        return self._at

    def move(self, to: datetime) -> None:
        """Forward to ``to``; a moment that has passed changes nothing."""
        if to > self._at:
            self._keep(to)
            self._at = to


def wait_s(since: datetime, until: datetime, *, speed: float, longest_s: float) -> float:
    """How long to wait by the wall clock for the way between two simulated moments; a speed of 0 waits for nothing."""
    return 0.0 if speed <= 0 else min(longest_s, max(0.0, (until - since).total_seconds()) / speed)
