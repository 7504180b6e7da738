"""What taking over the broker's quantity makes of lots and round trip: nobody traded, so nothing is realised."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.book import Adjustment
from domain.ids import DecisionId
from domain.orders import Side
from tests.builders.market import AAPL, NOON
from trading.execution.reconciliation.adjusting import FOREIGN, adjusted
from trading.store.trades import Lot, Trade

D = Decimal
LATER = NOON + timedelta(days=1)


def lots(*held):
    return tuple(Lot(f"fill-{number}", AAPL, D(qty), D(price), NOON) for number, (qty, price) in enumerate(held))


def a_trade(qty, value, **changes):
    trade = Trade("trd-1", AAPL, "momentum", Side.BUY, DecisionId("dec-1"), NOON, D(90), D(qty), D(value))
    return replace(trade, **changes)


def a_change(ours, theirs, price=98, ratio=None, split_at=None):
    price, ratio = (None if each is None else D(each) for each in (price, ratio))
    return Adjustment("adj-1", LATER, "owner", AAPL, D(ours), D(theirs), price, ratio, split_at, D(0))


@pytest.mark.parametrize(
    ("held", "change", "left", "cost"),
    [
        pytest.param([], a_change(0, 5), [(5, 98)], 490, id="bought_elsewhere"),
        pytest.param([(10, 100)], a_change(10, 14), [(10, 100), (4, 98)], 392, id="bought_more_elsewhere"),
        pytest.param([(10, 100), (5, 110)], a_change(15, 3), [(3, 110)], -1220, id="oldest_lots_go_first"),
        pytest.param([(10, 100)], a_change(10, 0, None), [], -1000, id="sold_elsewhere"),
        pytest.param([(10, 100)], a_change(10, -5), [(-5, 98)], -1490, id="the_other_way_round"),
        pytest.param([(-10, 100)], a_change(-10, -4, 98), [(-4, 100)], 600, id="a_short_that_was_covered"),
        pytest.param([(10, 100)], a_change(10, 20, 50, 2), [(20, 50)], 0, id="split_2_for_1"),
        pytest.param([(10, 100), (5, 110)], a_change(15, 30, 51, 2), [(20, 50), (10, 55)], 0, id="split_of_two_lots"),
        pytest.param([(10, 100)], a_change(10, 1, 1000, "0.1"), [(1, 1000)], 0, id="reverse_split"),
        pytest.param([(10, 100)], a_change(10, 25, 50, 2), [(20, 50), (5, 50)], 250, id="split_and_five_bought"),
        pytest.param([(10, 120)], a_change(10, 14, 80, "1.5"), [(14, 80)], -80, id="split_with_a_share_paid_out"),
        pytest.param([(9, 100)], a_change(9, 3, 300, D(1) / D(3)), [(3, 300)], 0, id="a_ratio_without_an_end"),
        pytest.param([(10, 100)], a_change(10, 20, 98, 2, NOON), [(10, 100), (10, 98)], 980, id="bought_after_it"),
    ],
)  # fmt: skip
def test_the_lots_are_the_brokers_quantity_first_in_first_out(held, change, left, cost):
    made = adjusted(lots(*held), None, change)
    assert [(each.qty, round(each.price, 9)) for each in made.lots] == left
    assert (sum(each.qty for each in made.lots), made.cost) == (change.theirs, cost)
    # The cost that moved is that of the lots: nothing of it is a profit or a loss.
    tied = [sum(each.qty * each.price for each in some) for some in (made.lots, lots(*held))]
    assert round(tied[0] - tied[1], 6) == cost


def test_shares_that_nobody_of_us_bought_begin_a_round_trip_of_no_strategy():
    opened: Any = adjusted((), None, a_change(0, 5)).opened
    assert (opened.strategy, opened.side, opened.entry_qty, opened.entry_value) == (FOREIGN, Side.BUY, 5, 490)
    assert opened.stop_loss is None


def test_shares_that_join_a_round_trip_leave_it_its_strategy_and_stop():
    made = adjusted(lots((10, 100)), a_trade(10, 1000), a_change(10, 14))
    assert made.trade == a_trade(14, 1392)
    assert made.opened is None


def test_a_round_trip_whose_shares_vanish_ends_with_what_its_orders_made():
    """10 bought at 100, 4 sold at 105, 6 gone: a profit of 20 less the commission, and none for the six."""
    running = a_trade(10, 1000, exit_value=D(420), commission=D(2))
    ended: Any = adjusted(lots((6, 100)), running, a_change(6, 0, None)).trade
    assert (ended.closed_at, ended.entry_qty, ended.entry_value, ended.pnl) == (LATER, 4, 400, 18)


def test_a_split_moves_the_planned_stop_and_not_the_value():
    made = adjusted(lots((10, 100)), a_trade(10, 1000), a_change(10, 20, 50, 2))
    assert made.trade == a_trade(20, 1000, stop_loss=D(45))


def test_shares_without_a_price_are_not_booked():
    with pytest.raises(ValueError, match="nobody says what they cost"):
        adjusted((), None, a_change(0, 5, None))
