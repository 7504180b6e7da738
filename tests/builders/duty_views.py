"""Views of what goes on by itself, as the service answers them."""

from datetime import timedelta
from decimal import Decimal

from domain.market import Symbol
from domain.orders import Side
from interfaces.views.duties import (
    AlgoRow,
    AlgosView,
    AlgoView,
    NextRun,
    PastRun,
    ScheduleView,
    ServiceRow,
    WatchView,
)
from tests.builders.market import NOON

HOUR = timedelta(hours=1)


def an_algo(reason: str = "") -> AlgoRow:
    """Half filled, a slice at work."""
    return AlgoRow(
        "algo-k3v5xw2ak3v5xw2a", "twap", Symbol("NIMBO"), Side.BUY, Decimal(200), Decimal(100), Decimal(20),
        Decimal("43.10"), "working", NOON + HOUR, 6, reason,
    )  # fmt: skip


def some_algos() -> AlgosView:
    """One that works and one that was stopped."""
    return AlgosView(NOON, (an_algo(), an_algo("the gates refused 3 times in a row: SPREAD")))


def a_started_algo() -> AlgoView:
    """Just started, and smaller than asked for."""
    return AlgoView(NOON, an_algo(), "the gates allow 200")


def a_schedule_view() -> ScheduleView:
    """Runs to come, runs that were, one service."""
    return ScheduleView(
        NOON,
        (NextRun(NOON + HOUR, "cycle", "close-30m"), NextRun(NOON + 2 * HOUR, "report", "close+20m")),
        (
            PastRun("cycle", NOON - HOUR, "breach", "done", 1, NOON, NOON, "cyc-k3v5xw2ak3v5xw2a"),
            PastRun("learn", NOON - HOUR, "", "failed", 1, NOON, NOON, "the trade memory is away"),
        ),
        (ServiceRow("process 4711 on desk", NOON - HOUR, NOON, True, "last cycle cyc-1 at 14:00:00Z"),),
    )


def a_watch() -> WatchView:
    """An alarm."""
    return WatchView(NOON, False, ("no service is alive in this home: there has been none",), "no scheduled cycle yet")
