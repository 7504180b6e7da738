"""H5 agreement with the signal: the roles enter in the direction that code computed, or say why not and wait.

A buy passes with a signal of 1. With a signal of 0 or -1 it waits for a person where a role gave a reason to override
the signal, and is refused where none did: no role is asked for such a reason today, so that it is judged where a
what-if case states it. A signal that is unknown denies.
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
AGAINST_SIGNAL = ReasonCode.AGAINST_SIGNAL
DIRECTIONS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class SignalLimits:
    """A flag."""

    require_signal_agreement: bool


def check(case: Case, worst: WorstCase, limits: SignalLimits) -> Answer:
    """PASS with the signal, NEED_APPROVAL or DENY against it."""
    if not limits.require_signal_agreement:
        return NO_OBJECTION
    if case.proposal is None or case.order.origin is not AGENT:
        return unrecorded("H5", case)
    wanted, signal = case.order.side.sign, case.proposal.signal_direction
    if type(signal) is not int or signal not in DIRECTIONS:
        return denied("H5", ReasonCode.SIGNAL_UNKNOWN, wanted)
    if signal == wanted:
        return PASSED, wanted, signal, None
    if case.proposal.override_reason.strip():
        return asks("H5", AGAINST_SIGNAL, case, wanted, signal)
    return denied("H5", ReasonCode.AGAINST_SIGNAL, wanted, signal)


NEEDS: tuple[Need, ...] = ("proposal", "approval")
GATE = Gate(
    "H5", "agreement with the signal", Scope.NEW_EXPOSURE, NEEDS, SignalLimits, check, "count", reads=Reads.SUBJECT
)
