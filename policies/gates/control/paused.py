"""A3 pause: no new entries while a pause is on for everything, for the order's strategy or for its symbol.

A pause with an end is over at that moment: until 15:00:00 means an order at 15:00:00 passes. A pause with a scope that
nobody knows counts as one for everything.
"""

from __future__ import annotations

from domain.case import Case, Pause
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, Answer, Gate, NoLimits, Reads, Scope, denied
from policies.measures.worst_case import WorstCase


def check(case: Case, worst: WorstCase, limits: NoLimits) -> Answer:
    """DENY while a pause covers this order."""
    for pause in case.control.pauses:
        if _covers(pause, case) and (pause.until is None or case.now < pause.until):
            return denied("A3", ReasonCode.PAUSED, value=f"{pause.scope} {pause.name}".rstrip())
    return NO_OBJECTION


def _covers(pause: Pause, case: Case) -> bool:
    if pause.scope == "strategy":
        return pause.name == case.order.strategy
    if pause.scope == "symbol":
        return pause.name == case.order.symbol
    return True


GATE = Gate("A3", "pause", Scope.NEW_EXPOSURE, ("control",), NoLimits, check, reads=Reads.SUBJECT)
