"""F8 rejections in a row, F9 failed calls and F9_slippage: breakers for when execution itself goes wrong.

With 5 rejections, an entry after four in a row passes and one after the fifth does not. With 20 % failed calls, a share
of 20 % passes and 20.01 % does not; with a slippage of 0.3 %, fills that cost 0.3 % on average pass and 0.301 % do not.
Slippage that gained money is negative and never stops anything. The breakers of ``trading/monitor/breakers.py`` ask the
three functions that judge the counters, so that what stops an order and what stops trading is decided here alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.book import Counters
from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import Answer, Gate, Reads, Scope, at_most, below, denied
from policies.gates.counts import counted
from policies.measures.worst_case import WorstCase, is_finite

REJECTS_IN_ROW = ReasonCode.REJECTS_IN_ROW
API_ERRORS = ReasonCode.API_ERRORS
SLIPPAGE = ReasonCode.SLIPPAGE


@dataclass(frozen=True, slots=True)
class RejectRunLimits:
    """A count."""

    max_rejects_in_row: Decimal


@dataclass(frozen=True, slots=True)
class ApiErrorLimits:
    """In percent of the broker's calls."""

    max_api_error_pct: Decimal


@dataclass(frozen=True, slots=True)
class SlippageLimits:
    """In percent of the price at the decision."""

    max_slippage_pct: Decimal


def check_rejects(case: Case, worst: WorstCase, limits: RejectRunLimits) -> Answer:
    """PASS below the number of rejections."""
    return judge_rejects(case.book.counters, limits)


def judge_rejects(counters: Counters, limits: RejectRunLimits) -> Answer:
    """The same of counters alone."""
    rejects = counted(counters.rejects_in_row)
    if rejects is None:
        return denied("F8", ReasonCode.COUNTERS_UNKNOWN, limits.max_rejects_in_row)
    return below("F8", REJECTS_IN_ROW, limits.max_rejects_in_row, rejects)


def check_errors(case: Case, worst: WorstCase, limits: ApiErrorLimits) -> Answer:
    """PASS up to the share of failed calls."""
    return judge_errors(case.book.counters, limits)


def judge_errors(counters: Counters, limits: ApiErrorLimits) -> Answer:
    """The same of counters alone."""
    failed = counters.api_error_pct
    if not is_finite(failed) or failed < ZERO:
        return denied("F9", ReasonCode.COUNTERS_UNKNOWN, limits.max_api_error_pct)
    return at_most("F9", API_ERRORS, limits.max_api_error_pct, failed)


def check_slippage(case: Case, worst: WorstCase, limits: SlippageLimits) -> Answer:
    """PASS up to the mean slippage."""
    return judge_slippage(case.book.counters, limits)


def judge_slippage(counters: Counters, limits: SlippageLimits) -> Answer:
    """The same of counters alone."""
    slippage = counters.slippage_pct
    if not is_finite(slippage):
        return denied("F9_slippage", ReasonCode.COUNTERS_UNKNOWN, limits.max_slippage_pct)
    return at_most("F9_slippage", SLIPPAGE, limits.max_slippage_pct, slippage)


REJECTS_GATE = Gate(
    "F8",
    "rejections in a row",
    Scope.NEW_EXPOSURE,
    ("counters",),
    RejectRunLimits,
    check_rejects,
    "count",
    reads=Reads.NOTHING,
)
ERRORS_GATE = Gate(
    "F9",
    "failed broker calls",
    Scope.NEW_EXPOSURE,
    ("counters",),
    ApiErrorLimits,
    check_errors,
    "pct",
    reads=Reads.NOTHING,
)
SLIPPAGE_GATE = Gate(
    "F9_slippage",
    "slippage",
    Scope.NEW_EXPOSURE,
    ("counters",),
    SlippageLimits,
    check_slippage,
    "pct",
    reads=Reads.NOTHING,
)
