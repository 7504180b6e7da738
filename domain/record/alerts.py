"""An alert: something the owner has to know now, whoever brings it to them.

It is a ledger record first and a message on the bus second; who delivers it (a chat, a mail) recognises by ``key`` what
it has delivered already. Nothing is decided by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """How soon somebody has to look."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertCode(StrEnum):
    """What kind of thing happened; stable, for whoever filters."""

    KILLED = "KILLED"
    HALTED = "HALTED"
    REDUCING = "REDUCING"
    DRAWDOWN = "DRAWDOWN"
    INCIDENT = "INCIDENT"
    STATUS_UNKNOWN = "STATUS_UNKNOWN"
    UNPROTECTED = "UNPROTECTED"
    POLICY_TIGHTENED = "POLICY_TIGHTENED"
    POLICY_WAITS = "POLICY_WAITS"
    POLICY_UNREADABLE = "POLICY_UNREADABLE"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; two of the same ``key`` are the same, however often it arrives."""

    severity: Severity
    code: AlertCode
    words: str
    key: str
    at: datetime
