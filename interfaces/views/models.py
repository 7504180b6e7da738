"""What the models were used for, and what they may be used for today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What one role used of one answering model on one day; ``reused`` answers were used again and cost nothing."""

    day: date
    role: str
    model: str
    calls: int
    reused: int
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class AllowanceRow:
    """A budget of today: what is used or set aside, and the most that may be; None is no limit."""

    scope: str
    tokens: int
    tokens_limit: int | None
    cost_usd: Decimal
    usd_limit: Decimal | None


@dataclass(frozen=True, slots=True)
class UsageView:
    """``sage usage``: by exchange day, role and model, newest day first; and the budgets of today."""

    as_of: datetime
    days: int
    rows: tuple[UsageRow, ...]
    budgets: tuple[AllowanceRow, ...]
