"""E7 spread: bid and ask are at most ``max_spread_pct`` percent of their middle apart.

With 0.5 %, 199.50 to 200.50 (1.00 on 200.00) passes and 199.49 to 200.50 does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_most, denied
from policies.measures.worst_case import WorstCase, percent

SPREAD_TOO_WIDE = ReasonCode.SPREAD_TOO_WIDE


@dataclass(frozen=True, slots=True)
class SpreadLimits:
    """In percent of the middle."""

    max_spread_pct: Decimal


def check(case: Case, worst: WorstCase, limits: SpreadLimits) -> Answer:
    """PASS up to the widest spread."""
    quote = worst.quote
    if quote is None:
        return denied("E7", ReasonCode.QUOTE_MISSING, limits.max_spread_pct)
    spread = percent(quote.ask - quote.bid, quote.mid)
    return at_most("E7", SPREAD_TOO_WIDE, limits.max_spread_pct, spread)


GATE = Gate("E7", "spread", Scope.NEW_EXPOSURE, ("quote",), SpreadLimits, check, "pct", reads=Reads.SUBJECT)
