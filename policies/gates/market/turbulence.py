"""E11 volatility, E11_index and E12 gap: no entries while the symbol or the whole market is not itself.

E11: the standard deviation of the last 10 daily returns is at most ``max_volatility_ratio`` times that of the last 60.
With 3 and 2 % as usual, 6 % now passes and 6.01 % does not. E11_index: with 3 %, an index 3.00 % below its close before
passes and one 3.01 % below does not; a rise is no reason to wait. E12: with 8 %, a session that opened 8.00 % away from
the close before, up or down, passes and one 8.01 % away does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_least, at_most, denied
from policies.measures.worst_case import NOTHING, WorstCase, is_finite, is_plausible

VOLATILITY_SPIKE = ReasonCode.VOLATILITY_SPIKE
INDEX_DROP = ReasonCode.INDEX_DROP
GAP = ReasonCode.GAP
_SHOWN = Context(prec=9, rounding=ROUND_CEILING)


@dataclass(frozen=True, slots=True)
class VolatilityRatioLimits:
    """A multiple of the usual deviation."""

    max_volatility_ratio: Decimal


@dataclass(frozen=True, slots=True)
class IndexLimits:
    """In percent of the index's close before."""

    max_index_drop_pct: Decimal


@dataclass(frozen=True, slots=True)
class GapLimits:
    """In percent of the symbol's close before."""

    max_gap_pct: Decimal


def check(case: Case, worst: WorstCase, limits: VolatilityRatioLimits) -> Answer:
    """PASS up to the multiple."""
    cap, view = limits.max_volatility_ratio, case.market.symbols.get(case.order.symbol, NOTHING)
    # Ten closes without any movement are no calm market but a source that has stopped.
    if not is_plausible(view.sigma_now) or not is_plausible(view.daily_sigma):
        return denied("E11", ReasonCode.VOLATILITY_UNKNOWN, cap)
    return at_most("E11", VOLATILITY_SPIKE, cap, _SHOWN.divide(view.sigma_now, view.daily_sigma))


def check_index(case: Case, worst: WorstCase, limits: IndexLimits) -> Answer:
    """PASS down to the drop; the verdict shows both as moves, a drop below zero."""
    lowest, move = -limits.max_index_drop_pct, case.market.index_move_pct
    if not is_finite(move):
        return denied("E11_index", ReasonCode.INDEX_UNKNOWN, lowest)
    return at_least("E11_index", INDEX_DROP, lowest, move)


def check_gap(case: Case, worst: WorstCase, limits: GapLimits) -> Answer:
    """PASS up to the gap, either way."""
    cap, gap = limits.max_gap_pct, case.market.symbols.get(case.order.symbol, NOTHING).gap_pct
    if not is_finite(gap):
        return denied("E12", ReasonCode.GAP_UNKNOWN, cap)
    return at_most("E12", GAP, cap, abs(gap))


GATE = Gate(
    "E11",
    "volatility spike",
    Scope.NEW_EXPOSURE,
    ("returns",),
    VolatilityRatioLimits,
    check,
    "ratio",
    reads=Reads.SUBJECT,
)
INDEX_GATE = Gate(
    "E11_index", "index drop", Scope.NEW_EXPOSURE, ("index",), IndexLimits, check_index, "pct", reads=Reads.NOTHING
)
GAP_GATE = Gate("E12", "opening gap", Scope.NEW_EXPOSURE, ("bars",), GapLimits, check_gap, "pct", reads=Reads.SUBJECT)
