"""E1 session: orders go out while a session is open; outside it only where the policy allows extended hours.

The regular session runs from its opening up to, but not at, its close, so an early close simply ends sooner. Extended
hours are 04:00 to 20:00 New York time on weekdays, for orders that say so themselves; a calendar whose extended hours
are not known has none. An order for the opening auction is made while the market is closed; B5 keeps its window.

The calendar knows what was announced, the broker's clock also what was not: while a broker says in the middle of a
session that the market is closed, nothing new is entered. An exit is left to the broker, which refuses or keeps it. Of
a broker that does not say, the calendar alone counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from domain.case import Case
from domain.orders import TimeInForce
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, denied
from policies.measures.worst_case import WorstCase

OPG = TimeInForce.OPG
NEW_YORK_CALENDARS = frozenset({"XNYS", "XNAS"})
NEW_YORK = ZoneInfo("America/New_York")
# US venues trade before the opening from 4:00 and after the close until 20:00, New York time.
EARLIEST, LATEST = time(4), time(20)
SATURDAY = 5
BY_BROKER = "the broker says that the market is closed"


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Regular session only, unless the policy says otherwise."""

    allow_extended_hours: bool = False


def check(case: Case, worst: WorstCase, limits: SessionLimits) -> Answer:
    """DENY while the market is closed."""
    market = case.market
    if market.session is not None and market.session.contains(case.now):
        if case.control.broker_open is False and not worst.reduces_risk:
            return denied("E1", ReasonCode.MARKET_CLOSED, value=case.now.isoformat(), note=BY_BROKER)
        return PASSED, None, str(market.calendar), None
    # The one order that has to arrive before the session; B5 sees to it that it does in time.
    if case.order.tif is OPG and market.session is None:
        return PASSED, None, "opening auction", None
    if not limits.allow_extended_hours:
        return denied("E1", ReasonCode.MARKET_CLOSED, value=case.now.isoformat())
    if not case.order.extended_hours or not _extended(market.calendar, case.now):
        return denied("E1", ReasonCode.MARKET_CLOSED, value=case.now.isoformat(), note="outside extended hours")
    return PASSED, None, "extended hours", None


def _extended(calendar: str, now: datetime) -> bool:
    local = now.astimezone(NEW_YORK)
    return calendar in NEW_YORK_CALENDARS and local.weekday() < SATURDAY and EARLIEST <= local.time() < LATEST


GATE = Gate("E1", "session", Scope.ALWAYS, ("session",), SessionLimits, check, reads=Reads.SUBJECT)
