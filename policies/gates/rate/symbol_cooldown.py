"""F6_exit, F6_stop and F6_reject: no entry into a symbol too soon after it was left, stopped out of or rejected.

With 600 s after a rejection, an entry into the same symbol 599 s later is refused and one 600 s later passes; other
symbols are free. A symbol that is not listed has had no such thing. A time in the future counts as just now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.case import Case
from domain.market import Symbol
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, at_least, denied
from policies.gates.ages import seconds
from policies.measures.worst_case import WorstCase

COOLDOWN = ReasonCode.COOLDOWN


@dataclass(frozen=True, slots=True)
class ExitLimits:
    """Seconds."""

    cooldown_after_exit_s: Decimal


@dataclass(frozen=True, slots=True)
class StopLimits:
    """Seconds."""

    cooldown_after_stop_s: Decimal


@dataclass(frozen=True, slots=True)
class RejectLimits:
    """Seconds."""

    cooldown_after_reject_s: Decimal


def check_exit(case: Case, worst: WorstCase, limits: ExitLimits) -> Answer:
    """PASS once the cooldown after the last exit is over."""
    return _rested("F6_exit", case, case.book.counters.last_exit_at, limits.cooldown_after_exit_s)


def check_stop(case: Case, worst: WorstCase, limits: StopLimits) -> Answer:
    """PASS once the cooldown after the last stop is over."""
    return _rested("F6_stop", case, case.book.counters.last_stop_at, limits.cooldown_after_stop_s)


def check_reject(case: Case, worst: WorstCase, limits: RejectLimits) -> Answer:
    """PASS once the cooldown after the last rejection is over."""
    return _rested("F6_reject", case, case.book.counters.last_reject_at, limits.cooldown_after_reject_s)


def _rested(gate: str, case: Case, times: Mapping[Symbol, datetime] | None, wait: Decimal) -> Answer:
    if times is None:
        return denied(gate, ReasonCode.COUNTERS_UNKNOWN, wait)
    last = times.get(case.order.symbol)
    if last is None:
        return PASSED, wait, None, None
    # a future date gives a negative age, which even a cooldown of 0 s refuses
    return at_least(gate, COOLDOWN, wait, seconds(case.now, last))


EXIT_GATE = Gate(
    "F6_exit",
    "cooldown after an exit",
    Scope.NEW_EXPOSURE,
    ("counters",),
    ExitLimits,
    check_exit,
    "seconds",
    reads=Reads.SUBJECT,
)
STOP_GATE = Gate(
    "F6_stop",
    "cooldown after a stop",
    Scope.NEW_EXPOSURE,
    ("counters",),
    StopLimits,
    check_stop,
    "seconds",
    reads=Reads.SUBJECT,
)
REJECT_GATE = Gate(
    "F6_reject",
    "cooldown after a rejection",
    Scope.NEW_EXPOSURE,
    ("counters",),
    RejectLimits,
    check_reject,
    "seconds",
    reads=Reads.SUBJECT,
)
