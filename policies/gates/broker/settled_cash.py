"""D7 settled cash: a cash account buys with money that has settled, all open buys included.

5,000 of the cash settled: with an open buy of 2,000, an order of 3,000.00 passes and one of 3,000.01 does not. The
proceeds of a sale settle a day later, and brokers restrict accounts that spend them before. A margin account is not
held to this. An account whose kind the broker did not tell enters nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.book import AccountKind
from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, OVERSIZE_DENY, Answer, Gate, Need, Scope, denied
from policies.gates.caps import in_money
from policies.measures.worst_case import SELL, WorstCase, is_finite

SETTLED_CASH = ReasonCode.SETTLED_CASH
PRICE_UNKNOWN = ReasonCode.PRICE_UNKNOWN
MARGIN, NOT_HELD_TO_IT = AccountKind.MARGIN, NO_OBJECTION


@dataclass(frozen=True, slots=True)
class SettledCashLimits:
    """``require_settled_cash`` False leaves it to the broker."""

    require_settled_cash: bool
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: SettledCashLimits) -> Answer:
    """PASS while the settled cash covers the order."""
    if not limits.require_settled_cash:
        return NOT_HELD_TO_IT
    if case.book.account.kind is None:
        return denied("D7", ReasonCode.ACCOUNT_KIND_UNKNOWN)
    kind = case.book.account.kind
    if kind is MARGIN or AccountKind(kind) is MARGIN or case.order.side is SELL:
        return NOT_HELD_TO_IT
    settled = case.book.account.settled_cash
    if not is_finite(settled):
        return denied("D7", ReasonCode.CASH_UNKNOWN)
    total = None if worst.reserved is None or worst.notional is None else worst.reserved + worst.notional
    return in_money("D7", SETTLED_CASH, settled, total, worst, limits.oversize, PRICE_UNKNOWN)


NEEDS: tuple[Need, ...] = ("account", "quote", "orders")
GATE = Gate("D7", "settled cash", Scope.NEW_EXPOSURE, NEEDS, SettledCashLimits, check, "USD")
