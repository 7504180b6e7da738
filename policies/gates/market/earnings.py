"""E13 earnings blackout: no entries within ``earnings_blackout_h`` hours before or after an earnings report.

With 24 h, a report exactly 24 h away still blocks and one 24 h and a second away does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.market import EventKind
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import Gate, Scope, denied, passed
from policies.gates.ages import seconds
from policies.worst_case import WorstCase

HOUR = Decimal(3600)


@dataclass(frozen=True, slots=True)
class EarningsLimits:
    """Hours, either side of the report."""

    earnings_blackout_h: Decimal


def check(case: Case, worst: WorstCase, limits: EarningsLimits) -> Verdict:
    """DENY near a report."""
    hours, view = limits.earnings_blackout_h, case.market.symbols.get(case.order.symbol)
    if view is None:
        return denied("E13", ReasonCode.INSTRUMENT_UNKNOWN, hours)
    if not view.events:
        return passed("E13", hours)
    reports = (event for event in view.events if event.kind is EventKind.EARNINGS)
    nearest = min((abs(seconds(event.effective_at, case.now)) for event in reports), default=None)
    if nearest is None:
        return passed("E13", hours)
    away = nearest / HOUR
    if nearest <= hours * HOUR:
        return denied("E13", ReasonCode.EARNINGS_BLACKOUT, hours, away)
    return passed("E13", hours, away, away - hours)


GATE = Gate("E13", "earnings blackout", Scope.NEW_EXPOSURE, ("events",), EarningsLimits, check)
