"""A6_age account age: entries need account figures that are at most ``max_account_age_s`` old.

With 30 s, figures of exactly 30 s pass and of 30.001 s do not. A time more than two seconds in the future denies.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope
from policies.gates.ages import fresh, seconds
from policies.measures.worst_case import WorstCase

ACCOUNT_STALE = ReasonCode.ACCOUNT_STALE


@dataclass(frozen=True, slots=True)
class AccountAgeLimits:
    """Seconds."""

    max_account_age_s: Decimal
    max_clock_skew_s: Decimal | None = None


def check(case: Case, worst: WorstCase, limits: AccountAgeLimits) -> Answer:
    """PASS while the account figures are fresh."""
    age = seconds(case.now, case.book.account.as_of)
    return fresh("A6_age", ACCOUNT_STALE, limits.max_account_age_s, age, limits.max_clock_skew_s)


GATE = Gate(
    "A6_age", "account age", Scope.NEW_EXPOSURE, ("account",), AccountAgeLimits, check, "seconds", reads=Reads.NOTHING
)
