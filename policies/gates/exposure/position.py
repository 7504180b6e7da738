"""C3 position size after the worst case: in percent of equity, in money (C3_notional) and in shares (C3_qty).

Equity 100,000 and 10 %: with 40 shares held and an open buy of 5 at an ask of 200, another 5 bring the position to
10,000.00 and pass; 6 bring it to 10,200.00 and are refused, or cut to 5. An open sell makes no room.

C14 weighs the share of equity with the symbol's own annual volatility, its daily deviation times the root of 252. With
a target of 15 % and a deviation of 2 % a day (31.75 % a year) a position of 47.24 % of equity passes: equity 100,000
and an ask of 200 leave 236 shares. A deviation that is unknown or zero denies.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Need, Scope, denied
from policies.gates.caps import fits, in_money, in_percent, in_shares, of_equity
from policies.gates.returns import annual, times_up
from policies.measures.worst_case import WorstCase, is_plausible

VOLATILITY_SIZE = ReasonCode.VOLATILITY_SIZE
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


@dataclass(frozen=True, slots=True)
class VolatilityLimits:
    """In percent a year: what the position may move the account by, in one standard deviation."""

    target_volatility_pct: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: PositionEquityLimits) -> Answer:
    """PASS up to the cap in percent of equity."""
    return in_percent("C3", CODE, limits.max_position_pct_equity, worst.position_after, worst, limits.oversize, UNKNOWN)


def check_notional(case: Case, worst: WorstCase, limits: PositionNotionalLimits) -> Answer:
    """PASS up to the cap in money."""
    return in_money(
        "C3_notional", CODE, limits.max_position_notional, worst.position_after, worst, limits.oversize, UNKNOWN
    )


def check_qty(case: Case, worst: WorstCase, limits: PositionQtyLimits) -> Answer:
    """PASS up to the cap in shares."""
    return in_shares("C3_qty", CODE, limits.max_position_qty, worst.qty_after, case.order.qty, worst, limits.oversize)


def check_volatility(case: Case, worst: WorstCase, limits: VolatilityLimits) -> Answer:
    """PASS up to the target."""
    target, sigma = limits.target_volatility_pct, worst.view.daily_sigma
    if not is_plausible(sigma):
        return denied("C14", ReasonCode.VOLATILITY_UNKNOWN, target)
    position, before = worst.position_after, worst.before
    if position is None or before is None or worst.notional is None or worst.price is None:
        return denied("C14", UNKNOWN, target)
    yearly = annual(sigma)
    total, code = times_up(position, yearly), VOLATILITY_SIZE
    found = None if worst.equity is None else fits(target, total, worst.equity)
    if found is not None:
        return found
    part, each = worst.notional * yearly, worst.price * yearly
    return of_equity("C14", code, target, total, part, each, worst, limits.oversize, times_up(before, yearly))


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
VOLATILITY_GATE = Gate(
    "C14",
    "position by volatility",
    Scope.NEW_EXPOSURE,
    (*NEEDS, "account", "returns"),
    VolatilityLimits,
    check_volatility,
    "pct",
)
