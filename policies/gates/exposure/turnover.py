"""C18 turnover: what was traded today, what is still working, and this order are at most ``max_turnover_per_day``.

With 200,000 a day and 195,000 done, an order of 5,000.00 passes and one of 5,000.01 does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Scope, denied
from policies.gates.caps import in_money
from policies.measures.worst_case import WorstCase, is_finite

CODE, UNKNOWN = ReasonCode.TURNOVER, ReasonCode.PRICE_UNKNOWN


@dataclass(frozen=True, slots=True)
class TurnoverLimits:
    """In account currency."""

    max_turnover_per_day: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: TurnoverLimits) -> Answer:
    """PASS up to the day's turnover."""
    cap, done = limits.max_turnover_per_day, case.book.turnover_today
    if not is_finite(done) or done < ZERO or worst.working_value is None:
        return denied("C18", ReasonCode.TURNOVER_UNKNOWN, cap)
    after = None if worst.notional is None else done + worst.working_value + worst.notional
    return in_money("C18", CODE, cap, after, worst, limits.oversize, UNKNOWN)


GATE = Gate("C18", "turnover", Scope.NEW_EXPOSURE, ("counters", "quote", "orders"), TurnoverLimits, check, "USD")
