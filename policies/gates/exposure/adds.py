"""C16 adding to a position: at most ``max_adds`` times, and (C16_down) never at a price that is worse than its average.

With 1, a position opened by one order takes a second one and no third. An order that is still working counts as if it
had filled. C16_down: with 50 held at an average of 195.00, a buy that would execute at 195.00 passes and one at 194.99
does not; a short is not added to above its average. A limit above the ask executes at the ask, and is judged there.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import ZERO
from domain.orders import Side
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Reads, Scope, at_least, at_most, denied
from policies.measures.worst_case import WorstCase, is_plausible, is_positive

ADDS = ReasonCode.ADDS
BUY = Side.BUY
AVERAGING_DOWN = ReasonCode.AVERAGING_DOWN
NOT_ADDED_TO = NO_OBJECTION


@dataclass(frozen=True, slots=True)
class AddsLimits:
    """A count."""

    max_adds: Decimal


@dataclass(frozen=True, slots=True)
class AveragingLimits:
    """Whether losing positions are left alone."""

    forbid_averaging_down: bool


def check(case: Case, worst: WorstCase, limits: AddsLimits) -> Answer:
    """PASS up to the number of adds, this one included."""
    cap, held, position = limits.max_adds, worst.held, case.book.positions.get(case.order.symbol)
    if held is None:
        return denied("C16", ReasonCode.POSITION_UNKNOWN, cap)
    entries = 0
    if held != ZERO:
        if held * case.order.side.sign < ZERO:
            return PASSED, cap, None, None
        # A holding that nobody has entered is one whose entries were not told.
        if position is None or type(position.entries) is not int or position.entries < 1:
            return denied("C16", ReasonCode.ENTRIES_UNKNOWN, cap)
        entries = position.entries
    adds = Decimal(entries + _waiting(case, worst))
    return at_most("C16", ADDS, cap, adds)


def check_down(case: Case, worst: WorstCase, limits: AveragingLimits) -> Answer:
    """PASS from the average price onwards, in the direction of the position."""
    if not limits.forbid_averaging_down:
        return NOT_ADDED_TO
    held, position = worst.held, case.book.positions.get(case.order.symbol)
    if held is None:
        return denied("C16_down", ReasonCode.POSITION_UNKNOWN)
    if position is None or held * case.order.side.sign <= ZERO:
        return NOT_ADDED_TO
    price, average = _executes_at(case, worst), position.avg_price
    if price is None or not is_plausible(average):
        return denied("C16_down", ReasonCode.PRICE_UNKNOWN)
    if case.order.side is BUY:
        return at_least("C16_down", AVERAGING_DOWN, average, price)
    return at_most("C16_down", AVERAGING_DOWN, average, price)


def _waiting(case: Case, worst: WorstCase) -> int:
    """Entries into this symbol and direction of which nothing has filled yet; with a fill, the position counts them."""
    side, working = case.order.side, worst.holdings.by_symbol.get(case.order.symbol)
    if working is None:
        return 0
    return sum(
        1
        for other, _, _, _ in working
        if other.side is side
        # What has filled of it may be nonsense; then no position is known to count it.
        and not is_positive(other.filled_qty)
        and not other.reduce_only
    )


def _executes_at(case: Case, worst: WorstCase) -> Decimal | None:
    if worst.expected is None or worst.quote is None or case.order.trigger_price is not None:
        return worst.expected if worst.quote is not None else None
    if case.order.side is BUY:
        return min(worst.expected, worst.quote.ask)
    return max(worst.expected, worst.quote.bid)


GATE = Gate(
    "C16", "adds to a position", Scope.NEW_EXPOSURE, ("positions", "orders"), AddsLimits, check, "count", Reads.SUBJECT
)
DOWN_GATE = Gate(
    "C16_down", "averaging down", Scope.NEW_EXPOSURE, ("positions", "quote"), AveragingLimits, check_down, "USD"
)
