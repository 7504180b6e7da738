"""The venue behind the paper broker: latency, rejections, halts, hours, shorts, fractions, and the same again."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.book import AccountKind
from domain.errors import IntegrityError
from domain.ids import ClientOrderId, DecisionId, client_order_id
from domain.orders import OrderStatus, OrderType, Side, TimeInForce
from domain.record.canonical import canonical_json
from tests.builders.execution import ENTRY, HandMarket, OpenOffice, a_house, a_slip, an_exit, an_intent
from tests.builders.market import AAPL, NOON, WeekdayCalendar, at
from trading.execution.brokers.paper.admission import chance
from trading.execution.brokers.paper.books import PaperBooks, PaperOrder
from trading.execution.brokers.paper.broker import PaperBroker, PaperSettings
from trading.execution.brokers.paper.costs import Slippage
from trading.execution.brokers.paper.fill_model import FillRules
from trading.store.database import open_database

D = Decimal
FREE = PaperSettings(rules=FillRules(D(0), D(0), D(0), D(0)))
QUARTER = timedelta(minutes=15)
ALONE: dict[str, Any] = {"stop_loss": None, "take_profit": None}
SHORT: dict[str, Any] = {"side": Side.SELL, "limit_price": 99, "stop_loss": 105, "take_profit": 90}


class Lendable(HandMarket):
    """Every share is there to borrow, and fractions are traded."""

    def instrument(self, symbol):
        found = super().instrument(symbol)
        return None if found is None else replace(found, shortable=True, fractionable=True)


def a_venue(database, folder, market=None, **changes):
    """A house whose broker follows these settings."""
    given = replace(FREE, **changes)
    house = a_house(database, folder, settings=given, office=OpenOffice)
    if market is not None:
        control, office = house.control, house.office
        house.broker = PaperBroker(house.database, market, WeekdayCalendar(), house.clock, office, control, given)
        house.market = market
    house.paper.advance(NOON)
    return house


def give(house, intent):
    return house.broker.submit(a_slip(intent, house.clock.now()))


def later(house, **wait):
    house.paper.advance(house.clock.wait(**wait))


def status(house, name=ENTRY):
    return house.broker.find(name).status


def prices(house):
    return [(fill.qty, fill.price) for fill in house.broker.fills(since=NOON - QUARTER)]


def test_an_order_reaches_the_market_after_its_latency(database, tmp_path):
    house = a_venue(database, tmp_path, latency=timedelta(seconds=2))
    assert give(house, an_intent()).status is OrderStatus.ACCEPTED
    later(house, seconds=1)
    assert status(house) is OrderStatus.ACCEPTED
    house.market.move("100.10", "100.12", NOON + timedelta(seconds=2))
    later(house, seconds=1)
    assert prices(house) == [(10, D("100.12"))], "at the price of its arrival"


def test_a_cancel_of_a_just_submitted_order_is_honoured(database, tmp_path):
    house = a_venue(database, tmp_path, latency=timedelta(seconds=2))
    give(house, an_intent())
    assert house.broker.cancel(ENTRY).status is OrderStatus.CANCELED
    house.market.trade(NOON + QUARTER, low=90)
    later(house, minutes=45)
    assert (prices(house), house.broker.orders()) == ([], ())


def test_a_bar_that_began_before_the_arrival_does_not_count(database, tmp_path):
    house = a_venue(database, tmp_path, latency=timedelta(seconds=2))
    give(house, an_intent(limit_price=99))
    house.market.trade(NOON, low=90)
    house.market.trade(NOON + QUARTER, low=98)
    later(house, minutes=15)
    assert prices(house) == []
    later(house, minutes=15)
    assert prices(house) == [(10, D(99))]


@pytest.mark.parametrize(
    ("given_at", "arrives"),
    [
        pytest.param("15:00:01", "15:15:00", id="inside_a_bar"),
        pytest.param("15:00:00", "15:15:00", id="at_a_boundary"),
        pytest.param("15:14:59", "15:15:00", id="a_second_before_the_next"),
    ],
)
def test_an_order_may_wait_for_the_next_bar(database, tmp_path, given_at, arrives):
    house = a_venue(database, tmp_path, next_bar=True)
    house.clock.at = at(f"2026-03-17T{given_at}")
    give(house, an_intent())
    arrival = at(f"2026-03-17T{arrives}")
    house.paper.advance(arrival - timedelta(seconds=1))
    assert prices(house) == []
    house.market.quotes.clear()
    house.market.trade(arrival, open="100.10")
    house.paper.advance(arrival + QUARTER)
    assert prices(house) == [(10, D("100.10"))]


@pytest.mark.parametrize(
    ("tif", "volume", "then", "filled"),
    [
        pytest.param(TimeInForce.IOC, 50, OrderStatus.CANCELED, 5, id="ioc_takes_what_is_there"),
        pytest.param(TimeInForce.FOK, 50, OrderStatus.CANCELED, 0, id="fok_takes_nothing"),
        pytest.param(TimeInForce.FOK, 100, OrderStatus.FILLED, 10, id="fok_takes_all"),
    ],
)
def test_an_order_for_at_once_has_its_chance_when_it_arrives(database, tmp_path, tif, volume, then, filled):
    house = a_venue(database, tmp_path, next_bar=True)
    give(house, an_intent(tif=tif))
    house.market.trade(NOON + QUARTER, volume=volume)
    house.market.trade(NOON + 2 * QUARTER)
    later(house, minutes=45)
    report = house.broker.find(ENTRY)
    assert (report.status, report.filled_qty) == (then, filled)


def test_rejections_follow_from_the_seed_alone(database, tmp_path):
    house = a_venue(database, tmp_path, reject_probability=D("0.3"), seed=7)
    names = [client_order_id(DecisionId(f"dec-{number}")) for number in range(40)]
    for number in range(40):
        give(house, an_intent(f"dec-{number}", qty=1, **ALONE))
    rejected = [name for name in names if status(house, name) is OrderStatus.REJECTED]
    assert rejected == [name for name in names if chance(7, name) < D("0.3")]
    assert 4 <= len(rejected) <= 20
    assert house.broker.find(rejected[0]).reason == "the venue rejected the order"
    assert rejected != [name for name in names if chance(8, name) < D("0.3")]


def test_after_a_halt_a_stop_fills_where_the_market_opens(database, tmp_path):
    house = a_venue(database, tmp_path)
    give(house, an_intent())
    house.market.quotes.clear()
    house.market.stopped.add(AAPL)
    house.market.trade(NOON, low=80)
    later(house, minutes=15)
    assert prices(house) == [(10, D("100.01"))]
    house.market.stopped.clear()
    house.market.trade(NOON + QUARTER, open=88, low=87, high=89, close=88)
    later(house, minutes=15)
    assert prices(house)[1:] == [(10, D(88))], "not at the trigger of 95"


@pytest.mark.parametrize(
    ("extended", "moment", "fills"),
    [
        pytest.param(True, "2026-03-17T21:00", [(10, D("100.01"))], id="after_the_close"),
        pytest.param(True, "2026-03-17T08:00", [(10, D("100.01"))], id="first_minute_before_the_opening"),
        pytest.param(True, "2026-03-17T07:59", [], id="a_minute_too_early"),
        pytest.param(True, "2026-03-18T00:00", [], id="over"),
        pytest.param(False, "2026-03-17T21:00", [], id="an_order_for_the_session_only"),
    ],
)
def test_extended_hours(database, tmp_path, extended, moment, fills):
    house = a_venue(database, tmp_path, extended_hours=True)
    house.clock.at = at(moment)
    give(house, an_intent(extended_hours=extended, **ALONE))
    found = house.broker.fills(since=at("2026-03-16T00:00"))
    assert [(fill.qty, fill.price) for fill in found] == fills


def test_an_extended_order_lives_until_its_hours_end(database, tmp_path):
    house = a_venue(database, tmp_path, extended_hours=True)
    give(house, an_intent(limit_price=90, extended_hours=True))
    house.paper.advance(at("2026-03-17T23:59"))
    assert status(house) is OrderStatus.ACCEPTED
    house.paper.advance(at("2026-03-18T00:00"))
    assert status(house) is OrderStatus.EXPIRED


@pytest.mark.parametrize(
    ("changes", "intent", "told"),
    [
        pytest.param({}, an_intent(**SHORT), "cannot go short", id="cash_account"),
        pytest.param({"allow_short": True}, an_intent(**SHORT, qty=2001), "not enough margin", id="a_share_too_many"),
        pytest.param({"allow_short": True, "max_short_qty": D(9)}, an_intent(**SHORT), "no more than 9 shares",
                     id="not_enough_to_borrow"),
        pytest.param({"allow_short": True}, an_exit(), "cannot go short", id="an_exit_never_opens"),
    ],
)  # fmt: skip
def test_what_cannot_be_sold_short(database, tmp_path, changes, intent, told):
    house = a_venue(database, tmp_path, Lendable(), **changes)
    report = give(house, intent)
    assert report.status is OrderStatus.REJECTED
    assert told in report.reason


def test_a_share_that_nobody_lends_is_not_sold_short(database, tmp_path):
    house = a_venue(database, tmp_path, HandMarket(), allow_short=True)
    assert give(house, an_intent(**SHORT)).reason == "no shares of AAPL to borrow"


def test_a_short_its_margin_and_its_cover(database, tmp_path):
    """100 sold at 99.99 bring 9,999; at the ask of 100.01 they are worth -10,001, and 15,001.50 are out of reach."""
    house = a_venue(database, tmp_path, Lendable(), allow_short=True)
    assert give(house, an_intent(**SHORT, qty=100)).status is OrderStatus.FILLED
    (position,) = house.broker.positions()
    assert (position.qty, position.avg_price) == (-100, D("99.99"))
    account = house.broker.account()
    assert (account.kind, account.cash, account.equity) == (AccountKind.MARGIN, D("109999.00"), D("99998.00"))
    assert account.buying_power == D("109999") - D("15001.50")
    assert account.maintenance_margin == D("3000.30")
    legs = {leg.leg: (leg.side, leg.trigger_price, leg.limit_price) for leg in house.broker.orders()}
    assert legs == {"stop": (Side.BUY, 105, None), "target": (Side.BUY, None, 90)}
    house.market.trade(NOON, high="105.50", low=100)
    later(house, minutes=15)
    assert prices(house)[1:] == [(100, D(105))]
    assert (house.broker.orders(), house.broker.positions()) == ((), ())
    assert house.broker.account().cash == D(100_000) - D(100) * (D(105) - D("99.99"))


@pytest.mark.parametrize(("qty", "taken"), [(999, True), (1000, False)], ids=["49945.01_needed", "49995_needed"])
def test_what_is_short_keeps_its_margin_out_of_reach(database, tmp_path, qty, taken):
    """1,000 short leave 100,000 + 99,990 - 1.5 * 100,010 = 49,975 free."""
    house = a_venue(database, tmp_path, Lendable(), allow_short=True)
    thick = {"bid_size": 5000, "ask_size": 5000}
    house.market.move("99.99", "100.01", NOON, **thick)
    assert give(house, an_intent(**(SHORT | ALONE), qty=1000)).status is OrderStatus.FILLED
    report = give(house, an_intent("dec-2", **(SHORT | ALONE), qty=qty))
    assert report.status is (OrderStatus.FILLED if taken else OrderStatus.REJECTED)
    assert taken or report.reason == "not enough margin"


def test_a_cover_reduces_only_and_costs_no_free_cash(database, tmp_path):
    house = a_venue(database, tmp_path, Lendable(), allow_short=True)
    give(house, an_intent(**(SHORT | ALONE), qty=100))
    cover = {"side": Side.BUY, "limit_price": "100.20"}
    assert "more than is short" in give(house, an_exit("dec-3", **cover, qty=101)).reason
    assert give(house, an_exit("dec-4", **cover, qty=40)).status is OrderStatus.FILLED
    (position,) = house.broker.positions()
    assert (position.qty, position.avg_price) == (-60, D("99.99")), "covering does not move the average"


@pytest.mark.parametrize(("qty", "filled"), [("2.5", "2.5"), ("0.000000001", "0.000000001"), ("3", "3")])
def test_fractions_fill_where_they_are_traded(database, tmp_path, qty, filled):
    house = a_venue(database, tmp_path, Lendable())
    report = give(house, an_intent(qty=qty, **ALONE))
    assert (report.status, report.filled_qty) == (OrderStatus.FILLED, D(filled))
    assert house.broker.account().cash == D(100_000) - D(filled) * D("100.01")


def test_more_than_is_open_is_never_executed(database):
    books = PaperBooks(database, "paper", "USD", D(1000))
    order = PaperOrder(
        ClientOrderId("ord-1"), DecisionId("dec-1"), AAPL, Side.BUY, D(10), OrderType.MARKET, TimeInForce.DAY,
        OrderStatus.ACCEPTED, NOON, NOON,
    )  # fmt: skip
    books.save(order)
    filled = books.execute(order, D(6), D(1), D(0), NOON)
    for qty in (D(5), D(0), D(-1)):
        with pytest.raises(IntegrityError, match="has 4 open"):
            books.execute(filled, qty, D(1), D(0), NOON)
    assert books.cash() == D(994)


KINDS = st.sampled_from(["buy", "short", "stop", "trail", "pair", "exit", "bar", "bar", "quote", "cancel", "replace"])
STEPS = st.lists(st.tuples(KINDS, st.integers(1, 900), st.integers(-300, 300)), max_size=14)
VENUES = st.builds(
    PaperSettings,
    account_id=st.just("paper"),
    currency=st.just("USD"),
    starting_cash=st.just(D(100_000)),
    timeframe=st.just(FREE.timeframe),
    rules=st.builds(
        FillRules, slippage=st.sampled_from(Slippage), half_spread_bp=st.sampled_from([D(0), D(3)]),
        **{name: st.just(getattr(FillRules(), name)) for name in FillRules.__dataclass_fields__
           if name not in ("slippage", "half_spread_bp")},
    ),
    seed=st.integers(0, 3),
    latency=st.sampled_from([timedelta(0), timedelta(minutes=1)]),
    next_bar=st.booleans(),
    reject_probability=st.sampled_from([D(0), D("0.2")]),
    extended_hours=st.booleans(),
    allow_short=st.booleans(),
    max_short_qty=st.none(),
)  # fmt: skip


@given(STEPS, VENUES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_happens_the_books_add_up_and_come_out_the_same(tmp_path_factory, steps, venue):
    told = []
    for _ in range(2):
        folder = tmp_path_factory.mktemp("venue")
        database = open_database(f"sqlite:///{folder / 'sage.db'}")
        house = a_venue(database, folder, Lendable(), **{
            name: getattr(venue, name) for name in PaperSettings.__dataclass_fields__
        })  # fmt: skip
        for number, (kind, qty, move) in enumerate(steps):
            take(house, number, kind, D(qty), D(100) + D(move) / 100)
            adds_up(house, venue)
        told.append(canonical_json([house.broker.fills(since=NOON - QUARTER), house.broker.orders()]))
        database.close()
    assert told[0] == told[1]


def take(house, number, kind, qty, price):
    now = house.clock.now()
    if kind == "buy":
        give(house, an_intent(f"b-{number}", qty=qty, limit_price=price, stop_loss=price - 2, take_profit=price + 2))
    elif kind == "short":
        exits = {"stop_loss": price + 2, "take_profit": price - 2}
        give(house, an_intent(f"h-{number}", side=Side.SELL, qty=qty, limit_price=price, **exits))
    elif kind == "stop":
        stop = {"type": OrderType.STOP, "limit_price": None, "trigger_price": price}
        give(house, an_exit(f"s-{number}", qty=qty, **stop))
    elif kind == "trail":
        trailing = {"type": OrderType.TRAILING_STOP, "limit_price": None, "trail_pct": D(1)}
        give(house, an_exit(f"t-{number}", qty=qty, **trailing))
    elif kind == "pair":
        give(house, an_exit(f"p-{number}", qty=qty, limit_price=price, take_profit=price, stop_loss=price - 2))
    elif kind == "exit":
        give(house, an_exit(f"x-{number}", qty=qty, type=OrderType.MARKET, limit_price=None))
    elif kind in ("cancel", "replace"):
        for report in house.broker.orders()[:1]:
            if kind == "cancel":
                house.broker.cancel(report.client_order_id)
            else:
                new = an_intent(f"r-{number}", side=report.side, qty=qty, limit_price=price, **ALONE)
                house.broker.replace(report.client_order_id, a_slip(new, now))
    else:
        moment = house.clock.wait(minutes=15)
        if kind == "bar":
            house.market.trade(now, open=price, high=price + 1, low=price - 1, close=price, volume=int(qty) * 10)
        house.market.move(price, price + D("0.02"), moment)
        house.paper.advance(moment)


def adds_up(house, venue):
    fills = house.broker.fills(since=NOON - timedelta(days=1))
    paid = sum((fill.side.sign * fill.qty * fill.price + fill.commission for fill in fills), D(0))
    assert house.broker.account().cash == D(100_000) - paid
    held = {position.symbol: position.qty for position in house.broker.positions()}.get(AAPL, 0)
    assert held == sum(fill.side.sign * fill.qty for fill in fills)
    assert venue.allow_short or held >= 0
    for name in {fill.client_order_id for fill in fills}:
        report, mine = house.broker.find(name), [fill for fill in fills if fill.client_order_id == name]
        assert sum(fill.qty for fill in mine) == report.filled_qty <= report.qty
        if report.limit_price is not None:
            assert all(report.side.sign * (report.limit_price - fill.price) >= 0 for fill in mine)
