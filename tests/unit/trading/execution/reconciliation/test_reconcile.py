"""Reconciliation: the union of both sides, differences visible, the symbol blocked until both agree."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from domain.book import Position
from domain.errors import RetryableError
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.orders import OrderStatus
from domain.record.entries import RecordKind
from tests.builders.execution import ENTRY, OpenOffice, a_fill, a_house, a_report, a_slip, an_exit, an_intent, an_order
from tests.builders.market import AAPL, MSFT, NOON
from trading.execution.reconciliation.reconcile import (
    FILLS_COMPARED,
    GRACE,
    fill_differences,
    order_differences,
    position_differences,
)

D = Decimal


def positions(**held):
    return [Position(Symbol(symbol), D(qty), D(100)) for symbol, qty in held.items()]


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        pytest.param({}, {}, [], id="both_flat"),
        pytest.param({"AAPL": 10}, {"AAPL": 10}, [], id="agreed"),
        pytest.param({"AAPL": 10}, {"AAPL": 9}, [("AAPL", 10, 9)], id="one_share_short"),
        pytest.param({"AAPL": 10}, {}, [("AAPL", 10, 0)], id="gone_at_the_broker"),
        pytest.param({}, {"AAPL": 10}, [("AAPL", 0, 10)], id="unknown_to_us"),
        pytest.param({"AAPL": 10}, {"MSFT": 5}, [("AAPL", 10, 0), ("MSFT", 0, 5)], id="the_union_of_both"),
        pytest.param({"AAPL": 10}, {"AAPL": -10}, [("AAPL", 10, -10)], id="the_wrong_way_round"),
    ],
)
def test_positions_are_compared_over_the_union(ours, theirs, found):
    differences = position_differences({symbol: D(qty) for symbol, qty in ours.items()}, positions(**theirs))
    assert [(each.symbol, each.ours, each.theirs) for each in differences] == found


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        pytest.param([an_order()], [a_report(an_order())], 0, id="agreed"),
        pytest.param([an_order()], [], 1, id="lost_at_the_broker"),
        pytest.param([], [a_report(an_order())], 1, id="foreign"),
        pytest.param([an_order(status=OrderStatus.INTENT)], [], 0, id="not_sent_yet"),
        pytest.param([an_order(status=OrderStatus.UNKNOWN)], [], 0, id="of_unknown_fate"),
    ],
)
def test_working_orders_are_compared_by_id(ours, theirs, found):
    assert len(order_differences(ours, theirs)) == found


def test_an_agreed_book_is_marked_and_gives_an_equity_point(house):
    house.place(an_intent())
    later = house.clock.wait(minutes=1)
    result = house.reconciler.reconcile(later)
    assert (result.ok, house.control.read().reconciled_at, house.control.read().mismatched) == (True, later, ())
    tomorrow = house.equity.performance(later + timedelta(days=1), equity=None)
    assert tomorrow.day_start_equity == house.broker.account().equity


@pytest.mark.parametrize("aside", [timedelta(0), timedelta(microseconds=1), -timedelta(microseconds=1)])
def test_an_execution_at_the_edge_of_what_is_compared_is_no_difference(house, aside):
    house.place(an_intent())
    filled = house.orders.last_fill_at()
    assert house.reconciler.reconcile(filled + FILLS_COMPARED + aside).differences == ()


def test_a_trade_made_behind_our_back_blocks_its_symbol_until_both_agree(database, tmp_path):
    house = a_house(database, tmp_path, office=OpenOffice)
    house.broker.submit(a_slip(an_intent("foreign", stop_loss=None, take_profit=None)))
    result = house.reconciler.reconcile(NOON)
    (difference,) = result.differences
    assert (difference.kind, difference.symbol, difference.ours, difference.theirs) == ("position", AAPL, D(0), D(10))
    assert house.control.read().mismatched == (AAPL,)
    assert "POSITION_MISMATCH" in house.place(an_intent("dec-9")).evaluation.codes
    assert house.place(an_intent("dec-8", symbol=MSFT)).order is not None
    assert house.ledger.entries(kind=RecordKind.RECONCILIATION)[-1].body["differences"][0]["theirs"] == "10"
    assert house.orders.trades.positions() == {MSFT: 10}, "no trade is made up"
    house.broker.submit(a_slip(an_exit("foreign")))
    assert house.reconciler.reconcile(NOON + timedelta(seconds=1)).ok
    assert house.control.read().mismatched == ()


def test_an_order_that_the_broker_has_lost_is_shown(database, house):
    house.market.move(101, "101.02", NOON)
    house.place(an_intent())
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM paper_orders"))
    (difference,) = house.reconciler.reconcile(NOON).differences
    assert (difference.kind, difference.subject, difference.ours) == ("order", ENTRY, 10)


def test_news_that_came_while_we_were_away_is_settled_first(house):
    house.place(an_intent())
    house.paper.advance(NOON)
    house.market.trade(NOON, low=90)
    house.paper.advance(NOON + timedelta(minutes=15))
    assert house.reconciler.reconcile(NOON + timedelta(minutes=15)).ok
    assert house.orders.trades.positions() == {}
    (closed,) = house.ledger.entries(kind=RecordKind.TRADE_CLOSED)
    assert closed.body["exit_reason"] == "stop"
    statuses = {order.leg: order.status for order in house.orders.newest(9)}
    assert statuses == {"entry": OrderStatus.FILLED, "stop": OrderStatus.FILLED, "target": OrderStatus.CANCELED}


def test_an_order_nobody_of_us_made_is_a_difference_and_no_row_of_ours(database, tmp_path):
    house = a_house(database, tmp_path, office=OpenOffice)
    house.broker.submit(a_slip(an_intent("foreign", limit_price=90)))
    assert [each.kind for each in house.reconciler.reconcile(NOON).differences] == ["order"]
    assert house.orders.get(ClientOrderId("foreign")) is None
    assert house.orders.newest(9) == ()


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        pytest.param([a_fill()], [a_fill()], [], id="agreed"),
        pytest.param([], [a_fill()], [(0, 10)], id="not_booked"),
        pytest.param([a_fill()], [], [(10, 0)], id="taken_back_by_the_broker"),
        pytest.param([a_fill()], [a_fill(qty=9)], [(10, 9)], id="another_quantity"),
        pytest.param([a_fill()], [a_fill(price="100.01")], [(10, 10)], id="another_price"),
        pytest.param([], [a_fill(order_id=ClientOrderId("foreign"))], [], id="of_a_foreign_order"),
        pytest.param([a_fill()], [a_fill(), a_fill()], [], id="told_twice"),
    ],
)
def test_executions_of_our_orders_are_compared_one_by_one(ours, theirs, found):
    differences = fill_differences(ours, theirs, frozenset({ENTRY}))
    assert [(each.ours, each.theirs) for each in differences] == found


def test_a_foreign_order_is_shown_counted_and_blocks_its_symbol(database, tmp_path):
    house = a_house(database, tmp_path, office=OpenOffice, limits={"max_active_orders": 2})
    house.broker.submit(a_slip(an_intent("foreign", limit_price=90)))
    (difference,) = house.reconciler.reconcile(NOON).differences
    assert (difference.kind, difference.symbol, difference.theirs, difference.settling) == ("order", AAPL, D(10), False)
    (external,) = house.case(an_intent()).book.open_orders
    assert (external.strategy, external.open_qty, external.limit_price) == ("external", D(10), D(90))
    assert "POSITION_MISMATCH" in house.place(an_intent("dec-9")).evaluation.codes
    house.market.move(101, "101.02", NOON, MSFT)
    assert house.place(an_intent("dec-8", symbol=MSFT, limit_price=97)).order is not None
    refused = house.place(an_intent("dec-7", symbol=MSFT, limit_price=98))
    assert refused.order is None, "the foreign order and ours are the two that may work at once"


def test_an_execution_of_a_foreign_order_is_on_record_once(database, tmp_path):
    house = a_house(database, tmp_path, office=OpenOffice)
    house.broker.submit(a_slip(an_intent("foreign", stop_loss=None, take_profit=None)))
    for second in range(3):
        house.reconciler.reconcile(NOON + timedelta(seconds=second))
    records = house.ledger.entries(kind=RecordKind.RECONCILIATION)
    assert [each.body["external_fill"]["qty"] for each in records if "external_fill" in each.body] == ["10"]
    assert house.orders.fills_since(NOON - timedelta(days=1)) == ()


def test_a_difference_in_a_symbol_that_has_just_moved_is_settling_and_blocks_all_the_same(database, house):
    house.place(an_intent())
    with database.transaction() as connection:
        connection.execute(text("UPDATE paper_positions SET qty = '9'"))
    (young,) = house.reconciler.reconcile(house.clock.wait(seconds=GRACE.total_seconds())).differences
    assert young.settling
    assert house.control.read().mismatched == (AAPL,)
    (old,) = house.reconciler.reconcile(house.clock.wait(seconds=1)).differences
    assert not old.settling


class Mute:
    """A broker that answers everything but one question."""

    def __init__(self, paper, question):
        self._paper = paper
        self._question = question
        self.mute = False

    def __getattr__(self, name):
        if self.mute and name == self._question:
            return self._nothing
        return getattr(self._paper, name)

    def _nothing(self, *_args, **_kwargs):
        raise RetryableError("the broker does not answer")


@pytest.mark.parametrize("question", ["positions", "orders", "fills", "account"])
def test_a_question_that_fails_never_means_flat(database, tmp_path, question):
    house = a_house(database, tmp_path, broker=lambda paper: Mute(paper, question))
    house.place(an_intent())
    assert house.reconciler.reconcile(NOON).ok
    house.broker.mute = True
    with pytest.raises(RetryableError):
        house.reconciler.reconnected(house.clock.wait(minutes=1))
    assert house.orders.trades.positions() == {AAPL: 10}
    assert house.control.read().reconciled_at is None, "after a lost connection the books are open until compared"
    house.broker.mute = False
    assert "NOT_RECONCILED" in house.place(an_intent("dec-9")).evaluation.codes
    assert house.reconciler.reconnected(house.clock.now()).ok
    assert house.place(an_intent("dec-8")).order is not None


@pytest.mark.parametrize(
    ("waited", "compared"),
    [
        pytest.param(timedelta(seconds=299), False, id="a_second_early"),
        pytest.param(timedelta(seconds=300), True, id="due"),
        pytest.param(timedelta(seconds=-1), True, id="a_clock_that_went_back"),
    ],
)
def test_the_books_are_compared_on_a_schedule(house, waited, compared):
    house.reconciler.reconcile(NOON)
    result = house.reconciler.reconcile_if_due(NOON + waited, every=timedelta(seconds=300))
    assert (result is not None) is compared


def test_books_that_differ_are_compared_sooner(database, tmp_path):
    house = a_house(database, tmp_path, office=OpenOffice)
    house.broker.submit(a_slip(an_intent("foreign", limit_price=90)))
    house.reconciler.reconcile(NOON)
    house.broker.cancel(a_slip(an_intent("foreign")).client_order_id)
    assert house.reconciler.reconcile_if_due(NOON + GRACE / 2, every=timedelta(minutes=5)) is None
    again = house.reconciler.reconcile_if_due(NOON + GRACE, every=timedelta(minutes=5))
    assert again is not None
    assert again.ok


def test_nothing_was_ever_compared_is_due_at_once(house):
    house.control.mark_unreconciled()
    assert house.reconciler.reconcile_if_due(NOON, every=timedelta(minutes=5)).ok
