"""F7 losing streak: no entries once ``max_consecutive_losses`` trades in a row were lost.

With 4, an entry after three losses passes and one after the fourth does not. A trade that was lost counts whoever
closed it: a strategy whose positions somebody closes by hand in time has lost them all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, below, denied
from policies.gates.counts import counted
from policies.measures.worst_case import WorstCase

LOSS_STREAK = ReasonCode.LOSS_STREAK


@dataclass(frozen=True, slots=True)
class LossStreakLimits:
    """A count."""

    max_consecutive_losses: Decimal


def check(case: Case, worst: WorstCase, limits: LossStreakLimits) -> Answer:
    """PASS below the number of losses."""
    losses = counted(case.book.performance.consecutive_losses)
    if losses is None:
        return denied("F7", ReasonCode.COUNTERS_UNKNOWN, limits.max_consecutive_losses)
    return below("F7", LOSS_STREAK, limits.max_consecutive_losses, losses)


GATE = Gate(
    "F7", "losing streak", Scope.NEW_EXPOSURE, ("counters",), LossStreakLimits, check, "count", reads=Reads.NOTHING
)
