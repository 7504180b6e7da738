"""E6 price collar: the order's price, or where it would execute, stays near our own last price, either way.

With 3 % and a last price of 200.00, a limit of 206.00 passes and one of 206.01 does not; a market order is judged at
the ask or bid it would meet, moved by the policy's slippage. E6_atr is the same against ``price_collar_atr`` times the
average true range.

This holds for exits too, against a slip of the pen, but not for what an exit cannot help: a missing or old quote, or a
resting stop, which belongs away from the market.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import Gate, Scope, at_most, denied, passed
from policies.gates.ages import seconds
from policies.worst_case import NOTHING, STOP_TYPES, WorstCase, is_positive, percent

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


def check(case: Case, worst: WorstCase, limits: CollarLimits) -> Verdict:
    """PASS within the collar."""
    cap, price = limits.price_collar_pct, worst.expected
    if worst.reduces_risk and (case.order.type in STOP_TYPES or _is_old(case, worst)):
        return passed("E6", cap)
    if worst.quote is None or price is None or not is_positive(worst.quote.last):
        return passed("E6", cap) if worst.reduces_risk else denied("E6", ReasonCode.QUOTE_MISSING, cap)
    return at_most("E6", CODE, cap, percent(abs(price - worst.quote.last), worst.quote.last))


def check_atr(case: Case, worst: WorstCase, limits: AtrCollarLimits) -> Verdict:
    """PASS within so many ranges."""
    cap, price = limits.price_collar_atr, worst.expected
    atr = case.market.symbols.get(case.order.symbol, NOTHING).atr
    if worst.reduces_risk and (case.order.type in STOP_TYPES or _is_old(case, worst)):
        return passed("E6_atr", cap)
    if worst.quote is None or price is None or not is_positive(worst.quote.last) or not is_positive(atr):
        return passed("E6_atr", cap) if worst.reduces_risk else denied("E6_atr", ReasonCode.QUOTE_MISSING, cap)
    return at_most("E6_atr", CODE, cap * atr, abs(price - worst.quote.last))


def _is_old(case: Case, worst: WorstCase) -> bool:
    return worst.quote is not None and seconds(case.now, worst.quote.at) > OLD_S


GATE = Gate("E6", "price collar", Scope.ALWAYS, ("quote",), CollarLimits, check, "pct")
ATR_GATE = Gate("E6_atr", "price collar in ranges", Scope.ALWAYS, ("quote", "bars"), AtrCollarLimits, check_atr, "USD")
