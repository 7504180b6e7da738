"""G2 week's loss and G2_month: no entries once equity has lost so much since the exchange's week or month began.

Equity 100,000 at the start of the week and 5 %: at 95,000.01 entries pass, at 95,000.00 they do not. A start equity is
moved by deposits and withdrawals, so that money taken out is no loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Need, Reads, Scope, below, denied
from policies.measures.worst_case import WorstCase, is_finite, is_positive, percent

WEEK_LOSS = ReasonCode.WEEK_LOSS
MONTH_LOSS = ReasonCode.MONTH_LOSS


@dataclass(frozen=True, slots=True)
class WeekLossLimits:
    """In percent of the equity at the start of the week."""

    weekly_loss_limit_pct: Decimal


@dataclass(frozen=True, slots=True)
class MonthLossLimits:
    """In percent of the equity at the start of the month."""

    monthly_loss_limit_pct: Decimal


def check_week(case: Case, worst: WorstCase, limits: WeekLossLimits) -> Answer:
    """PASS below the week's limit."""
    start = case.book.performance.week_start_equity
    return _since("G2", WEEK_LOSS, limits.weekly_loss_limit_pct, case, start)


def check_month(case: Case, worst: WorstCase, limits: MonthLossLimits) -> Answer:
    """PASS below the month's limit."""
    start = case.book.performance.month_start_equity
    return _since("G2_month", MONTH_LOSS, limits.monthly_loss_limit_pct, case, start)


def _since(gate: str, code: ReasonCode, limit: Decimal, case: Case, start: Decimal | None) -> Answer:
    equity = case.book.account.equity
    if not is_finite(equity) or not is_positive(start):
        return denied(gate, ReasonCode.EQUITY_UNKNOWN, limit)
    return below(gate, code, limit, percent(max(ZERO, start - equity), start))


NEEDS: tuple[Need, ...] = ("account", "counters")
WEEK_GATE = Gate("G2", "week's loss", Scope.NEW_EXPOSURE, NEEDS, WeekLossLimits, check_week, "pct", reads=Reads.NOTHING)
MONTH_GATE = Gate(
    "G2_month", "month's loss", Scope.NEW_EXPOSURE, NEEDS, MonthLossLimits, check_month, "pct", reads=Reads.NOTHING
)
