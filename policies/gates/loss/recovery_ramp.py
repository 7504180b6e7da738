"""G6 recovery ramp: after a resume an order may have only a share of its usual size: 0.25, 0.5, then 1.

With a ramp of 0.25 and ``max_order_notional`` 10,000, an order of 2,500.00 passes and one of 2,500.01 does not; of
``max_order_pct_equity`` the same share counts, and the smaller of both. Whether or not the policy sets a size, all
positions together stay within the ramp's share of equity. A ramp that is unknown, or no share of one, denies.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED, ONE, ZERO
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, OVERSIZE_DENY, Answer, Gate, Need, Scope, denied, in_full
from policies.gates.caps import in_money
from policies.measures.worst_case import LARGEST, WorstCase, is_finite

EXPOSURE_UNKNOWN = ReasonCode.EXPOSURE_UNKNOWN
CODE, FULL_SIZE = ReasonCode.RECOVERY_RAMP, NO_OBJECTION


@dataclass(frozen=True, slots=True)
class RampLimits:
    """The usual size: in account currency, and in percent of equity."""

    max_order_notional: Decimal | None = None
    max_order_pct_equity: Decimal | None = None
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: RampLimits) -> Answer:
    """PASS at the full size, else up to the ramp's share of it."""
    ramp = case.control.ramp
    if not is_finite(ramp) or not ZERO <= ramp <= ONE:
        return denied("G6", ReasonCode.RAMP_UNKNOWN)
    if ramp == ONE:
        return FULL_SIZE
    if worst.equity is None:
        return denied("G6", ReasonCode.EQUITY_UNKNOWN)
    gross = _within(ramp * worst.equity, worst.gross_after, worst, limits)
    size = _usual(limits, worst.equity)
    if size is None:
        return gross
    order = _within(ramp * size, worst.notional, worst, limits)
    return min(order, gross, key=_left)


def _within(cap: Decimal, total: Decimal | None, worst: WorstCase, limits: RampLimits) -> Answer:
    return in_money("G6", CODE, cap, total, worst, limits.oversize, EXPOSURE_UNKNOWN)


def _left(answer: Answer) -> Decimal:
    """By how much a cap is kept, negative where it is broken; one that could not be measured comes first of all."""
    margin = in_full("G6", answer).margin
    return -LARGEST if margin is None else margin


def _usual(limits: RampLimits, equity: Decimal) -> Decimal | None:
    """The smaller of the sizes an order may have without a ramp; None where the policy sets none."""
    if limits.max_order_pct_equity is None:
        return limits.max_order_notional
    share = equity * limits.max_order_pct_equity / HUNDRED
    return share if limits.max_order_notional is None else min(limits.max_order_notional, share)


NEEDS: tuple[Need, ...] = ("control", "quote", "account", "positions", "orders")
GATE = Gate("G6", "recovery ramp", Scope.NEW_EXPOSURE, NEEDS, RampLimits, check, "USD")
