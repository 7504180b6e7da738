"""TWAP: equal slices at equal distances; what does not divide goes to the first slices, one lot each.

100 shares in 3 slices between 10:00 and 10:30 are 34 at 10:00, 33 at 10:10 and 33 at 10:20. Fewer lots than slices make
fewer slices: 2 shares in 3 are 1 at 10:00 and 1 at 10:15. What is no whole lot goes with the last slice.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.errors import UsageError
from domain.money import ZERO, floor_to
from trading.execution.algos.base import Slice


def schedule(qty: Decimal, lot: Decimal, start: datetime, end: datetime, count: int) -> tuple[Slice, ...]:
    """The slices, which add up to ``qty``."""
    if count < 1 or start >= end or qty <= ZERO or lot <= ZERO:
        raise UsageError(f"{qty} in {count} slices is no schedule", "Give a quantity, a number of slices and a time.")
    lots = int(floor_to(qty, lot) / lot)
    count = max(1, min(count, lots))
    each, more = divmod(lots, count)
    sizes = [lot * (each + (number < more)) for number in range(count)]
    # The slices have to add up to the parent exactly (``checked``).
    sizes[-1] += qty - lot * lots
    return tuple(Slice(start + (end - start) / count * number, size) for number, size in enumerate(sizes))
