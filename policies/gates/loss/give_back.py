"""G5 give-back: no entries once so much of the day's best profit has been handed back.

Equity 100,000 at the start of the day, at best 102,000, and 50 %: at 101,000.01 entries pass, at 101,000.00 they do
not. A profit counts from ``give_back_from_pct`` of the start equity: with 0.5 %, a best of 100,499.99 protects nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED, ZERO
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Need, Reads, Scope, below, denied
from policies.measures.worst_case import WorstCase, is_finite, is_positive, percent

GIVE_BACK = ReasonCode.GIVE_BACK
FROM_PCT = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class GiveBackLimits:
    """In percent of the day's best profit, and in percent of the start equity."""

    max_give_back_pct: Decimal
    give_back_from_pct: Decimal = FROM_PCT


def check(case: Case, worst: WorstCase, limits: GiveBackLimits) -> Answer:
    """PASS below the share that may be given back."""
    limit, equity, day = limits.max_give_back_pct, case.book.account.equity, case.book.performance
    if not is_finite(equity) or not is_positive(day.day_start_equity) or not is_finite(day.day_peak_equity):
        return denied("G5", ReasonCode.EQUITY_UNKNOWN, limit)
    peak = max(day.day_peak_equity, equity)  # the account may be newer than the last point on record
    profit = peak - day.day_start_equity
    if profit <= ZERO or profit < day.day_start_equity * limits.give_back_from_pct / HUNDRED:
        return PASSED, limit, None, None
    return below("G5", GIVE_BACK, limit, percent(peak - equity, profit))


NEEDS: tuple[Need, ...] = ("account", "counters")
GATE = Gate("G5", "profit given back", Scope.NEW_EXPOSURE, NEEDS, GiveBackLimits, check, "pct", reads=Reads.NOTHING)
