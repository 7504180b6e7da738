"""Alerts on record: each once, in the transaction of what it tells about, and what of them is news.

    raised -> ledger entry of its key -> published on the bus by whoever runs -> the owner resumes: no news any more

An alert whose transaction is rolled back has never been raised. Another process publishes it too; the key tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from domain.ports import Ledger
from domain.record.alerts import Alert
from domain.record.canonical import restore
from domain.record.entries import LedgerEntry, RecordKind

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
        # ``_begin`` came first, or an alert raised before the first question would never be told by this process.
        if not any(entry.body.get("key") == alert.key for entry in self._entries()):
            self._ledger.append(RecordKind.ALERT, SUBJECT, alert, at=alert.at)

    def seen(self, *, at: datetime) -> None:
        """The owner has looked: what is on record by now is no news."""
        if self.open():
            self._ledger.append(RecordKind.ALERT, SUBJECT, SEEN, at=at)

    def open(self) -> tuple[Alert, ...]:
        """Alerts that nobody has looked at, oldest first."""
        unseen = takewhile(lambda entry: entry.body != SEEN, self._entries())
        return tuple(restore(Alert, entry.body) for entry in reversed([*unseen]))

    def fresh(self) -> tuple[Alert, ...]:
        """Those on record since this process asked for the first time, whoever raised them; each is told once."""
        told = self._begin()
        # By number and not by time: the times of a simulated market say nothing about the order of writing.
        new = [*self._entries(after=told)][::-1]
        self._told = new[-1].seq if new else told
        return tuple(restore(Alert, entry.body) for entry in new if entry.body != SEEN)

    def _entries(self, *, after: int = 0) -> Iterator[LedgerEntry]:
        """Newest first: a home of years has many, and what is asked about lies at their end."""
        return self._ledger.backwards(RecordKind.ALERT, subject=SUBJECT, after=after)

    def _begin(self) -> int:
        """Everything on record before the first question is no business of this process."""
        if self._told is None:
            self._told = next((entry.seq for entry in self._entries()), 0)
        return self._told
