"""A8 clock skew: entries need our clock and the broker's to agree within ``max_clock_skew_s``.

With 2 s, a broker clock 2 s ahead or behind passes and 2.001 s does not; an unknown broker clock denies.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_most, denied
from policies.gates.ages import seconds
from policies.measures.worst_case import WorstCase

CLOCK_SKEW = ReasonCode.CLOCK_SKEW


@dataclass(frozen=True, slots=True)
class ClockSkewLimits:
    """Seconds, either way."""

    max_clock_skew_s: Decimal


def check(case: Case, worst: WorstCase, limits: ClockSkewLimits) -> Answer:
    """PASS while the clocks agree."""
    limit, theirs = limits.max_clock_skew_s, case.control.broker_time
    if theirs is None:
        return denied("A8", ReasonCode.CLOCK_SKEW, limit, note="the broker's clock is unknown")
    return at_most("A8", CLOCK_SKEW, limit, abs(seconds(case.now, theirs)))


GATE = Gate(
    "A8", "clock skew", Scope.NEW_EXPOSURE, ("broker_time",), ClockSkewLimits, check, "seconds", reads=Reads.NOTHING
)
