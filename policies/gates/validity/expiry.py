"""B5 expiry and auctions: an order that ends at a date ends ahead of now, and an auction order arrives in time for it.

    good till date     names an end with a zone, later than now; no other time in force names one
    opening auction    between sessions only, at least ``auction_buffer_s`` before the next opening
    closing auction    in a session only, at least ``auction_buffer_s`` before its close

With 120 s and a close at 20:00:00, an order into the closing auction passes at 19:58:00 and not at 19:58:01. Brokers
refuse what comes later, exits too. An opening that nobody knows denies entries only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.case import Case
from domain.orders import TimeInForce
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Reads, Scope, at_least, denied
from policies.gates.ages import seconds
from policies.measures.worst_case import WorstCase

GTD = TimeInForce.GTD
OPG = TimeInForce.OPG
CLS = TimeInForce.CLS
AUCTION_WINDOW = ReasonCode.AUCTION_WINDOW
DAY, NO_END = TimeInForce.DAY, NO_OBJECTION
AUCTION_BUFFER_S = Decimal(120)


@dataclass(frozen=True, slots=True)
class ExpiryLimits:
    """Seconds before an auction."""

    auction_buffer_s: Decimal = AUCTION_BUFFER_S


def check(case: Case, worst: WorstCase, limits: ExpiryLimits) -> Answer:
    """DENY an end that is none, and an order that misses its auction."""
    tif, end = case.order.tif, case.order.expires_at
    if tif is DAY and end is None:
        return NO_END
    tif = TimeInForce(tif)
    wrong = _fault(end, case.now) if tif is GTD else None if end is None else f"the end of a {tif} order"
    if wrong is not None:
        return denied("B5", ReasonCode.EXPIRY_INVALID, value=str(end)[:40], note=wrong)
    if tif is OPG:
        return _opening(case, worst, limits.auction_buffer_s)
    if tif is CLS:
        return _closing(case, limits.auction_buffer_s)
    return NO_END


def _fault(end: object, now: datetime) -> str | None:
    if not isinstance(end, datetime):
        return "no end"
    if end.utcoffset() is None:
        return "an end without a zone"
    return None if end > now else "an end that is over"


def _opening(case: Case, worst: WorstCase, buffer: Decimal) -> Answer:
    if case.market.session is not None:
        return denied("B5", ReasonCode.AUCTION_WINDOW, buffer, note="the opening is over")
    if case.market.next_session is None:
        if worst.reduces_risk:
            return PASSED, buffer, None, None
        return denied("B5", ReasonCode.AUCTION_WINDOW, buffer, note="the next opening is unknown")
    left = seconds(case.market.next_session.opens_at, case.now)
    return at_least("B5", AUCTION_WINDOW, buffer, left)


def _closing(case: Case, buffer: Decimal) -> Answer:
    session = case.market.session
    if session is None or not session.contains(case.now):
        return denied("B5", ReasonCode.AUCTION_WINDOW, buffer, note="no session is open")
    return at_least("B5", AUCTION_WINDOW, buffer, seconds(session.closes_at, case.now))


GATE = Gate("B5", "expiry and auctions", Scope.ALWAYS, ("session",), ExpiryLimits, check, "seconds", Reads.SUBJECT)
