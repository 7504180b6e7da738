"""E4_bar bars: entries need a completed bar that ended at most ``max_bar_age_s`` ago.

With 345,600 s (four days, for daily bars over a long week-end) a bar of exactly that age passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, denied
from policies.gates.ages import fresh, seconds
from policies.measures.worst_case import NOTHING, WorstCase

BAR_STALE = ReasonCode.BAR_STALE


@dataclass(frozen=True, slots=True)
class BarAgeLimits:
    """Seconds."""

    max_bar_age_s: Decimal
    max_clock_skew_s: Decimal | None = None


def check(case: Case, worst: WorstCase, limits: BarAgeLimits) -> Answer:
    """PASS while the newest bar is fresh."""
    end = case.market.symbols.get(case.order.symbol, NOTHING).last_bar_end
    if end is None:
        return denied("E4_bar", ReasonCode.BAR_STALE, limits.max_bar_age_s, note="no bar")
    age = seconds(case.now, end)
    return fresh("E4_bar", BAR_STALE, limits.max_bar_age_s, age, limits.max_clock_skew_s)


GATE = Gate("E4_bar", "bar age", Scope.NEW_EXPOSURE, ("bars",), BarAgeLimits, check, "seconds", reads=Reads.SUBJECT)
