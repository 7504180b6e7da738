"""C3 position size after the worst case: in percent of equity, in money (C3_notional) and in shares (C3_qty).

Equity 100,000 and 10 %: with 40 shares held and an open buy of 5 at an ask of 200, another 5 bring the position to
10,000.00 and pass; 6 bring it to 10,200.00 and are refused, or cut to 5. An open sell makes no room.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Gate, Need, Scope
from policies.gates.caps import in_money, in_percent, in_shares
from policies.worst_case import WorstCase

CODE, UNKNOWN = ReasonCode.POSITION_SIZE, ReasonCode.POSITION_UNKNOWN


@dataclass(frozen=True, slots=True)
class PositionEquityLimits:
    """In percent of equity."""

    max_position_pct_equity: Decimal
    oversize: str = OVERSIZE_DENY


@dataclass(frozen=True, slots=True)
class PositionNotionalLimits:
    """In account currency."""

    max_position_notional: Decimal
    oversize: str = OVERSIZE_DENY


@dataclass(frozen=True, slots=True)
class PositionQtyLimits:
    """In shares, long or short."""

    max_position_qty: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: PositionEquityLimits) -> Verdict:
    """PASS up to the cap in percent of equity."""
    return in_percent("C3", CODE, limits.max_position_pct_equity, worst.position_after, worst, limits.oversize, UNKNOWN)


def check_notional(case: Case, worst: WorstCase, limits: PositionNotionalLimits) -> Verdict:
    """PASS up to the cap in money."""
    return in_money(
        "C3_notional", CODE, limits.max_position_notional, worst.position_after, worst, limits.oversize, UNKNOWN
    )


def check_qty(case: Case, worst: WorstCase, limits: PositionQtyLimits) -> Verdict:
    """PASS up to the cap in shares."""
    return in_shares("C3_qty", CODE, limits.max_position_qty, worst.qty_after, case.order.qty, worst, limits.oversize)


NEEDS: tuple[Need, ...] = ("positions", "orders", "quote")
GATE = Gate(
    "C3", "position share of equity", Scope.NEW_EXPOSURE, (*NEEDS, "account"), PositionEquityLimits, check, "pct"
)
NOTIONAL_GATE = Gate(
    "C3_notional", "position notional", Scope.NEW_EXPOSURE, NEEDS, PositionNotionalLimits, check_notional, "USD"
)
QTY_GATE = Gate(
    "C3_qty", "position quantity", Scope.NEW_EXPOSURE, ("positions", "orders"), PositionQtyLimits, check_qty, "shares"
)
