"""A verdict in words: why a gate objected, by which figures, and what it is called.

    bid and ask are too far apart, 0.59 % where the limit is 0.5 % (spread, E7)
    an earnings report is too near, 18.75 h where the least is 24 h (earnings blackout, E13)

A reason code means the same whichever gate gives it: "too soon after a loss, or after an exit, a stop or a rejection".
Here the gate is known, and with it which of these it is. A code stands behind the words in brackets, never in their
place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from domain.verdicts import Figure, Outcome
from interfaces.views.plain import NOTHING, found, is_bounded
from policies.codes import ReasonCode, meaning_of
from policies.gates.catalogue import BY_ID

_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
FUTURE = "dated in the future"
"""The note of a gate that found something younger than now."""
_SPOKE = {
    Outcome.PASS: "passed",
    Outcome.REDUCE: "cut",
    Outcome.NEED_APPROVAL: "waits for a person",
    Outcome.DENY: "refused",
}
_ROLES = {
    "MONITOR_HALT": "The monitor asked to halt new entries.",
    "MONITOR_TIGHTEN": "The monitor asked for smaller entries.",
    "ADVISOR_MISSING": "The advisor gave no usable answer.",
    "ADVISOR_SKIP": "The advisor spoke against it.",
    "INSPECTOR_MISSING": "The risk inspector gave no usable answer.",
    "INSPECTOR_BLOCK": "The risk inspector blocked it.",
    "INSPECTOR_ASK": "The risk inspector wants a person to decide.",
    "DECIDER_MISSING": "The decider gave no usable answer.",
    "DECIDER_SKIP": "The decider left it out.",
    "DECIDER_DELAY": "The decider wants to wait.",
    "SIZE_ZERO": "What the roles left of it is less than a lot.",
}
"""What the codes of a decision mean; those of the gates bear their meaning themselves."""
_FITTING: Mapping[tuple[str, str], str] = {
    ("A2", "MODE_FORBIDS_ORDERS"): "no orders are sent in this mode",
    ("A5", "RELEASE_MISMATCH"): "what this process runs is not what is in force",
    ("A7", "NOT_RECONCILED"): "the book was not compared with the broker's lately enough",
    ("E2", "SESSION_EDGE"): "too soon after the opening",
    ("E2_close", "SESSION_EDGE"): "too near to the close",
    ("F1_second", "ORDER_RATE"): "too many orders within a second",
    ("F1", "ORDER_RATE"): "too many orders within a minute",
    ("F6", "COOLDOWN"): "too soon after a losing trade",
    ("F6_exit", "COOLDOWN"): "too soon after the position in this symbol was closed",
    ("F6_stop", "COOLDOWN"): "too soon after the stop of this symbol was hit",
    ("F6_reject", "COOLDOWN"): "too soon after the broker refused an order in this symbol",
    ("H3_calibration", "UNCALIBRATED"): "the model's confidence has not been calibrated yet",
    ("H7", "SUSPICIOUS_TEXT"): "a cited text addresses machines or gives orders",
}
"""Which of the things that its code means a gate looks at."""
_AGED: Mapping[tuple[str, str], str] = {
    ("A6_age", "ACCOUNT_STALE"): "the account figures are",
    ("E4", "QUOTE_STALE"): "the quote is",
    ("E4_bar", "BAR_STALE"): "the newest bar is",
    ("E15", "NEWS_STALE"): "a cited text is",
    ("H6", "SIGNAL_STALE"): "the order or its evidence is",
}
"""What is too old, or dated in the future."""
_KNOWN: Mapping[tuple[str, str], str] = {
    ("A8", "CLOCK_SKEW"): "our clock and the broker's differ by too much",
    ("F1_day", "ORDERS_TODAY"): "the day's number of orders is used up",
    ("H3", "CONFIDENCE_TOO_LOW"): "the confidence is below the limit",
}
"""Codes that say "or it is unknown": where there is a figure, it is not."""
_BY_NOTE = {
    "no bar": "there is no bar",
    "no confidence given": "no confidence was given",
    "the broker's clock is unknown": "the broker's clock is unknown",
    "the kill that ordered it is over": "the kill that ordered it is over",
}
"""Notes that say it all."""
_NAMED = frozenset({"A3", "H2"})
"""Gates of which what they found is a name that belongs into the sentence."""
_NO_MEASURE = frozenset({"H5", "H7", "B10_leverage"})
"""Gates whose two figures are a direction, a yes or a kind of fund: neither is the limit of the other."""
_TIMES = ("seconds", "hours", "days")
_IN_SHARES = frozenset({"B7", "D3", "D8"})
"""Gates that count shares and are not in their unit."""


class Spoken(Protocol):
    """What a verdict and its views have in common."""

    @property
    def gate(self) -> str:
        """The gate's id."""

    @property
    def code(self) -> str:
        """Its reason code."""

    @property
    def outcome(self) -> Outcome:
        """What it answered."""

    @property
    def limit(self) -> Figure:
        """Where it draws the line."""

    @property
    def value(self) -> Figure:
        """What it found."""

    @property
    def note(self) -> str:
        """What no figure says."""


def spoken(verdict: Spoken) -> str:
    """What the gate did, why, by which figures, and its name and code."""
    return f"{_SPOKE[verdict.outcome]}: {measured_against(verdict)} ({beside(verdict.gate)})"


def measured_against(verdict: Spoken) -> str:
    """Why it objected, and by which figures."""
    figures = figures_of(verdict)
    return f"{in_words(verdict)}, {figures}" if figures else in_words(verdict)


def in_words(verdict: Spoken) -> str:
    """Why it objected, within a sentence and without figures; its note stands behind a colon."""
    asked, note = (verdict.gate, verdict.code), verdict.note
    if note in _BY_NOTE:
        return _BY_NOTE[note]
    if asked in _AGED and note in ("", FUTURE):
        return f"{_AGED[asked]} {note or 'too old'}"
    known = _KNOWN if verdict.value is not None else {}
    told = _FITTING.get(asked) or known.get(asked) or meaning(verdict.code)
    named = verdict.value if verdict.gate in _NAMED and isinstance(verdict.value, str) else ""
    if asked == ("A3", "PAUSED"):
        told = "new entries are paused"
    return f"{told}: {note or named}" if note or named else told


def figures_of(verdict: Spoken) -> str:
    """``0.59 % where the limit is 0.5 %``, ``18.75 h where the least is 24 h``; empty of what is no figure."""
    limit, value, known = verdict.limit, verdict.value, BY_ID.get(verdict.gate)
    unit = "shares" if verdict.gate in _IN_SHARES else "text" if known is None else known.unit
    if verdict.gate in _NO_MEASURE or isinstance(value, str) or not is_bounded(limit, value):
        return ""
    if not isinstance(value, Decimal | int) or not isinstance(limit, Decimal | int):
        return ""
    if not Decimal(value).is_finite() or not Decimal(limit).is_finite():
        return ""
    # An age below nothing is a time in the future, which the words say.
    if value < 0 and unit in _TIMES:
        return ""
    told, bound = (told_of(each, unit, other) for each, other in ((value, limit), (limit, value)))
    if verdict.code == ReasonCode.AVERAGING_DOWN:
        return f"{told} against an average of {bound}"
    if value == limit:
        return f"{told}, which is the limit"
    return f"{told} where the {'least' if limit > 0 and value < limit else 'limit'} is {bound}"


def told_of(value: Figure, unit: str, limit: Figure = None) -> str:
    """A figure with its unit, where no heading of a column says it: ``7,709.36 USD``, ``80 shares``."""
    told = found(value, unit, limit)
    if told == NOTHING:
        return told
    if unit == "shares":
        return f"{told} {'share' if value == 1 else 'shares'}"
    return f"{told} USD" if unit == "USD" else told


def meaning(code: str) -> str:
    """What a reason code means, as it stands within a sentence."""
    told = _ROLES.get(code, meaning_of(code)).rstrip(".")
    return f"{told[:1].lower()}{told[1:]}"


def because(code: str) -> str:
    """A code in words, and behind them the code itself; what is no code stays as it is."""
    return f"{meaning(code)} ({code})" if _CODE.fullmatch(code) else code


def named_gate(gate: str) -> str:
    """``release (A5)``; a gate that is no longer in the catalogue keeps its bare id."""
    known = BY_ID.get(gate)
    return gate if known is None else f"{known.name} ({gate})"


def beside(gate: str) -> str:
    """The same within brackets: ``release, A5``."""
    known = BY_ID.get(gate)
    return gate if known is None else f"{known.name}, {gate}"
