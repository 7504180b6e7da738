"""C17 overnight and C17_weekend: gross exposure is held to a share of equity as the close draws near.

The last ``close_window_s`` seconds of a session count, one hour unless the policy says otherwise, and so does all time
outside a session. Equity 100,000 and 50 %: at 15:00 of a 16:00 close, with 45,000 held, an order of 5,000.00 passes and
one of 5,000.01 does not; at 14:59:59 the gate looks at nothing. The weekend's share counts where the next session opens
more than 36 hours after this close, holidays included, and where nobody knows when it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, PASSED, Answer, Gate, Need, Scope
from policies.gates.ages import seconds
from policies.gates.caps import in_percent
from policies.measures.worst_case import WorstCase

WEEKEND_EXPOSURE = ReasonCode.WEEKEND_EXPOSURE
UNKNOWN = ReasonCode.EXPOSURE_UNKNOWN
LAST_HOUR = Decimal(3600)
# Longer than from one close to the next day's open (17.5 h), shorter than any weekend (65.5 h) or single holiday.
LONG_NIGHT_S = Decimal(36 * 3600)


@dataclass(frozen=True, slots=True)
class OvernightLimits:
    """In percent of equity, over any night."""

    max_overnight_gross_pct: Decimal
    close_window_s: Decimal = LAST_HOUR
    oversize: str = OVERSIZE_DENY


@dataclass(frozen=True, slots=True)
class WeekendLimits:
    """In percent of equity, over more than one night."""

    max_weekend_gross_pct: Decimal
    close_window_s: Decimal = LAST_HOUR
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: OvernightLimits) -> Answer:
    """PASS up to the share of equity, or well before the close."""
    cap, total = limits.max_overnight_gross_pct, worst.gross_after
    if _closes_at(case, worst, limits.close_window_s) is None:
        return PASSED, cap, None, None
    return in_percent(
        "C17", ReasonCode.OVERNIGHT_EXPOSURE, cap, total, worst, limits.oversize, UNKNOWN, beside_others=True
    )


def check_weekend(case: Case, worst: WorstCase, limits: WeekendLimits) -> Answer:
    """PASS up to the share of equity, well before the close, or before a single night."""
    cap, total = limits.max_weekend_gross_pct, worst.gross_after
    close, following = _closes_at(case, worst, limits.close_window_s), case.market.next_session
    if close is None or (following is not None and seconds(following.opens_at, close) <= LONG_NIGHT_S):
        return PASSED, cap, None, None
    code = WEEKEND_EXPOSURE
    return in_percent("C17_weekend", code, cap, total, worst, limits.oversize, UNKNOWN, beside_others=True)


def _closes_at(case: Case, worst: WorstCase, window_s: Decimal) -> datetime | None:
    """The close that this order is near to; outside a session that is now, long before a close it is None."""
    left, session = worst.once(_seconds_left, case), case.market.session
    if left is None or session is None:
        return case.now
    return session.closes_at if left <= window_s else None


def _seconds_left(case: Case, worst: WorstCase) -> Decimal | None:
    """Until the close of the session that is open; None where none is."""
    session, now = case.market.session, case.now
    return None if session is None or not session.contains(now) else seconds(session.closes_at, now)


NEEDS: tuple[Need, ...] = ("positions", "orders", "quote", "account", "session")
GATE = Gate("C17", "overnight exposure", Scope.NEW_EXPOSURE, NEEDS, OvernightLimits, check, "pct")
WEEKEND_GATE = Gate("C17_weekend", "weekend exposure", Scope.NEW_EXPOSURE, NEEDS, WeekendLimits, check_weekend, "pct")
