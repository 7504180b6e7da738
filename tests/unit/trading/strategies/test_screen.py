"""The screen: who may enter, who must leave, and in which order they are told."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.orders import OrderStatus, Side
from domain.signals import CandidateKind, Regime
from tests.builders.signals import (
    CYCLE,
    a_book,
    a_halt,
    a_market,
    a_position,
    a_quote,
    a_signal,
    a_text,
    a_view,
    an_alert,
    an_instrument,
    an_open_order,
    d,
)
from trading.portfolio.sizing import SizingRule
from trading.strategies.registry import STRATEGY_NAMES
from trading.strategies.screen import screen

FALLING: dict[str, Any] = {"regime": Regime.TREND_DOWN, "score": "-0.6"}


def screened(*signals, book=None, market=None, alerts=(), enabled=STRATEGY_NAMES):
    return screen(
        cycle_id=CYCLE,
        signals=signals,
        alerts=alerts,
        book=a_book() if book is None else book,
        market=a_market([signal.symbol for signal in signals] or ["AAPL"]) if market is None else market,
        sizing=SizingRule(),
        enabled=enabled,
    )


def told(candidates):
    return [(candidate.symbol, candidate.kind.value, candidate.strategy) for candidate in candidates]


def test_an_entry_carries_everything_the_roles_need():
    (candidate,) = screened(a_signal())
    assert (candidate.strategy, candidate.kind, candidate.side) == ("momentum", CandidateKind.ENTRY, Side.BUY)
    assert (candidate.entry_price, candidate.stop_loss, candidate.take_profit) == (d("100.01"), d("95.01"), d("110.01"))
    assert (candidate.qty, candidate.score, candidate.confidence) == (89, d("0.5"), d("0.7"))
    assert {"quote.ask@AAPL", "atr14@AAPL", "rsi14@AAPL", "signal.score@AAPL"} <= set(candidate.refs)


@pytest.mark.parametrize(
    ("view", "book"),
    [
        pytest.param({"quote": None}, a_book(), id="no_quote"),
        pytest.param({"quote": a_quote("101", "100")}, a_book(), id="crossed_quote"),
        pytest.param({"status": a_halt()}, a_book(), id="halted"),
        pytest.param({"instrument": None}, a_book(), id="unknown_instrument"),
        pytest.param({"instrument": an_instrument(tradable=False)}, a_book(), id="not_tradable"),
        pytest.param({}, a_book(equity=None), id="equity_unknown"),
        pytest.param({}, a_book(equity="100"), id="less_than_one_share"),
        pytest.param({}, a_book(a_position()), id="already_held"),
        pytest.param({}, a_book(a_position(qty=-5)), id="held_short"),
        pytest.param({}, a_book(orders=(an_open_order(),)), id="entry_works"),
        pytest.param({}, a_book(orders=(an_open_order(status=OrderStatus.UNKNOWN),)), id="entry_of_unknown_fate"),
        pytest.param({}, a_book(orders=(an_open_order(status=OrderStatus.INTENT),)), id="entry_not_sent_yet"),
    ],
)
def test_no_entry(view, book):
    assert screened(a_signal(), book=book, market=a_market({"AAPL": a_view(**view)})) == ()


@pytest.mark.parametrize(
    "orders",
    [
        pytest.param((an_open_order("MSFT"),), id="another_symbol"),
        pytest.param((an_open_order(status=OrderStatus.FILLED),), id="order_is_over"),
        pytest.param((an_open_order(side=Side.SELL, reduce_only=True, parent_id="ord-x"),), id="a_leg_left_behind"),
    ],
)
def test_an_entry_in_spite_of(orders):
    assert len(screened(a_signal(), book=a_book(orders=orders))) == 1


def test_a_symbol_outside_the_market_view_has_no_entry():
    assert screened(a_signal(), market=a_market(["MSFT"])) == ()


def test_the_best_score_enters_where_two_strategies_agree():
    good_news = a_text(score="0.8", articles=2)
    assert told(screened(a_signal(score="0.5", text=good_news))) == [("AAPL", "entry", "news_event")]
    assert told(screened(a_signal(score="0.9", text=good_news))) == [("AAPL", "entry", "momentum")]
    assert told(screened(a_signal(score="0.8", text=good_news))) == [("AAPL", "entry", "momentum")]  # first registered


def test_only_enabled_strategies_enter():
    assert screened(a_signal(), enabled=("mean_reversion",)) == ()
    assert screened(a_signal(), enabled=()) == ()


def test_a_breakout_counts_for_its_own_symbol_only():
    quiet, loud = a_signal(symbol="AAPL", score="0.25"), a_signal(symbol="MSFT", score="0.25")
    assert told(screened(quiet, loud, alerts=(an_alert("MSFT"),))) == [("MSFT", "entry", "momentum")]


def test_the_owner_of_a_position_ends_it_even_while_switched_off():
    (candidate,) = screened(a_signal(**FALLING), book=a_book(a_position(qty=7)), enabled=())
    assert (candidate.kind, candidate.side, candidate.qty) == (CandidateKind.EXIT, Side.SELL, 7)
    assert (candidate.entry_price, candidate.stop_loss, candidate.take_profit) == (d("99.99"), None, None)


@pytest.mark.parametrize(
    ("position", "leaves"),
    [
        pytest.param(a_position(strategy="manual", stop_loss=None), False, id="nobody_here_opened_it"),
        pytest.param(a_position(strategy="manual", stop_loss=d("99.99")), True, id="beyond_its_stop"),
        pytest.param(a_position(strategy="manual", stop_loss=d("99.98")), False, id="above_its_stop"),
        pytest.param(a_position(strategy="momentum"), True, id="its_owner_sees_the_end"),
        pytest.param(a_position(qty=-50, strategy="momentum"), False, id="a_short_is_not_ours"),
        pytest.param(a_position(qty=0), False, id="nothing_left"),
    ],
)
def test_who_leaves(position, leaves):
    found = screened(a_signal(**FALLING), book=a_book(position))
    assert [candidate.kind for candidate in found] == ([CandidateKind.EXIT] if leaves else [])


@pytest.mark.parametrize(
    ("order", "leaves"),
    [
        pytest.param({"reduce_only": True}, False, id="an_exit_works"),
        pytest.param({"reduce_only": True, "parent_id": "ord-x"}, True, id="only_the_protective_leg_works"),
        pytest.param({"reduce_only": True, "status": OrderStatus.CANCELED}, True, id="the_exit_is_over"),
    ],
)
def test_an_exit_is_not_asked_for_twice(order, leaves):
    book = a_book(a_position(), orders=(an_open_order(side=Side.SELL, **order),))
    assert len(screened(a_signal(**FALLING), book=book)) == leaves


@pytest.mark.parametrize(
    ("view", "price"),
    [
        pytest.param({"status": a_halt()}, "99.99", id="halted"),
        pytest.param({"quote": None}, "100", id="no_quote_so_the_last_close"),
        pytest.param({"instrument": None}, "99.99", id="unknown_instrument"),
    ],
)
def test_an_exit_stays_possible(view, price):
    (candidate,) = screened(
        a_signal(**FALLING), book=a_book(a_position(), equity=None), market=a_market({"AAPL": a_view(**view)})
    )
    assert (candidate.kind, candidate.entry_price) == (CandidateKind.EXIT, d(price))


def test_without_quote_and_signal_nothing_can_be_said():
    assert screened(book=a_book(a_position()), market=a_market({})) == ()


def test_the_stop_is_watched_without_a_signal():
    assert len(screened(book=a_book(a_position(stop_loss=d(105))))) == 1


@pytest.mark.parametrize(
    ("qty", "sold"),
    [pytest.param(108, None, id="at_the_tolerance"), pytest.param(110, "19", id="outgrown")],
)
def test_an_outgrown_position_is_reduced_to_its_share(qty, sold):
    found = screened(a_signal(), book=a_book(a_position(qty=qty)))
    assert [(candidate.kind, candidate.qty) for candidate in found] == (
        [] if sold is None else [(CandidateKind.REDUCE, d(sold))]
    )


def test_exits_come_first_then_entries_by_score():
    signals = [
        a_signal(symbol="AAPL", score="0.5"),
        a_signal(symbol="MSFT", score="0.8"),
        a_signal(symbol="NVDA", score="0.5"),
        a_signal(symbol="XOM", **FALLING),
        a_signal(symbol="KO"),
    ]
    book = a_book(a_position("XOM"), a_position("KO", qty=200))
    found = screened(*signals, book=book)
    assert [(one.symbol, one.kind.value) for one in found] == [
        ("KO", "reduce"), ("XOM", "exit"), ("MSFT", "entry"), ("AAPL", "entry"), ("NVDA", "entry"),
    ]  # fmt: skip


SYMBOLS = ("AAPL", "AMD", "KO", "MSFT", "XOM")
SIGNALS = st.tuples(
    *(
        st.builds(
            a_signal,
            symbol=st.just(symbol),
            score=st.integers(-100, 100).map(lambda number: d(number) / 100),
            regime=st.sampled_from(Regime),
            rsi14=st.integers(10, 90),
            bb_pct=st.sampled_from(["0.05", "0.5", "0.95"]),
        )
        for symbol in SYMBOLS
    )
)


@settings(max_examples=60)
@given(signals=SIGNALS, held=st.sets(st.sampled_from(SYMBOLS)), seed=st.integers(0, 99))
def test_the_order_of_the_input_never_matters_and_a_symbol_is_named_once(signals, held, seed):
    positions = [a_position(symbol, qty=40 + 30 * place) for place, symbol in enumerate(sorted(held))]
    alerts = [an_alert(symbol) for symbol in SYMBOLS[::2]]
    found = screened(*signals, book=a_book(*positions), alerts=alerts)
    book = a_book(*shuffled(positions, seed))
    assert screened(*shuffled(signals, seed), book=book, alerts=shuffled(alerts, seed)) == found
    named = [candidate.symbol for candidate in found]
    assert len(named) == len(set(named))
    assert len({candidate.candidate_id for candidate in found}) == len(found)
    kinds = [candidate.kind is CandidateKind.ENTRY for candidate in found]
    assert kinds == sorted(kinds)
    assert all((candidate.kind is CandidateKind.ENTRY) == (candidate.symbol not in held) for candidate in found)


def shuffled(rows, seed):
    return random.Random(seed).sample(rows, len(rows))
