"""A1 kill switch: nothing passes while it is engaged, and a control state that cannot be read counts as engaged.

This gate stands before exits too: whoever pulls the switch means everything.
"""

from __future__ import annotations

from domain.case import Case
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import Gate, NoLimits, Reads, Scope, denied, passed
from policies.worst_case import WorstCase


def check(case: Case, worst: WorstCase, limits: NoLimits) -> Verdict:
    """DENY when killed or unreadable."""
    if case.control.readable is not True:
        return denied("A1", ReasonCode.CONTROL_UNREADABLE)
    if case.control.kill_switch is not False:
        return denied("A1", ReasonCode.KILL_SWITCH, value=True)
    return passed("A1", value=False)


GATE = Gate("A1", "kill switch", Scope.ALWAYS, ("control",), NoLimits, check, reads=Reads.NOTHING)
