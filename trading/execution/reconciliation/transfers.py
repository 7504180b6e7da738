"""Money that is paid in or out at a broker, from its list of activities: moved once, and as of when it arrived.

    told     CSD +50,000 of 12 March                     a day, and no time
    points   10:00 100,000   10:05 150,010   10:10 149,980
    booked   +50,000 at 10:05, in front of that point: the step of 50,010 shows it

A broker tells of money later than it counts it, or earlier, so the moment is that of the step in the equity which comes
nearest, after what is booked in it already. Money that no step shows at least half of is waited for, and after some
days booked where it fits best. What an account brought along when it was first looked at is kept with an amount of
nothing, so that it is told once and moves nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from domain.book import Transfer
from domain.errors import DataQualityError, RetryableError
from domain.money import ZERO
from domain.ports import Broker, Ledger
from domain.record.entries import RecordKind
from trading.store.accounts.equity import HIGH_WATER, EquityPoint, EquityStore, Moved

OVERLAP = timedelta(days=30)
"""How late a transfer may be told and is still found."""
AROUND = timedelta(days=4)
"""The day of a transfer and the moment at which its money counts lie no further apart than this."""
_log = logging.getLogger(__name__)


class Arrival(NamedTuple):
    """When the money came, as far as the equity tells; ``shown`` where at least half of it is to be seen there."""

    at: datetime
    shown: bool


class Transfers:
    """Books what a broker tells of, in front of the equity that is written down next."""

    def __init__(self, equity: EquityStore, ledger: Ledger) -> None:
        self._equity = equity
        self._ledger = ledger

    def ask(self, broker: Broker, *, now: datetime) -> tuple[Transfer, ...]:
        """What the broker tells; nothing where it does not, because later is early enough.

        Asked before the equity: money that comes in between is in that, and told of the next time.
        """
        last = self._equity.newest()
        since = now if last is None else min(now, last.at)
        try:
            return broker.transfers(since=since - OVERLAP)
        except (RetryableError, DataQualityError) as error:
            _log.warning("money paid in or out is not told: %s", error.what)
            return ()

    def book(self, told: Iterable[Transfer], whole: Decimal, joined: frozenset[str], *, now: datetime) -> None:
        """Book what is new of it; ``whole`` is the equity of now, and those of ``joined`` came with what they had."""
        known = self._equity.moved_by(each.transfer_id for each in told)
        new = sorted((each for each in told if each.transfer_id not in known), key=lambda each: each.transfer_id)
        first = self._equity.first()
        brought = [each for each in new if first is None or each.broker in joined]
        for each in brought:
            self._keep(each, now)
        if first is None:
            return
        left = [each for each in new if each not in brought]
        together = self._arrival(left, EquityPoint(now, whole)) if len(left) > 1 else None
        # The largest first: what is left of a step after it is for the smaller ones.
        for each in sorted(left, key=lambda one: -abs(one.amount)):
            found = together if together is not None and together.shown else None
            self._book_one(each, found or self._arrival([each], EquityPoint(now, whole)), first, now)

    def _book_one(self, each: Transfer, arrival: Arrival, first: EquityPoint, now: datetime) -> None:
        if arrival.shown:
            self._move(each, arrival.at, now)
        elif now - self._equity.begin(each.day) > AROUND:
            # Of the first day and before it the first equity has held it: no step could show it.
            if each.day <= self._equity.day_of(first.at):
                self._keep(each, now)
            else:
                self._move(each, arrival.at, now)

    def _arrival(self, these: Sequence[Transfer], present: EquityPoint) -> Arrival:
        begin = self._equity.begin(min(each.day for each in these)) - AROUND
        end = self._equity.begin(max(each.day for each in these)) + AROUND
        points = [*self._equity.points(begin, end), *([present] if present.at <= end else [])]
        amount = sum((each.amount for each in these), ZERO)
        return arrival(points, self._equity.moves(begin), amount) or Arrival(present.at, shown=False)

    def _keep(self, each: Transfer, now: datetime) -> None:
        """It was in the first equity of its account: known from here on, and nothing moves."""
        if self._equity.transfer(each.transfer_id, ZERO, at=now):
            self._write(each, ZERO, now, {"brought_along": each.amount})

    def _move(self, each: Transfer, at: datetime, now: datetime) -> None:
        more = dict[str, object]()
        if at < now:
            marks = self._equity.late_transfer(each.transfer_id, each.amount, at=at, accepted=self._accepted())
            more = {"high_water": marks.peak, "day_peak": marks.day_peak}
        else:
            self._equity.transfer(each.transfer_id, each.amount, at=at)
        self._write(each, each.amount, at, more)

    def _accepted(self) -> EquityPoint | None:
        """Where the owner accepted a loss for the last time: the high-water mark begins anew there."""
        entry = next(iter(self._ledger.backwards(RecordKind.CONTROL, subject=HIGH_WATER)), None)
        return None if entry is None else EquityPoint(entry.at, Decimal(entry.body["accepted_loss"]["to"]))

    def _write(self, each: Transfer, amount: Decimal, at: datetime, more: dict[str, object]) -> None:
        told = {"broker": each.broker, "amount": amount, "day": each.day.isoformat(), "what": each.what, **more}
        self._ledger.append(RecordKind.RECONCILIATION, each.transfer_id, {"transfer": told}, at=at)


def arrival(points: Sequence[EquityPoint], moves: Sequence[Moved], amount: Decimal) -> Arrival | None:
    """The step between points that comes nearest to ``amount``, the latest of equal ones; None without any step."""
    steps = [
        (after.at, after.equity - before.equity - sum((m.amount for m in moves if before.at < m.at <= after.at), ZERO))
        for before, after in pairwise(points)
    ]
    if not steps:
        return None
    at, step = min(reversed(steps), key=lambda each: abs(each[1] - amount))
    return Arrival(at, shown=step / amount >= Decimal("0.5") if amount != ZERO else True)
