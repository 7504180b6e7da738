"""Who the equity of a home is made of: a broker that is added brings money in, one that is taken out takes it along.

    SAGE_BROKER=paper            100,000 on Monday
    SAGE_BROKER=paper,paper:b    160,000 on Tuesday: 60,000 paid in with paper:b, and nothing made
    SAGE_BROKER=paper:b           60,000 on Wednesday: 100,000 taken out, and nothing lost
    SAGE_BROKER=paper,paper:b    150,000 on Thursday: 100,000 paid in though paper has 90,000, so 10,000 lost

Both are booked as transfers, so that they move the starts of day, week and month and the high-water mark, and no limit
on losses takes them for a result. What a broker takes along is what its account was worth when the equity was last
written down. That stays on record, and the account comes back with it: what it lost while it was out is a loss of the
day on which it is back, what it made is no profit, so that nobody washes a loss away by another list of brokers.

It is the account that counts, by its number at the venue, and not its name: another label makes no difference, and
another account under the same name is another one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from domain.errors import ManualActionError
from domain.ids import derive
from domain.money import ZERO
from domain.ports import Ledger
from domain.record.entries import RecordKind
from trading.store.accounts.equity import EquityStore
from trading.store.accounts.known_brokers import KnownBrokers, Stake

NAMELESS = "the broker without a label"
_log = logging.getLogger(__name__)


class Membership:
    """Books who joined and who left."""

    def __init__(
        self,
        known: KnownBrokers,
        equity: EquityStore,
        ledger: Ledger,
        names: Iterable[str],
        told: Callable[[], Mapping[str, Stake]] | None,
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
        """Whether somebody joined or left since the equity was last written down, as far as names tell."""
        before = self._known.stakes()
        if before:
            return {each.name for each in before.values()} != set(self._names)
        return not self._alone and self._equity.newest() is not None

    @property
    def _alone(self) -> bool:
        return len(self._names) == 1 and ":" not in self._names[0]

    def book(self, account_id: str, whole: Decimal, *, now: datetime) -> frozenset[str]:
        """Book what changed, in front of an equity of ``whole`` that is written down next; the names of who joined.

        ``account_id`` is that of the home; one broker alone has no other. All of it is one transaction.
        """
        alone = {account_id: Stake(self._names[0], whole)}
        present = alone if self._alone or self._told is None else dict(self._told())
        before = self._known.stakes() or self._until_now(present)
        out = self._known.stakes(named=False)
        for number in sorted(present.keys() - before.keys()):
            self._join(present[number], out.get(number), now)
        for number in sorted(before.keys() - present.keys()):
            name, worth = before[number]
            self._move(name, -worth, {}, now)
        self._known.keep_stakes(present)
        return frozenset(present[number].name for number in present.keys() - before.keys())

    def _until_now(self, present: Mapping[str, Stake]) -> Mapping[str, Stake]:
        """Who the equity until now was of, where nobody has written it down yet."""
        last = self._equity.newest()
        names = {each.name: number for number, each in present.items()}
        # Several that have traded here together before: all of that equity is theirs already.
        if last is None or len(self._earlier & names.keys()) > 1:
            return present
        usual = [name for name in names if ":" not in name] or [NAMELESS]
        if len(usual) > 1:
            raise ManualActionError(
                f"which of {' and '.join(usual)} this home had alone is not on record, nor what was paid in",
                f"Give the one that is new a label: {usual[0]},{usual[1]}:new.",
            )
        return {names.get(usual[0], NAMELESS): Stake(usual[0], last.equity)}

    def _join(self, stake: Stake, left: Stake | None, now: datetime) -> None:
        """Bring in what an account is worth, and no less than it took along."""
        name, worth = stake
        lost = ZERO if left is None else max(left.equity - worth, ZERO)
        if lost > ZERO:
            _log.warning("%s lost %s while SAGE_BROKER did not name it; that counts as a loss of today", name, lost)
        self._move(name, worth + lost, {"lost_while_out": lost} if lost > ZERO else {}, now)

    def _move(self, name: str, amount: Decimal, more: Mapping[str, Decimal], now: datetime) -> None:
        if amount == ZERO:
            return
        # Of the ledger's end too: simulated time stands still, and a broker may join twice at one moment.
        transfer_id = derive("trf", name, now, amount, self._ledger.head())
        if self._equity.transfer(transfer_id, amount, at=now):
            body = {"transfer": {"broker": name, "amount": amount, **more}}
            self._ledger.append(RecordKind.RECONCILIATION, transfer_id, body, at=now)
