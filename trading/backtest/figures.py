"""Figures of an equity curve and its fills, each with how much it rests on; all of them without a model or a clock.

    return       100 (last equity / cash at the start - 1)
    annualised   100 ((1 + return) ^ (252 / sessions) - 1); unknown under 63 sessions: a week of +1 % is no +66 % a year
    volatility   standard deviation of the returns by session x sqrt(252), in percent
    exposure     mean share of the equity that stood in shares at the close, in percent
    turnover     value of all fills / mean equity: 2 is everything bought once and sold once
    slippage     sum over fills of quantity x (price - price at the decision), a sale the other way round
    holding      mean of days from entry to flat

Sharpe, drawdown, win rate, expectancy and profit factor are those of ``trading/portfolio/performance.py``. A Sharpe
ratio over n sessions has a standard error of about sqrt(252 / n): over 60 sessions 2.05, so that no ratio below 4 is
told apart from luck.

Worked numbers: 100,000 becomes 101,000, 100,495 and 102,504.90: returns of 1 %, -0.5 % and 2 %, in all 2.50 %,
volatility 19.97 %, drawdown 0.50 %. 100 bought at 50.10 where 50 was asked, sold at 51.90 where 52 was bid: slippage
20.00, turnover (5,010 + 5,190) / 101,333.30 = 0.10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from statistics import stdev
from typing import NamedTuple

from domain.money import CENT, HUNDRED, ZERO
from domain.orders import Side
from trading.portfolio.performance import FEWEST_RETURNS, SESSIONS_A_YEAR, Day, Statistics, daily_returns, statistics_of

FEWEST_TO_ANNUALISE = 63
_DAY_S = 86_400


class EquityAtClose(NamedTuple):
    """Equity at the close of a session, and how much of it was cash."""

    day: date
    equity: Decimal
    cash: Decimal


class Execution(NamedTuple):
    """A fill; ``arrival`` is the price at its decision, None for what a trigger has decided."""

    side: Side
    qty: Decimal
    price: Decimal
    commission: Decimal
    arrival: Decimal | None


class Span(NamedTuple):
    """A round trip: from when to when, and what it brought net."""

    opened_at: datetime
    closed_at: datetime
    pnl: Decimal


@dataclass(frozen=True, slots=True)
class Returns:
    """Figures of any equity curve; None is unknown. ``sharpe_error`` is the standard error of ``sharpe``."""

    sessions: int
    return_pct: Decimal
    annualised_pct: Decimal | None
    volatility_pct: Decimal | None
    sharpe: Decimal | None
    sharpe_error: Decimal | None
    max_drawdown_pct: Decimal | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a run: its curve, and what was done for it."""

    curve: Returns
    exposure_pct: Decimal
    trades: int
    win_rate_pct: Decimal | None
    profit_factor: Decimal | None
    expectancy: Decimal | None
    holding_days: Decimal | None
    fills: int
    fees: Decimal
    slippage: Decimal
    turnover: Decimal


def figures_of(
    cash: Decimal, points: Sequence[EquityAtClose], executions: Sequence[Execution], spans: Sequence[Span]
) -> Figures:
    """Everything, from a start with ``cash`` alone; there is at least one point."""
    days = days_of(cash, [(point.day, point.equity) for point in points])
    fees = sum((each.commission for each in executions), ZERO)
    told = statistics_of([span.pnl for span in spans], days, fees)
    return Figures(
        curve=_returns(cash, days, told),
        exposure_pct=_mean([_exposed(point) for point in points]),
        trades=told.trades,
        win_rate_pct=told.win_rate_pct,
        profit_factor=told.profit_factor,
        expectancy=told.expectancy,
        holding_days=_mean([_days(span) for span in spans]) if spans else None,
        fills=len(executions),
        fees=fees.quantize(CENT),
        slippage=sum(map(_slipped, executions), ZERO).quantize(CENT),
        turnover=_turnover(executions, points),
    )


def returns_of(cash: Decimal, closes: Sequence[tuple[date, Decimal]]) -> Returns:
    """Figures of a curve that nothing else is known of."""
    days = days_of(cash, closes)
    return _returns(cash, days, statistics_of((), days, ZERO))


def days_of(cash: Decimal, closes: Sequence[tuple[date, Decimal]]) -> tuple[Day, ...]:
    """Each session from the close before it, the first from the cash at the start."""
    starts = (cash, *(equity for _, equity in closes))
    return tuple(Day(day, start, close) for start, (day, close) in zip(starts, closes, strict=False))


def _returns(cash: Decimal, days: Sequence[Day], told: Statistics) -> Returns:
    grown, returns = days[-1].close / cash, daily_returns(days)
    return Returns(
        sessions=len(days),
        return_pct=_rounded(HUNDRED * (grown - 1)),
        annualised_pct=_annualised(float(grown), len(days)),
        volatility_pct=_percent(stdev(returns) * math.sqrt(SESSIONS_A_YEAR))
        if len(returns) >= FEWEST_RETURNS
        else None,
        sharpe=told.sharpe,
        sharpe_error=told.sharpe_error,
        max_drawdown_pct=told.max_drawdown_pct,
    )


def _annualised(grown: float, sessions: int) -> Decimal | None:
    if sessions < FEWEST_TO_ANNUALISE or grown <= 0:
        return None
    return _percent(grown ** (SESSIONS_A_YEAR / sessions) - 1)


def _exposed(point: EquityAtClose) -> Decimal:
    return HUNDRED * (point.equity - point.cash) / point.equity if point.equity > ZERO else ZERO


def _slipped(each: Execution) -> Decimal:
    return ZERO if each.arrival is None else each.side.sign * each.qty * (each.price - each.arrival)


def _turnover(executions: Sequence[Execution], points: Sequence[EquityAtClose]) -> Decimal:
    traded = sum((each.qty * each.price for each in executions), ZERO)
    return _rounded(traded * len(points) / sum((point.equity for point in points), ZERO))


def _days(span: Span) -> Decimal:
    return Decimal((span.closed_at - span.opened_at).total_seconds()) / _DAY_S


def _mean(values: Sequence[Decimal]) -> Decimal:
    return _rounded(sum(values, ZERO) / len(values))


def _percent(share: float) -> Decimal:
    return _rounded(Decimal(100 * share))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(CENT)
