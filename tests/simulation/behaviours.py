"""What brokers do to an order: one class for each behaviour, by what arrives, what is answered, and what comes later.

A behaviour keeps nothing itself: what it has to remember is in the books of the exchange. Parts are given in tenths of
what was ordered; of ten shares three fill now and seven later, of a single share that one now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from domain.ids import ClientOrderId
from domain.money import ONE, ZERO
from domain.orders import ApprovedOrder, Fill, OrderReport, OrderStatus
from tests.simulation.exchange import ScriptedBroker, no_answer, nonsense

S = OrderStatus


class Fills:
    """Takes the order, fills all of it and says so."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        """What arrives, and the answer."""
        broker.exchange.accept(approved, broker.now())
        return all_of(broker, approved.client_order_id)

    def asked(self, number: int) -> None:
        """Raises where the ``number``-th look-up of the order fails."""

    def listed(self, number: int, report: OrderReport) -> Sequence[OrderReport]:
        """The working order in the ``number``-th list of them."""
        return (report,)

    def told(self, fills: Sequence[Fill]) -> Sequence[Fill]:
        """Its executions as they are told."""
        return fills

    def later(self, broker: ScriptedBroker, name: ClientOrderId) -> None:
        """What happens to it at the exchange after a while, whoever of us is alive."""


class Rests(Fills):
    """Takes the order, and nothing comes."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        return broker.exchange.accept(approved, broker.now())


class Rejects(Fills):
    """Does not take it, and says why."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        return broker.exchange.accept(approved, broker.now(), S.REJECTED)


class LostOnTheWay(Fills):
    """The connection breaks before anything arrives."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        raise no_answer("connection refused")


class RateLimited(Fills):
    """Answers 429 and takes nothing."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        raise no_answer("429 too many requests")


class FillsAndTimesOut(Fills):
    """Takes and fills it; the answer is lost."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        raise no_answer()


class AcceptsThen504(Rests):
    """Takes it, a gateway answers 504, and the first two look-ups fail too."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        raise no_answer("504 gateway timeout")

    def asked(self, number: int) -> None:
        if number <= 2:
            raise no_answer("504 gateway timeout")


class AnswersGarbage(Fills):
    """Takes and fills it; the answer is no order."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        raise nonsense()


class LooksUpGarbage(FillsAndTimesOut):
    """The answer is lost, and the first two look-ups bring rubbish."""

    def asked(self, number: int) -> None:
        if number <= 2:
            raise nonsense()


class ReportsTwice(Rests):
    """Every working order is listed twice, the second time as it was before anything filled."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        return tenths(broker, approved.client_order_id, 4)

    def listed(self, number: int, report: OrderReport) -> Sequence[OrderReport]:
        return report, replace(report, status=S.ACCEPTED, filled_qty=ZERO, avg_fill_price=None)


class TellsFillsTwice(Fills):
    """Every execution comes twice, newest first."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        broker.exchange.accept(approved, broker.now())
        # Three executions with what is left: their order can be wrong as well.
        for _ in range(2):
            tenths(broker, approved.client_order_id, 3)
        return all_of(broker, approved.client_order_id)

    def told(self, fills: Sequence[Fill]) -> Sequence[Fill]:
        return (*reversed(fills), *fills)


class FillsLate(Rests):
    """Takes it; the executions happen minutes later."""

    def later(self, broker: ScriptedBroker, name: ClientOrderId) -> None:
        if broker.exchange.books.orders[name].status.is_open:
            all_of(broker, name)


class TellsLate(Fills):
    """Says filled at once, and tells the execution minutes later."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        broker.exchange.accept(approved, broker.now())
        return all_of(broker, approved.client_order_id, hidden=True)

    def later(self, broker: ScriptedBroker, name: ClientOrderId) -> None:
        with broker.exchange.changing() as books:
            books.hidden -= {fill.fill_id for fill in books.fills if fill.client_order_id == name}


class FillsInParts(FillsLate):
    """Three at once, seven later."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        return tenths(broker, approved.client_order_id, 3)


class EndsLater(Rests):
    """Takes it; later it ends."""

    how = S.CANCELED

    def later(self, broker: ScriptedBroker, name: ClientOrderId) -> None:
        if broker.exchange.books.orders[name].status.is_open:
            broker.exchange.end(name, self.how, broker.now())


class PartThenCancelled(EndsLater):
    """Three at once; the rest is cancelled later."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        return tenths(broker, approved.client_order_id, 3)


class Expires(EndsLater):
    """Takes it; the day ends."""

    how = S.EXPIRED


class AcceptsThenRejects(EndsLater):
    """Takes it and rejects it later."""

    how = S.REJECTED


class CancelsAtOnce(Rests):
    """Takes it and cancels it in the same breath."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        return broker.exchange.end(approved.client_order_id, S.CANCELED, broker.now())


class FillsAfterCancel(CancelsAtOnce):
    """Says cancelled; minutes later all of it has filled."""

    def later(self, broker: ScriptedBroker, name: ClientOrderId) -> None:
        all_of(broker, name)


class PartFillsAfterCancel(CancelsAtOnce):
    """Says cancelled; minutes later four of it turn out to have filled before."""

    def later(self, broker: ScriptedBroker, name: ClientOrderId) -> None:
        tenths(broker, name, 4)


class FillsTooMuch(Fills):
    """Fills twelve of ten."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        return tenths(broker, approved.client_order_id, 2, beyond=True)


class SaysUnheardOf(FillsLate):
    """A status that nobody here can read; later it has filled."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        return broker.exchange.accept(approved, broker.now(), S.UNKNOWN, "under_the_table")


class HangsThenArrives(Fills):
    """The call hangs until it is given up; the order arrives after that, and fills."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        with broker.exchange.changing() as books:
            books.held_back.append(approved)
        raise no_answer("no answer within 10 s")

    def later(self, broker: ScriptedBroker, name: ClientOrderId) -> None:
        waiting = [each for each in broker.exchange.books.held_back if each.client_order_id == name]
        with broker.exchange.changing() as books:
            books.held_back = [each for each in books.held_back if each.client_order_id != name]
        for approved in waiting:
            super().submitted(broker, approved)


class MustBeUnique(Fills):
    """The line below sends twice; the second POST is refused as not unique, and the look-up brings the first."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        # A point of its own: between the two POSTs of the line below a process can die.
        broker.passing("wire:refused")
        found = broker.find(approved.client_order_id)
        assert found is not None
        return found


class AnswersStale(Fills):
    """Fills it, and answers with the picture from before."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        before = broker.exchange.accept(approved, broker.now())
        all_of(broker, approved.client_order_id)
        return before


class ListsLate(Rests):
    """Takes it; the list of working orders does not have it for the first two questions."""

    def listed(self, number: int, report: OrderReport) -> Sequence[OrderReport]:
        return (report,) if number > 2 else ()


def all_of(broker: ScriptedBroker, name: ClientOrderId, *, hidden: bool = False) -> OrderReport:
    """Whatever is left of it fills."""
    order = broker.exchange.books.orders[name]
    return broker.exchange.fill(name, order.qty - order.filled_qty, broker.now(), hidden=hidden)


def tenths(broker: ScriptedBroker, name: ClientOrderId, count: int, *, beyond: bool = False) -> OrderReport:
    """Whole shares, at least one, and never more than are left unless it goes ``beyond`` what was ordered."""
    order = broker.exchange.books.orders[name]
    qty = max(ONE, order.qty * count // Decimal(10))
    return broker.exchange.fill(name, qty if beyond else min(qty, order.qty - order.filled_qty), broker.now())


BEHAVIOURS: dict[str, Fills] = {
    kind.__name__: kind()
    for kind in (
        Fills, Rests, Rejects, LostOnTheWay, RateLimited, FillsAndTimesOut, AcceptsThen504, AnswersGarbage,
        LooksUpGarbage, ReportsTwice, TellsFillsTwice, FillsLate, TellsLate, FillsInParts, PartThenCancelled,
        CancelsAtOnce, FillsAfterCancel, PartFillsAfterCancel, FillsTooMuch, SaysUnheardOf, HangsThenArrives,
        MustBeUnique, Expires, AcceptsThenRejects, AnswersStale, ListsLate,
    )
}  # fmt: skip
