"""C15 cash: what is left after all open buys and this order is at least ``min_cash_reserve``, or its share of equity.

Cash 20,000 and a reserve of 5,000: with an open buy of 6,000, an order of 9,000.00 passes and one of 9,000.01 does not.
Open sells bring no cash before they fill, and the proceeds of a short sale are not ours to count. C15_pct is the same
against ``min_cash_reserve_pct`` percent of equity.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED, ZERO
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, PASSED, Answer, Gate, Need, Scope, denied
from policies.gates.caps import too_large
from policies.measures.worst_case import WorstCase, affordable, is_finite, rounded_up

CODE = ReasonCode.CASH_RESERVE


@dataclass(frozen=True, slots=True)
class CashReserveLimits:
    """In account currency."""

    min_cash_reserve: Decimal
    oversize: str = OVERSIZE_DENY


@dataclass(frozen=True, slots=True)
class CashShareLimits:
    """In percent of equity."""

    min_cash_reserve_pct: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: CashReserveLimits) -> Answer:
    """PASS while the reserve in money stays."""
    reserve, left = limits.min_cash_reserve, _left(case, worst)
    if left is None or worst.notional is None or worst.price is None:
        return denied("C15", ReasonCode.CASH_UNKNOWN, reserve)
    if left >= reserve:
        return PASSED, reserve, left, left - reserve
    quantity = affordable(worst.notional + left - reserve, worst.price, worst.step) if worst.buys else ZERO
    return too_large("C15", CODE, reserve, left, left - reserve, quantity, limits.oversize)


def check_share(case: Case, worst: WorstCase, limits: CashShareLimits) -> Answer:
    """PASS while the reserve in percent of equity stays."""
    reserve, left = limits.min_cash_reserve_pct, _left(case, worst)
    if left is None or worst.notional is None or worst.price is None:
        return denied("C15_pct", ReasonCode.CASH_UNKNOWN, reserve)
    if worst.equity is None:
        return denied("C15_pct", ReasonCode.EQUITY_UNKNOWN, reserve)
    # Shown rounded down, against us, as ``percent`` rounds up.
    shown, spare = _share(left, worst.equity), left - worst.equity * reserve / HUNDRED
    if spare >= ZERO:
        return PASSED, reserve, shown, shown - reserve
    # A smaller sell leaves no more cash than a larger one, so there is nothing to offer.
    quantity = affordable(worst.notional + spare, worst.price, worst.step) if worst.buys else ZERO
    return too_large("C15_pct", CODE, reserve, shown, shown - reserve, quantity, limits.oversize)


def _share(left: Decimal, equity: Decimal) -> Decimal:
    return -rounded_up(-left * HUNDRED, equity)


def _left(case: Case, worst: WorstCase) -> Decimal | None:
    cash = case.book.account.cash
    if not is_finite(cash) or worst.reserved is None or worst.notional is None:
        return None
    return cash - worst.reserved - (worst.notional if worst.buys else ZERO)


NEEDS: tuple[Need, ...] = ("quote", "account", "orders")
GATE = Gate("C15", "cash reserve", Scope.NEW_EXPOSURE, NEEDS, CashReserveLimits, check, "USD")
SHARE_GATE = Gate("C15_pct", "cash share of equity", Scope.NEW_EXPOSURE, NEEDS, CashShareLimits, check_share, "pct")
