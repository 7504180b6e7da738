"""E13 earnings blackout: no entries within ``earnings_blackout_h`` hours before or after an earnings report.

With 24 h, a report exactly 24 h away still blocks and one 24 h and a second away does not.
Where no source tells of earnings ahead, nobody knows that none is near, and entries are refused.
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
    """DENY near a report, and where nobody would know of one."""
    hours, view = limits.earnings_blackout_h, case.market.symbols.get(case.order.symbol)
    if view is None:
        return denied("E13", ReasonCode.INSTRUMENT_UNKNOWN, hours)
    reports = (event for event in view.events if event.kind is EventKind.EARNINGS)
    nearest = min((abs(seconds(event.effective_at, case.now)) for event in reports), default=None)
    away = None if nearest is None else nearest / HOUR
    if nearest is not None and nearest <= hours * HOUR:
        return denied("E13", ReasonCode.EARNINGS_BLACKOUT, hours, away)
    if EventKind.EARNINGS not in view.event_kinds:
        return denied("E13", ReasonCode.EARNINGS_UNKNOWN, hours)
    return passed("E13", hours, away, None if away is None else away - hours)


GATE = Gate("E13", "earnings blackout", Scope.NEW_EXPOSURE, ("earnings",), EarningsLimits, check, "hours")
