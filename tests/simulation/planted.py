"""Faults to plant in the product, one at a time: a harness that finds none of them would prove nothing.

Each is a way in which somebody could have written the send path. ``planted`` puts one in and takes it out again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from domain.case import Control
from domain.errors import DataQualityError, OversightError, RetryableError
from domain.ids import ClientOrderId
from domain.orders import ApprovedOrder, Fill, Order, OrderReport, OrderStatus
from domain.record.entries import RecordKind
from policies.permit import PermitOffice
from trading.execution import account, outbox, settle, sight
from trading.execution.brokers.several import broker as several
from trading.execution.brokers.several.broker import Seat, SeveralBrokers
from trading.execution.desk import OrderDesk
from trading.execution.outbox import Outbox
from trading.execution.reconciliation import reconcile
from trading.store.control import ControlStore
from trading.store.ledger import SqlLedger
from trading.store.orders import OrderStore

Swap = tuple[Any, str, Any]
"""Whose attribute, its name, and what takes its place."""

# Taken before anything is planted: what takes their place calls them.
_handed_over, _write = Outbox._handed_over, Outbox.write
_book_of, _read, _append, _add_fill = account.book_of, ControlStore.read, SqlLedger.append, OrderStore.add_fill


def used_again(self: PermitOffice, approved: ApprovedOrder, **_given: Any) -> None:
    """Every permit is good, as often as it is shown."""


def sent_again(self: Outbox, approved: ApprovedOrder, instead_of: Any) -> OrderReport:
    """No clear answer: send it once more, instead of looking it up."""
    try:
        return _handed_over(self, approved, instead_of)
    except (RetryableError, DataQualityError):
        return _handed_over(self, approved, instead_of)


def sent_first(self: Outbox, approved: ApprovedOrder, **given: Any) -> Order:
    """Send, and write down afterwards that it is under way."""
    report = self._broker.submit(approved)
    self._orders.claim(approved.client_order_id, OrderStatus.INTENT, OrderStatus.SUBMITTED, at=self._clock.now())
    self._settlement.apply_report(report, now=self._clock.now())
    return self.present(approved.client_order_id)


def written_late(self: Outbox, approved: ApprovedOrder, **given: Any) -> Order:
    """The order leaves before the transaction that holds its intent is committed."""
    order = _write(self, approved, **given)
    if approved.client_order_id not in [each.client_order_id for each in self._broker.orders()]:
        self._broker.submit(approved)
    return order


def without_open_orders(*given: Any, **named: Any) -> Any:
    """The book without what is under way."""
    return replace(_book_of(*given, **named), open_orders=())


def unpaused(self: ControlStore, **given: Any) -> Control:
    """The switches without the pauses."""
    return replace(_read(self, **given), pauses=())


def without_verdicts(self: SqlLedger, kind: RecordKind, *given: Any, **named: Any) -> Any:
    """What the gates said is not written down."""
    return None if kind is RecordKind.VERDICTS else _append(self, kind, *given, **named)


def told_anew(self: OrderStore, fill: Fill, **given: Any) -> bool:
    """An execution gets a number of ours, so the same one can come twice."""
    mine = len(self.fills_of(fill.client_order_id))
    return _add_fill(self, replace(fill, fill_id=f"{fill.fill_id}-{mine}"), **given)


def only_ours(ours: Mapping[Any, Any], theirs: Any) -> tuple[Any, ...]:
    """Compare the symbols that we hold, and no others."""
    held = [position for position in theirs if position.symbol in ours]
    return _differences({position.symbol: ours[position.symbol] for position in held}, held)


def asks_the_first_only(
    self: SeveralBrokers, order_id: ClientOrderId, seats: Sequence[Seat] = ()
) -> tuple[OrderReport | None, dict[str, OversightError]]:
    """Before an order goes out, and where one is looked up, the first broker's word is enough."""
    return _found(self, order_id, (seats or self.seats)[:1])


def cancels_at_the_first(self: SeveralBrokers, client_order_id: ClientOrderId) -> OrderReport | None:
    """Where an order went is forgotten when it is to be cancelled."""
    return self.seats[0].ask(lambda broker: broker.cancel(client_order_id))


def adds_up_what_answers(self: SeveralBrokers, *given: Any, **named: Any) -> Any:
    """Nobody is told that one of them was silent."""
    return _asked(self, *given, **named)[0], {}


def names_its_own(_where: str, report: OrderReport) -> OrderReport:
    """The order's number there, without whose it is."""
    return report


_differences = reconcile.position_differences
_found, _asked = SeveralBrokers._found, SeveralBrokers._asked
_no = timedelta(days=-1)
PLANTS: dict[str, tuple[Swap, ...]] = {
    "sends again without looking": ((Outbox, "_handed_over", sent_again), (PermitOffice, "redeem", used_again)),
    "sends before it is claimed": ((Outbox, "send", sent_first), (PermitOffice, "redeem", used_again)),
    "sends before the commit": ((Outbox, "write", written_late), (PermitOffice, "redeem", used_again)),
    "not found means never arrived": ((outbox, "LATEST_ARRIVAL", _no),),
    "what is under way does not count": ((sight, "book_of", without_open_orders),),
    "a kill is looked at too early": ((PermitOffice, "redeem", used_again),),
    "pauses are not read": ((ControlStore, "read", unpaused),),
    "an execution is booked twice": ((OrderStore, "has_fill", lambda *_: False), (OrderStore, "add_fill", told_anew)),
    "only our own symbols are compared": ((reconcile, "position_differences", only_ours),),
    "an old picture is believed": ((settle, "is_stale", lambda *_: False),),
    "what never left is forgotten": (
        (OrderDesk, "resume", lambda *_: ()),
        (OrderDesk, "_close_if_old", lambda _, o: o),
    ),
    "what is in flight is not looked up": ((Outbox, "resolve", lambda _, order: order),),
    "verdicts are not written down": ((SqlLedger, "append", without_verdicts),),
}

PLANTS_OVER_TWO: dict[str, tuple[Swap, ...]] = {
    "asks only the first where an order is": ((SeveralBrokers, "_found", asks_the_first_only),),
    "forgets where a cancel goes": ((SeveralBrokers, "cancel", cancels_at_the_first),),
    "takes a part for the whole": ((SeveralBrokers, "_asked", adds_up_what_answers),),
    "does not say where an order is": ((several, "named", names_its_own),),
}
"""What can go wrong only where a home has several brokers."""


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The product with that fault in it."""
    with ExitStack() as taken_out:
        for whose, attribute, instead in (PLANTS | PLANTS_OVER_TWO)[name]:
            taken_out.enter_context(patch.object(whose, attribute, instead))
        yield
