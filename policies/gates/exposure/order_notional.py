"""C1 order size in money: quantity times worst price is at most ``max_order_notional``, and its share of equity.

With 10,000 and an ask of 200, 50 shares (10,000.00) pass; 51 (10,200.00) are refused, or cut to 50 where the policy
says ``oversize = "reduce"``. C1_equity is the same against ``max_order_pct_equity`` percent of equity.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Scope
from policies.gates.caps import in_money, in_percent
from policies.measures.worst_case import WorstCase

CODE, UNKNOWN = ReasonCode.ORDER_NOTIONAL, ReasonCode.PRICE_UNKNOWN


@dataclass(frozen=True, slots=True)
class OrderNotionalLimits:
    """In account currency."""

    max_order_notional: Decimal
    oversize: str = OVERSIZE_DENY


@dataclass(frozen=True, slots=True)
class OrderEquityLimits:
    """In percent of equity."""

    max_order_pct_equity: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: OrderNotionalLimits) -> Answer:
    """PASS up to the cap in money."""
    return in_money("C1", CODE, limits.max_order_notional, worst.notional, worst, limits.oversize, UNKNOWN)


def check_equity(case: Case, worst: WorstCase, limits: OrderEquityLimits) -> Answer:
    """PASS up to the cap in percent of equity."""
    return in_percent("C1_equity", CODE, limits.max_order_pct_equity, worst.notional, worst, limits.oversize, UNKNOWN)


GATE = Gate("C1", "order notional", Scope.NEW_EXPOSURE, ("quote",), OrderNotionalLimits, check, "USD")
EQUITY_GATE = Gate(
    "C1_equity",
    "order share of equity",
    Scope.NEW_EXPOSURE,
    ("quote", "account"),
    OrderEquityLimits,
    check_equity,
    "pct",
)
