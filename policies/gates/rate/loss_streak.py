"""F7 losing streaks: no entries once so many trades in a row were lost, of the account or of the order's strategy.

F7_strategy, ``max_strategy_consecutive_losses``: with 4, a strategy enters after three losses and not after its fourth,
whatever the others have won in between; they go on. F7, ``max_consecutive_losses``: the same of all trades together,
which stops every entry. A trade that was lost counts whoever closed it: a strategy whose positions somebody closes by
hand in time has lost them all the same. Both are counted from the trades on record, so a restart forgets none; a row
is over with a trade that was not lost, or when it is as old as the records look back (``STREAK_REMEMBERED``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, below, denied
from policies.gates.counts import counted
from policies.measures.worst_case import WorstCase

LOSS_STREAK, STRATEGY_STREAK = ReasonCode.LOSS_STREAK, ReasonCode.STRATEGY_LOSS_STREAK


@dataclass(frozen=True, slots=True)
class LossStreakLimits:
    """A count."""

    max_consecutive_losses: Decimal


@dataclass(frozen=True, slots=True)
class StrategyStreakLimits:
    """A count."""

    max_strategy_consecutive_losses: Decimal


def check(case: Case, worst: WorstCase, limits: LossStreakLimits) -> Answer:
    """PASS below the number of losses."""
    losses = counted(case.book.performance.consecutive_losses)
    if losses is None:
        return denied("F7", ReasonCode.COUNTERS_UNKNOWN, limits.max_consecutive_losses)
    return below("F7", LOSS_STREAK, limits.max_consecutive_losses, losses)


def check_strategy(case: Case, worst: WorstCase, limits: StrategyStreakLimits) -> Answer:
    """PASS below the number of losses of the order's strategy; one that is not listed has lost nothing in a row."""
    limit, streaks = limits.max_strategy_consecutive_losses, case.book.performance.strategy_losses
    losses = None if streaks is None else counted(streaks.get(case.order.strategy, 0))
    if losses is None:
        return denied("F7_strategy", ReasonCode.COUNTERS_UNKNOWN, limit)
    return below("F7_strategy", STRATEGY_STREAK, limit, losses)


GATE = Gate(
    "F7", "losing streak", Scope.NEW_EXPOSURE, ("counters",), LossStreakLimits, check, "count", reads=Reads.NOTHING
)
STRATEGY_GATE = Gate(
    "F7_strategy",
    "losing streak of a strategy",
    Scope.NEW_EXPOSURE,
    ("counters",),
    StrategyStreakLimits,
    check_strategy,
    "count",
    reads=Reads.SUBJECT,
)
