"""F6 cooldown: no entries for ``cooldown_after_loss_s`` after a losing trade.

With 600 s, an entry 599 s after the loss is refused and one after 600 s passes. Losses in a row without a time, or no
counters at all, count as a loss just now.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, at_least, denied
from policies.gates.ages import seconds
from policies.gates.counts import counted
from policies.measures.worst_case import WorstCase

COOLDOWN = ReasonCode.COOLDOWN


@dataclass(frozen=True, slots=True)
class CooldownLimits:
    """Seconds."""

    cooldown_after_loss_s: Decimal


def check(case: Case, worst: WorstCase, limits: CooldownLimits) -> Answer:
    """PASS once the cooldown is over."""
    wait, counters = limits.cooldown_after_loss_s, case.book.performance
    if counters.last_loss_at is None:
        if counted(counters.consecutive_losses) == ZERO:
            return PASSED, wait, None, None
        return denied("F6", ReasonCode.COUNTERS_UNKNOWN, wait)
    return at_least("F6", COOLDOWN, wait, seconds(case.now, counters.last_loss_at))


GATE = Gate(
    "F6",
    "cooldown after a loss",
    Scope.NEW_EXPOSURE,
    ("counters",),
    CooldownLimits,
    check,
    "seconds",
    reads=Reads.NOTHING,
)
