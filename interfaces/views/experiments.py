"""Stored runs over the past: one of them, and the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from trading.backtest.experiment import Experiment, ExperimentResult, Question


@dataclass(frozen=True, slots=True)
class ExperimentView:
    """``sage backtest``: question and answer; ``as_of`` is when it was run, ``digest`` covers the other two."""

    as_of: datetime
    id: str
    digest: str
    made_by: str
    question: Question
    answer: ExperimentResult


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """One line of the list."""

    id: str
    made_at: datetime
    made_by: str
    strategy: str
    first_day: date
    last_day: date
    sessions: int
    symbols: int
    policy: str
    return_pct: Decimal
    holding_pct: Decimal
    max_drawdown_pct: Decimal | None
    trades: int


@dataclass(frozen=True, slots=True)
class ExperimentsView:
    """``sage experiments``: newest first."""

    as_of: datetime
    experiments: tuple[ExperimentRow, ...]


def view_of(made: Experiment) -> ExperimentView:
    """All of one."""
    return ExperimentView(made.made_at, made.id, made.digest, made.made_by, made.question, made.answer)


def row_of(made: Experiment) -> ExperimentRow:
    """The line of one."""
    asked, told = made.question, made.answer
    return ExperimentRow(
        id=made.id,
        made_at=made.made_at,
        made_by=made.made_by,
        strategy=asked.strategy,
        first_day=asked.first_day,
        last_day=asked.last_day,
        sessions=asked.sessions,
        symbols=len(asked.symbols),
        policy=asked.policy,
        return_pct=told.figures.curve.return_pct,
        holding_pct=told.holding.return_pct,
        max_drawdown_pct=told.figures.curve.max_drawdown_pct,
        trades=told.figures.trades,
    )
