"""E9 liquidity: an order is at most ``max_adv_pct`` percent of the average daily volume.

With 1 % and 2,000,000 shares a day, 20,000 shares pass and 20,001 do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Gate, Scope, denied, passed
from policies.gates.caps import too_large
from policies.worst_case import NOTHING, WorstCase, is_positive, percent, whole_lots


@dataclass(frozen=True, slots=True)
class LiquidityLimits:
    """In percent of the average daily volume."""

    max_adv_pct: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: LiquidityLimits) -> Verdict:
    """PASS up to the share of a day's volume."""
    cap, volume = limits.max_adv_pct, case.market.symbols.get(case.order.symbol, NOTHING).adv_shares
    if not is_positive(volume):
        return denied("E9", ReasonCode.LIQUIDITY_UNKNOWN, cap)
    if not worst.measurable:
        return denied("E9", ReasonCode.QTY_INVALID, cap)
    largest, share = volume * cap / HUNDRED, percent(case.order.qty, volume)
    if case.order.qty <= largest:
        return passed("E9", cap, share, cap - share)
    quantity = whole_lots(largest, worst.step)
    return too_large("E9", ReasonCode.LIQUIDITY, cap, share, cap - share, quantity, limits.oversize)


GATE = Gate("E9", "liquidity", Scope.NEW_EXPOSURE, ("adv",), LiquidityLimits, check, "pct")
