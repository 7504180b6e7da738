"""The paper broker: partial fills, brackets, stops and gaps, halts and closed markets, and cash that adds up."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.book import AccountKind
from domain.ids import DecisionId, client_order_id
from domain.market import Symbol
from domain.orders import OrderStatus, OrderType, TimeInForce
from tests.builders.execution import ENTRY, OpenOffice, a_house, a_slip, an_exit, an_intent
from tests.builders.market import AAPL, MSFT, NOON, at
from trading.execution.brokers.paper.broker import PaperSettings
from trading.execution.brokers.paper.fill_model import FillRules
from trading.store.database import open_database

D = Decimal
TSLA = Symbol("TSLA")
FREE = PaperSettings(rules=FillRules(D(0), D(0), D(0), D(0)))
STOP, TARGET = (client_order_id(DecisionId("dec-1"), leg) for leg in ("stop", "target"))
QUARTER = timedelta(minutes=15)


@pytest.fixture
def house(database, tmp_path):
    """Without costs, so that figures can be read."""
    return a_house(database, tmp_path, settings=FREE, office=OpenOffice)


def status(house, order_id):
    return house.broker.find(order_id).status


def held(house, symbol=AAPL):
    return {position.symbol: position.qty for position in house.broker.positions()}.get(symbol, 0)


def test_a_marketable_order_fills_at_once_and_leaves_its_bracket(house):
    report = house.broker.submit(a_slip(an_intent()))
    assert (report.status, report.filled_qty, report.avg_fill_price) == (OrderStatus.FILLED, 10, D("100.01"))
    legs = {leg.leg: (leg.qty, leg.trigger_price, leg.limit_price, leg.parent_id) for leg in house.broker.orders()}
    assert legs == {"stop": (10, 95, None, ENTRY), "target": (10, None, 110, ENTRY)}
    assert house.broker.account().cash == D(100_000) - D("1000.10")


def test_costs_are_charged(database, tmp_path):
    house = a_house(database, tmp_path, office=OpenOffice)
    report = house.broker.submit(a_slip(an_intent(qty=400)))
    assert report.avg_fill_price == D("100.1001"), "1 bp and 0.8 of 10 bp"
    (fill,) = house.broker.fills(since=NOON - timedelta(seconds=1))
    assert fill.commission == D("2.00")


def test_a_rest_keeps_working_and_expires_with_the_day(house):
    report = house.broker.submit(a_slip(an_intent(qty=800)))
    assert (report.status, report.filled_qty) == (OrderStatus.PARTIALLY_FILLED, 500)
    assert {leg.qty for leg in house.broker.orders() if leg.leg != "entry"} == {500}
    house.paper.advance(at("2026-03-17T19:59"))
    assert status(house, ENTRY) is OrderStatus.PARTIALLY_FILLED
    house.paper.advance(at("2026-03-17T20:00"))
    report = house.broker.find(ENTRY)
    assert (report.status, report.filled_qty) == (OrderStatus.EXPIRED, 500)
    assert {leg.qty for leg in house.broker.orders()} == {500}, "what was bought stays protected"


def test_one_quote_fills_an_order_once(house):
    house.broker.submit(a_slip(an_intent(qty=800)))
    house.paper.advance(NOON)
    house.paper.advance(NOON)
    assert held(house) == 500
    house.market.move("99.99", "100.01", NOON + timedelta(seconds=1))
    house.paper.advance(NOON + timedelta(seconds=1))
    assert held(house) == 800


def test_a_resting_limit_fills_when_a_bar_trades_through_it(house):
    house.paper.advance(NOON)
    house.broker.submit(a_slip(an_intent(limit_price=99)))
    house.market.move(101, "101.02", NOON)
    house.market.trade(NOON, low=99)
    house.market.trade(NOON + QUARTER, low="98.90")
    house.paper.advance(NOON + QUARTER)
    assert held(house) == 0
    house.paper.advance(NOON + 2 * QUARTER)
    (fill,) = house.broker.fills(since=NOON)
    assert (fill.price, fill.at) == (99, NOON + 2 * QUARTER)


def test_a_bar_gives_a_tenth_of_its_volume_to_all_of_us(house):
    house.paper.advance(NOON)
    house.broker.submit(a_slip(an_intent("dec-1", qty=80, limit_price=99)))
    house.broker.submit(a_slip(an_intent("dec-2", qty=80, limit_price=99)))
    house.market.trade(NOON, low=98, high=100, volume=1000)
    house.paper.advance(NOON + QUARTER)
    assert [order.filled_qty for order in house.broker.orders() if order.leg == "entry"] == [20]
    assert held(house) == 100


@pytest.mark.parametrize(
    ("bars", "price", "leg"),
    [
        pytest.param([{"low": "94.90", "open": 100}], "95", "stop", id="stop"),
        pytest.param([{"low": "89", "open": 90, "close": 91, "high": 92}], "90", "stop", id="stop_gapped_over"),
        pytest.param([{"high": "110.50", "open": 100}], "110", "target", id="target"),
        pytest.param([{"high": 113, "open": 112, "low": 111, "close": 112}], "112", "target", id="target_gapped_over"),
        pytest.param([{"low": 94, "high": 111, "open": 100}], "95", "stop", id="both_reached_the_stop_counts"),
        pytest.param([{"low": 96}, {"high": "110.01"}], "110", "target", id="neither_then_the_target"),
    ],
)
def test_one_leg_of_a_bracket_fills_and_the_other_is_cancelled(house, bars, price, leg):
    house.paper.advance(NOON)
    house.broker.submit(a_slip(an_intent()))
    for number, prices in enumerate(bars):
        house.market.trade(NOON + number * QUARTER, **prices)
    house.paper.advance(NOON + len(bars) * QUARTER)
    assert house.broker.orders() == ()
    assert held(house) == 0
    sale = house.broker.fills(since=NOON)[-1]
    assert (sale.price, sale.client_order_id) == (D(price), {"stop": STOP, "target": TARGET}[leg])
    other = STOP if leg == "target" else TARGET
    assert status(house, other) is OrderStatus.CANCELED


def test_a_leg_does_not_fill_on_the_bar_that_filled_its_entry(house):
    house.paper.advance(NOON)
    house.broker.submit(a_slip(an_intent(limit_price=99)))
    house.market.trade(NOON, low=90, open=100)
    house.paper.advance(NOON + QUARTER)
    assert held(house) == 10


def test_an_exit_needs_no_cancelling_and_takes_the_bracket_with_it(house):
    house.broker.submit(a_slip(an_intent()))
    assert house.broker.positions()[0].available_qty == 10
    house.broker.submit(a_slip(an_exit(qty=4)))
    assert {leg.qty for leg in house.broker.orders()} == {6}
    house.broker.submit(a_slip(an_exit("dec-3", qty=6)))
    assert (house.broker.orders(), house.broker.positions()) == ((), ())


def test_cancelling_a_partly_filled_entry_keeps_its_protection(house):
    house.broker.submit(a_slip(an_intent(qty=800)))
    assert house.broker.cancel(ENTRY).status is OrderStatus.CANCELED
    assert {leg.qty for leg in house.broker.orders()} == {500}


def test_a_halted_symbol_does_not_fill(house):
    house.paper.advance(NOON)
    house.broker.submit(a_slip(an_intent()))
    house.market.stopped.add(AAPL)
    house.market.trade(NOON, low=90)
    house.market.move(90, "90.02", NOON + QUARTER)
    house.paper.advance(NOON + QUARTER)
    assert held(house) == 10
    house.market.stopped.clear()
    house.market.move(90, "90.02", NOON + 2 * QUARTER)
    house.paper.advance(NOON + 2 * QUARTER)
    assert (held(house), house.broker.fills(since=NOON)[-1].price) == (0, 90)


@pytest.mark.parametrize(
    ("changes", "then"),
    [
        pytest.param({}, OrderStatus.ACCEPTED, id="a_day_order_waits_for_the_opening"),
        pytest.param({"tif": TimeInForce.GTC}, OrderStatus.ACCEPTED, id="a_lasting_order_waits"),
        pytest.param({"tif": TimeInForce.IOC}, OrderStatus.REJECTED, id="at_once_or_never_is_rejected"),
    ],
)
def test_while_the_market_is_closed(house, changes, then):
    house.clock.at = at("2026-03-17T21:00")
    assert house.broker.submit(a_slip(an_intent(**changes))).status is then
    assert held(house) == 0


def test_a_day_order_given_at_night_lives_through_the_next_session(house):
    house.clock.at = at("2026-03-17T21:00")
    house.paper.advance(house.clock.at)
    house.broker.submit(a_slip(an_intent(limit_price=90)))
    house.paper.advance(at("2026-03-18T19:59"))
    assert status(house, ENTRY) is OrderStatus.ACCEPTED
    house.paper.advance(at("2026-03-18T20:00"))
    assert status(house, ENTRY) is OrderStatus.EXPIRED


@pytest.mark.parametrize(
    ("intent", "told"),
    [
        pytest.param(an_intent(symbol=TSLA), "TSLA is not traded here", id="unknown_symbol"),
        pytest.param(an_intent(qty=1000), "not enough cash", id="a_share_more_than_cash"),
        pytest.param(an_exit(qty=1), "cannot go short", id="nothing_to_sell"),
        pytest.param(an_intent(tif=TimeInForce.OPG), "the opening auction is over", id="too_late_for_the_opening"),
        pytest.param(
            an_intent(tif=TimeInForce.CLS, type=OrderType.STOP, limit_price=None, trigger_price=101),
            "stop cls orders are not supported",
            id="stop_in_an_auction",
        ),
        pytest.param(an_intent(tif=TimeInForce.GTD, expires_at=NOON), "needs a date to come", id="date_that_has_come"),
        pytest.param(an_intent(tif=TimeInForce.GTD), "needs a date to come", id="no_date"),
        pytest.param(an_intent(extended_hours=True), "extended hours are not supported", id="extended_hours"),
        pytest.param(
            an_exit(type=OrderType.TRAILING_STOP, limit_price=None),
            "an amount or a percentage",
            id="trailing_stop_without_a_trail",
        ),
        pytest.param(
            an_exit(type=OrderType.TRAILING_STOP, limit_price=None, trail_amount=D(2), trail_pct=D(2)),
            "an amount or a percentage",
            id="trailing_stop_with_two_trails",
        ),
        pytest.param(an_exit(stop_loss=95), "both exits or none", id="exit_with_one_exit"),
        pytest.param(an_exit(stop_loss=95, take_profit=110), "limit order at its target", id="pair_off_its_target"),
        pytest.param(
            an_exit(stop_loss=111, take_profit=110, limit_price=110), "stop on the other side", id="pair_crossed"
        ),
    ],
)
def test_what_the_broker_does_not_take_is_rejected_with_its_reason(house, intent, told):
    report = house.broker.submit(a_slip(intent))
    assert report.status is OrderStatus.REJECTED
    assert told in report.reason


def test_resting_buys_reserve_their_cash(house):
    house.broker.submit(a_slip(an_intent("dec-1", qty=900, limit_price=90)))
    assert house.broker.submit(a_slip(an_intent("dec-2", qty=500, limit_price=90))).status is OrderStatus.REJECTED


def test_a_working_buy_without_a_price_bound_lets_no_new_buy_in(house):
    """What a market order will cost is unknown once its quote is gone; exits go on."""
    house.broker.submit(a_slip(an_intent("dec-1", qty=800, type=OrderType.MARKET, limit_price=None)))
    assert house.broker.find(ENTRY).status is OrderStatus.PARTIALLY_FILLED
    house.market.move("99.99", "100.01", NOON, MSFT)
    assert house.broker.submit(a_slip(an_intent("dec-2", qty=1, symbol=MSFT))).status is OrderStatus.FILLED
    del house.market.quotes[AAPL]
    report = house.broker.submit(a_slip(an_intent("dec-3", qty=1, symbol=MSFT)))
    assert (report.status, report.reason) == (OrderStatus.REJECTED, "a working buy has no quote to reserve cash by")
    house.broker.cancel(ENTRY)
    assert house.broker.submit(a_slip(an_intent("dec-4", qty=1, symbol=MSFT))).status is OrderStatus.FILLED


@pytest.mark.parametrize(
    ("tif", "qty", "then", "filled"),
    [
        pytest.param(TimeInForce.IOC, 800, OrderStatus.CANCELED, 500, id="ioc_takes_what_is_there"),
        pytest.param(TimeInForce.IOC, 500, OrderStatus.FILLED, 500, id="ioc_takes_all"),
        pytest.param(TimeInForce.FOK, 800, OrderStatus.CANCELED, 0, id="fok_takes_all_or_nothing"),
        pytest.param(TimeInForce.FOK, 500, OrderStatus.FILLED, 500, id="fok_takes_all"),
    ],
)
def test_orders_for_at_once(house, tif, qty, then, filled):
    report = house.broker.submit(a_slip(an_intent(tif=tif, qty=qty)))
    assert (report.status, report.filled_qty) == (then, filled)


def test_a_stop_entry_waits_for_its_trigger(house):
    house.paper.advance(NOON)
    house.broker.submit(a_slip(an_intent(type=OrderType.STOP, limit_price=None, trigger_price=101)))
    house.market.trade(NOON, high="100.99")
    house.market.trade(NOON + QUARTER, high="101.50")
    house.paper.advance(NOON + 2 * QUARTER)
    assert [(fill.price, fill.at) for fill in house.broker.fills(since=NOON)] == [(101, NOON + 2 * QUARTER)]


def test_equity_is_unknown_while_a_holding_has_no_quote(house):
    house.broker.submit(a_slip(an_intent()))
    assert house.broker.account().equity == D(100_000) - D("1000.10") + D("999.90")
    del house.market.quotes[AAPL]
    account = house.broker.account()
    assert (account.equity, account.cash) == (None, D("98999.90"))


def test_the_clock_does_not_run_backwards(house):
    house.paper.advance(NOON + QUARTER)
    house.broker.submit(a_slip(an_intent(limit_price=99)))
    house.market.move(90, 91, NOON)
    house.paper.advance(NOON)
    assert held(house) == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "bar", "quote", "cancel"]),
        st.sampled_from([AAPL, MSFT]),
        st.integers(1, 900),
        st.integers(-300, 300),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_cash_is_ever_created(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("cash")
    database = open_database(f"sqlite:///{folder / 'sage.db'}")
    house = a_house(database, folder, office=OpenOffice)
    house.paper.advance(NOON)
    for number, (step, symbol, qty, move) in enumerate(steps):
        take(house, number, step, symbol, D(qty), D(move) / 100)
        books_add_up(house)
    database.close()


def take(house, number, step, symbol, qty, move):
    price, now = 100 + move, house.clock.now()
    if step == "buy":
        stop, target = price - 2, price + 2
        intent = an_intent(f"b-{number}", symbol=symbol, qty=qty, limit_price=price, stop_loss=stop, take_profit=target)
        house.broker.submit(a_slip(intent, now))
    elif step == "sell":
        house.broker.submit(a_slip(an_exit(f"s-{number}", symbol=symbol, qty=qty, limit_price=price), now))
    elif step == "cancel":
        for report in house.broker.orders()[:1]:
            house.broker.cancel(report.client_order_id)
    else:
        later = house.clock.wait(minutes=15)
        if step == "bar":
            house.market.trade(now, symbol, open=price, high=price + 1, low=price - 1, close=price, volume=qty * 10)
        house.market.move(price, price + D("0.02"), later, symbol)
        house.paper.advance(later)


def books_add_up(house):
    fills = house.broker.fills(since=NOON - timedelta(days=1))
    paid = sum((fill.side.sign * fill.qty * fill.price + fill.commission for fill in fills), D(0))
    account = house.broker.account()
    assert account.cash == D(100_000) - paid
    assert account.cash >= 0
    for symbol in (AAPL, MSFT):
        shares = sum(fill.side.sign * fill.qty for fill in fills if fill.symbol == symbol)
        assert held(house, symbol) == shares >= 0
        resting = [leg for leg in house.broker.orders() if leg.symbol == symbol and leg.parent_id is not None]
        stops = sum(leg.qty - leg.filled_qty for leg in resting if leg.type is OrderType.STOP)
        assert stops <= shares, "protective stops never sell more than is held"
    assert all(report.filled_qty <= report.qty for report in house.broker.orders())


def test_it_is_a_cash_account_that_settles_at_once(house):
    before = house.paper.account()
    assert (before.kind, before.settled_cash, before.maintenance_margin) == (AccountKind.CASH, before.cash, 0)

    house.place(an_intent(qty=10))
    after = house.paper.account()
    held = after.equity - after.cash
    assert after.settled_cash == after.cash < before.cash
    assert held > 0
    assert after.maintenance_margin == held / 4

    house.market.quotes.clear()
    assert house.paper.account().maintenance_margin is None
