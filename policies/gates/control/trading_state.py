"""A4 trading state: HALTED sends nothing, REDUCING only what shrinks a position, ACTIVE everything.

Shrinking is judged by quantity: with 50 held and an open sell of 20, a sell of 30 passes while reducing and one of 31
does not, whatever its side or its flags say. No rule sets HALTED (``policies.ladder``), so that no loss stops an exit.
What a kill's owner ordered to be closed (A1) is closed while HALTED too.
"""

from __future__ import annotations

from domain.case import Case, TradingState
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, NoLimits, Reads, Scope, denied
from policies.gates.control.kill_switch import closes_for_owner
from policies.measures.worst_case import WorstCase

HALTED = TradingState.HALTED
REDUCING = TradingState.REDUCING


def check(case: Case, worst: WorstCase, limits: NoLimits) -> Answer:
    """DENY by trading state."""
    state = case.control.trading_state
    if type(state) is not TradingState:
        # Raises for a word that is no state, and a gate that raises has denied (I-02).
        state = TradingState(state)
    if state is HALTED and not closes_for_owner(case, worst):
        return denied("A4", ReasonCode.HALTED, value=state)
    if state is REDUCING and not worst.reduces_risk:
        return denied("A4", ReasonCode.REDUCING_ONLY, worst.closable, state)
    return PASSED, None, state, None


GATE = Gate(
    "A4", "trading state", Scope.ALWAYS, ("control", "positions", "orders"), NoLimits, check, reads=Reads.SUBJECT
)
