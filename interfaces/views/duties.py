"""View models of what goes on by itself: sliced orders, the timetable and its runs, the watchdog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.market import Symbol
from domain.orders import Side


@dataclass(frozen=True, slots=True)
class AlgoRow:
    """One sliced order: of ``qty`` so much is filled and so much may still fill at the broker."""

    id: str
    kind: str
    symbol: Symbol
    side: Side
    qty: Decimal
    filled_qty: Decimal
    working_qty: Decimal
    limit_price: Decimal | None
    state: str
    ends_at: datetime
    children: int
    reason: str


@dataclass(frozen=True, slots=True)
class AlgosView:
    """``sage algo list``, newest first."""

    as_of: datetime
    algos: tuple[AlgoRow, ...]


@dataclass(frozen=True, slots=True)
class AlgoView:
    """``sage algo start`` and ``sage algo stop``; ``standstill`` says when time goes on, if it does not by itself."""

    as_of: datetime
    algo: AlgoRow
    note: str
    standstill: str = ""


@dataclass(frozen=True, slots=True)
class NextRun:
    """A run to come, and the rule that says so."""

    at: datetime
    job: str
    rule: str


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that was; ``trigger`` is empty for the timetable."""

    job: str
    due_at: datetime
    trigger: str
    state: str
    attempts: int
    begun_at: datetime | None
    ended_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A running service: which process, since when, its last sign of life and what it said then."""

    process: str
    since: datetime
    beat_at: datetime
    alive: bool
    doing: str


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """``sage schedule``. ``as_of`` is the market's time, which is not the wall's where it is simulated."""

    as_of: datetime
    next: tuple[NextRun, ...]
    runs: tuple[PastRun, ...]
    services: tuple[ServiceRow, ...]


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Something critical: ``mark`` names it, ``told`` says how often and in which state each address was told."""

    mark: str
    at: datetime
    words: str
    told: tuple[str, ...]
    acknowledged_by: str
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlertsView:
    """``sage alerts``: newest first; ``waiting`` messages of any kind are still on their way."""

    as_of: datetime
    alerts: tuple[AlertRow, ...]
    waiting: int
    ways: tuple[str, ...]
    """Who is told; empty where nothing is configured."""


@dataclass(frozen=True, slots=True)
class WishesView:
    """How one address is told: each kind, quiet hours, a mute, a line each."""

    as_of: datetime
    address: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WatchView:
    """``sage watchdog``: what is wrong, a line each; nothing where all is well."""

    as_of: datetime
    ok: bool
    alerts: tuple[str, ...]
    note: str
