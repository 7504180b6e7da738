"""E3 halt: nothing is sent for an instrument whose trading is halted.

Where no source says whether it is halted, entries are refused, unless the policy does without a status
(``require_trading_status = false``): then ``sage doctor`` lists this gate as not covered.

Limit-up and limit-down bands (LULD) are not judged: no source tells them, and ``sage doctor`` says so. What stands in
for them is the halt that follows such a state, the collar around our own price (E6) and the spread (E7).
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Reads, Scope, denied
from policies.measures.worst_case import NOTHING, WorstCase


@dataclass(frozen=True, slots=True)
class HaltLimits:
    """Whether an unknown status refuses entries."""

    require_trading_status: bool = True


def check(case: Case, worst: WorstCase, limits: HaltLimits) -> Answer:
    """DENY while halted."""
    status = case.market.symbols.get(case.order.symbol, NOTHING).status
    if status is None:
        if limits.require_trading_status and not worst.reduces_risk:
            return denied("E3", ReasonCode.HALT_STATUS_UNKNOWN, value=case.order.symbol)
        return NO_OBJECTION
    if status.halted is not False:
        return denied("E3", ReasonCode.INSTRUMENT_HALTED, value=case.order.symbol, note=status.reason[:80])
    return PASSED, None, False, None


GATE = Gate("E3", "trading halt", Scope.ALWAYS, ("status",), HaltLimits, check, reads=Reads.SUBJECT)
