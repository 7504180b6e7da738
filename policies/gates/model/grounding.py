"""H2 grounding: everything the roles cited is in the evidence, and a price they quoted is near our own quote.

With ``quoted_price_tolerance_pct`` 1 and a middle of 200.00, a quoted 202.00 passes and 202.01 does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Reads, Scope, at_most, denied
from policies.measures.worst_case import WorstCase, percent

QUOTED_PRICE_OFF = ReasonCode.QUOTED_PRICE_OFF


@dataclass(frozen=True, slots=True)
class GroundingLimits:
    """In percent of the middle; None leaves quoted prices to the collar."""

    quoted_price_tolerance_pct: Decimal | None = None


def check(case: Case, worst: WorstCase, limits: GroundingLimits) -> Answer:
    """DENY an invented reference or price."""
    proposal, tolerance = case.proposal, limits.quoted_price_tolerance_pct
    if proposal is None:
        return NO_OBJECTION
    for ref in proposal.cited:
        if ref not in proposal.known:
            return denied("H2", ReasonCode.UNGROUNDED, value=str(ref)[:40])
    if proposal.quoted_price is None or tolerance is None:
        return PASSED, None, len(proposal.cited), None
    if worst.quote is None:
        return denied("H2", ReasonCode.QUOTE_MISSING, tolerance)
    off = percent(abs(proposal.quoted_price - worst.quote.mid), worst.quote.mid)
    return at_most("H2", QUOTED_PRICE_OFF, tolerance, off)


GATE = Gate(
    "H2", "grounding", Scope.NEW_EXPOSURE, ("proposal", "quote"), GroundingLimits, check, "pct", reads=Reads.SUBJECT
)
