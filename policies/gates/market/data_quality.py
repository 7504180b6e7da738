"""E5 bars and E5_source second source: an entry rests on data that hold together, and that another source confirms.

E5: whoever reads the bars says what is wrong with the newest of them (a gap, a high below the low, no volume); anything
but "nothing" refuses, and so does silence. E5_source: with 0.5 %, the middle of our quote and another source's price of
200.00 agree from 199.00 to 201.00; at 201.01 they do not, and one of the two is wrong. No configured source tells a
second price today, so that it is judged where a what-if case states it, and denies every entry of a policy that sets
it otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, Answer, Gate, Reads, Scope, at_most, denied
from policies.measures.worst_case import NOTHING, WorstCase, is_plausible, percent

SOURCES_DISAGREE = ReasonCode.SOURCES_DISAGREE


@dataclass(frozen=True, slots=True)
class BarsLimits:
    """Whether the newest bars have to be sound."""

    require_valid_bars: bool


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """In percent of the other source's price."""

    max_source_difference_pct: Decimal


def check(case: Case, worst: WorstCase, limits: BarsLimits) -> Answer:
    """PASS where nothing is wrong with the bars."""
    if not limits.require_valid_bars:
        return NO_OBJECTION
    fault = case.market.symbols.get(case.order.symbol, NOTHING).bar_fault
    if not isinstance(fault, str):
        return denied("E5", ReasonCode.BARS_UNKNOWN)
    return NO_OBJECTION if fault == "" else denied("E5", ReasonCode.BARS_INVALID, note=fault[:80])


def check_source(case: Case, worst: WorstCase, limits: SourceLimits) -> Answer:
    """PASS while both sources agree."""
    cap, other = limits.max_source_difference_pct, case.market.symbols.get(case.order.symbol, NOTHING).second_price
    if not is_plausible(other):
        return denied("E5_source", ReasonCode.SECOND_SOURCE_MISSING, cap)
    if worst.quote is None:
        return denied("E5_source", ReasonCode.QUOTE_MISSING, cap)
    apart = percent(abs(worst.quote.mid - other), other)
    return at_most("E5_source", SOURCES_DISAGREE, cap, apart)


GATE = Gate("E5", "sound bars", Scope.NEW_EXPOSURE, ("bars",), BarsLimits, check, reads=Reads.SUBJECT)
SOURCE_GATE = Gate(
    "E5_source",
    "second source",
    Scope.NEW_EXPOSURE,
    ("quote", "second_price"),
    SourceLimits,
    check_source,
    "pct",
    reads=Reads.SUBJECT,
)
