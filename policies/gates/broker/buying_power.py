"""D1 buying power: what this order and all open buys need is at most the account's buying power, or a share of it.

Buying power 20,000 and 95 %: with an open buy of 4,000, an order of 15,000.00 passes and one of 15,000.01 does not. A
short sale needs its limit or 1.03 times the ask, whichever is more, for every share.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED, ZERO
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, PASSED, Answer, Gate, Scope, denied
from policies.gates.caps import too_large
from policies.measures.worst_case import WorstCase, affordable, is_finite

CODE, UNKNOWN = ReasonCode.BUYING_POWER, ReasonCode.PRICE_UNKNOWN
SHORT_MARKUP = Decimal("1.03")


@dataclass(frozen=True, slots=True)
class BuyingPowerLimits:
    """In percent of buying power."""

    max_buying_power_pct: Decimal = HUNDRED
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: BuyingPowerLimits) -> Answer:
    """PASS while the need is covered."""
    power = case.book.account.buying_power
    if not is_finite(power):
        return denied("D1", ReasonCode.BUYING_POWER_UNKNOWN)
    cap, price = power * limits.max_buying_power_pct / HUNDRED, _each(worst)
    if price is None or worst.reserved is None:
        return denied("D1", UNKNOWN, cap)
    part = case.order.qty * price
    total = worst.reserved + part
    spare = cap - total
    if spare >= ZERO:
        return PASSED, cap, total, spare
    return too_large("D1", CODE, cap, total, spare, affordable(part + spare, price, worst.step), limits.oversize)


def _each(worst: WorstCase) -> Decimal | None:
    """What one share needs."""
    if worst.buys or worst.price is None or worst.quote is None:
        return worst.price
    return max(worst.price, worst.quote.ask * SHORT_MARKUP)


GATE = Gate("D1", "buying power", Scope.NEW_EXPOSURE, ("account", "quote", "orders"), BuyingPowerLimits, check, "USD")
