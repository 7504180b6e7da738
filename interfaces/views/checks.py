"""What was checked: sources, memory, audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from interfaces.views.state import State
from trading.audit.finding import Finding


@dataclass(frozen=True, slots=True)
class MemoryView:
    """``sage memory rebuild``: how many trades are remembered, and where."""

    as_of: datetime
    trades: int
    place: str


@dataclass(frozen=True, slots=True)
class AuditView:
    """``sage audit verify``: each problem names its entry, or its row; the findings say the rows once more, by field.

    ``tables`` were compared with the ledger; none are where the chain does not hold. ``not_proven`` is in no entry.
    """

    as_of: datetime
    ok: bool
    entries: int
    head: str
    problems: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    tables: tuple[str, ...] = ()
    not_proven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """One check; ``remedy`` is for the ones that are not fine."""

    name: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class DoctorView:
    """``sage doctor``."""

    as_of: datetime
    ok: bool
    checks: tuple[DoctorRow, ...]


@dataclass(frozen=True, slots=True)
class ComparedView:
    """A comparison of our books with the broker's: a line each difference."""

    as_of: datetime
    ok: bool
    differences: tuple[str, ...]
