"""G1 day loss: no entries once the day's loss, unrealised included, has reached its limit.

Equity 100,000 at the start of the day and 2 %: at 98,000.01 entries pass, at 98,000.00 they do not. The loss is the
larger of what equity lost since the start of the day and what the day's realised and unrealised results add up to, so
that neither a late broker figure nor a late ledger hides it. G1_abs is the same in money, ``daily_loss_limit_abs``.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Need, Reads, Scope, below, denied
from policies.measures.worst_case import WorstCase, is_finite, is_positive, percent

DAY_LOSS = ReasonCode.DAY_LOSS


@dataclass(frozen=True, slots=True)
class DayLossLimits:
    """In percent of the equity at the start of the day."""

    daily_loss_limit_pct: Decimal


@dataclass(frozen=True, slots=True)
class DayLossMoneyLimits:
    """In account currency."""

    daily_loss_limit_abs: Decimal


def check(case: Case, worst: WorstCase, limits: DayLossLimits) -> Answer:
    """PASS below the limit in percent."""
    limit, start, loss = limits.daily_loss_limit_pct, case.book.performance.day_start_equity, day_loss(case)
    if loss is None or not is_positive(start):
        return denied("G1", ReasonCode.EQUITY_UNKNOWN, limit)
    return below("G1", DAY_LOSS, limit, percent(loss, start))


def check_money(case: Case, worst: WorstCase, limits: DayLossMoneyLimits) -> Answer:
    """PASS below the limit in money."""
    loss = day_loss(case)
    if loss is None:
        return denied("G1_abs", ReasonCode.EQUITY_UNKNOWN, limits.daily_loss_limit_abs)
    return below("G1_abs", DAY_LOSS, limits.daily_loss_limit_abs, loss)


def day_loss(case: Case) -> Decimal | None:
    """The day's loss in money, 0 for a gain; None where equity now or at the start of the day is unknown."""
    equity, counters = case.book.account.equity, case.book.performance
    if not is_finite(equity) or not is_finite(counters.day_start_equity):
        return None
    loss = max(ZERO, counters.day_start_equity - equity)
    if is_finite(counters.realized_pnl_day) and is_finite(counters.unrealized_pnl):
        loss = max(loss, -(counters.realized_pnl_day + counters.unrealized_pnl))
    return loss


NEEDS: tuple[Need, ...] = ("account", "counters")
GATE = Gate("G1", "day loss", Scope.NEW_EXPOSURE, NEEDS, DayLossLimits, check, "pct", reads=Reads.NOTHING)
MONEY_GATE = Gate(
    "G1_abs",
    "day loss in money",
    Scope.NEW_EXPOSURE,
    NEEDS,
    DayLossMoneyLimits,
    check_money,
    "USD",
    reads=Reads.NOTHING,
)
