"""What brokers do to an order of ten shares: one class for each, by what arrives, what is answered, what comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.money import ZERO
from domain.orders import ApprovedOrder, Fill, OrderReport, OrderStatus
from tests.simulation.exchange import ScriptedBroker, no_answer, nonsense

S = OrderStatus


class Fills:
    """Takes the order, fills all of it and says so."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        """What arrives, and the answer."""
        broker.exchange.accept(approved, broker.clock.now())
        broker.exchange.fill(approved.client_order_id, approved.intent.qty, broker.clock.now())
        return broker.exchange.books.orders[approved.client_order_id]

    def asked(self, broker: ScriptedBroker, number: int) -> None:
        """Raises where the ``number``-th look-up of an order fails."""

    def listed(self, broker: ScriptedBroker, working: Sequence[OrderReport]) -> Sequence[OrderReport]:
        """Working orders as they are listed."""
        return working

    def told(self, fills: Sequence[Fill]) -> Sequence[Fill]:
        """Executions as they are told."""
        return fills

    def later(self, broker: ScriptedBroker) -> None:
        """What happens at the exchange after a while, whoever of us is alive."""


class Rests(Fills):
    """Takes the order, and nothing comes."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        return broker.exchange.accept(approved, broker.clock.now())


class Rejects(Fills):
    """Does not take it, and says why."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        return broker.exchange.accept(approved, broker.clock.now(), S.REJECTED)


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

    def asked(self, broker: ScriptedBroker, number: int) -> None:
        if number <= 2:
            raise no_answer("504 gateway timeout")


class AnswersGarbage(Fills):
    """Takes and fills it; the answer is no order."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        raise nonsense()


class LooksUpGarbage(FillsAndTimesOut):
    """The answer is lost, and the first two look-ups bring rubbish."""

    def asked(self, broker: ScriptedBroker, number: int) -> None:
        if number <= 2:
            raise nonsense()


class ReportsTwice(Rests):
    """Every working order is listed twice, the second time as it was before anything filled."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        broker.exchange.fill(approved.client_order_id, 4, broker.clock.now())
        return broker.exchange.books.orders[approved.client_order_id]

    def listed(self, broker: ScriptedBroker, working: Sequence[OrderReport]) -> Sequence[OrderReport]:
        old = [replace(each, status=S.ACCEPTED, filled_qty=ZERO, avg_fill_price=None) for each in working]
        return (*working, *old)


class TellsFillsTwice(Fills):
    """Every execution comes twice, newest first."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        broker.exchange.accept(approved, broker.clock.now())
        for qty in (3, 3, 4):
            broker.exchange.fill(approved.client_order_id, qty, broker.clock.now())
        return broker.exchange.books.orders[approved.client_order_id]

    def told(self, fills: Sequence[Fill]) -> Sequence[Fill]:
        return (*reversed(fills), *fills)


class FillsLate(Rests):
    """Takes it; the executions happen minutes later."""

    def later(self, broker: ScriptedBroker) -> None:
        for name in broker.exchange.books.orders:
            broker.exchange.fill(name, 10, broker.clock.now())


class TellsLate(Fills):
    """Says filled at once, and tells the execution minutes later."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        broker.exchange.accept(approved, broker.clock.now())
        broker.exchange.fill(approved.client_order_id, 10, broker.clock.now(), hidden=True)
        return broker.exchange.books.orders[approved.client_order_id]

    def later(self, broker: ScriptedBroker) -> None:
        with broker.exchange.changing() as books:
            books.hidden.clear()


class FillsInParts(Rests):
    """Three at once, seven later."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        broker.exchange.fill(approved.client_order_id, 3, broker.clock.now())
        return broker.exchange.books.orders[approved.client_order_id]

    def later(self, broker: ScriptedBroker) -> None:
        for name in broker.exchange.books.orders:
            broker.exchange.fill(name, 7, broker.clock.now())


class PartThenCancelled(FillsInParts):
    """Three at once; the rest is cancelled later."""

    def later(self, broker: ScriptedBroker) -> None:
        for name in broker.exchange.books.orders:
            broker.exchange.end(name, S.CANCELED, broker.clock.now())


class CancelsAtOnce(Rests):
    """Takes it and cancels it in the same breath."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        broker.exchange.end(approved.client_order_id, S.CANCELED, broker.clock.now())
        return broker.exchange.books.orders[approved.client_order_id]


class FillsAfterCancel(CancelsAtOnce):
    """Says cancelled; minutes later all of it has filled."""

    def later(self, broker: ScriptedBroker) -> None:
        for name in broker.exchange.books.orders:
            broker.exchange.fill(name, 10, broker.clock.now())


class PartFillsAfterCancel(CancelsAtOnce):
    """Says cancelled; minutes later four of it turn out to have filled before."""

    def later(self, broker: ScriptedBroker) -> None:
        for name in broker.exchange.books.orders:
            broker.exchange.fill(name, 4, broker.clock.now())


class FillsTooMuch(Fills):
    """Fills twelve of ten."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        broker.exchange.fill(approved.client_order_id, 2, broker.clock.now())
        return broker.exchange.books.orders[approved.client_order_id]


class SaysUnheardOf(Rests):
    """A status that nobody here can read; later it has filled."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        return broker.exchange.accept(approved, broker.clock.now(), S.UNKNOWN, "under_the_table")

    def later(self, broker: ScriptedBroker) -> None:
        for name in broker.exchange.books.orders:
            broker.exchange.fill(name, 10, broker.clock.now())


class HangsThenArrives(Rests):
    """The call hangs until it is given up; the order arrives after that, and fills."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        with broker.exchange.changing() as books:
            books.held_back.append(approved)
        raise no_answer("no answer within 10 s")

    def later(self, broker: ScriptedBroker) -> None:
        with broker.exchange.changing() as books:
            waiting, books.held_back = books.held_back, []
        for approved in waiting:
            broker.exchange.accept(approved, broker.clock.now())
            broker.exchange.fill(approved.client_order_id, 10, broker.clock.now())


class MustBeUnique(Fills):
    """The line below sends twice; the second POST is refused as not unique, and the look-up brings the first."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        super().submitted(broker, approved)
        found = broker.find(approved.client_order_id)
        assert found is not None
        return found


class Expires(Rests):
    """Takes it; the day ends."""

    def later(self, broker: ScriptedBroker) -> None:
        for name in broker.exchange.books.orders:
            broker.exchange.end(name, S.EXPIRED, broker.clock.now())


class AcceptsThenRejects(Rests):
    """Takes it and rejects it later."""

    def later(self, broker: ScriptedBroker) -> None:
        for name in broker.exchange.books.orders:
            broker.exchange.end(name, S.REJECTED, broker.clock.now())


class AnswersStale(Fills):
    """Fills it, and answers with the picture from before."""

    def submitted(self, broker: ScriptedBroker, approved: ApprovedOrder) -> OrderReport:
        before = broker.exchange.accept(approved, broker.clock.now())
        broker.exchange.fill(approved.client_order_id, 10, broker.clock.now())
        return before


class ListsLate(Rests):
    """Takes it; the list of working orders does not have it for the first two questions."""

    def listed(self, broker: ScriptedBroker, working: Sequence[OrderReport]) -> Sequence[OrderReport]:
        return working if broker.exchange.ask("orders") > 2 else ()


BEHAVIOURS: dict[str, Fills] = {
    kind.__name__: kind()
    for kind in (
        Fills, Rests, Rejects, LostOnTheWay, RateLimited, FillsAndTimesOut, AcceptsThen504, AnswersGarbage,
        LooksUpGarbage, ReportsTwice, TellsFillsTwice, FillsLate, TellsLate, FillsInParts, PartThenCancelled,
        CancelsAtOnce, FillsAfterCancel, PartFillsAfterCancel, FillsTooMuch, SaysUnheardOf, HangsThenArrives,
        MustBeUnique, Expires, AcceptsThenRejects, AnswersStale, ListsLate,
    )
}  # fmt: skip
