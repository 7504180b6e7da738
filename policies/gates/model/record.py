"""What the gates on the roles' work share: whose order is judged at all, and what waits for a person."""

from __future__ import annotations

from domain.case import Case
from domain.orders import Origin
from domain.verdicts import Figure, Outcome, Verdict
from policies.codes import ReasonCode
from policies.gate import OK, PASS, PASSED, Answer, denied

AGENT = Origin.AGENT
NEED_APPROVAL = Outcome.NEED_APPROVAL


def unrecorded(gate: str, case: Case, limit: Figure = None) -> Answer:
    """The answer where there is no proposal to judge: people and rules need none, an order of the agents does."""
    if case.order.origin is AGENT:
        return denied(gate, ReasonCode.PROPOSAL_MISSING, limit)
    return PASSED, limit, None, None


def asks(gate: str, code: ReasonCode, case: Case, limit: Figure = None, value: Figure = None) -> Verdict:
    """NEED_APPROVAL, or PASS with an approval that came with the order; whether that one is any good is A10's."""
    if case.approval is not None:
        return Verdict(gate, OK, PASS, limit, value, note="approved by a person")
    return Verdict(gate, code, NEED_APPROVAL, limit, value)
