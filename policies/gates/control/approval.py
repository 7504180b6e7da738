"""A10 approval validity: an approval that came with an order must be for exactly that order, fresh, and near its price.

With a life of 120 s it holds at 120 s and not at 120.001 s; with a band of 0.5 % an order approved at 200.00 may still
be sent with the ask at 201.00 and not at 201.01. An approval that does not hold denies: it was given for something
else. Without a quote the band cannot be checked, which denies entries only.
"""

from __future__ import annotations

from dataclasses import replace

from domain.case import Case
from policies.approval import ApprovalTerms, fault, price_shown
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Scope, denied
from policies.measures.worst_case import WorstCase

NONE_NEEDED = NO_OBJECTION


def check(case: Case, worst: WorstCase, limits: ApprovalTerms) -> Answer:
    """DENY for an approval that does not hold; PASS without one, because whether one is needed is A2's question."""
    if case.approval is None:
        return NONE_NEEDED
    price = None if worst.quote is None else price_shown(worst.quote, case.order.side)
    terms = replace(limits, approval_price_band_pct=None) if price is None and worst.reduces_risk else limits
    found = fault(case.approval, case.order, now=case.now, price=price, terms=terms)
    if found is None:
        return PASSED, limits.approval_ttl_s, case.approval.by, None
    return denied("A10", found.code, found.limit, found.value)


GATE = Gate("A10", "approval validity", Scope.ALWAYS, ("approval", "quote"), ApprovalTerms, check, "pct")
