"""Order types, classes and times in force at the paper broker, each with the executions worked out by hand."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.ids import DecisionId, client_order_id
from domain.orders import OrderStatus, OrderType, Side, TimeInForce
from tests.builders.execution import ENTRY, OpenOffice, a_house, a_slip, an_exit, an_intent
from tests.builders.market import AAPL, NOON, at
from trading.execution.brokers.paper.broker import PaperSettings
from trading.execution.brokers.paper.fill_model import FillRules

D = Decimal
FREE = PaperSettings(rules=FillRules(D(0), D(0), D(0), D(0)))
QUARTER = timedelta(minutes=15)
NIGHT, MORNING = at("2026-03-17T21:00"), at("2026-03-18T13:30")
EXIT = client_order_id(DecisionId("dec-2"), "exit")
STOP_BESIDE = client_order_id(DecisionId("dec-2"), "stop-exit")
MARKET: dict[str, Any] = {"type": OrderType.MARKET, "limit_price": None}
ALONE: dict[str, Any] = {"stop_loss": None, "take_profit": None}


@pytest.fixture
def house(database, tmp_path):
    """Without costs, matched up to noon."""
    built = a_house(database, tmp_path, settings=FREE, office=OpenOffice)
    built.paper.advance(NOON)
    return built


def give(house, intent):
    return house.broker.submit(a_slip(intent, house.clock.now()))


def hold(house, qty=10):
    """A position at 100.01 with nothing behind it."""
    give(house, an_intent(qty=qty, **ALONE))


def trade(house, *bars, start=NOON):
    """One bar after the other; the clock goes with them."""
    for number, prices in enumerate(bars):
        house.market.trade(start + number * QUARTER, **prices)
    house.clock.at = start + len(bars) * QUARTER
    house.paper.advance(house.clock.at)


def state(house, order_id):
    report = house.broker.find(order_id)
    return report.status, report.filled_qty


def executed(house, order_id):
    return [(fill.qty, fill.price) for fill in house.broker.fills(since=NOON - QUARTER)
            if fill.client_order_id == order_id]  # fmt: skip


def queue(house, intent):
    """Given during a halt, so that it meets the first bar afterwards."""
    house.market.stopped.add(AAPL)
    report = give(house, intent)
    house.market.stopped.clear()
    assert report.status is OrderStatus.ACCEPTED


@pytest.mark.parametrize(
    ("trail", "bars", "price"),
    [
        pytest.param({"trail_amount": D(2)}, [{"open": 100, "high": "100.50", "low": "98.01", "close": "100.20"}],
                     None, id="a_cent_above_the_trigger"),
        pytest.param({"trail_amount": D(2)}, [{"open": 100, "high": "100.50", "low": "98.00", "close": "99"}],
                     "98", id="the_open_moved_the_mark_to_100"),
        pytest.param({"trail_amount": D(2)}, [{"open": 99, "high": 99, "low": "97.50", "close": 98}],
                     "97.99", id="the_mark_was_the_bid_of_99.99"),
        pytest.param({"trail_amount": D(2)}, [{"open": 97, "high": 98, "low": 96, "close": 98}],
                     "97", id="gapped_over_fills_at_the_open"),
        pytest.param({"trail_amount": D(2)}, [{"open": 101, "high": 104, "low": 100, "close": "101.50"}],
                     "102", id="the_close_lies_behind_the_trigger_of_the_high"),
        pytest.param({"trail_amount": D(2)}, [{"open": 101, "high": 104, "low": 100, "close": "102.01"}],
                     None, id="the_low_may_have_come_before_the_high"),
        pytest.param({"trail_amount": D(2)}, [{"open": 100, "high": 105, "low": "99.50", "close": 104},
                                              {"open": "103.50", "high": "103.60", "low": "102.80", "close": 103}],
                     "103", id="the_next_bar_meets_the_raised_trigger"),
        pytest.param({"trail_amount": D(2)}, [{"open": 100, "high": 105, "low": "99.50", "close": 104},
                                              {"open": "103.50", "high": 104, "low": "103.01", "close": "103.50"}],
                     None, id="a_lower_high_does_not_lower_it"),
        pytest.param({"trail_pct": D(2)}, [{"open": 100, "high": 100, "low": "97.90", "close": 98}],
                     "98", id="two_percent_of_100"),
        pytest.param({"trail_pct": D("2.5")}, [{"open": 100, "high": "100.01", "low": "97.51", "close": 98}],
                     None, id="two_and_a_half_percent_not_reached"),
    ],
)  # fmt: skip
def test_a_trailing_stop(house, trail, bars, price):
    hold(house)
    exit_order = give(house, an_exit(**(MARKET | {"type": OrderType.TRAILING_STOP}), **trail))
    assert exit_order.status is OrderStatus.ACCEPTED
    trade(house, *bars)
    assert executed(house, EXIT) == ([] if price is None else [(10, D(price))])


def test_a_trailing_stop_shows_where_it_stands_and_quotes_move_it(house):
    hold(house)
    give(house, an_exit(**(MARKET | {"type": OrderType.TRAILING_STOP}), trail_amount=D(2)))
    assert house.broker.find(EXIT).trigger_price == D("97.99")
    for second, bid in enumerate(("103.00", "101.01", "102.00"), 1):
        house.market.move(bid, D(bid) + D("0.02"), NOON + timedelta(seconds=second))
        house.paper.advance(NOON + timedelta(seconds=second))
        assert house.broker.find(EXIT).trigger_price == 101
    house.market.move("100.90", "100.92", NOON + timedelta(seconds=9))
    house.paper.advance(NOON + timedelta(seconds=9))
    assert executed(house, EXIT) == [(10, D("100.90"))], "at the bid, not at the trigger"


def test_a_triggered_trailing_stop_goes_on_as_a_market_order(house):
    hold(house)
    give(house, an_exit(**(MARKET | {"type": OrderType.TRAILING_STOP}), trail_amount=D(2)))
    trade(house, {"open": 99, "high": 99, "low": 97, "close": 97, "volume": 40}, {"open": 105, "high": 106, "low": 104})
    assert executed(house, EXIT) == [(4, D("97.99")), (6, D(105))]


@pytest.mark.parametrize(
    ("opens", "price"),
    [
        pytest.param(100, "100", id="the_stop_inside_the_bar_is_too_late"),
        pytest.param(90, "90", id="both_at_the_open"),
    ],
)
def test_a_queued_market_exit_comes_before_the_stop_of_the_same_bar(house, opens, price):
    give(house, an_intent(take_profit=None))
    queue(house, an_exit(**MARKET))
    trade(house, {"open": opens, "low": 89, "high": 101})
    assert executed(house, EXIT) == [(10, D(price))]
    assert state(house, client_order_id(DecisionId("dec-1"), "stop")) == (OrderStatus.CANCELED, 0)


def test_an_exit_that_the_open_is_good_for_comes_before_a_stop_inside_the_bar(house):
    give(house, an_intent(take_profit=None))
    queue(house, an_exit(limit_price=101))
    trade(house, {"open": 102, "low": 90, "high": 103})
    assert executed(house, EXIT) == [(10, D(102))]


@pytest.mark.parametrize(
    ("bars", "target", "stop"),
    [
        pytest.param([{"high": 111}], [(10, D(110))], [], id="target"),
        pytest.param([{"low": 94, "high": 100}], [], [(10, D(95))], id="stop"),
        pytest.param([{"low": 94, "high": 111}], [], [(10, D(95))], id="both_reached_the_stop_counts"),
        pytest.param([{"open": 90, "low": 89, "high": 91, "close": 91}], [], [(10, D(90))], id="stop_gapped_over"),
        pytest.param([{"open": 112, "low": 94, "high": 113}], [(10, D(112))], [], id="target_at_the_open"),
        pytest.param([{"high": 111, "volume": 40}, {"low": 94}], [(4, D(110))], [(6, D(95))], id="a_part_of_each"),
        pytest.param([{"low": 94, "volume": 30}, {"open": 96, "low": 96, "high": 111}], [], [(3, D(95)), (7, D(96))],
                     id="a_triggered_stop_goes_first"),
        pytest.param([{"low": 96, "high": 109}], [], [], id="neither"),
    ],
)  # fmt: skip
def test_of_a_pair_of_exits_one_cancels_the_other(house, bars, target, stop):
    hold(house)
    report = give(house, an_exit(limit_price=110, take_profit=110, stop_loss=95))
    assert (report.status, report.limit_price) == (OrderStatus.ACCEPTED, 110)
    beside = house.broker.find(STOP_BESIDE)
    assert (beside.qty, beside.trigger_price, beside.parent_id, beside.side) == (10, 95, EXIT, Side.SELL)
    trade(house, *bars)
    assert (executed(house, EXIT), executed(house, STOP_BESIDE)) == (target, stop)
    if target or stop:
        assert (house.broker.orders(), house.broker.positions()) == ((), ())
    if stop:
        assert state(house, EXIT) == (OrderStatus.CANCELED, sum(qty for qty, _ in target))


def test_a_partial_fill_of_the_target_scales_its_stop(house):
    hold(house)
    give(house, an_exit(limit_price=110, take_profit=110, stop_loss=95))
    trade(house, {"high": 111, "volume": 40})
    assert {leg.leg: leg.qty - leg.filled_qty for leg in house.broker.orders()} == {"exit": 6, "stop-exit": 6}


def test_a_pair_sells_its_own_shares_and_no_others(house):
    hold(house, 20)
    give(house, an_exit(limit_price=110, take_profit=110, stop_loss=95))
    trade(house, {"low": 94, "high": 100, "volume": 30}, {"open": 111, "low": 110, "high": 112})
    assert executed(house, STOP_BESIDE) == [(3, D(95)), (7, D(111))]
    assert (house.broker.positions()[0].qty, house.broker.orders()) == (10, ())


def test_the_legs_of_an_entry_leave_alone_what_was_held_before(house):
    hold(house)
    give(house, an_intent("dec-5"))
    trade(house, {"low": 94, "high": 100, "volume": 30}, {"open": 96, "low": 96, "high": 111})
    assert (house.broker.positions()[0].qty, house.broker.orders()) == (10, ())


def test_a_pair_of_exits_holds_no_shares_back_from_an_exit(house):
    hold(house)
    give(house, an_exit(limit_price=110, take_profit=110, stop_loss=95))
    assert house.broker.positions()[0].available_qty == 10
    assert give(house, an_exit("dec-3", qty=4)).status is OrderStatus.FILLED
    assert house.broker.find(STOP_BESIDE).qty == 6
    trade(house, {"high": 111})
    assert executed(house, EXIT) == [(6, D(110))]
    assert (house.broker.orders(), house.broker.positions()) == ((), ())


@pytest.mark.parametrize("taken_out", [pytest.param(EXIT, id="target"), pytest.param(STOP_BESIDE, id="stop")])
def test_cancelling_one_exit_of_a_pair_cancels_both(house, taken_out):
    hold(house)
    give(house, an_exit(limit_price=110, take_profit=110, stop_loss=95))
    assert house.broker.cancel(taken_out).status is OrderStatus.CANCELED
    assert house.broker.orders() == ()


def test_a_pair_needs_a_position(house):
    report = give(house, an_exit(limit_price=110, take_profit=110, stop_loss=95))
    assert report.status is OrderStatus.REJECTED
    assert house.broker.find(STOP_BESIDE) is None


@pytest.mark.parametrize(
    ("left_out", "legs"),
    [pytest.param("take_profit", {"stop"}, id="stop_only"), pytest.param("stop_loss", {"target"}, id="target_only")],
)
def test_an_entry_may_trigger_one_exit_alone(house, left_out, legs):
    without: dict[str, Any] = {left_out: None}
    give(house, an_intent(**without))
    assert {leg.leg for leg in house.broker.orders()} == legs


def test_a_leg_of_its_own_decision_names_its_exits_after_itself(house):
    give(house, an_intent(leg="algo.1"))
    assert {leg.leg for leg in house.broker.orders()} == {"stop-algo-1", "target-algo-1"}


def test_good_till_date_ends_at_its_date(house):
    end = at("2026-03-18T15:00")
    give(house, an_intent(limit_price=90, tif=TimeInForce.GTD, expires_at=end))
    house.paper.advance(end - timedelta(seconds=1))
    assert state(house, ENTRY) == (OrderStatus.ACCEPTED, 0)
    house.paper.advance(end)
    assert (state(house, ENTRY), house.broker.find(ENTRY).reason) == ((OrderStatus.EXPIRED, 0), "its date has come")


@pytest.mark.parametrize(
    ("changes", "bars", "expected", "then"),
    [
        pytest.param(MARKET, [{"open": 101}], [(10, D(101))], OrderStatus.FILLED, id="market_at_the_open"),
        pytest.param({"limit_price": 101}, [{"open": 101}], [(10, D(101))], OrderStatus.FILLED, id="limit_at_the_open"),
        pytest.param({"limit_price": 101}, [{"open": "101.01", "low": 99}], [], OrderStatus.EXPIRED,
                     id="a_cent_beyond_the_limit"),
        pytest.param(MARKET, [{"open": 101, "volume": 50}, {"open": 99}], [(5, D(101))], OrderStatus.EXPIRED,
                     id="the_rest_is_not_filled_later"),
    ],
)  # fmt: skip
def test_the_opening_auction(house, changes, bars, expected, then):
    house.clock.at = NIGHT
    house.paper.advance(NIGHT)
    assert give(house, an_intent(tif=TimeInForce.OPG, **changes, **ALONE)).status is OrderStatus.ACCEPTED
    trade(house, *bars, start=MORNING)
    assert executed(house, ENTRY) == expected
    assert state(house, ENTRY)[0] is then


@pytest.mark.parametrize(
    ("changes", "expected", "then"),
    [
        pytest.param(MARKET, [(10, D("101.50"))], OrderStatus.FILLED, id="market_at_the_close"),
        pytest.param({"limit_price": "101.50"}, [(10, D("101.50"))], OrderStatus.FILLED, id="limit_at_the_close"),
        pytest.param({"limit_price": "101.49"}, [], OrderStatus.EXPIRED, id="a_cent_beyond_the_limit"),
    ],
)
def test_the_closing_auction(house, changes, expected, then):
    last = at("2026-03-17T19:45")
    give(house, an_intent(tif=TimeInForce.CLS, **changes, **ALONE))
    trade(house, {"open": 100, "low": 90}, start=last - QUARTER)
    assert executed(house, ENTRY) == [], "only the last bar of the session closes it"
    trade(house, {"open": 100, "low": 99, "close": "101.50"}, start=last)
    assert executed(house, ENTRY) == expected
    assert state(house, ENTRY)[0] is then


def test_a_replacement_takes_the_place_of_a_working_order(house):
    give(house, an_intent(limit_price=99))
    report = house.broker.replace(ENTRY, a_slip(an_intent(leg="entry.r1", qty=7, limit_price="100.20")))
    assert (report.status, report.filled_qty, report.avg_fill_price) == (OrderStatus.FILLED, 7, D("100.01"))
    assert state(house, ENTRY) == (OrderStatus.REPLACED, 0)
    assert {leg.leg: leg.qty for leg in house.broker.orders()} == {"stop-entry-r1": 7, "target-entry-r1": 7}
    assert house.broker.replace(ENTRY, a_slip(an_intent(leg="entry.r1", qty=7))) == house.broker.find(
        report.client_order_id
    ), "a known id answers with what it became"
    assert sum(qty for qty, _ in executed(house, report.client_order_id)) == 7


def test_what_a_replaced_order_had_filled_stays_its_own_and_protected(house):
    give(house, an_intent(qty=800))
    assert state(house, ENTRY) == (OrderStatus.PARTIALLY_FILLED, 500)
    report = house.broker.replace(ENTRY, a_slip(an_intent(leg="entry.r1", qty=300, limit_price=99)))
    assert (report.status, report.qty, report.filled_qty) == (OrderStatus.ACCEPTED, 300, 0)
    assert state(house, ENTRY) == (OrderStatus.REPLACED, 500)
    assert {leg.leg: leg.qty for leg in house.broker.orders()} == {"stop": 500, "target": 500, "entry.r1": 300}
    trade(house, {"low": 98, "high": 100})
    assert house.broker.positions()[0].qty == 800


def test_a_moved_stop_stays_the_leg_of_its_entry(house):
    give(house, an_intent())
    stop = client_order_id(DecisionId("dec-1"), "stop")
    closer = an_exit("dec-1", type=OrderType.STOP, limit_price=None, trigger_price=97, leg="stop.r1")
    moved = house.broker.replace(stop, a_slip(closer))
    assert (moved.status, moved.trigger_price, moved.parent_id) == (OrderStatus.ACCEPTED, 97, ENTRY)
    trade(house, {"low": "96.50", "high": 101})
    assert executed(house, moved.client_order_id) == [(10, D(97))]
    assert (house.broker.orders(), house.broker.positions()) == ((), ())
    assert state(house, client_order_id(DecisionId("dec-1"), "target")) == (OrderStatus.CANCELED, 0)


def over(house):
    give(house, an_intent())
    return ENTRY, an_intent(leg="entry.r1"), "is over"


def unknown(house):
    return EXIT, an_intent(leg="entry.r1"), "is over"


def other_side(house):
    hold(house)
    give(house, an_intent("dec-4", limit_price=99))
    name = client_order_id(DecisionId("dec-4"))
    return name, an_exit("dec-4"), "another symbol or side"


def growing_leg(house):
    give(house, an_intent())
    stop = client_order_id(DecisionId("dec-1"), "stop")
    return stop, an_intent(side=Side.SELL, leg="stop.r1", limit_price=99, **ALONE), "only reduces"


def beyond_cash(house):
    give(house, an_intent(limit_price=99))
    return ENTRY, an_intent(leg="entry.r1", qty=2000, limit_price=99), "not enough cash"


@pytest.mark.parametrize("case", [over, unknown, other_side, growing_leg, beyond_cash])
def test_a_replacement_that_cannot_be_leaves_everything_as_it_was(house, case):
    name, intent, told = case(house)
    before = house.broker.find(name)
    report = house.broker.replace(name, a_slip(intent))
    assert (report.status, report.filled_qty) == (OrderStatus.REJECTED, 0)
    assert told in report.reason
    assert house.broker.find(name) == before


def test_a_replacement_frees_the_cash_of_what_it_replaces(house):
    give(house, an_intent(qty=1000, limit_price=90, **ALONE))
    report = house.broker.replace(ENTRY, a_slip(an_intent(leg="entry.r1", qty=1000, limit_price=95, **ALONE)))
    assert report.status is OrderStatus.ACCEPTED


def test_a_replacement_frees_the_shares_of_what_it_replaces(house):
    hold(house)
    give(house, an_exit(limit_price=105))
    report = house.broker.replace(EXIT, a_slip(an_exit(leg="exit.r1", limit_price=104)))
    assert report.status is OrderStatus.ACCEPTED
    assert house.broker.positions()[0].available_qty == 0
    assert report.symbol == AAPL
