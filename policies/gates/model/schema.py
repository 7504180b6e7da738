"""H1 form: the roles answered in the required form, about the symbol of this order, with finite figures.

A confidence of 1.2, a quoted price of NaN, or an order for MSFT where the roles were asked about AAPL is refused. An
order of the agents that comes without the record of their answers is refused too, unless it reduces risk.
"""

from __future__ import annotations

from domain.case import Case, Proposal
from domain.money import ONE, ZERO
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, NoLimits, Reads, Scope, denied
from policies.measures.worst_case import WorstCase, is_finite, is_positive

AGENT = Origin.AGENT


def check(case: Case, worst: WorstCase, limits: NoLimits) -> Answer:
    """DENY a malformed or misdirected proposal."""
    proposal = case.proposal
    if proposal is None:
        if case.order.origin is AGENT and not worst.reduces_risk:
            return denied("H1", ReasonCode.PROPOSAL_MISSING)
        return NO_OBJECTION
    if proposal.asked_symbol != case.order.symbol:
        return denied("H1", ReasonCode.SYMBOL_SWAPPED, proposal.asked_symbol, case.order.symbol)
    if proposal.schema_valid is not True or not _well_formed(proposal):
        return denied("H1", ReasonCode.SCHEMA_INVALID)
    return PASSED, None, proposal.asked_symbol, None


def _well_formed(proposal: Proposal) -> bool:
    confidence, price = proposal.confidence, proposal.quoted_price
    return (confidence is None or (is_finite(confidence) and ZERO <= confidence <= ONE)) and (
        price is None or is_positive(price)
    )


GATE = Gate("H1", "form of the answers", Scope.ALWAYS, ("proposal",), NoLimits, check, reads=Reads.SUBJECT)
