"""E6 price collar: the order's price, or where it would execute, stays near our own last price, either way.

With 3 % and a last price of 200.00, a limit of 206.00 passes and one of 206.01 does not; a market order is judged at
the ask or bid it would meet, moved by the policy's slippage. E6_atr is the same against ``price_collar_atr`` times the
average true range.

This holds for exits too, against a slip of the pen, but not for what an exit cannot help: a missing or old quote, or
what rests and belongs away from the market, a stop or a pair of exits whose target lies beyond the price.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED
from domain.orders import OrderClass
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Scope, at_most, denied
from policies.gates.ages import seconds
from policies.measures.worst_case import STOP_TYPES, WorstCase, is_positive, rounded_up

CODE = ReasonCode.PRICE_COLLAR
OLD_S = Decimal(60)
"""Seconds after which an exit is no longer held to a quote."""


@dataclass(frozen=True, slots=True)
class CollarLimits:
    """In percent of the last price."""

    price_collar_pct: Decimal


@dataclass(frozen=True, slots=True)
class AtrCollarLimits:
    """In average true ranges."""

    price_collar_atr: Decimal


def check(case: Case, worst: WorstCase, limits: CollarLimits) -> Answer:
    """PASS within the collar."""
    cap, price = limits.price_collar_pct, worst.expected
    if worst.reduces_risk and (_rests(case, worst) or _is_old(case, worst)):
        return PASSED, cap, None, None
    last = None if worst.quote is None else worst.quote.last
    if price is None or not is_positive(last):
        return (PASSED, cap, None, None) if worst.reduces_risk else denied("E6", ReasonCode.QUOTE_MISSING, cap)
    return at_most("E6", CODE, cap, rounded_up(abs(price - last) * HUNDRED, last))


def check_atr(case: Case, worst: WorstCase, limits: AtrCollarLimits) -> Answer:
    """PASS within so many ranges."""
    cap, price = limits.price_collar_atr, worst.expected
    atr = worst.view.atr
    if worst.reduces_risk and (_rests(case, worst) or _is_old(case, worst)):
        return PASSED, cap, None, None
    last = None if worst.quote is None else worst.quote.last
    if price is None or not is_positive(last) or not is_positive(atr):
        return (PASSED, cap, None, None) if worst.reduces_risk else denied("E6_atr", ReasonCode.QUOTE_MISSING, cap)
    return at_most("E6_atr", CODE, cap * atr, abs(price - last))


def _rests(case: Case, worst: WorstCase) -> bool:
    order, quote = case.order, worst.quote
    if order.type in STOP_TYPES:
        return True
    if order.order_class is not OrderClass.OCO or quote is None or order.limit_price is None:
        return False
    return order.limit_price <= quote.ask if worst.buys else order.limit_price >= quote.bid


def _is_old(case: Case, worst: WorstCase) -> bool:
    return worst.quote is not None and seconds(case.now, worst.quote.at) > OLD_S


GATE = Gate("E6", "price collar", Scope.ALWAYS, ("quote",), CollarLimits, check, "pct")
ATR_GATE = Gate("E6_atr", "price collar in ranges", Scope.ALWAYS, ("quote", "bars"), AtrCollarLimits, check_atr, "USD")
