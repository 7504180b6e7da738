"""The owner takes over what the broker holds: a trade by hand, a split, a transfer of shares, a bonus.

    compared -> a symbol is held differently -> offered: both quantities, since when, what a split explains of it
             -> a yes to exactly that -> asked again, the same still -> booked as one adjustment
             -> the next comparison finds both sides equal, and the symbol is free again

Nothing is sent, so it can be done under a kill and in a halt. No execution is made up and no profit: ``adjusting.py``
says what becomes of lots and round trip. What may still explain itself, an order of ours on its way or a difference of
a moment ago, is waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from domain.book import Adjustment, Position
from domain.errors import ManualActionError
from domain.ids import derive
from domain.market import EventKind, MarketEvent, Symbol
from domain.money import ZERO
from domain.orders import OrderStatus
from domain.ports import Broker
from domain.record.canonical import digest
from domain.record.entries import LedgerEntry, RecordKind
from trading.execution.reconciliation.adjusting import adjusted, scaled_qty
from trading.execution.reconciliation.reconcile import Difference
from trading.store.database import Database
from trading.store.ledger import SqlLedger
from trading.store.orders import OrderStore

IN_FLIGHT = frozenset({OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN})


class Split(NamedTuple):
    """So many new shares for an old one; ``at`` None is a split that the owner names, of all that is held."""

    ratio: Decimal
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be taken over of a symbol; ``waits`` says why not yet, and is empty where a yes is enough.

    ``price`` is the broker's average, None where it holds nothing. ``explained`` is what a split makes of ours.
    """

    symbol: Symbol
    ours: Decimal
    theirs: Decimal
    price: Decimal | None
    since: datetime
    split: Split | None
    explained: Decimal | None
    waits: str

    @property
    def agreed(self) -> str:
        """What a yes is bound to: everything that is booked."""
        return digest([self.symbol, self.ours, self.theirs, self.price, self.split])


class Adopter:
    """Offers what differs, and books it; the only writer of adjustments."""

    def __init__(self, database: Database, ledger: SqlLedger, orders: OrderStore, broker: Broker) -> None:
        self._database = database
        self._ledger = ledger
        self._orders = orders
        self._broker = broker

    def since(self, symbols: Iterable[Symbol], now: datetime) -> dict[Symbol, datetime]:
        """When each of these was first found to differ, as the comparisons tell it without a gap."""
        return differs_since(self._ledger.backwards(RecordKind.RECONCILIATION), symbols, now)

    def offers(
        self,
        differences: Sequence[Difference],
        since: dict[Symbol, datetime],
        splits: dict[Symbol, Split | None],
    ) -> tuple[Offer, ...]:
        """One for each symbol that is held differently; ``splits`` are those that are known."""
        held = {each.symbol: each for each in self._broker.positions()}
        return tuple(
            self._offer(each, held.get(each.symbol), since[each.symbol], splits.get(each.symbol), differences)
            for each in differences
            if each.kind == "position"
        )

    def split(self, symbol: Symbol, events: Iterable[MarketEvent], now: datetime) -> Split | None:
        """The newest split that has taken effect and is in our books not yet; None where none is known."""
        booked = {each.split_at for each in self._orders.trades.adjustments.newest(symbol)}
        known = [
            Split(each.figure, each.effective_at)
            for each in events
            if each.kind is EventKind.SPLIT and each.symbol == symbol and each.effective_at <= now
            if each.figure is not None and each.figure > ZERO and each.effective_at not in booked
        ]
        return max(known, key=lambda each: (each.at, each.ratio), default=None)

    def adopt(self, offer: Offer, *, by: str, now: datetime) -> Adjustment:
        """Book it as one adjustment; ManualActionError where it waits, or where either side has moved since."""
        if offer.waits:
            raise ManualActionError(f"{offer.symbol} is not adopted: {offer.waits}", "Then look again.")
        with self._database.transaction():
            self._same(offer)
            held, trades = self._orders.trades.lots(offer.symbol), self._orders.trades
            ratio, split_at = (None, None) if offer.split is None else offer.split
            # Of the ledger's end too: simulated time stands still, and the same may be adopted twice at one moment.
            name = derive("adj", offer.symbol, now, offer.agreed, self._ledger.head())
            told = Adjustment(
                name, now, by, offer.symbol, offer.ours, offer.theirs, offer.price, ratio, split_at, ZERO
            )  # fmt: skip
            made = adjusted(held, trades.open(offer.symbol), told)
            booked = replace(told, cost=made.cost)
            self._ledger.append(RecordKind.ADJUSTMENT, name, booked, at=now)
            trades.adjustments.add(booked)
            trades.replace_lots(offer.symbol, made.lots)
            for trade in (made.trade, made.opened):
                if trade is not None:
                    trades.save(trade)
        return booked

    def _same(self, offer: Offer) -> None:
        """Under the write lock, so that nothing of ours can move between this look and the booking."""
        ours = self._orders.trades.positions().get(offer.symbol, ZERO)
        theirs = next((each for each in self._broker.positions() if each.symbol == offer.symbol), None)
        if (ours, *_told(theirs)) != (offer.ours, offer.theirs, offer.price):
            raise changed(offer.symbol)

    def _offer(
        self,
        found: Difference,
        held: Position | None,
        since: datetime,
        split: Split | None,
        differences: Sequence[Difference],
    ) -> Offer:
        theirs, price = _told(held)
        lots = self._orders.trades.lots(found.symbol)
        explained = None if split is None or not lots else scaled_qty(lots, *split)
        # A split that leads away from what the broker holds explains nothing of it.
        if explained is None or abs(theirs - explained) >= abs(theirs - found.ours):
            split, explained = None, None
        waits = self._waits(found, theirs, price, differences)
        return Offer(found.symbol, found.ours, theirs, price, since, split, explained, waits)

    def _waits(
        self,
        found: Difference,
        theirs: Decimal,
        price: Decimal | None,
        differences: Sequence[Difference],
    ) -> str:
        """Why nothing can be taken over yet, in words."""
        if found.settling:
            return "an order of it moved a moment ago, and the broker may not have told everything yet"
        ours = [each for each in differences if each.kind == "order" and each.symbol == found.symbol and each.ours]
        sent = [each for each in self._orders.open() if each.symbol == found.symbol and each.status in IN_FLIGHT]
        if ours or sent:
            return "nobody knows yet what became of an order of it, see `sage orders`"
        if theirs != ZERO and (price is None or not price.is_finite() or price <= ZERO):
            return "the broker does not say what its shares cost"
        return ""


def changed(symbol: Symbol) -> ManualActionError:
    """What was agreed to is not what would be booked."""
    return ManualActionError(
        f"what is held of {symbol} is not what you were shown: nothing was booked", "Look at `sage reconcile` again."
    )


def differs_since(
    comparisons: Iterable[LedgerEntry], symbols: Iterable[Symbol], now: datetime
) -> dict[Symbol, datetime]:
    """By symbol, the oldest of the comparisons without a gap that found it held differently; newest come first."""
    since, going = dict.fromkeys(symbols, now), set(symbols)
    for entry in comparisons:
        if not going:
            break
        if "differences" not in entry.body:
            continue
        found = {each["symbol"] for each in entry.body["differences"] if each["kind"] == "position"}
        going &= found
        since |= dict.fromkeys(going, entry.at)
    return since


def _told(held: Position | None) -> tuple[Decimal, Decimal | None]:
    """What the broker holds, and what a share of it cost."""
    return (ZERO, None) if held is None or held.qty == ZERO else (held.qty, held.avg_price)
