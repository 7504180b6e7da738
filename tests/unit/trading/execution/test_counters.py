"""The counters of the book: fed by real orders and fills, kept over restarts and clock jumps, reset with the day."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case import MarketView, SymbolView
from domain.errors import RetryableError
from domain.ids import DecisionId
from domain.market import Symbol
from domain.orders import OrderStatus, Side
from tests.builders.execution import (
    a_fill,
    a_house,
    a_report,
    an_exit,
    an_intent,
    an_observed_house,
    an_order,
    own_schema,
)
from tests.builders.market import AAPL, MSFT, NOON, a_quote, at
from trading.execution.account import read_book
from trading.execution.counters import mean_slippage, profits
from trading.execution.intents import arrival_price
from trading.store.database import open_database
from trading.store.trades import Lot, Trade

D = Decimal
S = OrderStatus
NAN = D("NaN")


def book(house, now=None):
    return read_book(house.broker, house.orders, house.equity, now=now or house.clock.now(), market=house.view())


def counted(house, now=None):
    return book(house, now).counters


def insert(house, name, **changes):
    return house.orders.insert(an_order(name, **({"created_at": NOON, "updated_at": NOON} | changes)))


def trip(house, name, opened, closed, *, symbol=AAPL, price=101, leg="exit"):
    """Ten shares bought and sold again."""
    for part, side, when, paid in (("in", Side.BUY, opened, 100), ("out", Side.SELL, closed, price)):
        order = insert(
            house, f"{name}-{part}", side=side, symbol=symbol, created_at=when, leg="entry" if part == "in" else leg
        )
        fill = a_fill(
            order_id=order.client_order_id, fill_id=f"fill-{name}-{part}", side=side, symbol=symbol, price=paid, at=when
        )
        assert house.settlement.apply_fill(fill, house.broker, now=when)


def test_an_empty_book_has_counted_nothing_and_knows_it(house):
    seen = counted(house)
    assert [seen.entries_today, seen.cancels_today, seen.messages_today, seen.fills_today] == [0, 0, 0, 0]
    assert [seen.round_trips_5d, seen.rejects_in_row, seen.api_error_pct, seen.slippage_pct] == [0, 0, 0, 0]
    mappings = (seen.round_trips_today, seen.last_exit_at, seen.last_stop_at, seen.last_reject_at, seen.last_loss_on)
    assert mappings == ({},) * 5
    performance = book(house).performance
    assert (performance.strategy_pnl, performance.symbol_pnl) == ({}, {})


@pytest.mark.parametrize(
    ("changes", "entries", "messages"),
    [
        pytest.param({"status": S.FILLED}, 1, 1, id="filled"),
        pytest.param({"status": S.INTENT}, 1, 1, id="in_flight"),
        pytest.param({"status": S.UNKNOWN}, 1, 1, id="unknown"),
        pytest.param({"status": S.REJECTED}, 1, 1, id="rejected"),
        pytest.param({"status": S.DENIED}, 0, 0, id="denied_never_left"),
        pytest.param({"reduce_only": True}, 0, 1, id="exit"),
        pytest.param({"created_at": at("2026-03-17T04:00")}, 1, 1, id="midnight"),
        pytest.param({"created_at": at("2026-03-17T03:59")}, 0, 0, id="yesterday"),
        pytest.param({"created_at": NOON + timedelta(days=3)}, 1, 1, id="future"),
    ],
)
def test_entries_and_messages_are_this_days_orders_that_were_sent(house, changes, entries, messages):
    insert(house, "dec-1", **changes)
    seen = counted(house)
    assert (seen.entries_today, seen.messages_today) == (entries, messages)


def test_a_protective_leg_is_neither_an_entry_nor_a_message(house):
    house.place(an_intent())
    assert {order.leg for order in house.orders.newest(9)} == {"entry", "stop", "target"}
    seen = counted(house)
    assert (seen.entries_today, seen.messages_today, seen.fills_today) == (1, 1, len(house.orders.fills_since(NOON)))


def test_a_cancel_counts_when_it_is_asked_for_and_even_when_nobody_answers(database, tmp_path):
    class Deaf:
        def __init__(self, paper):
            self._paper = paper

        def __getattr__(self, name):
            return getattr(self._paper, name)

        def cancel(self, _name):
            raise RetryableError("the broker does not answer")

    house = a_house(database, tmp_path, broker=Deaf)
    house.market.move(101, "101.02", NOON)
    house.place(an_intent())
    with pytest.raises(RetryableError):
        house.desk.cancel_working()
    again = a_house(database, tmp_path)
    again.desk.cancel_working()
    seen = counted(again)
    assert (seen.cancels_today, seen.messages_today, seen.entries_today) == (2, 3, 1)
    again.clock.wait(days=1)
    assert counted(again).cancels_today == 0


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'sage.db'}"
    return own_schema(request.getfixturevalue("postgres_url"), "counters")


def lively_day(house):
    """Two round trips, one by its stop, a rejection, a cancel, a partial exit, and a holding."""
    trip(house, "t-1", NOON - timedelta(days=1), NOON, price=90, leg="stop")
    house.place(an_intent("dec-1"))
    house.place(an_exit("dec-2", qty=4))
    house.place(an_intent("dec-3", symbol=MSFT, qty=800))
    refused = insert(house, "dec-4", symbol=MSFT, status=S.SUBMITTED)
    house.settlement.apply_report(a_report(refused, S.REJECTED), now=NOON)
    house.desk.cancel_working()


def test_a_new_process_on_the_same_database_counts_the_same(url, tmp_path):
    first = open_database(url)
    house = an_observed_house(first, tmp_path)
    lively_day(house)
    house.reconciler.reconcile(NOON)
    view = house.view()

    def seen(each):
        read = read_book(each.broker, each.orders, each.equity, now=NOON, market=view)
        return read.counters, read.performance, read.positions

    before = seen(house)
    first.close()
    second = open_database(url)
    after = seen(an_observed_house(second, tmp_path))
    second.close()
    assert before == after
    assert (before[0].last_stop_at, before[0].last_reject_at) == ({AAPL: NOON}, {MSFT: NOON})
    assert None not in (*before[0].__getstate__(), *before[1].__getstate__())
    assert before[1].strategy_pnl["momentum"] == before[1].symbol_pnl[AAPL] + before[1].symbol_pnl[MSFT] != 0


@pytest.mark.parametrize("back", [timedelta(minutes=1), timedelta(days=1), timedelta(days=40)], ids=str)
def test_a_clock_that_goes_back_counts_no_less_and_coming_back_counts_the_same(house, back):
    trip(house, "t-1", NOON, NOON + timedelta(minutes=5), price=90, leg="stop")
    insert(house, "dec-1", status=S.REJECTED, created_at=NOON + timedelta(minutes=9))
    now = NOON + timedelta(minutes=10)
    there = counted(house, now)
    astray = counted(house, now - back)
    for name in ("entries_today", "messages_today", "fills_today", "rejects_in_row", "round_trips_5d"):
        assert getattr(astray, name) >= getattr(there, name) >= 1, name
    assert (astray.last_exit_at, astray.last_stop_at, astray.last_loss_on) == (
        there.last_exit_at, there.last_stop_at, there.last_loss_on,
    )  # fmt: skip
    assert counted(house, now) == there


def test_counters_of_a_day_are_empty_the_next_day_and_the_rest_stays(house):
    trip(house, "t-1", NOON, NOON + timedelta(minutes=5), price=90, leg="stop")
    insert(house, "dec-1", status=S.REJECTED, created_at=NOON + timedelta(minutes=9))
    seen = counted(house, at("2026-03-18T04:00"))
    assert [seen.entries_today, seen.messages_today, seen.fills_today, seen.round_trips_today] == [0, 0, 0, {}]
    assert (seen.round_trips_5d, seen.rejects_in_row) == (1, 1)
    assert seen.last_stop_at == seen.last_exit_at == seen.last_loss_on == {AAPL: NOON + timedelta(minutes=5)}


@pytest.mark.parametrize(
    ("opened", "closed", "now", "recent", "today"),
    [
        pytest.param("2026-03-17T14:00", "2026-03-17T15:00", "2026-03-17T15:00", 1, {AAPL: 1}, id="today"),
        pytest.param("2026-03-16T15:00", "2026-03-17T14:00", "2026-03-17T15:00", 0, {}, id="over_night"),
        pytest.param("2026-03-17T03:00", "2026-03-17T14:00", "2026-03-17T15:00", 0, {}, id="one_utc_day_two_days_here"),
        pytest.param("2026-03-17T20:00", "2026-03-18T01:00", "2026-03-18T15:00", 1, {}, id="two_utc_days_one_day_here"),
        pytest.param("2026-03-11T14:00", "2026-03-11T15:00", "2026-03-17T15:00", 1, {}, id="the_fifth_session_back"),
        pytest.param("2026-03-10T14:00", "2026-03-10T15:00", "2026-03-17T15:00", 0, {}, id="the_sixth"),
        pytest.param("2026-03-06T20:00", "2026-03-06T21:00", "2026-03-08T15:00", 1, {}, id="the_clocks_change"),
        pytest.param("2025-12-31T15:00", "2025-12-31T16:00", "2026-01-02T15:00", 1, {}, id="over_the_year"),
        pytest.param("2026-03-19T14:00", "2026-03-19T15:00", "2026-03-17T15:00", 1, {AAPL: 1}, id="future"),
    ],
)
def test_a_round_trip_is_opened_and_closed_on_one_exchange_day(house, opened, closed, now, recent, today):
    trip(house, "t-1", at(opened), at(closed))
    seen = counted(house, at(now))
    assert (seen.round_trips_5d, seen.round_trips_today) == (recent, today)


def test_round_trips_are_counted_by_symbol(house):
    for number, symbol in enumerate((AAPL, AAPL, MSFT)):
        trip(house, f"t-{number}", NOON, NOON + timedelta(minutes=number), symbol=symbol)
    seen = counted(house)
    assert (seen.round_trips_5d, seen.round_trips_today) == (3, {AAPL: 2, MSFT: 1})


@pytest.mark.parametrize(
    ("costs", "mean"),
    [
        pytest.param([], 0, id="no_fills"),
        pytest.param([9, 9, 9, 9], 0, id="too_few_to_say"),
        pytest.param([1, 1, 1, 1, 2], "1.2", id="five"),
        pytest.param([-1, -1, -1, -1, -1], -1, id="better_than_asked"),
    ],
)
def test_slippage_is_the_mean_from_five_fills_on(costs, mean):
    assert mean_slippage(tuple(map(D, costs))) == D(mean)


def test_slippage_is_measured_from_the_quote_at_the_decision(house):
    for number in range(5):
        house.place(an_intent(f"dec-{number}", stop_loss=None, take_profit=None))
    (cost,) = {fill.price for fill in house.orders.fills_since(NOON)}
    assert counted(house).slippage_pct == 100 * (cost - D("100.01")) / D("100.01") > 0


@pytest.mark.parametrize(
    ("intent", "quote", "arrival"),
    [
        pytest.param(an_intent(), a_quote(), "100.01", id="a_buy_meets_the_ask"),
        pytest.param(an_exit(), a_quote(), "99.99", id="a_sell_the_bid"),
        pytest.param(an_intent(), None, None, id="missing"),
        pytest.param(an_intent(), a_quote(ask="0"), None, id="zero"),
        pytest.param(an_intent(), replace(a_quote(), ask=NAN), None, id="nan"),
        pytest.param(an_intent(symbol=Symbol("NOSUCH")), a_quote(), None, id="another_symbol"),
    ],
)
def test_the_price_at_the_decision_is_the_side_of_the_quote_that_is_met(intent, quote, arrival):
    market = MarketView(NOON, "WEEK", None, {AAPL: SymbolView(quote=quote)})
    assert arrival_price(intent, market) == (None if arrival is None else D(arrival))


def test_a_holding_knows_how_many_orders_made_it(house):
    house.place(an_intent("dec-1"))
    house.place(an_intent("dec-2"))
    house.place(an_exit("dec-3", qty=4))
    assert book(house).positions[AAPL].entries == 2


def test_a_holding_that_no_trade_of_ours_explains_has_unknown_entries(house):
    house.broker.submit(house.permit(an_intent()))
    assert book(house).positions[AAPL].entries is None


def lot(qty, price, symbol=AAPL):
    return Lot(f"l-{symbol}", symbol, D(qty), D(price), NOON)


def quoted(**changes):
    return MarketView(NOON, "WEEK", None, {AAPL: SymbolView(quote=replace(a_quote(), **changes))})


HELD = {AAPL: Trade("t", AAPL, "momentum", Side.BUY, DecisionId("d"), NOON)}
MADE = {("momentum", AAPL): D(19), ("news", MSFT): D(-5)}


@pytest.mark.parametrize(
    ("lots", "market", "by_strategy", "by_symbol"),
    [
        pytest.param([], None, {"momentum": 19, "news": -5}, {AAPL: 19, MSFT: -5}, id="all_closed"),
        pytest.param(
            [lot(6, 100)], quoted(bid=D(97)), {"momentum": 1, "news": -5}, {AAPL: 1, MSFT: -5}, id="partly_closed"
        ),
        pytest.param([lot(-6, 100)], quoted(ask=D(103)), {"momentum": 1, "news": -5}, {AAPL: 1, MSFT: -5}, id="short"),
        pytest.param([lot(6, 100)], None, None, None, id="no_market"),
        pytest.param([lot(6, 100, MSFT)], quoted(), None, None, id="no_quote_of_it"),
        pytest.param([lot(6, 100)], quoted(bid=NAN), None, None, id="nan"),
        pytest.param([lot(6, 100)], quoted(bid=D(0)), None, None, id="zero"),
        pytest.param([lot(6, 100), lot(1, 9, MSFT)], quoted(), None, None, id="one_of_two_unknown"),
    ],
)
def test_profit_by_strategy_and_symbol_is_what_was_realised_and_what_is_open(lots, market, by_strategy, by_symbol):
    assert profits(MADE, lots, HELD, market) == (by_strategy, by_symbol)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([AAPL, MSFT]), st.integers(-99, 99))))
def test_strategies_and_symbols_add_up_to_the_same(made):
    realized: dict[tuple[str, Symbol], Decimal] = {}
    for strategy, symbol, amount in made:
        realized[strategy, symbol] = realized.get((strategy, symbol), D(0)) + amount
    by_strategy, by_symbol = profits(realized, [], {}, None)
    assert by_strategy is not None
    assert by_symbol is not None
    assert sum(by_strategy.values()) == sum(by_symbol.values()) == sum(amount for *_, amount in made)


@pytest.mark.parametrize(
    ("closed", "now", "made"),
    [
        pytest.param("2026-04-01T03:30", "2026-04-01T03:59", -102, id="the_last_minute_of_the_exchanges_month"),
        pytest.param("2026-04-01T03:30", "2026-04-01T04:00", None, id="the_next_month"),
        pytest.param("2026-03-02T15:00", "2026-03-31T15:00", -102, id="weeks_ago"),
        pytest.param("2026-03-01T04:59", "2026-03-31T15:00", None, id="the_month_before"),
        pytest.param("2026-04-01T03:30", "2026-02-15T15:00", -102, id="a_clock_that_went_back"),
    ],
)
def test_profit_counts_from_the_start_of_the_exchanges_month(house, closed, now, made):
    trip(house, "t-1", at(closed) - timedelta(minutes=9), at(closed), price=90)
    pnl = book(house, at(now)).performance
    assert (pnl.strategy_pnl.get("momentum"), pnl.symbol_pnl.get(AAPL)) == (made, made)


def test_profits_add_up_to_what_the_equity_moved(house):
    house.place(an_intent("dec-1"))
    house.market.move("97", "97.02", NOON)
    house.place(an_exit("dec-2", qty=4, limit_price=96))
    house.reconciler.reconcile(NOON)
    seen = book(house)
    moved = seen.account.equity - 100_000
    assert sum(seen.performance.strategy_pnl.values()) == sum(seen.performance.symbol_pnl.values()) == moved < 0
