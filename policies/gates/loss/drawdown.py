"""G3 drawdown: no entries once equity has fallen by so much from its highest point, which never resets by itself.

Peak 100,000 and 12 %: at 88,000.01 entries pass, at 88,000.00 they do not. G3_soft does the same earlier, at
``soft_drawdown_pct``: from there positions are only reduced.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Need, Reads, Scope, below, denied
from policies.measures.worst_case import WorstCase, is_finite, is_positive, percent

DRAWDOWN = ReasonCode.DRAWDOWN
DRAWDOWN_SOFT = ReasonCode.DRAWDOWN_SOFT


@dataclass(frozen=True, slots=True)
class DrawdownLimits:
    """In percent of the peak."""

    max_drawdown_pct: Decimal


@dataclass(frozen=True, slots=True)
class SoftDrawdownLimits:
    """In percent of the peak."""

    soft_drawdown_pct: Decimal


def check(case: Case, worst: WorstCase, limits: DrawdownLimits) -> Answer:
    """PASS above the hard level."""
    return _against("G3", DRAWDOWN, limits.max_drawdown_pct, case)


def check_soft(case: Case, worst: WorstCase, limits: SoftDrawdownLimits) -> Answer:
    """PASS above the soft level."""
    return _against("G3_soft", DRAWDOWN_SOFT, limits.soft_drawdown_pct, case)


def _against(gate: str, code: ReasonCode, limit: Decimal, case: Case) -> Answer:
    equity, peak = case.book.account.equity, case.book.performance.peak_equity
    if not is_finite(equity) or not is_positive(peak):
        return denied(gate, ReasonCode.EQUITY_UNKNOWN, limit)
    return below(gate, code, limit, percent(max(ZERO, peak - equity), peak))


NEEDS: tuple[Need, ...] = ("account", "counters")
GATE = Gate("G3", "drawdown", Scope.NEW_EXPOSURE, NEEDS, DrawdownLimits, check, "pct", reads=Reads.NOTHING)
SOFT_GATE = Gate(
    "G3_soft", "soft drawdown", Scope.NEW_EXPOSURE, NEEDS, SoftDrawdownLimits, check_soft, "pct", reads=Reads.NOTHING
)
