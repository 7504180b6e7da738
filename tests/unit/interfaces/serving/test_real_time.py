"""The service in real time: lanes beside each other, an end on demand, and a lane that dies takes all of it along."""

import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.clock import SystemClock
from interfaces.serving.holding import SERVICE
from interfaces.serving.life import Life
from interfaces.serving.live import live
from tests.builders.lives import UNIVERSE, a_schedule
from tests.builders.market import at
from tests.builders.runtime import a_runtime
from trading.store.scheduling.runs import RunState

SOON = a_schedule(reconcile=("open+2h",), report=("open+2h",), maintenance=("11:30 America/New_York",))
"""All due at 15:30, in two lanes."""


class ShiftedClock:
    """A clock that goes as the wall's does, from another moment on."""

    def __init__(self, begins: datetime) -> None:
        self._behind = SystemClock().now() - begins

    def now(self):
        return SystemClock().now() - self._behind


@contextmanager
def a_start(folder, begins="15:31"):
    changes: dict[str, Any] = {"schedule": SOON, "health_port": 0}
    with a_runtime(folder, clock=ShiftedClock(at(f"2026-03-17T{begins}")), **changes) as runtime:
        assert runtime.duties.time is None
        yield runtime


@pytest.fixture
def home(tmp_path):
    """Somebody was here at 15:00 and looked at the timetable; nobody was at 15:30."""
    with a_start(tmp_path, "15:00") as runtime:
        live(runtime, UNIVERSE, Life(threading.Event(), timedelta(seconds=0.1)))
        assert ended(runtime) == {}
        assert runtime.duties.leases.named(SERVICE) == ()
    return tmp_path


def eventually(true, timeout_s=60.0):
    until = time.monotonic() + timeout_s
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    return true()


def ended(runtime):
    return {run.job: run.state for run in runtime.duties.runs.newest(9) if run.ended_at is not None}


def test_what_is_due_is_done_by_its_lane_until_it_is_told_to_stop(home):
    stop = threading.Event()
    with a_start(home) as runtime:
        life = Life(stop)
        service = threading.Thread(target=live, args=(runtime, UNIVERSE, life))
        service.start()
        try:
            assert eventually(lambda: len(ended(runtime)) == 3)
            assert len(runtime.duties.leases.named(SERVICE)) == 1
        finally:
            stop.set()
            service.join(60)
        assert not service.is_alive()
        assert ended(runtime) == dict.fromkeys(("reconcile", "report", "maintenance"), RunState.DONE)
        assert runtime.duties.leases.named(SERVICE) == ()


class Broken:
    """A reconciler that compares once and then meets what nobody expected."""

    def __init__(self, reconciler):
        self._reconciler, self._left = reconciler, 1

    def __getattr__(self, name):
        return getattr(self._reconciler, name)

    def reconcile(self, now):
        self._left -= 1
        if self._left < 0:
            raise ZeroDivisionError
        return self._reconciler.reconcile(now)


def test_a_lane_that_dies_ends_the_service_so_that_it_can_be_started_anew(home):
    with a_start(home) as runtime:
        broken = replace(runtime, deps=replace(runtime.deps, reconciler=Broken(runtime.deps.reconciler)))
        with pytest.raises(ZeroDivisionError):
            live(broken, UNIVERSE, Life(threading.Event()))
        assert runtime.duties.leases.named(SERVICE) == ()
    with a_start(home) as runtime:
        live(runtime, UNIVERSE, Life(threading.Event(), timedelta(seconds=0.1)))
        run = next(run for run in runtime.duties.runs.newest(9) if run.job == "reconcile")
        assert (run.state, run.attempts) == (RunState.DONE, 2)
