"""A1 kill switch: nothing passes while it is engaged, and a control state that cannot be read counts as engaged.

This gate stands before exits too: whoever pulls the switch means everything. One thing passes: where the owner's kill
orders to close everything, an order of that flatten which provably reduces risk. With 50 held a sell of 50 with the
origin ``flatten`` passes then, and one of 51, or of any other origin, does not.
"""

from __future__ import annotations

from domain.case import Case
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, NoLimits, Reads, Scope, denied
from policies.measures.worst_case import WorstCase

FLATTEN = Origin.FLATTEN


def check(case: Case, worst: WorstCase, limits: NoLimits) -> Answer:
    """DENY when killed or unreadable."""
    if case.control.readable is not True:
        return denied("A1", ReasonCode.CONTROL_UNREADABLE)
    # Not known counts as engaged (I-32).
    if case.control.kill_switch is not False:
        if closes_for_owner(case, worst):
            return PASSED, None, case.control.flatten, None
        return denied("A1", ReasonCode.KILL_SWITCH, value=True)
    if case.order.origin is FLATTEN:
        return denied("A1", ReasonCode.KILL_SWITCH, value=False, note="the kill that ordered it is over")
    return PASSED, None, False, None


def closes_for_owner(case: Case, worst: WorstCase) -> bool:
    """True for an order of the flatten that the present kill has ordered, if it can only reduce."""
    ordered = case.order.origin is FLATTEN and bool(case.control.flatten)
    return ordered and case.control.kill_switch is True and worst.reduces_risk is True


GATE = Gate("A1", "kill switch", Scope.ALWAYS, ("control",), NoLimits, check, reads=Reads.SUBJECT)
