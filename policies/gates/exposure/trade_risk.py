"""C11 risk to the stop: quantity times the distance from the worst price to the stop, at most a share of equity.

Equity 100,000 and 1 %: a buy at 200 with a stop at 190 risks 10 a share, so 100 shares (1,000.00) pass and 101 do not.
An order without a stop risks nobody knows how much and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED, ZERO
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Scope, denied
from policies.gates.caps import fits, too_large
from policies.measures.worst_case import WorstCase, affordable, is_positive, percent

TRADE_RISK = ReasonCode.TRADE_RISK


@dataclass(frozen=True, slots=True)
class TradeRiskLimits:
    """In percent of equity."""

    max_loss_per_trade_pct: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: TradeRiskLimits) -> Answer:
    """PASS up to the share of equity."""
    cap, order = limits.max_loss_per_trade_pct, case.order
    # A short loses from where it would execute, which is never better than its worst price.
    price = worst.price if worst.buys else worst.expected
    if price is None:
        return denied("C11", ReasonCode.PRICE_UNKNOWN, cap)
    if not is_positive(order.stop_loss):
        return denied("C11", ReasonCode.STOP_MISSING, cap)
    if worst.equity is None:
        return denied("C11", ReasonCode.EQUITY_UNKNOWN, cap)
    per_share = price - order.stop_loss if worst.buys else (price - order.stop_loss) * order.side.sign
    if per_share <= ZERO:
        return denied("C11", ReasonCode.STOP_WRONG_SIDE, cap)
    risk = order.qty * per_share
    found = fits(cap, risk, worst.equity)
    if found is not None:
        return found
    spare, value = worst.equity * cap / HUNDRED - risk, percent(risk, worst.equity)
    quantity = affordable(risk + spare, per_share, worst.step)
    return too_large("C11", TRADE_RISK, cap, value, cap - value, quantity, limits.oversize)


GATE = Gate("C11", "loss at the stop", Scope.NEW_EXPOSURE, ("quote", "account"), TradeRiskLimits, check, "pct")
