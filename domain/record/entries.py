"""Ledger entries: append-only facts, each chained to the one before by its hash.

The hash covers every other field, so that an edited, deleted, inserted or reordered entry is found and located.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class RecordKind(StrEnum):
    """What an entry is about."""

    CYCLE_STARTED = "cycle_started"
    EVIDENCE = "evidence"
    CANDIDATES = "candidates"
    MONITOR = "monitor"
    MODEL_CALL = "model_call"
    DECISION = "decision"
    VERDICTS = "verdicts"
    APPROVAL_REQUESTED = "approval_requested"
    APPROVAL = "approval"
    ORDER = "order"
    FILL = "fill"
    CHARGE = "charge"
    TRADE_CLOSED = "trade_closed"
    LESSON = "lesson"
    CALIBRATION = "calibration"
    EXPLANATION = "explanation"
    CONTROL = "control"
    ALERT = "alert"
    RECONCILIATION = "reconciliation"
    ADJUSTMENT = "adjustment"
    """The owner took over what the broker holds of a symbol; nobody traded."""
    CYCLE_FINISHED = "cycle_finished"
    ACCESS = "access"
    """What a person did from afar, was denied, or may do from now on."""


GENESIS = "0" * 64
"""The hash before the first entry."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One fact. ``subject`` is the id it is about, ``cause`` the id that led to it, ``body`` its canonical content."""

    seq: int
    at: datetime
    kind: RecordKind
    subject: str
    cause: str
    cycle_id: str
    body: Mapping[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """A round trip, from first entry to flat: what memory learns from. ``pnl`` is net of commissions."""

    trade_id: str
    symbol: str
    strategy: str
    side: str
    qty: str
    entry_price: str
    exit_price: str
    pnl: str
    opened_at: datetime
    closed_at: datetime
    decision_id: str
    exit_reason: str
