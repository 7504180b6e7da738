"""Counts from our own records, read strictly: what is not a whole number at or above zero is not known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from domain.market import Symbol


def counted(value: object) -> Decimal | None:
    """``value`` as a Decimal; None for anything that is no count, a bool among it."""
    return Decimal(value) if type(value) is int and value >= 0 else None


def counted_of(values: Mapping[Symbol, int] | None, symbol: Symbol) -> Decimal | None:
    """The count of one symbol, zero where the mapping does not list it; None where there is no mapping."""
    return None if values is None else counted(values.get(symbol, 0))
