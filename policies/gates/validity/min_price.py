"""B10 lowest price: no entries into instruments that last traded below ``min_price``.

With 5.00, an instrument at 5.00 passes and one at 4.99 does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_least, denied
from policies.measures.worst_case import WorstCase, is_positive

PRICE_TOO_LOW = ReasonCode.PRICE_TOO_LOW


@dataclass(frozen=True, slots=True)
class MinPriceLimits:
    """In the instrument's currency."""

    min_price: Decimal


def check(case: Case, worst: WorstCase, limits: MinPriceLimits) -> Answer:
    """PASS at or above the lowest price."""
    if worst.quote is None or not is_positive(worst.quote.last):
        return denied("B10", ReasonCode.QUOTE_MISSING, limits.min_price)
    return at_least("B10", PRICE_TOO_LOW, limits.min_price, worst.quote.last)


GATE = Gate("B10", "lowest price", Scope.NEW_EXPOSURE, ("quote",), MinPriceLimits, check, "USD", reads=Reads.SUBJECT)
