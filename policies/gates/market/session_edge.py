"""E2 and E2_close: no entries in the first and the last seconds of a session, when prices jump and books are thin.

With 300 s at either end and a session from 09:30 to 16:00, an order at 09:35:00 or at 15:55:00 passes; one at 09:34:59
or at 15:55:01 does not. An early close counts as the close. Outside a session nobody enters.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_least, denied
from policies.gates.ages import seconds
from policies.measures.worst_case import WorstCase

SESSION_EDGE = ReasonCode.SESSION_EDGE


@dataclass(frozen=True, slots=True)
class OpenEdgeLimits:
    """Seconds after the opening."""

    no_entry_after_open_s: Decimal


@dataclass(frozen=True, slots=True)
class CloseEdgeLimits:
    """Seconds before the close."""

    no_entry_before_close_s: Decimal


def check(case: Case, worst: WorstCase, limits: OpenEdgeLimits) -> Answer:
    """PASS once the session is that old."""
    least, session = limits.no_entry_after_open_s, case.market.session
    if session is None:
        return denied("E2", ReasonCode.MARKET_CLOSED, least)
    return at_least("E2", SESSION_EDGE, least, seconds(case.now, session.opens_at))


def check_close(case: Case, worst: WorstCase, limits: CloseEdgeLimits) -> Answer:
    """PASS while the session still lasts that long."""
    least, session = limits.no_entry_before_close_s, case.market.session
    if session is None:
        return denied("E2_close", ReasonCode.MARKET_CLOSED, least)
    return at_least("E2_close", SESSION_EDGE, least, seconds(session.closes_at, case.now))


GATE = Gate(
    "E2", "after the opening", Scope.NEW_EXPOSURE, ("session",), OpenEdgeLimits, check, "seconds", reads=Reads.NOTHING
)
CLOSE_GATE = Gate(
    "E2_close",
    "before the close",
    Scope.NEW_EXPOSURE,
    ("session",),
    CloseEdgeLimits,
    check_close,
    "seconds",
    reads=Reads.NOTHING,
)
