"""How the trading went: closed round trips and daily equity, each figure with how much it rests on.

    win rate        100 wins / trades
    expectancy      mean net profit of a trade: what one more of the same kind is worth
    profit factor   sum of profits / sum of losses; unknown while nothing was lost
    drawdown        100 (1 - equity / highest equity until then), from what the account began with
    Sharpe          mean of daily returns / their standard deviation x sqrt(252), the risk-free rate left out

A return is that of a day against what it began with, so money that is moved in or out is none. It moves the highest
equity by as much, as it moves the high-water mark of the gates: 10,000 -> 9,000 is a drawdown of 10 %, and after 4,000
are taken out 5,000 stand below 6,000, 16.67 %. Trades of +30, -10 and +10: win rate 66.67, expectancy 10, profit factor
4. Days of +2 %, -1 % and +2 %: mean 1 %, deviation 1.732 %, Sharpe 9.17 over n = 3, which says little: the standard
error of a daily Sharpe over n days is about sqrt(252 / n), here 9.2.

Sources: W. Sharpe, The Sharpe Ratio, Journal of Portfolio Management, 1994; A. Lo, The Statistics of Sharpe Ratios,
Financial Analysts Journal, 2002.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import fmean, stdev
from typing import NamedTuple

from domain.money import HUNDRED, ZERO

SESSIONS_A_YEAR = 252
FEWEST_RETURNS = 2
_CENT = Decimal("0.01")


class Day(NamedTuple):
    """An exchange day: the equity it began with, moved by what was transferred, and the last one seen."""

    day: date
    start: Decimal
    close: Decimal


class CurvePoint(NamedTuple):
    """Equity at the end of a day, beside the highest at the end of any day until then."""

    day: date
    equity: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Statistics:
    """None is unknown: too little to say. ``days`` is how many daily returns drawdown and Sharpe rest on.

    ``fees`` are all that were paid; ``closed_fees`` those of the trades counted, whose profits are net of them.
    """

    trades: int
    win_rate_pct: Decimal | None
    expectancy: Decimal | None
    average_win: Decimal | None
    average_loss: Decimal | None
    profit_factor: Decimal | None
    fees: Decimal
    days: int
    max_drawdown_pct: Decimal | None
    sharpe: Decimal | None
    sharpe_error: Decimal | None
    closed_fees: Decimal = ZERO


def statistics_of(
    pnls: Sequence[Decimal], days: Sequence[Day], fees: Decimal, closed_fees: Decimal = ZERO
) -> Statistics:
    """All figures of net profits by trade and of days in order."""
    wins, losses = [each for each in pnls if each > ZERO], [each for each in pnls if each < ZERO]
    returns = daily_returns(days)
    lost = -sum(losses, ZERO)
    ratio = sharpe(returns)
    return Statistics(
        trades=len(pnls),
        win_rate_pct=None if not pnls else _rounded(HUNDRED * len(wins) / len(pnls)),
        expectancy=_mean(pnls),
        average_win=_mean(wins),
        average_loss=_mean(losses),
        profit_factor=None if lost == ZERO else _rounded(sum(wins, ZERO) / lost),
        fees=fees,
        days=len(returns),
        max_drawdown_pct=max_drawdown_pct(curve_of(days)),
        sharpe=None if ratio is None else _rounded(Decimal(ratio)),
        sharpe_error=None if ratio is None else _rounded(Decimal(math.sqrt(SESSIONS_A_YEAR / len(returns)))),
        closed_fees=closed_fees,
    )


def daily_returns(days: Sequence[Day]) -> tuple[float, ...]:
    """Each day against what it began with; a day that began with nothing has no return."""
    # Floats will do: these are statistics, and no money is booked from them.
    return tuple(float(each.close / each.start - 1) for each in days if each.start > ZERO)


def curve_of(days: Sequence[Day]) -> tuple[CurvePoint, ...]:
    """The end of each day; first, on the day before, what the account began with. Nothing where no day is known."""
    if not days:
        return ()
    began = days[0].start
    curve = [CurvePoint(days[0].day - timedelta(days=1), began, began)]
    for each in days:
        _, equity, high = curve[-1]
        moved = each.start - equity
        curve.append(CurvePoint(each.day, each.close, max(high + moved, each.close)))
    return tuple(curve)


def max_drawdown_pct(curve: Sequence[CurvePoint]) -> Decimal | None:
    """The deepest fall below an earlier high, in percent; None without any day."""
    if not curve:
        return None
    return _rounded(max((HUNDRED * (1 - each.equity / each.high) for each in curve if each.high > ZERO), default=ZERO))


def sharpe(returns: Sequence[float]) -> float | None:
    """Annualised; None below two returns, and where they are all the same."""
    if len(returns) < FEWEST_RETURNS:
        return None
    spread = stdev(returns)
    return None if spread == 0 else fmean(returns) / spread * math.sqrt(SESSIONS_A_YEAR)


def _mean(amounts: Sequence[Decimal]) -> Decimal | None:
    return _rounded(sum(amounts, ZERO) / len(amounts)) if amounts else None


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT)
