"""The one formula behind all size gates: a total after this order stays at or below a cap, in money, percent or shares.

The comparison is exact, in money; ``limit`` and ``value`` of the verdict show it in the policy's unit. When the cap is
exceeded the verdict carries the largest quantity in whole lots that would stay within it, and is a REDUCE where the
policy says ``oversize = "reduce"``. A total, price or equity that is unknown denies.
"""

from __future__ import annotations

from decimal import Decimal

from domain.money import HUNDRED, ONE, ZERO
from domain.verdicts import Outcome, Verdict
from policies.codes import ReasonCode
from policies.gate import OK, OVERSIZE_REDUCE, PASS, denied
from policies.worst_case import WorstCase, affordable, percent


def in_money(
    gate: str,
    code: ReasonCode,
    cap: Decimal,
    total: Decimal | None,
    worst: WorstCase,
    oversize: str,
    unknown: ReasonCode,
) -> Verdict:
    """PASS while ``total``, of which this order is the notional, is at most ``cap``."""
    if total is None or worst.notional is None or worst.price is None:
        return denied(gate, unknown, cap)
    spare = cap - total
    if spare >= ZERO:
        return Verdict(gate, OK, PASS, cap, total, spare)
    quantity = affordable(worst.notional + spare, worst.price, worst.step)
    return too_large(gate, code, cap, total, spare, quantity, oversize)


def in_percent(
    gate: str,
    code: ReasonCode,
    cap: Decimal,
    total: Decimal | None,
    worst: WorstCase,
    oversize: str,
    unknown: ReasonCode,
) -> Verdict:
    """PASS while ``total``, of which this order is the notional, is at most ``cap`` percent of equity."""
    if total is None or worst.notional is None or worst.price is None:
        return denied(gate, unknown, cap)
    if worst.equity is None:
        return denied(gate, ReasonCode.EQUITY_UNKNOWN, cap)
    spare, value = worst.equity * cap / HUNDRED - total, percent(total, worst.equity)
    if spare >= ZERO:
        return Verdict(gate, OK, PASS, cap, value, cap - value)
    quantity = affordable(worst.notional + spare, worst.price, worst.step)
    return too_large(gate, code, cap, value, cap - value, quantity, oversize)


def in_shares(
    gate: str, code: ReasonCode, cap: Decimal, total: Decimal | None, qty: Decimal, worst: WorstCase, oversize: str
) -> Verdict:
    """PASS while ``total`` shares, of which this order is ``qty``, are at most ``cap``."""
    if total is None or not worst.measurable:
        return denied(gate, ReasonCode.POSITION_UNKNOWN, cap)
    spare = cap - total
    if spare >= ZERO:
        return Verdict(gate, OK, PASS, cap, total, spare)
    return too_large(gate, code, cap, total, spare, affordable(qty + spare, ONE, worst.step), oversize)


def too_large(
    gate: str, code: ReasonCode, limit: Decimal, value: Decimal, margin: Decimal, quantity: Decimal, oversize: str
) -> Verdict:
    """DENY, or REDUCE to ``quantity`` where the policy wants that and anything is left."""
    outcome = Outcome.REDUCE if oversize == OVERSIZE_REDUCE and quantity > ZERO else Outcome.DENY
    return Verdict(gate, code, outcome, limit, value, margin, quantity)
