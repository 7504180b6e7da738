"""Reconciliation: the union of both sides, differences visible, the symbol blocked until both agree."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from domain.book import Position
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.orders import OrderStatus
from domain.records import RecordKind
from tests.builders.execution import ENTRY, OpenOffice, a_house, a_report, a_slip, an_exit, an_intent, an_order
from tests.builders.market import AAPL, MSFT, NOON
from trading.execution.reconcile import order_differences, position_differences

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
