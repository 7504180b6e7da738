"""Changing and cancelling orders that work: through the gates, once, and protection only toward less risk."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.errors import RetryableError, UsageError
from domain.ids import base_leg, client_order_id, next_leg, replaced_leg
from domain.orders import OrderStatus, OrderType, Side
from domain.record.entries import RecordKind
from tests.builders.execution import DECISION, ENTRY, a_house, an_exit, an_intent, an_order
from tests.builders.market import AAPL, NOON
from tests.simulation.behaviours import Fills, Rejects, Rests
from tests.simulation.exchange import Exchange, ScriptedBroker, no_answer
from trading.execution.changes import OrderChange, beside_itself, changed, protects_as_well
from trading.store.activity import MessageKind

S, D = OrderStatus, Decimal
SECOND = client_order_id(DECISION, "entry.r1")


class Changing(Rests):
    """Rests the first order; what a replacement meets is told by ``then``."""

    def __init__(self, then=None):
        self.then = then
        self.fails = None

    def submitted(self, broker, approved):
        script = self if "." not in approved.intent.leg or self.then is None else self.then
        answer = Rests.submitted(script, broker, approved) if script is self else script.submitted(broker, approved)
        if self.fails is not None and "." in approved.intent.leg:
            raise self.fails
        return answer


@pytest.fixture
def at(database, tmp_path):
    """A house at an exchange that rests orders, and does as told with what replaces them."""

    def build(then=None, **given):
        script = Changing(then)

        def behind(paper):
            exchange = Exchange(tmp_path / "exchange.bin")
            return ScriptedBroker(exchange, paper._clock, paper._office, paper._control, lambda _id: script)

        return a_house(database, tmp_path, broker=behind, **given)

    return build


def moved(house, order_id=ENTRY, **change):
    return house.desk.replace(
        order_id, OrderChange(**{name: D(str(to)) for name, to in change.items()}), market=house.view()
    )


@pytest.mark.parametrize(
    ("leg", "following", "before", "base"),
    [
        pytest.param("entry", "entry.r1", None, "entry", id="an_order"),
        pytest.param("entry.r1", "entry.r2", "entry", "entry", id="replaced_once"),
        pytest.param("stop.r9", "stop.r10", "stop.r8", "stop", id="replaced_often"),
        pytest.param("algo.2", "algo.2.r1", None, "algo.2", id="a_child_of_an_algorithm"),
    ],
)
def test_legs_are_numbered_by_what_they_replace(leg, following, before, base):
    assert (next_leg(leg), replaced_leg(leg), base_leg(leg)) == (following, before, base)


def test_a_replacement_has_its_own_id_verdicts_and_row_and_the_old_order_is_replaced(at):
    house = at()
    house.place(an_intent(), cycle_id="cyc-1")
    placed = moved(house, limit_price="100.10")
    assert (placed.order.client_order_id, placed.order.status, placed.order.qty) == (SECOND, S.ACCEPTED, 10)
    assert placed.order.limit_price == D("100.10")
    assert house.orders.get(ENTRY).status is S.REPLACED
    assert (house.orders.cycle_of(SECOND), len(house.ledger.entries(subject=SECOND, kind=RecordKind.VERDICTS))) == (
        "cyc-1", 1,
    )  # fmt: skip
    assert house.orders.activity.messages_since(NOON) == {MessageKind.REPLACE: 1}
    assert house.reconciler.reconcile(NOON).ok


def test_only_what_is_left_is_replaced(at):
    house = at()
    house.place(an_intent())
    house.broker.exchange.fill(ENTRY, D(4), house.clock.now())
    house.reconciler.reconcile(house.clock.now())
    placed = moved(house, limit_price="100.10")
    house.reconciler.reconcile(house.clock.now())
    assert (placed.order.qty, house.orders.get(ENTRY).filled_qty, house.orders.get(ENTRY).status) == (6, 4, S.REPLACED)


def test_both_orders_count_as_exposure_before_the_broker_has_answered(at):
    house = at(limits={"max_position_qty": 19})
    house.place(an_intent())
    placed = moved(house, limit_price="100.10")
    assert placed.order is None
    assert house.orders.get(ENTRY).status is S.ACCEPTED, "the old one works on"
    assert house.orders.get(SECOND) is None
    assert moved(house, qty=9).order.status is S.ACCEPTED


def test_a_replacement_is_no_duplicate_of_what_it_replaces(at):
    house = at(limits={"duplicate_window_s": 900})
    house.place(an_intent())
    assert moved(house, limit_price="100.10").order.status is S.ACCEPTED
    assert house.place(an_intent("dec-9")).order is None


def test_a_replacement_is_made_once(at):
    house = at()
    house.place(an_intent())
    first = moved(house, limit_price="100.10")
    assert moved(house, limit_price="100.15").order == first.order
    assert len(house.broker.exchange.books.posts) == 2


def test_a_refused_replacement_leaves_the_old_order_working(at):
    house = at(Rejects())
    house.place(an_intent())
    house.broker.replace = lambda _old, approved: house.broker.exchange.accept(approved, NOON, S.REJECTED)
    assert moved(house, limit_price="100.10").order.status is S.REJECTED
    assert house.orders.get(ENTRY).status is S.ACCEPTED


def test_a_fill_that_crosses_the_request_is_inside_what_the_gates_saw(at):
    house = at()
    house.place(an_intent())
    house.broker.exchange.fill(ENTRY, D(10), house.clock.now())
    placed = moved(house, limit_price="100.10")
    assert (placed.order.status, house.orders.get(ENTRY).status) == (S.REJECTED, S.FILLED)
    house.reconciler.reconcile(house.clock.now())
    assert house.orders.trades.positions() == {AAPL: 10}


def test_an_unclear_answer_to_a_replacement_is_looked_up_and_never_sent_again(at):
    house = at(Fills())
    house.place(an_intent())
    house.broker._script.fails = no_answer()
    assert moved(house, limit_price="100.10").order.status is S.FILLED
    assert house.orders.get(ENTRY).status is S.REPLACED
    assert len(house.broker.exchange.books.posts) == 2


def test_a_replacement_that_never_left_is_closed_and_the_old_order_works_on(at):
    house = at()
    house.place(an_intent())
    house.orders.insert(an_order(leg="entry.r1", status=S.INTENT), sendable_until=NOON)
    house.clock.wait(minutes=1)
    house.desk.recover()
    house.reconciler.reconcile(house.clock.now())
    (placed,) = house.desk.resume(lambda _symbols: house.view())
    assert (placed.order.status, placed.order.reason) == (S.DENIED, "the replacement never left")
    assert house.orders.get(ENTRY).status is S.ACCEPTED


def test_an_exit_of_the_whole_position_can_be_moved(at):
    house = at()
    house.place(an_intent())
    house.broker.exchange.fill(ENTRY, D(10), house.clock.now())
    house.reconciler.reconcile(house.clock.now())
    going = house.place(an_exit()).order
    assert moved(house, going.client_order_id, limit_price="99.70").order.status is S.ACCEPTED


@pytest.mark.parametrize("status", [S.INTENT, S.SUBMITTED, S.UNKNOWN, S.PENDING_CANCEL, S.FILLED, S.CANCELED])
def test_only_an_order_that_works_is_changed(status):
    with pytest.raises(UsageError, match=str(status)):
        changed(an_order(status=status), OrderChange(qty=D(5)), at=NOON)


STOP = an_order(leg="stop", side=Side.SELL, type=OrderType.STOP, limit_price=None, trigger_price=95, parent_id=ENTRY,
                reduce_only=True)  # fmt: skip
TARGET = an_order(leg="target", side=Side.SELL, limit_price=110, parent_id=ENTRY, reduce_only=True)
COVER = an_order(leg="stop", side=Side.BUY, type=OrderType.STOP, limit_price=None, trigger_price=105, parent_id=ENTRY,
                 reduce_only=True)  # fmt: skip


@pytest.mark.parametrize(
    ("leg", "change", "allowed"),
    [
        pytest.param(STOP, {"trigger_price": 96}, True, id="stop_closer"),
        pytest.param(STOP, {"trigger_price": 95}, True, id="stop_where_it_was"),
        pytest.param(STOP, {"trigger_price": "94.99"}, False, id="stop_a_cent_further"),
        pytest.param(STOP, {"trigger_price": 96, "qty": 9}, False, id="stop_for_fewer_shares"),
        pytest.param(STOP, {"trigger_price": 96, "qty": 11}, False, id="stop_for_more_shares"),
        pytest.param(TARGET, {"limit_price": 109}, True, id="target_nearer"),
        pytest.param(TARGET, {"limit_price": "110.01"}, False, id="target_a_cent_further"),
        pytest.param(COVER, {"trigger_price": 104}, True, id="stop_of_a_short_closer"),
        pytest.param(COVER, {"trigger_price": 106}, False, id="stop_of_a_short_further"),
    ],
)
def test_protection_moves_only_toward_less_risk(leg, change, allowed):
    given = OrderChange(**{name: D(str(to)) for name, to in change.items()})
    if not allowed:
        with pytest.raises(UsageError, match="less protection"):
            changed(leg, given, at=NOON)
        return
    assert protects_as_well(leg, changed(leg, given, at=NOON))


def test_a_moved_stop_is_a_leg_of_its_entry_and_the_stop_of_the_trade(at):
    house = at()
    house.place(an_intent())
    house.broker.exchange.fill(ENTRY, D(10), house.clock.now())
    house.reconciler.reconcile(house.clock.now())
    house.orders.insert(STOP)
    with house.broker.exchange.changing() as books:
        approved = books.orders[ENTRY]
        books.orders[STOP.client_order_id] = type(approved)(
            STOP.client_order_id, "x-stop", S.ACCEPTED, "accepted", AAPL, Side.SELL, D(10), D(0), None, NOON,
            OrderType.STOP, None, D(95), ENTRY, "stop",
        )  # fmt: skip
    placed = moved(house, STOP.client_order_id, trigger_price=97)
    assert (placed.order.leg, placed.order.parent_id, placed.order.status) == ("stop.r1", ENTRY, S.ACCEPTED)
    assert house.orders.trades.open(AAPL).stop_loss == 97


def test_a_person_cancels_an_order_and_it_is_on_record(at):
    house = at()
    house.place(an_intent())
    assert house.desk.cancel(ENTRY, by="owner").status is S.CANCELED
    told = [entry.body for entry in house.ledger.entries(subject=ENTRY, kind=RecordKind.CONTROL)]
    assert told == [{"cancel": ENTRY, "by": "owner"}]
    assert house.orders.activity.messages_since(NOON) == {MessageKind.CANCEL: 1}


def test_an_intent_that_is_cancelled_never_leaves(at):
    house = at()
    house.orders.insert(an_order(status=S.INTENT), sendable_until=NOON + timedelta(seconds=10))
    assert house.desk.cancel(ENTRY, by="owner").status is S.DENIED
    assert house.orders.claim(ENTRY, S.INTENT, S.SUBMITTED, at=NOON) is False
    assert house.place(an_intent()).order.status is S.DENIED
    assert house.broker.exchange.books.posts == []


def test_stopping_everything_closes_what_has_not_left(at):
    house = at()
    house.orders.insert(an_order(status=S.INTENT), sendable_until=NOON + timedelta(seconds=10))
    house.desk.cancel_working()
    assert house.orders.get(ENTRY).status is S.DENIED


def test_a_cancel_that_nobody_answers_leaves_the_order_as_it_is(at):
    house = at()
    house.place(an_intent())

    def silent(_order_id):
        raise RetryableError("the broker does not answer")

    house.broker.cancel = silent
    with pytest.raises(RetryableError):
        house.desk.cancel(ENTRY, by="owner")
    assert house.orders.get(ENTRY).status is S.ACCEPTED


def test_protection_is_moved_and_not_cancelled(at):
    house = at()
    house.place(an_intent())
    house.orders.insert(STOP)
    with pytest.raises(UsageError, match="protects"):
        house.desk.cancel(STOP.client_order_id, by="owner")


LEG: dict[str, Any] = {
    "side": Side.SELL,
    "reduce_only": True,
    "parent_id": ENTRY,
    "limit_price": None,
    "stop_loss": None,
}
STOP = an_order(leg="stop", type=OrderType.STOP, trigger_price=95, **LEG)
TARGET = an_order(leg="target", **(LEG | {"limit_price": 110}))


@pytest.mark.parametrize(
    ("order", "working", "counts"),
    [
        pytest.param(an_order(), [], False, id="an_entry"),
        pytest.param(an_order(**(LEG | {"parent_id": None, "limit_price": 99})), [], True, id="an_exit"),
        pytest.param(STOP, [STOP], False, id="a_stop_alone"),
        pytest.param(STOP, [STOP, TARGET], False, id="a_stop_beside_its_target"),
        pytest.param(TARGET, [STOP, TARGET], False, id="a_target_beside_its_stop"),
        pytest.param(TARGET, [TARGET], True, id="a_target_alone"),
    ],
)
def test_what_would_count_as_a_sale_beside_its_own_replacement(order, working, counts):
    assert beside_itself(order, working) is counts


def test_the_stop_of_a_bracket_moves_while_its_target_rests(house):
    house.place(an_intent())
    stop = house.orders.find(DECISION, "stop")
    placed = moved(house, stop.client_order_id, trigger_price=97)
    assert (placed.order.trigger_price, placed.order.status) == (97, S.ACCEPTED)
    assert {order.leg for order in house.paper.orders()} == {"stop.r1", "target"}
