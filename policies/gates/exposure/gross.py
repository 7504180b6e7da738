"""C5 gross exposure and C7 leverage: the sum of all positions in the worst case, as a share or multiple of equity.

Equity 100,000 and 100 %: with 90,000 in positions and open orders, an order of 10,000.00 passes and one of 10,000.01
does not. Longs and shorts add up. C7 is the same figure against ``max_leverage``: 1.5 allows 150,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, PASSED, Answer, Gate, Need, Scope, in_full
from policies.gates.caps import in_percent
from policies.measures.worst_case import WorstCase, percent

GROSS, LEVERAGE, UNKNOWN = ReasonCode.GROSS_EXPOSURE, ReasonCode.LEVERAGE, ReasonCode.EXPOSURE_UNKNOWN


@dataclass(frozen=True, slots=True)
class GrossLimits:
    """In percent of equity."""

    max_gross_exposure_pct: Decimal
    oversize: str = OVERSIZE_DENY


@dataclass(frozen=True, slots=True)
class LeverageLimits:
    """A multiple of equity."""

    max_leverage: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: GrossLimits) -> Answer:
    """PASS up to the share of equity."""
    cap, total = limits.max_gross_exposure_pct, worst.gross_after
    return in_percent("C5", GROSS, cap, total, worst, limits.oversize, UNKNOWN)


def check_leverage(case: Case, worst: WorstCase, limits: LeverageLimits) -> Answer:
    """PASS up to the multiple of equity, which the verdict shows."""
    most, total, equity = limits.max_leverage, worst.gross_after, worst.equity
    if total is not None and equity is not None:
        multiple = percent(total, equity) / HUNDRED
        if multiple <= most:
            return PASSED, most, multiple, most - multiple
    cap = most * HUNDRED
    said = in_full("C7", in_percent("C7", LEVERAGE, cap, total, worst, limits.oversize, UNKNOWN))
    value = said.value / HUNDRED if isinstance(said.value, Decimal) else None
    margin = None if said.margin is None else said.margin / HUNDRED
    return said._replace(limit=most, value=value, margin=margin)


NEEDS: tuple[Need, ...] = ("positions", "orders", "quote", "account")
GATE = Gate("C5", "gross exposure", Scope.NEW_EXPOSURE, NEEDS, GrossLimits, check, "pct")
LEVERAGE_GATE = Gate("C7", "leverage", Scope.NEW_EXPOSURE, NEEDS, LeverageLimits, check_leverage, "ratio")
