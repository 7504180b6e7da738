"""Views of what goes on by itself, as the service answers them."""

from datetime import timedelta
from decimal import Decimal

from domain.market import Symbol
from domain.orders import Side
from interfaces.views.chat import CardView, ChatView
from interfaces.views.duties import (
    AlertRow,
    AlertsView,
    AlgoRow,
    AlgosView,
    AlgoView,
    NextRun,
    PastRun,
    ScheduleView,
    ServiceRow,
    WatchView,
    WishesView,
)
from tests.builders.market import NOON

HOUR = timedelta(hours=1)


def some_alerts() -> AlertsView:
    """One that nobody has seen, told twice, and one that somebody has."""
    unseen = AlertRow("18f3b9280d13a362", NOON, "KILLED: no order leaves", ("mail:a@b.c sent 2 times",), "", None)
    seen = AlertRow("eeb74e25e43e5c42", NOON, "HALTED", ("slack:webhook sent",), "owner", NOON + HOUR)
    return AlertsView(NOON + HOUR, (unseen, seen), 3, ("mail:a@b.c", "slack:webhook"))


def a_talk() -> ChatView:
    """An answer with a figure, and a card."""
    card = CardView("pause", ("NIMBO",), "It has fallen a lot", "sage pause symbol NIMBO")
    return ChatView(("Your equity is 100,000.00 USD.",), ("pnl", "explain NIMBO"), (card,), "scripted:spy")


def some_wishes() -> WishesView:
    """Trades without sound."""
    return WishesView(NOON, "mail:a@b.c", ("trade: silent", "critical: always", "quiet hours: none"))


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
