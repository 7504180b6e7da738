"""E13 earnings, E13_macro and E14 corporate actions: no entries near an event that moves the price by itself.

E13: with 24 h, a report exactly 24 h away, before or after, still blocks and one 24 h and a second away does not.
E13_macro is the same for dates that move everything, such as an interest rate decision, whether the source lists them
for the symbol or for the whole market. E14: with 1 day, a split, ex-dividend date, change of symbol or merger within 24
hours either side blocks: bars, stops and quantities do not mean the same before and after.

Where no source tells of such events ahead, nobody knows that none is near, and entries are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.market import EventKind
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Reads, Scope, denied
from policies.gates.ages import seconds
from policies.measures.worst_case import WorstCase

EARNINGS_BLACKOUT = ReasonCode.EARNINGS_BLACKOUT
EARNINGS_UNKNOWN = ReasonCode.EARNINGS_UNKNOWN
MACRO_BLACKOUT = ReasonCode.MACRO_BLACKOUT
MACRO_UNKNOWN = ReasonCode.MACRO_UNKNOWN
CORPORATE_ACTION = ReasonCode.CORPORATE_ACTION
CORPORATE_ACTIONS_UNKNOWN = ReasonCode.CORPORATE_ACTIONS_UNKNOWN
HOUR, DAY_H = Decimal(3600), Decimal(24)
EARNINGS = frozenset({EventKind.EARNINGS})
MACRO = frozenset({EventKind.MACRO})
REGULAR_ACTIONS = frozenset({EventKind.SPLIT, EventKind.DIVIDEND})
ACTIONS = REGULAR_ACTIONS | {EventKind.SYMBOL_CHANGE, EventKind.MERGER}
"""A source that is complete in splits and dividends will do: few list the others, which count where they are told."""


@dataclass(frozen=True, slots=True)
class EarningsLimits:
    """Hours, either side of the report."""

    earnings_blackout_h: Decimal


@dataclass(frozen=True, slots=True)
class MacroLimits:
    """Hours, either side of the event."""

    macro_blackout_h: Decimal


@dataclass(frozen=True, slots=True)
class ActionLimits:
    """Days of 24 hours, either side of the day it takes effect."""

    corporate_action_days: Decimal


def check(case: Case, worst: WorstCase, limits: EarningsLimits) -> Answer:
    """DENY near a report, and where nobody would know of one."""
    codes = (EARNINGS_BLACKOUT, EARNINGS_UNKNOWN)
    return _judged("E13", codes, EARNINGS, EARNINGS, limits.earnings_blackout_h, case)


def check_macro(case: Case, worst: WorstCase, limits: MacroLimits) -> Answer:
    """DENY near an event of the whole market, and where nobody would know of one."""
    codes = (MACRO_BLACKOUT, MACRO_UNKNOWN)
    return _judged("E13_macro", codes, MACRO, MACRO, limits.macro_blackout_h, case)


def check_actions(case: Case, worst: WorstCase, limits: ActionLimits) -> Answer:
    """DENY near a corporate action, and where nobody would know of one; the verdict shows hours."""
    codes = (CORPORATE_ACTION, CORPORATE_ACTIONS_UNKNOWN)
    return _judged("E14", codes, ACTIONS, REGULAR_ACTIONS, limits.corporate_action_days * DAY_H, case)


def _judged(
    gate: str,
    codes: tuple[ReasonCode, ReasonCode],
    kinds: frozenset[EventKind],
    complete: frozenset[EventKind],
    hours: Decimal,
    case: Case,
) -> Answer:
    """``codes`` are for an event of ``kinds`` that is near, and for a view that is not complete in ``complete``."""
    view = case.market.symbols.get(case.order.symbol)
    if view is None:
        return denied(gate, ReasonCode.INSTRUMENT_UNKNOWN, hours)
    nearest = None
    if view.events:
        gaps = (abs(seconds(event.effective_at, case.now)) for event in view.events if event.kind in kinds)
        nearest = min(gaps, default=None)
    away = None if nearest is None else nearest / HOUR
    # First: an event that is near counts, however little its source tells of others.
    if nearest is not None and nearest <= hours * HOUR:
        return denied(gate, codes[0], hours, away)
    if not complete <= view.event_kinds:
        return denied(gate, codes[1], hours)
    return PASSED, hours, away, None if away is None else away - hours


GATE = Gate(
    "E13", "earnings blackout", Scope.NEW_EXPOSURE, ("earnings",), EarningsLimits, check, "hours", reads=Reads.SUBJECT
)
MACRO_GATE = Gate(
    "E13_macro",
    "macro blackout",
    Scope.NEW_EXPOSURE,
    ("macro",),
    MacroLimits,
    check_macro,
    "hours",
    reads=Reads.SUBJECT,
)
ACTIONS_GATE = Gate(
    "E14",
    "corporate actions",
    Scope.NEW_EXPOSURE,
    ("corporate_actions",),
    ActionLimits,
    check_actions,
    "hours",
    reads=Reads.SUBJECT,
)
