"""Breakers: what trips, at which figure, and what a trip does."""

import logging
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.book import NO_COUNTERS, Counters
from domain.case import Mode, Pause, TradingState
from domain.market import Symbol
from domain.orders import Origin, Side
from domain.record.entries import RecordKind
from tests.builders import policies
from tests.builders.execution import a_house, an_exit, an_intent
from tests.builders.market import AAPL, MSFT, NOON
from trading.monitor.breakers import Breakers, Facts, trips
from trading.store.calls import CallStore
from trading.store.database import open_database

row, D = pytest.param, Decimal
LIMITS = {
    "max_rejects_in_row": D(5),
    "max_api_error_pct": D(20),
    "max_slippage_pct": D("0.3"),
    "max_unusable_answers_pct": D(40),
    "max_blocks_in_row": D(4),
}
BUY = (AAPL, Side.BUY)


def answers(bad, good):
    return Facts(faults=("schema",) * bad + (None,) * good)


def counters(**changes):
    return Facts(replace(NO_COUNTERS, **changes))


@pytest.mark.parametrize(
    ("facts", "tripped"),
    [
        row(Facts(), [], id="nothing_known"),
        row(counters(rejects_in_row=4), [], id="one_reject_short"),
        row(counters(rejects_in_row=5), ["rejects"], id="rejects_at_limit"),
        row(counters(rejects_in_row=None), [], id="rejects_unknown"),
        row(counters(api_error_pct=D(20)), [], id="broker_at_limit"),
        row(counters(api_error_pct=D("20.01")), ["broker"], id="broker_over"),
        row(counters(slippage_pct=D("0.3")), [], id="slippage_at_limit"),
        row(counters(slippage_pct=D("0.301")), ["slippage"], id="slippage_over"),
        row(counters(slippage_pct=D(-9)), [], id="slippage_that_gained"),
        row(answers(8, 12), [], id="answers_at_limit"),
        row(answers(9, 11), ["model"], id="one_answer_over"),
        row(answers(9, 0), [], id="too_few_answers_to_tell"),
        row(answers(10, 0), ["model"], id="ten_bad_answers"),
        row(answers(4, 6), [], id="four_of_ten"),
        row(answers(5, 5), ["model"], id="five_of_ten"),
        row(Facts(blocks={BUY: 3}), [], id="one_block_short"),
        row(Facts(blocks={BUY: 4}), ["blocks"], id="blocks_at_limit"),
        row(Facts(blocks={BUY: 3, (AAPL, Side.SELL): 3, (MSFT, Side.BUY): 3}), [], id="blocks_of_different_intents"),
        row(
            Facts(Counters(rejects_in_row=9, api_error_pct=D(99)), ("schema",) * 20, {BUY: 9}),
            ["rejects", "broker", "model", "blocks"],
            id="all_at_once",
        ),
    ],
)
def test_what_trips(facts, tripped):
    assert [trip.breaker for trip in trips(facts, LIMITS)] == tripped
    assert trips(facts, {}) == (), "a limit that is not set has no breaker"


@pytest.mark.parametrize(
    ("gate", "breaker", "changes"),
    [
        *(row("F8", "rejects", {"rejects_in_row": n}, id=f"{n}_rejects") for n in (0, 4, 5, 6)),
        *(row("F9", "broker", {"api_error_pct": D(n)}, id=f"{n}_pct_failed") for n in ("0", "20", "20.01", "100")),
        *(row("F9_slippage", "slippage", {"slippage_pct": D(n)}, id=f"slipped_{n}") for n in ("-1", "0.3", "0.301")),
    ],
)
def test_what_stops_an_order_trips_and_what_trips_stops_an_order(gate, breaker, changes):
    """One limit, one boundary: the gate and the breaker cannot be set apart."""
    tripped = breaker in [trip.breaker for trip in trips(counters(**changes), LIMITS)]
    asked = policies.answer(gate, policies.a_case(counts=replace(NO_COUNTERS, **changes)), **LIMITS)
    assert tripped is asked.startswith("DENY")


def test_a_trip_says_what_it_measured():
    (trip,) = trips(Facts(blocks={BUY: 6}), LIMITS)
    assert (trip.limit, trip.value, trip.what) == (D(4), D(6), "the gates refused to buy AAPL 6 times in a row")


@pytest.fixture
def house(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    limits = {"max_order_qty": 5, **{name: str(value) for name, value in LIMITS.items()}}
    yield a_house(database, tmp_path, limits=limits)
    database.close()


def state(house):
    return house.control.read().trading_state


def refused(house, number, **changes):
    return house.place(an_intent(f"dec-{number}", **({"qty": 6, "origin": Origin.RULE} | changes)))


def test_the_same_intent_refused_over_and_over_leaves_only_exits_until_the_owner_resumes(house, caplog):
    with caplog.at_level(logging.WARNING):
        for number in range(4):
            assert state(house) is TradingState.ACTIVE
            assert refused(house, number).order is None
    assert state(house) is TradingState.REDUCING
    assert "the gates refused to buy AAPL 4 times in a row" in caplog.text
    record = house.ledger.entries(kind=RecordKind.CONTROL)[-1].body
    assert (record["by"], record["trading_state"]) == ("breaker", "REDUCING")
    fine = refused(house, 9, qty=5)
    assert (fine.order, "REDUCING_ONLY" in fine.evaluation.codes) == (None, True)


def test_a_trip_outlives_the_process_and_is_told_once(house):
    for number in range(9):
        refused(house, number)
    again = a_house(open_database(house.database.place), house.latch.path.parent)
    assert state(again) is TradingState.REDUCING
    moves = [entry for entry in house.ledger.entries(kind=RecordKind.CONTROL) if entry.body["by"] == "breaker"]
    assert len(moves) == 1
    again.database.close()


def test_an_order_that_is_let_through_ends_the_row(house):
    for number in (1, 2, 3):
        refused(house, number)
    assert refused(house, "good", qty=5).order is not None
    for number in (4, 5, 6):
        refused(house, number)
    assert state(house) is TradingState.ACTIVE


def test_what_a_person_types_neither_counts_nor_ends_a_row_and_slices_do(house):
    by_hand = {"strategy": "manual", "origin": Origin.MANUAL}
    for number in range(9):
        assert refused(house, f"typed-{number}", **by_hand).order is None
    assert (state(house), house.control.blocks_in_row(now=NOON)) == (TradingState.ACTIVE, {})
    for number in range(3):
        refused(house, f"slice-{number}", leg=f"algo.{number + 1}", **by_hand)
    assert refused(house, "good", qty=5, **by_hand).order is not None
    assert state(house) is TradingState.ACTIVE
    refused(house, "cycle")
    assert state(house) is TradingState.REDUCING, "three slices and one of the agents: somebody has to look"


@pytest.mark.parametrize(
    "whole",
    [row({"leg": "exit"}, id="whole"), row({"leg": "exit-2"}, id="a_part_of_it")],
)
def test_closing_by_hand_what_a_strategy_holds_neither_counts_nor_ends_a_row(house, whole):
    """It carries the strategy of the position, and is a person's order all the same."""
    closing = whole | {"strategy": "momentum", "origin": Origin.MANUAL}
    for number in range(9):
        assert house.place(an_exit(f"dec-{number}", qty=6, **closing)).order is None, "nothing is held"
    assert (state(house), house.control.blocks_in_row(now=NOON)) == (TradingState.ACTIVE, {})
    assert refused(house, "in", qty=5).order is not None
    for number in range(3):
        refused(house, f"sell-{number}", side=Side.SELL, stop_loss=105, take_profit=None, limit_price="99.80")
    before = house.control.blocks_in_row(now=NOON)
    assert house.place(an_exit("dec-close", qty=2, **closing)).order is not None
    assert house.control.blocks_in_row(now=NOON) == before == {(AAPL, Side.SELL): 3}


@pytest.mark.parametrize("held", ["killed", "observing", "paused", "closed"])
def test_what_somebody_holds_back_is_no_refusal_of_the_intent(house, held):
    if held == "killed":
        house.control.set_killed(True, by="test", at=NOON)
    elif held == "observing":
        house.control.set_mode(Mode.OBSERVE, by="test", at=NOON)
    elif held == "paused":
        house.control.pause(Pause("symbol", "AAPL", NOON, "test"))
    else:
        house.clock.wait(hours=12)
    for number in range(9):
        assert refused(house, number).order is None
    assert house.control.blocks_in_row(now=house.clock.now()) == {}


def test_after_a_resume_it_takes_new_refusals_to_trip_again(house):
    for number in range(4):
        refused(house, number)
    house.control.start_ramp(by="owner", at=house.clock.now())
    house.control.set_trading_state(TradingState.ACTIVE, by="owner", at=NOON)
    house.clock.wait(seconds=1)
    for number in range(4, 7):
        refused(house, number)
        assert state(house) is TradingState.ACTIVE
    refused(house, 7)
    assert state(house) is TradingState.REDUCING


def test_other_symbols_and_sides_have_rows_of_their_own(house):
    for number in range(3):
        refused(house, f"a-{number}")
        refused(house, f"m-{number}", symbol=Symbol("MSFT"))
    assert state(house) is TradingState.ACTIVE


def test_breakers_are_asked_where_nothing_is_sent_too(house):
    for _ in range(4):
        house.control.blocked(AAPL, Side.BUY, at=NOON)
    assert [trip.breaker for trip in house.desk.check_breakers(NO_COUNTERS)] == ["blocks"]
    assert state(house) is TradingState.REDUCING


def test_nothing_is_moved_up_and_a_halt_stays_a_halt(house):
    house.control.set_trading_state(TradingState.HALTED, by="gates", at=NOON)
    breakers = Breakers(house.control, CallStore(house.database), LIMITS)
    breakers.check(Counters(rejects_in_row=9), now=NOON + timedelta(seconds=1))
    assert state(house) is TradingState.HALTED
    breakers.check(NO_COUNTERS, now=NOON + timedelta(seconds=2))
    assert state(house) is TradingState.HALTED
