"""What was checked: sources, memory, audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.book import Adjustment
from domain.market import Symbol
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
class DifferenceView:
    """A symbol that is held differently since ``since``, in signed shares, and what a yes to ``--adopt`` would book.

    ``price`` is the broker's average. ``explained`` is what a split of ``ratio`` makes of ours, ``named`` by the owner
    or told by the market; ``words`` say so. ``waits`` is why nothing can be booked yet, ``agreed`` what a yes is to.
    ``resting`` is how many orders of ours work in it, which a yes leaves as they are.
    """

    symbol: Symbol
    ours: Decimal
    theirs: Decimal
    price: Decimal | None
    since: datetime
    ratio: Decimal | None
    split_at: datetime | None
    named: bool
    explained: Decimal | None
    words: str
    waits: str
    agreed: str
    resting: int = 0


@dataclass(frozen=True, slots=True)
class ComparedView:
    """A comparison of our books with the broker's: a line each difference, and ``held`` for those of shares."""

    as_of: datetime
    ok: bool
    differences: tuple[str, ...]
    held: tuple[DifferenceView, ...] = ()


@dataclass(frozen=True, slots=True)
class AdoptedView:
    """``sage reconcile --adopt``: what was booked; ``free`` where the comparison after it found the symbol alike."""

    as_of: datetime
    adjustment: Adjustment
    free: bool
    differences: tuple[str, ...]
