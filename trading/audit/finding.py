"""Where a table and the ledger disagree, as a value: which row, which field, what each of the two says.

fills fill-1: the price is 99 in the table and 100 by the ledger, entry 12.
trades trd-1 is missing in the table; the ledger has it, entry 15.
orders ord-9 stands in the table and in no entry of the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.record.canonical import decimal_text, time_text

LONGEST_SHOWN = 120
"""Characters of a value that a finding shows."""


class Fault(StrEnum):
    """What is wrong with a row."""

    DIFFERS = "differs"
    MISSING = "missing"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement. ``entry`` is the number in the ledger, 0 where none speaks of the row; None is no value."""

    table: str
    key: str
    fault: Fault
    entry: int = 0
    field: str = ""
    ledger: str | None = None
    book: str | None = None

    @property
    def told(self) -> str:
        """In a sentence."""
        row = f"{self.table} {self.key}"
        if self.fault is Fault.MISSING:
            known = f"the ledger has it, entry {self.entry}" if self.entry else "rows that are on record name it"
            return f"{row} is missing in the table; {known}."
        if self.fault is Fault.UNREADABLE:
            return f"{self.table}: a value makes no sense ({self.book}), and what comes after it was not compared."
        if self.fault is Fault.UNKNOWN:
            return f"{row} stands in the table and in no entry of the ledger."
        said = f"the {self.field} is {_or_none(self.book)} in the table and {_or_none(self.ledger)} by the ledger"
        return f"{row}: {said}, entry {self.entry}." if self.entry else f"{row}: {said}."


Findings = Iterator[Finding]


def shown(value: Any) -> str | None:
    """A value as a finding shows it, cut where it is long."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        text = decimal_text(value) if value.is_finite() else str(value)
    elif isinstance(value, datetime) and value.tzinfo is not None:
        text = time_text(value)
    elif isinstance(value, date):
        text = value.isoformat()
    else:
        text = str(int(value)) if isinstance(value, bool) else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _or_none(value: str | None) -> str:
    return "nothing" if value is None else value or "empty"
