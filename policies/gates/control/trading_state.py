"""A4 trading state: HALTED sends nothing, REDUCING only what shrinks a position, ACTIVE everything.

Shrinking is judged by quantity: with 50 held and an open sell of 20, a sell of 30 passes while reducing and one of 31
does not, whatever its side or its flags say.
"""

from __future__ import annotations

from domain.case import Case, TradingState
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import Gate, NoLimits, Reads, Scope, denied, passed
from policies.worst_case import WorstCase


def check(case: Case, worst: WorstCase, limits: NoLimits) -> Verdict:
    """DENY by trading state."""
    state = TradingState(case.control.trading_state)
    if state is TradingState.HALTED:
        return denied("A4", ReasonCode.HALTED, value=state)
    if state is TradingState.REDUCING and not worst.reduces_risk:
        return denied("A4", ReasonCode.REDUCING_ONLY, worst.closable, state)
    return passed("A4", value=state)


GATE = Gate(
    "A4", "trading state", Scope.ALWAYS, ("control", "positions", "orders"), NoLimits, check, reads=Reads.SUBJECT
)
