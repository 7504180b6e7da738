"""Breaches of group C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from domain.book import Position
from domain.case import Case
from domain.market import Symbol
from domain.money import ONE
from policies.breaches.case import (
    DAY,
    HUGE,
    Breach,
    huge,
    with_book,
    with_counters,
    with_market,
    with_order,
    with_session,
)


def _crowd(case: Case, limits: Mapping[str, Any]) -> Case:
    names = (Symbol(f"HELD{number}") for number in range(int(limits["max_open_positions"])))
    return with_book(case, positions={name: Position(name, ONE, ONE) for name in names})


def _held_at(case: Case, average: Decimal, entries: int) -> Case:
    symbol = case.order.symbol
    position = Position(symbol, Decimal(case.order.side.sign), average, entries=entries)
    return with_book(case, positions={**case.book.positions, symbol: position})


def _averaged(case: Case, limits: Mapping[str, Any]) -> Case | None:
    return _held_at(case, HUGE, 1) if limits["forbid_averaging_down"] else None


def _at_the_close(case: Case, limits: Mapping[str, Any]) -> Case:
    closing = with_session(case, case.now - DAY / 8, case.now)
    return with_order(with_market(closing, next_session=None), qty=HUGE)


BREACHES: Mapping[str, Breach] = {
    "C1": huge,
    "C1_equity": huge,
    "C2": huge,
    "C3": huge,
    "C3_notional": huge,
    "C3_qty": huge,
    "C5": huge,
    "C6": huge,
    "C7": huge,
    "C8": huge,
    "C11": huge,
    "C4": _crowd,
    "C4_cycle": lambda case, limits: replace(case, cycle_entries=int(limits["max_entries_per_cycle"])),
    "C4_day": lambda case, limits: with_counters(case, entries_today=int(limits["max_entries_per_day"])),
    "C9": huge,
    "C10": huge,
    "C12": huge,
    "C13": huge,
    "C13_es": huge,
    "C14": huge,
    "C15": huge,
    "C15_pct": huge,
    "C16": lambda case, limits: _held_at(case, ONE, int(limits["max_adds"]) + 1),
    "C16_down": _averaged,
    "C17": _at_the_close,
    "C17_weekend": _at_the_close,
    "C18": huge,
}
