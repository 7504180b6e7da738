"""E15 news: every text behind what the roles cited is stored, was seen before they decided, and is still fresh.

With 24 h, a text published 24 h ago passes and one published a second earlier does not. A text that was first seen
after the decision, or published after it was first seen, cannot have been a reason for it, whatever a role says.
Orders of people and of rules cite none.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case, Proposal, TextUsed
from domain.money import ZERO
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, denied
from policies.gates.ages import seconds
from policies.measures.worst_case import WorstCase

AGENT = Origin.AGENT
HOUR = Decimal(3600)


@dataclass(frozen=True, slots=True)
class NewsLimits:
    """Hours since a text was published."""

    max_news_age_h: Decimal


def check(case: Case, worst: WorstCase, limits: NewsLimits) -> Answer:
    """DENY what rests on texts that are old, or not on record."""
    hours, proposal = limits.max_news_age_h, case.proposal
    if case.order.origin is not AGENT:
        return PASSED, hours, None, None
    if proposal is None:
        return denied("E15", ReasonCode.PROPOSAL_MISSING, hours)
    if proposal.texts is None:
        return denied("E15", ReasonCode.NEWS_UNKNOWN, hours)
    oldest = ZERO
    for text in proposal.texts:
        if not _on_record(text, proposal):
            return denied("E15", ReasonCode.NEWS_NOT_ON_RECORD, hours, note=str(text.ref))
        age = seconds(case.now, text.published_at)
        if not ZERO <= age <= hours * HOUR:
            note = "" if age > ZERO else "dated in the future"
            return denied("E15", ReasonCode.NEWS_STALE, hours, age / HOUR, note)
        oldest = max(oldest, age)
    value = oldest / HOUR
    return PASSED, hours, value, hours - value


def _on_record(text: TextUsed, proposal: Proposal) -> bool:
    seen = text.first_seen_at
    return text.stored is True and seen is not None and text.published_at <= seen <= proposal.decided_at


GATE = Gate("E15", "news on record", Scope.NEW_EXPOSURE, ("proposal",), NewsLimits, check, "hours", reads=Reads.SUBJECT)
