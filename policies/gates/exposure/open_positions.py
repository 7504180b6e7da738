"""C4 number of positions: held, being opened, and this one together are at most ``max_open_positions``.

With 10, an order that makes the tenth passes and one that makes the eleventh does not; adding to one of the ten does.
C4_cycle: a cycle opens at most ``max_entries_per_cycle`` positions. C4_day: with ``max_entries_per_day`` 5, the fifth
entry of an exchange day passes and the sixth does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import ONE
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_most, denied
from policies.gates.counts import counted
from policies.measures.worst_case import WorstCase

CYCLE_ENTRIES = ReasonCode.CYCLE_ENTRIES
ENTRIES_TODAY = ReasonCode.ENTRIES_TODAY
CODE = ReasonCode.OPEN_POSITIONS


@dataclass(frozen=True, slots=True)
class OpenPositionsLimits:
    """A count."""

    max_open_positions: Decimal


@dataclass(frozen=True, slots=True)
class CycleEntriesLimits:
    """A count."""

    max_entries_per_cycle: Decimal


@dataclass(frozen=True, slots=True)
class DayEntriesLimits:
    """A count."""

    max_entries_per_day: Decimal


def check(case: Case, worst: WorstCase, limits: OpenPositionsLimits) -> Answer:
    """PASS up to the number of positions."""
    return at_most("C4", CODE, limits.max_open_positions, Decimal(worst.positions_after))


def check_cycle(case: Case, worst: WorstCase, limits: CycleEntriesLimits) -> Answer:
    """PASS up to the number of entries of one cycle, this one included."""
    made = counted(case.cycle_entries)
    if made is None:
        return denied("C4_cycle", ReasonCode.COUNTERS_UNKNOWN, limits.max_entries_per_cycle)
    return at_most("C4_cycle", CYCLE_ENTRIES, limits.max_entries_per_cycle, made + ONE)


def check_day(case: Case, worst: WorstCase, limits: DayEntriesLimits) -> Answer:
    """PASS up to the number of entries of one exchange day, this one included."""
    done = counted(case.book.counters.entries_today)
    if done is None:
        return denied("C4_day", ReasonCode.COUNTERS_UNKNOWN, limits.max_entries_per_day)
    return at_most("C4_day", ENTRIES_TODAY, limits.max_entries_per_day, done + ONE)


GATE = Gate("C4", "open positions", Scope.NEW_EXPOSURE, ("positions", "orders"), OpenPositionsLimits, check, "count")
CYCLE_GATE = Gate(
    "C4_cycle",
    "entries in this cycle",
    Scope.NEW_EXPOSURE,
    (),
    CycleEntriesLimits,
    check_cycle,
    "count",
    reads=Reads.NOTHING,
)
DAY_GATE = Gate(
    "C4_day",
    "entries today",
    Scope.NEW_EXPOSURE,
    ("counters",),
    DayEntriesLimits,
    check_day,
    "count",
    reads=Reads.NOTHING,
)
