"""A cycle run again: whether it came out the same, and what another policy, model or prompt would have changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FateRow:
    """What became of one decision: what the roles left of it, what the gates say of that, and why."""

    action: str
    qty: Decimal
    outcome: str
    goes: Decimal
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One symbol: ``was`` is on record, ``would_be`` is what the second run says."""

    symbol: str
    decision_id: str
    changed: bool
    was: FateRow
    would_be: FateRow


@dataclass(frozen=True, slots=True)
class ReproductionView:
    """``sage reproduce``: ``digest`` is of the canonical document of the first run, ``digest_again`` of the second.

    ``asked`` says what was changed on purpose; empty where nothing was, and then ``ok`` means equal in every byte.
    """

    cycle_id: str
    as_of: datetime
    ok: bool
    asked: tuple[str, ...]
    digest: str
    digest_again: str
    compared: tuple[str, ...]
    difference: str
    changes: tuple[ChangeRow, ...]
    notes: tuple[str, ...]
