"""The one formula behind all size gates: a total after this order stays at or below a cap, in money, percent or shares.

The comparison is exact, in money; ``limit`` and ``value`` of the verdict show it in the policy's unit. When the cap is
exceeded the verdict carries the largest quantity in whole lots that would stay within it, and is a REDUCE where the
policy says ``oversize = "reduce"``. A total, price or equity that is unknown denies.

Each form is linear in the quantity: with a cap of 10,000, a total of 10,400 and shares that add 200 each, an order of
50 (10,000 of the total) has 9,600 left to spend, which are 48 shares.
"""

from __future__ import annotations

from decimal import Decimal

from domain.money import HUNDRED, ONE, ZERO
from domain.verdicts import Outcome, Verdict
from policies.codes import ReasonCode
from policies.gate import DENY, OVERSIZE_REDUCE, PASSED, Answer, denied
from policies.measures.worst_case import WorstCase, affordable, percent, rounded_up

REDUCE = Outcome.REDUCE


def in_money(
    gate: str,
    code: ReasonCode,
    cap: Decimal,
    total: Decimal | None,
    worst: WorstCase,
    oversize: str,
    unknown: ReasonCode,
) -> Answer:
    """PASS while ``total``, of which this order is the notional, is at most ``cap``."""
    if total is None or worst.notional is None or worst.price is None:
        return denied(gate, unknown, cap)
    spare = cap - total
    if spare >= ZERO:
        return PASSED, cap, total, spare
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
    *,
    beside_others: bool = False,
) -> Answer:
    """PASS while ``total``, of which this order is the notional, is at most ``cap`` percent of equity.

    ``beside_others``: the total holds worst exposures, which may be too much without the order (see ``of_equity``).
    """
    equity = worst.equity
    if total is None or worst.notional is None or worst.price is None:
        return denied(gate, unknown, cap)
    if equity is not None:
        share = rounded_up(total * HUNDRED, equity)
        margin = cap - share
        if margin >= ZERO:
            return PASSED, cap, share, margin
    before = without_order(worst, total) if beside_others else None
    return of_equity(gate, code, cap, total, worst.notional, worst.price, worst, oversize, before)


def fits(cap: Decimal, total: Decimal, equity: Decimal) -> Answer | None:
    """PASS while ``total`` is at most ``cap`` % of equity, else nothing: what to say then takes more to work out."""
    share = rounded_up(total * HUNDRED, equity)
    margin = cap - share
    # Where the share, which is rounded up, is within its cap, the exact one is; a hair above, only the exact one tells.
    if margin >= ZERO or total * HUNDRED <= equity * cap:
        return PASSED, cap, share, margin
    return None


def of_equity(
    gate: str,
    code: ReasonCode,
    cap: Decimal,
    total: Decimal,
    part: Decimal,
    each: Decimal,
    worst: WorstCase,
    oversize: str,
    before: Decimal | None = None,
) -> Answer:
    """PASS while ``total``, to which this order adds ``part`` at ``each`` a share, is at most ``cap`` % of equity.

    ``before`` is the total without the order, where that is more than what the order's part leaves of it: with open
    sells of 10,000 against a buy of 500, no smaller buy brings the position below 10,000.
    """
    equity = worst.equity
    if equity is None:
        return denied(gate, ReasonCode.EQUITY_UNKNOWN, cap)
    found = fits(cap, total, equity)
    if found is not None:
        return found
    spare, value = equity * cap / HUNDRED - total, percent(total, equity)
    helps = before is None or before <= total + spare
    quantity = affordable(part + spare, each, worst.step) if helps else ZERO
    return too_large(gate, code, cap, value, cap - value, quantity, oversize)


def in_shares(
    gate: str, code: ReasonCode, cap: Decimal, total: Decimal | None, qty: Decimal, worst: WorstCase, oversize: str
) -> Answer:
    """PASS while ``total`` shares, of which this order is ``qty``, are at most ``cap``."""
    if total is None or not worst.measurable:
        return denied(gate, ReasonCode.POSITION_UNKNOWN, cap)
    spare = cap - total
    if spare >= ZERO:
        return PASSED, cap, total, spare
    return too_large(gate, code, cap, total, spare, affordable(qty + spare, ONE, worst.step), oversize)


def without_order(worst: WorstCase, total: Decimal) -> Decimal | None:
    """A ``total`` of worst exposures as it is before this order."""
    position = worst.mine.worst
    if worst.position_after is None or position is None:
        return None
    return total - worst.position_after + position


def too_large(
    gate: str, code: ReasonCode, limit: Decimal, value: Decimal, margin: Decimal, quantity: Decimal, oversize: str
) -> Verdict:
    """DENY, or REDUCE to ``quantity`` where the policy wants that and anything is left."""
    outcome = REDUCE if oversize == OVERSIZE_REDUCE and quantity > ZERO else DENY
    return Verdict(gate, code, outcome, limit, value, margin, quantity)
