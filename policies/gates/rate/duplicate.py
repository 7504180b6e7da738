"""F4 duplicates: one leg of a decision is sent once, ever; the same order again has to wait.

With a window of 900 s, a buy of 10 AAPL 899 s after another buy of 10 AAPL is refused and one after 900 s passes. What
became of the first does not matter, unless a gate kept it from being sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Scope, denied
from policies.gates.ages import seconds
from policies.measures.holdings import sent
from policies.measures.worst_case import WorstCase

FLATTEN = Origin.FLATTEN


@dataclass(frozen=True, slots=True)
class DuplicateLimits:
    """Seconds; None checks the decision only."""

    duplicate_window_s: Decimal | None = None


def check(case: Case, worst: WorstCase, limits: DuplicateLimits) -> Answer:
    """DENY what was sent before."""
    order, window, found = case.order, limits.duplicate_window_s, worst.holdings.once(sent)
    if order.symbol not in found.symbols and order.decision_id not in found.decisions:
        return PASSED, window, None, None
    decision, asked = order.decision_id, (order.symbol, order.side, order.qty)
    for other in found.orders:
        if other.decision_id == decision and other.leg == order.leg:
            return denied("F4", ReasonCode.DUPLICATE_DECISION, window, decision)
        # Legs of one decision are no repetition: a replacement, or the next slice of an algorithm.
        same = other.decision_id != decision and (other.symbol, other.side, other.qty) == asked
        # Nor does a flatten repeat anything: what it sells is counted against what is held and already being sold.
        same = same and order.origin is not FLATTEN
        if same and window is not None and seconds(case.now, other.created_at) < window:
            return denied("F4", ReasonCode.DUPLICATE_ORDER, window, seconds(case.now, other.created_at))
    return PASSED, window, None, None


GATE = Gate("F4", "duplicate", Scope.ALWAYS, ("orders",), DuplicateLimits, check, "seconds")
