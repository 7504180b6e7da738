"""D4 round trips: no entries once ``max_round_trips_5d`` positions were opened and closed on one day within five days.

With 3, an entry after two round trips passes and one after the third does not. The count may not be known; then nothing
is entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, below, denied
from policies.gates.counts import counted
from policies.measures.worst_case import WorstCase

ROUND_TRIPS = ReasonCode.ROUND_TRIPS


@dataclass(frozen=True, slots=True)
class RoundTripLimits:
    """A count."""

    max_round_trips_5d: Decimal


def check(case: Case, worst: WorstCase, limits: RoundTripLimits) -> Answer:
    """PASS below the number of round trips."""
    done = counted(case.book.counters.round_trips_5d)
    if done is None:
        return denied("D4", ReasonCode.COUNTERS_UNKNOWN, limits.max_round_trips_5d)
    return below("D4", ROUND_TRIPS, limits.max_round_trips_5d, done)


GATE = Gate(
    "D4",
    "round trips in five days",
    Scope.NEW_EXPOSURE,
    ("counters",),
    RoundTripLimits,
    check,
    "count",
    reads=Reads.NOTHING,
)
