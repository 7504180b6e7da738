"""One line of the catalogue: when it holds, for whom it is judged, and what it does where it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from evals.gates.oracle.exposure import Unknown, known
from evals.gates.oracle.reading import View


@dataclass(frozen=True, slots=True)
class Rule:
    """``holds(view, limit)`` for the limit of that name, or at all times where ``limit`` is None."""

    gate: str
    limit: str | None
    holds: Callable[[View, Any], bool]
    codes: tuple[str, ...] = ()
    """Reason codes of which at least one is expected; empty where none is agreed on."""
    always: bool = False
    """Judged for orders that reduce risk, too."""
    size: bool = False
    """A smaller quantity may pass."""
    asks: bool = False
    """A failure waits for a person instead of denying."""

    def fails(self, view: View, *, closing: bool) -> bool:
        """True where the rule is broken; what is unknown breaks it for everything but a closing order."""
        if (closing and not self.always) or (self.limit is not None and self.limit not in view.limits):
            return False
        try:
            return not bool(self.holds(view, view.limits.get(self.limit) if self.limit else None))
        except (Unknown, ZeroDivisionError):
            return not closing


def age(view: View, at: Any) -> Fraction:
    """Seconds since a moment; negative when it lies ahead, ``Unknown`` when nobody knows it."""
    return seconds(view.now - known(at))


def seconds(span: timedelta) -> Fraction:
    """A span as an exact number of seconds."""
    return Fraction(span // timedelta(microseconds=1), 10**6)


def fresh(view: View, at: Any, limit: Fraction) -> bool:
    """Not older than the limit, and no further ahead than our clock and the broker's may differ."""
    return bool(-view.limits.get("max_clock_skew_s", 0) <= age(view, at) <= limit)


def away(view: View, at: datetime) -> Fraction:
    """Seconds between now and a moment, in either direction."""
    return abs(seconds(view.now - at))


def agents(view: View) -> bool:
    """True for an order that the agents propose."""
    return bool(view.order["origin"] == "agent")
