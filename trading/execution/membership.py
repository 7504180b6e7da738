"""Who the equity of a home is made of: a broker that is added brings money in, one that is taken out takes it along.

    SAGE_BROKER=paper            100,000 on Monday
    SAGE_BROKER=paper,paper:b    160,000 on Tuesday: 60,000 paid in with paper:b, and nothing made
    SAGE_BROKER=paper:b           60,000 on Wednesday: 100,000 taken out, and nothing lost

Both are booked as transfers, so that they move the starts of day, week and month and the high-water mark, and no limit
on losses takes them for a result. What a broker takes along is what its account was worth when the equity was last
written down: what it made after that is nowhere. A home of one broker keeps nothing here, so where several are named
for the first time, the equity until then is that of the one without a label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from domain.errors import ManualActionError
from domain.ids import derive
from domain.money import ZERO
from domain.ports import Ledger
from domain.record.entries import RecordKind
from trading.store.equity import EquityStore
from trading.store.known_brokers import KnownBrokers

NAMELESS = "the broker without a label"


class Membership:
    """Books who joined and who left."""

    def __init__(
        self,
        known: KnownBrokers,
        equity: EquityStore,
        ledger: Ledger,
        names: Iterable[str],
        told: Callable[[], Mapping[str, Decimal]],
    ) -> None:
        """``names`` are the brokers of this start; ``told`` is what each of several was worth when last asked."""
        self._known = known
        self._equity = equity
        self._ledger = ledger
        self._names = tuple(names)
        self._told = told
        # Numbers are kept as soon as somebody asks for an account: those of now are of starts before this one.
        self._earlier = known.numbers().keys()

    @property
    def changed(self) -> bool:
        """Whether somebody joined or left since the equity was last written down."""
        before = self._known.shares()
        if before:
            return set(before) != set(self._names)
        return not self._alone and self._equity.newest() is not None

    @property
    def _alone(self) -> bool:
        return len(self._names) == 1 and ":" not in self._names[0]

    def book(self, whole: Decimal, *, now: datetime) -> None:
        """Book what changed, in front of an equity of ``whole`` that is written down next, in one transaction."""
        before: Mapping[str, Decimal] = self._known.shares()
        if self._alone and not before:
            return
        present = {self._names[0]: whole} if self._alone else dict(self._told())
        before = before or self._until_now(present)
        for name in sorted(present.keys() - before.keys()):
            self._move(name, present[name], now)
        for name in sorted(before.keys() - present.keys()):
            self._move(name, -before[name], now)
        self._known.keep_shares(present)

    def _until_now(self, present: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
        """Who the equity until now was of, where nobody has written it down yet."""
        last = self._equity.newest()
        # Several that have traded here together before: all of that equity is theirs already.
        if last is None or len(self._earlier & present.keys()) > 1:
            return present
        usual = [name for name in present if ":" not in name] or [NAMELESS]
        if len(usual) > 1:
            raise ManualActionError(
                f"which of {' and '.join(usual)} this home had alone is not on record, nor what was paid in",
                f"Give the one that is new a label: {usual[0]},{usual[1]}:new.",
            )
        return {usual[0]: last.equity}

    def _move(self, name: str, amount: Decimal, now: datetime) -> None:
        if amount == ZERO:
            return
        # Of the ledger's end too: simulated time stands still, and a broker may join twice at one moment.
        transfer_id = derive("trf", name, now, amount, self._ledger.head())
        if self._equity.transfer(transfer_id, amount, at=now):
            body = {"transfer": {"broker": name, "amount": amount}}
            self._ledger.append(RecordKind.RECONCILIATION, transfer_id, body, at=now)
