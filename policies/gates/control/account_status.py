"""A6 account status: the broker lets this account trade, and it is the account the policy was written for.

A blocked or foreign account refuses exits too. A status the broker did not give refuses entries only.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, denied
from policies.measures.worst_case import WorstCase


@dataclass(frozen=True, slots=True)
class AccountStatusLimits:
    """``account_id``: the only account the policy may be used with; None for any."""

    account_id: str | None = None


def check(case: Case, worst: WorstCase, limits: AccountStatusLimits) -> Answer:
    """DENY for a blocked, foreign or silent account."""
    account = case.book.account
    # Shown as text, because a verdict has no place for what is neither text nor a number.
    shown = str(account.account_id)
    if limits.account_id is not None and account.account_id != limits.account_id:
        return denied("A6", ReasonCode.ACCOUNT_MISMATCH, limits.account_id, shown)
    if account.trading_blocked is True:
        return denied("A6", ReasonCode.ACCOUNT_BLOCKED, value=True)
    if account.trading_blocked is not False and not worst.reduces_risk:
        return denied("A6", ReasonCode.ACCOUNT_STATUS_UNKNOWN)
    return PASSED, limits.account_id, shown, None


GATE = Gate("A6", "account status", Scope.ALWAYS, ("account",), AccountStatusLimits, check, reads=Reads.SUBJECT)
