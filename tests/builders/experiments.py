"""Experiments that nobody had to run."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.case import TradingState
from domain.market import Symbol, Timeframe
from domain.orders import Side
from tests.builders.market import NOON
from trading.backtest.experiment import Close, Experiment, ExperimentResult, GateTally, Question, RoundTrip, Stopped
from trading.backtest.figures import EquityAtClose, Execution, Span, figures_of, returns_of

CASH = Decimal(100_000)
FIRST = date(2026, 3, 16)
EQUITIES = ("100000", "101000", "100495", "102504.90", "101200")
HELD = ("100500", "100900", "99800", "101100", "101900")


def a_question(**changes: Any) -> Question:
    """Momentum over five sessions and two symbols."""
    return replace(
        Question(
            "momentum", "simulated", "none", 7, (Symbol("KORVA"), Symbol("NIMBO")), Timeframe.DAY_1, FIRST,
            FIRST + timedelta(4), 5, 30, CASH, False, "conservative", "a" * 64, "b" * 64, "c" * 64, "d" * 64,
        ),
        **changes,
    )  # fmt: skip


def an_answer(**changes: Any) -> ExperimentResult:
    """One trade that won, and one order that two gates refused."""
    days = [FIRST + timedelta(at) for at in range(len(EQUITIES))]
    points = [EquityAtClose(day, Decimal(equity), Decimal(90_000)) for day, equity in zip(days, EQUITIES, strict=True)]
    held = [(day, Decimal(worth)) for day, worth in zip(days, HELD, strict=True)]
    bought = Execution(Side.BUY, Decimal(100), Decimal("50.10"), Decimal(1), Decimal(50))
    sold = Execution(Side.SELL, Decimal(100), Decimal("51.90"), Decimal(1), Decimal(52))
    trip = RoundTrip(Symbol("NIMBO"), "momentum", "buy", NOON, NOON + timedelta(days=2), Decimal(178))
    return replace(
        ExperimentResult(
            closes=tuple(Close(*point, worth) for point, (_, worth) in zip(points, held, strict=True)),
            figures=figures_of(CASH, points, [bought, sold], [Span(trip.opened_at, trip.closed_at, trip.pnl)]),
            holding=returns_of(CASH, held),
            trips=(trip,),
            candidates=3,
            judged=GateTally(2, 1, 0, 0, 1, (Stopped("E7", "SPREAD_TOO_WIDE", 1), Stopped("A3", "PAUSED", 1))),
            open_positions=1,
            degraded=0,
            trading_state=TradingState.ACTIVE,
        ),
        **changes,
    )


def an_experiment(answer: ExperimentResult | None = None, **changes: Any) -> Experiment:
    """A stored run; ``changes`` are those of its question."""
    asked = a_question(**changes)
    return Experiment(asked.id, NOON, "owner", asked, answer or an_answer())
