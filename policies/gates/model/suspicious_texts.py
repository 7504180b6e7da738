"""H7 suspicious texts: an entry that leans on a text which addresses machines or gives orders is never automatic.

Ten cited texts with one of them flagged wait for a person; ten unflagged ones pass, and so do none. Which texts stand
behind what was cited must be known. Hidden instructions in retrieved text are a known attack on models that use it
(Greshake et al., "Not what you've signed up for", AISec 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Need, Reads, Scope, denied
from policies.gates.model.record import asks, unrecorded
from policies.measures.worst_case import WorstCase

AGENT = Origin.AGENT
SUSPICIOUS_TEXT = ReasonCode.SUSPICIOUS_TEXT


@dataclass(frozen=True, slots=True)
class SuspicionLimits:
    """A flag."""

    forbid_suspicious_texts: bool


def check(case: Case, worst: WorstCase, limits: SuspicionLimits) -> Answer:
    """PASS without a flagged text, NEED_APPROVAL with one."""
    if not limits.forbid_suspicious_texts:
        return NO_OBJECTION
    if case.proposal is None or case.order.origin is not AGENT:
        return unrecorded("H7", case)
    texts = case.proposal.texts
    if texts is None:
        return denied("H7", ReasonCode.NEWS_UNKNOWN)
    flagged = [text.ref for text in texts if text.suspicious is not False]
    return asks("H7", SUSPICIOUS_TEXT, case, 0, len(flagged)) if flagged else (PASSED, 0, 0, None)


NEEDS: tuple[Need, ...] = ("proposal", "approval")
GATE = Gate("H7", "suspicious texts", Scope.NEW_EXPOSURE, NEEDS, SuspicionLimits, check, "count", reads=Reads.SUBJECT)
