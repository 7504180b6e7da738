"""Ages: how old a figure is, and the little that a clock may run ahead before a time counts as future."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import Answer, at_most, denied

AHEAD = Decimal(2)
"""Most seconds by which a foreign clock may be ahead of ours, whatever ``max_clock_skew_s`` allows; none where it is
not set."""

_MICRO = Decimal("0.000001")


def seconds(later: datetime, earlier: datetime) -> Decimal:
    """Exact seconds between two aware times; negative when ``earlier`` is in fact later."""
    gap = later - earlier
    return ((gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds) * _MICRO


def ahead_allowed(max_clock_skew_s: Decimal | None) -> Decimal:
    """Seconds a time may lie in the future."""
    return ZERO if max_clock_skew_s is None else min(AHEAD, max_clock_skew_s)


def fresh(gate: str, code: ReasonCode, limit: Decimal, age: Decimal, skew: Decimal | None) -> Answer:
    """PASS up to and including an age of ``limit`` seconds; DENY for anything dated in the future."""
    if age < ZERO and age < -ahead_allowed(skew):
        return denied(gate, code, limit, age, "dated in the future")
    return at_most(gate, code, limit, age)
