"""Iceberg: a tip at the limit, renewed each time it has filled; the market never sees more than the tip.

500 shares with a tip of 100 are five orders of 100 at the parent's limit, one after the other.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trading.execution.algos.base import Slice


def schedule(qty: Decimal, start: datetime) -> tuple[Slice, ...]:
    """All of it is due from the start; the tip keeps it in pieces."""
    return (Slice(start, qty),)
