"""Breaches of group C."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from domain.book import Position
from domain.case import Case
from domain.market import Symbol
from domain.money import ONE
from policies.breaches.case import Breach, huge, with_book


def _crowd(case: Case, limits: Mapping[str, Any]) -> Case:
    names = (Symbol(f"HELD{number}") for number in range(int(limits["max_open_positions"])))
    return with_book(case, positions={name: Position(name, ONE, ONE) for name in names})


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
    "C15": huge,
    "C15_pct": huge,
    "C18": huge,
}
