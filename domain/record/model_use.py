"""What asking language models costs and meets: money set aside before a call, models that rest, and who stood in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from domain.ids import CycleId
from domain.money import ZERO


@dataclass(frozen=True, slots=True)
class SetAside:
    """The most that one call may come to, kept free for it before it is made; ``key`` is the question's digest."""

    cycle_id: CycleId
    key: str
    role: str
    model: str
    tokens: int
    cost_usd: Decimal
    at: datetime


class Spent(NamedTuple):
    """What calls have used, or may still use."""

    tokens: int = 0
    cost_usd: Decimal = ZERO


class Fits(Protocol):
    """Says whether a further call fits beside what the other calls of the day come to, by role."""

    def __call__(self, others: Mapping[str, Spent]) -> bool:
        """True where it does."""
        ...


@dataclass(frozen=True, slots=True)
class ModelRest:
    """A model that failed: how often in a row, why the last time, and until when it is left alone, if it is."""

    model: str
    failures: int
    reason: str
    failed_at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """A question that one model left unanswered, for ``reason``, and that ``to`` was asked instead; ``count`` times."""

    cycle_id: CycleId
    role: str
    model: str
    to: str
    reason: str
    count: int = 1
