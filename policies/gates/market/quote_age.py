"""E4 quote: entries need a usable quote of our own that is at most ``max_quote_age_s`` old.

With 5 s, a quote of exactly 5 s passes and one of 5.001 s does not. A quote from the future, a crossed one, and one
with a price that is not finite and positive deny, whether or not an age is set.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, denied
from policies.gates.ages import ahead_allowed, fresh, seconds
from policies.measures.worst_case import WorstCase, is_plausible

QUOTE_STALE = ReasonCode.QUOTE_STALE


@dataclass(frozen=True, slots=True)
class QuoteAgeLimits:
    """Seconds; None for any age."""

    max_quote_age_s: Decimal | None = None
    max_clock_skew_s: Decimal | None = None


def check(case: Case, worst: WorstCase, limits: QuoteAgeLimits) -> Answer:
    """PASS while the quote is usable and fresh."""
    limit, skew = limits.max_quote_age_s, limits.max_clock_skew_s
    if worst.quote is None or not is_plausible(worst.quote.last):
        return denied("E4", ReasonCode.QUOTE_MISSING, limit)
    age = seconds(case.now, worst.quote.at)
    if limit is not None:
        return fresh("E4", QUOTE_STALE, limit, age, skew)
    if age < -ahead_allowed(skew):
        return denied("E4", ReasonCode.QUOTE_STALE, value=age, note="dated in the future")
    return PASSED, None, age, None


GATE = Gate("E4", "quote age", Scope.NEW_EXPOSURE, ("quote",), QuoteAgeLimits, check, "seconds", reads=Reads.SUBJECT)
