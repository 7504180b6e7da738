"""Equity over time, the exchange days and the high-water mark, made once more from what the ledger says of them.

A comparison with the broker tells the equity, a transfer what was moved, and an owner who accepts a loss what the mark
is from there on. Entries from before the ledger told the equity say only when there was a point: a home that has such
entries can prove its newer points, and neither days nor mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, except_, select, type_coerce
from sqlalchemy.types import NullType

from domain.record.entries import RecordKind
from trading.audit.finding import Fault, Finding, Findings
from trading.audit.rows import ENTRY, Expected, compared, entries, in_form, named, others, stored, stream
from trading.store.accounts.equity import HIGH_WATER, EquityPoint, EquityStore
from trading.store.tables import equity_days, equity_points, high_water, ledger

_KIND = ledger.c.kind == RecordKind.RECONCILIATION.value
_BY_TIME = select(*ENTRY).where(_KIND).order_by(ledger.c.at, ledger.c.seq)
_UNTOLD = except_(
    select(type_coerce(equity_points.c.at, NullType())), select(type_coerce(ledger.c.at, NullType())).where(_KIND)
)


OLD = (
    "The starts and peaks of exchange days and the high-water mark: this home has entries from before the ledger told "
    "the equity."
)


class DayRow(NamedTuple):
    """An exchange day, and the entry that last moved it."""

    start: Decimal
    peak: Decimal
    entry: int


@dataclass
class Worth:
    """What the home was worth so far, as ``EquityStore`` keeps it."""

    store: EquityStore
    days: dict[date, DayRow] = field(default_factory=dict)
    peak: Decimal | None = None
    newest: date | None = None
    last: EquityPoint | None = None
    moved: list[tuple[datetime, Decimal]] = field(default_factory=list)
    entry: int = 0

    def seen(self, at: datetime, equity: Decimal, entry: int) -> None:
        """One more point."""
        day, self.entry = self.store.day_of(at), entry
        if self.newest is None or day > self.newest:
            start = self._carried(at, equity)
            self.days[day], self.newest = DayRow(start, max(start, equity), entry), day
        elif equity > self.days[self.newest].peak:
            self.days[self.newest] = self.days[self.newest]._replace(peak=equity, entry=entry)
        if self.last is None or at >= self.last.at:
            self.last = EquityPoint(at, equity)
        self.peak = equity if self.peak is None else max(self.peak, equity)

    def transferred(self, at: datetime, told: Mapping[str, Any], entry: int) -> None:
        """Money was moved: its own day, and the mark. Of what was heard of late the entry tells the best anew."""
        day, amount, late = self.store.day_of(at), Decimal(told["amount"]), "high_water" in told
        self.moved.append((at, amount))
        if day in self.days:
            start, peak, _ = self.days[day]
            self.days[day] = DayRow(start + amount, Decimal(told["day_peak"]) if late else peak + amount, entry)
        if self.peak is not None:
            self.peak, self.entry = Decimal(told["high_water"]) if late else self.peak + amount, entry

    def accepted(self, mark: Decimal, entry: int) -> None:
        """The owner accepted a loss: what was left is the mark."""
        self.peak, self.entry = mark, entry

    def _carried(self, at: datetime, equity: Decimal) -> Decimal:
        """Every point lies before a day that is new, so the last of all is the one that it begins with."""
        if self.last is None:
            return equity
        return sum((amount for then, amount in self.moved if self.last.at < then <= at), self.last.equity)


def check_equity(connection: Connection, store: EquityStore, unproven: list[str]) -> Findings:
    """Points, and where the ledger tells all of them, days and mark; ``unproven`` is told where it does not."""
    for _, told in groupby(stream(connection, _BY_TIME), attrgetter("at")):
        yield from _check_point(connection, store, [entry for entry in told if "differences" in entry.body])
    yield from (Finding(equity_points.name, named(row), Fault.UNKNOWN) for row in stream(connection, _UNTOLD))
    worth = Worth(store)
    for entry in entries(connection, RecordKind.RECONCILIATION, RecordKind.CONTROL):
        if entry.kind == RecordKind.CONTROL:
            if entry.subject == HIGH_WATER:
                worth.accepted(Decimal(entry.body["accepted_loss"]["to"]), entry.seq)
        elif "transfer" in entry.body:
            worth.transferred(entry.at, entry.body["transfer"], entry.seq)
        elif "differences" in entry.body and "equity" not in entry.body:
            unproven.append(OLD)
            return
        elif entry.body.get("equity") is not None:
            worth.seen(entry.at, Decimal(entry.body["equity"]), entry.seq)
    yield from _check_days(connection, worth)


def _check_point(connection: Connection, store: EquityStore, told: Sequence[Any]) -> Findings:
    """The point of one moment: the last equity that was told at it."""
    if not told or any("equity" not in entry.body for entry in told):
        return
    at, known = told[-1].at, [entry for entry in told if entry.body["equity"] is not None]
    if known:
        last = known[-1]
        values = {"equity": Decimal(last.body["equity"]), "day": store.day_of(at)}
        yield from compared(connection, equity_points, Expected(last.seq, values), at)
    elif stored(connection, equity_points, at) is not None:
        yield Finding(equity_points.name, named((at,)), Fault.UNKNOWN)


def _check_days(connection: Connection, worth: Worth) -> Findings:
    for day, row in worth.days.items():
        values = {"start_equity": row.start, "peak_equity": row.peak}
        yield from compared(connection, equity_days, Expected(row.entry, values), day)
    known = {(in_form(connection, equity_days, "day", day),) for day in worth.days}
    yield from others(connection, equity_days, known)
    if worth.peak is not None:
        yield from compared(connection, high_water, Expected(worth.entry, {"peak_equity": worth.peak}), 1)
    yield from others(connection, high_water, {(1,)} if worth.peak is not None else set())
