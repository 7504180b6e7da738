"""Alerts on record: each once, in the transaction of what it tells about, and what of them is news.

    raised -> ledger entry of its key -> published on the bus by whoever runs -> the owner resumes: no news any more

An alert whose transaction is rolled back has never been raised. Another process publishes it too; the key tells.
"""

from __future__ import annotations

from datetime import datetime

from domain.alerts import Alert
from domain.canonical import restore
from domain.ports import Ledger
from domain.records import LedgerEntry, RecordKind

SUBJECT = "alert"
SEEN = {"seen": True}
"""The entry that says: the owner has looked at everything before it."""


class AlertLog:
    """The alerts of one ledger, as one process sees them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._told: int | None = None

    def raised(self, alert: Alert) -> None:
        """Write it down, unless it is on record already."""
        self._begin()
        if not any(entry.body.get("key") == alert.key for entry in self._entries()):
            self._ledger.append(RecordKind.ALERT, SUBJECT, alert, at=alert.at)

    def seen(self, *, at: datetime) -> None:
        """The owner has looked: what is on record by now is no news."""
        if self.open():
            self._ledger.append(RecordKind.ALERT, SUBJECT, SEEN, at=at)

    def open(self) -> tuple[Alert, ...]:
        """Alerts that nobody has looked at, oldest first."""
        found: list[Alert] = []
        for entry in self._entries():
            found = [] if entry.body == SEEN else [*found, restore(Alert, entry.body)]
        return tuple(found)

    def fresh(self) -> tuple[Alert, ...]:
        """Those on record since this process asked for the first time, whoever raised them; each is told once."""
        told = self._begin()
        new = [entry for entry in self._entries() if entry.seq > told]
        self._told = max((entry.seq for entry in new), default=told)
        return tuple(restore(Alert, entry.body) for entry in new if entry.body != SEEN)

    def _entries(self) -> tuple[LedgerEntry, ...]:
        return self._ledger.entries(subject=SUBJECT, kind=RecordKind.ALERT)

    def _begin(self) -> int:
        """Everything on record before the first question is no business of this process."""
        if self._told is None:
            self._told = max((entry.seq for entry in self._entries()), default=0)
        return self._told
