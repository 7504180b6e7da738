"""B10_age listing and B10_cap market value: no entries into what is listed too freshly, or worth too little as a whole.

With ``min_listing_age_d`` 90, an instrument listed on 17 December is entered from 17 March on: 90 days later, counted
in days of UTC. With ``min_market_cap`` 300,000,000 a company worth exactly that passes and one worth a dollar less does
not. What no source tells denies, and so does a listing that is still ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_least, denied
from policies.measures.worst_case import WorstCase, is_positive

LISTING_TOO_YOUNG = ReasonCode.LISTING_TOO_YOUNG
MARKET_CAP_TOO_SMALL = ReasonCode.MARKET_CAP_TOO_SMALL


@dataclass(frozen=True, slots=True)
class ListingAgeLimits:
    """Days."""

    min_listing_age_d: Decimal


@dataclass(frozen=True, slots=True)
class MarketCapLimits:
    """In the instrument's currency."""

    min_market_cap: Decimal


def check_age(case: Case, worst: WorstCase, limits: ListingAgeLimits) -> Answer:
    """PASS from the given age on."""
    if worst.instrument is None or worst.instrument.listed_on is None:
        return denied("B10_age", ReasonCode.LISTING_UNKNOWN, limits.min_listing_age_d)
    age = Decimal((case.now.date() - worst.instrument.listed_on).days)
    return at_least("B10_age", LISTING_TOO_YOUNG, limits.min_listing_age_d, age)


def check_cap(case: Case, worst: WorstCase, limits: MarketCapLimits) -> Answer:
    """PASS from the given value on."""
    cap = None if worst.instrument is None else worst.instrument.market_cap
    if not is_positive(cap):
        return denied("B10_cap", ReasonCode.MARKET_CAP_UNKNOWN, limits.min_market_cap)
    return at_least("B10_cap", MARKET_CAP_TOO_SMALL, limits.min_market_cap, cap)


SCOPE = Scope.NEW_EXPOSURE
AGE_GATE = Gate(
    "B10_age", "age of the listing", SCOPE, ("listing",), ListingAgeLimits, check_age, "days", reads=Reads.SUBJECT
)
CAP_GATE = Gate(
    "B10_cap", "market value", SCOPE, ("market_cap",), MarketCapLimits, check_cap, "USD", reads=Reads.SUBJECT
)
