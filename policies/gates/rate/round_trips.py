"""F5 round trips: a symbol is opened and closed at most ``max_round_trips_per_symbol`` times an exchange day.

With 2, an entry after one round trip passes, because it may become the second; after two it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import ONE
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_most, denied
from policies.gates.counts import counted_of
from policies.measures.worst_case import WorstCase

SYMBOL_ROUND_TRIPS = ReasonCode.SYMBOL_ROUND_TRIPS


@dataclass(frozen=True, slots=True)
class RoundTripLimits:
    """A count."""

    max_round_trips_per_symbol: Decimal


def check(case: Case, worst: WorstCase, limits: RoundTripLimits) -> Answer:
    """PASS up to the number of round trips, the one that this order may begin included."""
    made, limit = counted_of(case.book.counters.round_trips_today, case.order.symbol), limits.max_round_trips_per_symbol
    if made is None:
        return denied("F5", ReasonCode.COUNTERS_UNKNOWN, limit)
    return at_most("F5", SYMBOL_ROUND_TRIPS, limit, made + ONE)


GATE = Gate(
    "F5",
    "round trips of a symbol",
    Scope.NEW_EXPOSURE,
    ("counters",),
    RoundTripLimits,
    check,
    "count",
    reads=Reads.SUBJECT,
)
