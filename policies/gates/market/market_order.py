"""E8 market orders: an entry at market is sized at the touch moved by ``market_slippage_pct``, so it needs a touch.

With 0.2 % and an ask of 200.00, every size gate counts 200.40 a share; the verdict shows that worst price as its value,
the touch as its limit. Where the policy sets the figure, no entry of ours comes here at market: it was turned into a
limit at that price before any gate looked (``trading/execution/intents.py``). What-if cases and exits still do.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.orders import OrderType
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Scope, denied
from policies.measures.worst_case import WorstCase

MARKET, NOT_AT_MARKET = OrderType.MARKET, NO_OBJECTION


@dataclass(frozen=True, slots=True)
class MarketOrderLimits:
    """In percent of the touch; ``worst_case`` applies it."""

    market_slippage_pct: Decimal


def check(case: Case, worst: WorstCase, limits: MarketOrderLimits) -> Answer:
    """DENY a market order without a quote to size it by."""
    if case.order.type is not MARKET:
        return NOT_AT_MARKET
    if worst.quote is None or worst.price is None:
        return denied("E8", ReasonCode.QUOTE_MISSING)
    touch = worst.quote.ask if worst.buys else worst.quote.bid
    return PASSED, touch, worst.price, None


GATE = Gate("E8", "market order", Scope.NEW_EXPOSURE, ("quote",), MarketOrderLimits, check, "pct")
