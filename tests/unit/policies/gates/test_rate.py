"""Group F: how often, after what, and whether execution itself still works."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.ids import ClientOrderId, DecisionId
from domain.orders import OrderStatus, Side
from tests.builders.policies import (
    AAPL,
    MSFT,
    D,
    a_case,
    a_sell,
    ago,
    an_order,
    answer,
    counters,
    done,
    held,
    selling,
    working,
)

row = pytest.param

NAN = Decimal("NaN")
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}


def sent(*seconds_ago, **changes):
    """Orders for another symbol, one for each age."""
    return tuple(
        working(
            1, created_at=ago(age), **{"symbol": MSFT, "client_order_id": ClientOrderId(f"ord-{number}"), **changes}
        )
        for number, age in enumerate(seconds_ago)
    )


def of_aapl(*seconds_ago, **changes):
    """The same for the symbol of the case, with ids of their own."""
    found = sent(*seconds_ago, symbol=AAPL, **changes)
    return tuple(replace(each, client_order_id=ClientOrderId(f"aapl-{n}")) for n, each in enumerate(found))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({"recent_orders": sent(1, 2)}, "PASS", id="at_limit"),
        row({"recent_orders": sent(1, 2, 3)}, "DENY ORDER_RATE", id="one_over"),
        row({"recent_orders": sent(1, 2, 59.999)}, "DENY ORDER_RATE", id="just_inside_the_minute"),
        row({"recent_orders": sent(1, 2, 60)}, "PASS", id="exactly_a_minute_ago"),
        row({"recent_orders": sent(1, 2, -30)}, "DENY ORDER_RATE", id="future_does_not_escape"),
        row({"recent_orders": sent(1, 2, 3, status=OrderStatus.REJECTED)}, "DENY ORDER_RATE", id="rejected_count"),
        row({"recent_orders": sent(1, 2, 3, status=OrderStatus.CANCELED)}, "DENY ORDER_RATE", id="cancelled_count"),
        row({"recent_orders": sent(1, 2, 3, status=OrderStatus.DENIED)}, "PASS", id="never_sent_do_not"),
        row({"recent_orders": sent(1, 2), "open_orders": sent(1, 2)}, "PASS", id="each_once"),
        row({**EXIT, "recent_orders": sent(1, 2, 3)}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_f1_orders_a_minute(changes, expected):
    assert answer("F1", a_case(**changes), max_orders_per_minute="3") == expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        row(49, "PASS", id="at_limit"),
        row(50, "DENY ORDERS_TODAY", id="one_over"),
        row(None, "DENY ORDERS_TODAY", id="unknown"),
        row(True, "DENY ORDERS_TODAY", id="bool"),
        row(-1, "DENY ORDERS_TODAY", id="negative"),
        row(1.5, "DENY ORDERS_TODAY", id="fraction"),
    ],
)
def test_f1_orders_a_day(today, expected):
    assert answer("F1_day", a_case(orders_today=today), max_orders_per_day="50") == expected


LEG: dict[str, Any] = {"reduce_only": True, "parent_id": ClientOrderId("ord-parent")}


@pytest.mark.parametrize(
    ("open_orders", "expected"),
    [
        row(sent(1), "PASS", id="at_limit"),
        row(sent(1, 2), "DENY ACTIVE_ORDERS", id="one_over"),
        row((*sent(1), selling(5, **LEG)), "PASS", id="protective_legs_do_not_count"),
        row((*sent(1), working(5, status=OrderStatus.FILLED)), "PASS", id="filled_do_not_count"),
    ],
)
def test_f3_active_orders(open_orders, expected):
    assert answer("F3", a_case(open_orders=open_orders), max_active_orders="2") == expected


SAME = working(10, created_at=ago(899), client_order_id=ClientOrderId("ord-before"))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        row(SAME, "DENY DUPLICATE_ORDER", id="inside_the_window"),
        row(replace(SAME, created_at=ago(900)), "PASS", id="at_its_end"),
        row(replace(SAME, created_at=ago(-5)), "DENY DUPLICATE_ORDER", id="future_does_not_escape"),
        row(replace(SAME, status=OrderStatus.CANCELED), "DENY DUPLICATE_ORDER", id="cancelled_counts"),
        row(replace(SAME, status=OrderStatus.DENIED), "PASS", id="never_sent"),
        row(replace(SAME, qty=D(11)), "PASS", id="another_quantity"),
        row(replace(SAME, side=Side.SELL), "PASS", id="another_side"),
        row(replace(SAME, symbol=MSFT), "PASS", id="another_symbol"),
        row(
            replace(SAME, decision_id=DecisionId("dec-1"), symbol=MSFT, created_at=ago(10**6)),
            "DENY DUPLICATE_DECISION",
            id="this_decision_however_long_ago",
        ),
        row(replace(SAME, decision_id=DecisionId("dec-1"), leg="exit", qty=D(3)), "PASS", id="another_leg_of_it"),
    ],
)
def test_f4_duplicates(other, expected):
    assert answer("F4", a_case(recent_orders=(other,)), duplicate_window_s="900") == expected
    assert answer("F4", a_case(open_orders=(other,)), duplicate_window_s="900") == expected


def test_f4_the_decision_is_checked_without_a_window_and_before_exits():
    mine = replace(SAME, decision_id=DecisionId("dec-1"))
    assert answer("F4", a_case(recent_orders=(SAME,))) == "PASS"
    assert answer("F4", a_case(recent_orders=(mine,))) == "DENY DUPLICATE_DECISION"
    assert answer("F4", a_case(**EXIT, recent_orders=(mine,))) == "DENY DUPLICATE_DECISION"


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        row(counters(), "PASS", id="no_loss"),
        row(counters(last_loss_at=ago(600)), "PASS", id="at_limit"),
        row(counters(last_loss_at=ago(599.999)), "DENY COOLDOWN", id="just_before"),
        row(counters(last_loss_at=ago(-10)), "DENY COOLDOWN", id="future"),
        row(counters(consecutive_losses=None), "DENY COUNTERS_UNKNOWN", id="unknown"),
        row(counters(consecutive_losses=2), "DENY COUNTERS_UNKNOWN", id="losses_without_a_time"),
        row(counters(consecutive_losses=False), "DENY COUNTERS_UNKNOWN", id="bool"),
    ],
)
def test_f6_cooldown(lost, expected):
    assert answer("F6", a_case(lost=lost), cooldown_after_loss_s="600") == expected
    assert answer("F6", a_case(**EXIT, lost=lost), cooldown_after_loss_s="600") == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        row(3, "PASS", id="one_before"),
        row(4, "DENY LOSS_STREAK", id="at_limit"),
        row(None, "DENY COUNTERS_UNKNOWN", id="unknown"),
        row(True, "DENY COUNTERS_UNKNOWN", id="bool"),
        row(-1, "DENY COUNTERS_UNKNOWN", id="negative"),
        row(1.5, "DENY COUNTERS_UNKNOWN", id="fraction"),
    ],
)
def test_f7_losing_streak(losses, expected):
    assert answer("F7", a_case(lost=counters(consecutive_losses=losses)), max_consecutive_losses="4") == expected


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        row({"momentum": 3, "news": 9}, "PASS", id="one_before_while_others_lose"),
        row({"momentum": 4}, "DENY STRATEGY_LOSS_STREAK", id="at_limit"),
        row({}, "PASS", id="nothing_lost_in_a_row"),
        row(None, "DENY COUNTERS_UNKNOWN", id="unknown"),
        row({"momentum": True}, "DENY COUNTERS_UNKNOWN", id="bool"),
    ],
)
def test_f7_losing_streak_of_a_strategy(losses, expected):
    lost, limit = counters(strategy_losses=losses), {"max_strategy_consecutive_losses": "4"}
    assert answer("F7_strategy", a_case(an_order(strategy="momentum"), lost=lost), **limit) == expected
    assert answer("F7_strategy", a_case(**EXIT, lost=lost), **limit) == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("recent", "expected"),
    [
        row(sent(0.2, 0.5), "PASS", id="at_limit"),
        row(sent(0.2, 0.5, 0.9), "DENY ORDER_RATE", id="one_over"),
        row(sent(0.2, 0.5, 0.999999), "DENY ORDER_RATE", id="just_inside_the_second"),
        row(sent(0.2, 0.5, 1), "PASS", id="exactly_a_second_ago"),
        row(sent(0.2, 0.5, -1), "DENY ORDER_RATE", id="future_does_not_escape"),
        row(sent(0.2, 0.5, 0.9, status=OrderStatus.REJECTED), "DENY ORDER_RATE", id="rejected_count"),
        row(sent(0.2, 0.5, 0.9, status=OrderStatus.DENIED), "PASS", id="never_sent_do_not"),
        row(sent(0.2, 0.5, 0.9, parent_id=ClientOrderId("ord-parent")), "PASS", id="protective_legs_do_not"),
    ],
)
def test_f1_orders_a_second(recent, expected):
    assert answer("F1_second", a_case(recent_orders=recent), max_orders_per_second="3") == expected
    assert answer("F1_second", a_case(**EXIT, recent_orders=recent), max_orders_per_second="3") == "PASS RISK_REDUCING"


DAY = 86_400


@pytest.mark.parametrize(
    ("recent", "expected"),
    [
        row(of_aapl(60), "PASS", id="at_limit"),
        row(of_aapl(60, 3600), "DENY SYMBOL_ORDERS", id="one_over"),
        row(of_aapl(60, DAY - 0.001), "DENY SYMBOL_ORDERS", id="just_inside_the_day"),
        row(of_aapl(60, DAY), "PASS", id="exactly_a_day_ago"),
        row(of_aapl(60, -60), "DENY SYMBOL_ORDERS", id="future_does_not_escape"),
        row((*of_aapl(60), *sent(1, 2, 3, 4)), "PASS", id="other_symbols_do_not_count"),
        row(of_aapl(60, 3600, status=OrderStatus.CANCELED), "DENY SYMBOL_ORDERS", id="cancelled_count"),
        row(of_aapl(60, 3600, status=OrderStatus.DENIED), "PASS", id="never_sent_do_not"),
        row(of_aapl(60, 3600, side=Side.SELL), "DENY SYMBOL_ORDERS", id="both_sides_count"),
    ],
)
def test_f1_orders_of_a_symbol(recent, expected):
    limit = {"max_orders_per_symbol_per_day": "2"}
    assert answer("F1_symbol", a_case(recent_orders=recent), **limit) == expected
    assert answer("F1_symbol", a_case(open_orders=recent), **limit) == expected
    assert answer("F1_symbol", a_case(**EXIT, recent_orders=recent), **limit) == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("messages", "fills", "expected"),
    [
        row(40, 4, "PASS", id="at_limit"),
        row(41, 4, "DENY ORDER_TO_TRADE", id="one_over"),
        row(3_000_000_001, 300_000_000, "DENY ORDER_TO_TRADE", id="over_by_less_than_is_shown"),
        row(10, 0, "PASS", id="no_fill_counts_as_one"),
        row(11, 0, "DENY ORDER_TO_TRADE", id="no_fill_and_one_over"),
        row(9, 0, "PASS", id="too_few_to_say"),
        row(None, 4, "DENY COUNTERS_UNKNOWN", id="messages_missing"),
        row(40, None, "DENY COUNTERS_UNKNOWN", id="fills_missing"),
        row(-1, 4, "DENY COUNTERS_UNKNOWN", id="negative"),
        row(NAN, 4, "DENY COUNTERS_UNKNOWN", id="nan"),
        row(40, True, "DENY COUNTERS_UNKNOWN", id="a_bool_is_no_count"),
    ],
)
def test_f2_order_to_trade(messages, fills, expected):
    counts = done(messages_today=messages, fills_today=fills)
    assert answer("F2", a_case(counts=counts), max_order_to_trade_ratio="10") == expected
    assert answer("F2", a_case(**EXIT, counts=counts), max_order_to_trade_ratio="10") == "PASS RISK_REDUCING"


def test_f2_a_ratio_below_ten_waits_for_ten_messages():
    assert answer("F2", a_case(counts=done(messages_today=9)), max_order_to_trade_ratio="2") == "PASS"
    assert answer("F2", a_case(counts=done(messages_today=10)), max_order_to_trade_ratio="2") == "DENY ORDER_TO_TRADE"


@pytest.mark.parametrize(
    ("cancels", "expected"),
    [
        row(29, "PASS", id="one_left"),
        row(30, "DENY CANCELS_TODAY", id="at_limit"),
        row(None, "DENY COUNTERS_UNKNOWN", id="missing"),
        row(-1, "DENY COUNTERS_UNKNOWN", id="negative"),
    ],
)
def test_f2_cancels(cancels, expected):
    counts = done(cancels_today=cancels)
    assert answer("F2_cancels", a_case(counts=counts), max_cancels_per_day="30") == expected
    assert answer("F2_cancels", a_case(**EXIT, counts=counts), max_cancels_per_day="30") == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("trips", "expected"),
    [
        row({AAPL: 1}, "PASS", id="at_limit"),
        row({AAPL: 2}, "DENY SYMBOL_ROUND_TRIPS", id="one_over"),
        row({MSFT: 9}, "PASS", id="another_symbol"),
        row(None, "DENY COUNTERS_UNKNOWN", id="missing"),
        row({AAPL: None}, "DENY COUNTERS_UNKNOWN", id="listed_without_a_count"),
        row({AAPL: 1.5}, "DENY COUNTERS_UNKNOWN", id="no_whole_number"),
    ],
)
def test_f5_round_trips(trips, expected):
    counts = done(round_trips_today=trips)
    assert answer("F5", a_case(counts=counts), max_round_trips_per_symbol="2") == expected
    assert answer("F5", a_case(**EXIT, counts=counts), max_round_trips_per_symbol="2") == "PASS RISK_REDUCING"


RESTS = [
    ("F6_exit", "last_exit_at", "cooldown_after_exit_s"),
    ("F6_stop", "last_stop_at", "cooldown_after_stop_s"),
    ("F6_reject", "last_reject_at", "cooldown_after_reject_s"),
]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        row({AAPL: ago(600)}, "PASS", id="at_limit"),
        row({AAPL: ago(599.999)}, "DENY COOLDOWN", id="just_before"),
        row({AAPL: ago(-10)}, "DENY COOLDOWN", id="future"),
        row({AAPL: ago(-(10**7))}, "DENY COOLDOWN", id="far_future"),
        row({MSFT: ago(1)}, "PASS", id="another_symbol"),
        row({}, "PASS", id="nothing_happened"),
        row(None, "DENY COUNTERS_UNKNOWN", id="missing"),
        row({AAPL: ago(900).replace(tzinfo=None)}, "DENY GATE_ERROR", id="no_zone"),
    ],
)
@pytest.mark.parametrize(("gate", "field", "limit"), RESTS, ids=[each[0] for each in RESTS])
def test_f6_cooldown_of_a_symbol(gate, field, limit, times, expected):
    counts = done(**{field: times})
    assert answer(gate, a_case(counts=counts), **{limit: "600"}) == expected
    assert answer(gate, a_case(**EXIT, counts=counts), **{limit: "600"}) == "PASS RISK_REDUCING"


@pytest.mark.parametrize(("gate", "field", "limit"), RESTS, ids=[each[0] for each in RESTS])
def test_f6_even_no_cooldown_refuses_a_future_date(gate, field, limit):
    assert answer(gate, a_case(counts=done(**{field: {AAPL: ago(0)}})), **{limit: "0"}) == "PASS"
    assert answer(gate, a_case(counts=done(**{field: {AAPL: ago(-1)}})), **{limit: "0"}) == "DENY COOLDOWN"


@pytest.mark.parametrize(
    ("gate", "changes", "limits", "expected"),
    [
        row("F8", {"rejects_in_row": 4}, {"max_rejects_in_row": "5"}, "PASS", id="rejects_one_before"),
        row("F8", {"rejects_in_row": 5}, {"max_rejects_in_row": "5"}, "DENY REJECTS_IN_ROW", id="rejects_at_limit"),
        row("F8", {"rejects_in_row": None}, {"max_rejects_in_row": "5"}, "DENY COUNTERS_UNKNOWN", id="rejects_missing"),
        row("F9", {"api_error_pct": D(20)}, {"max_api_error_pct": "20"}, "PASS", id="errors_at_limit"),
        row("F9", {"api_error_pct": D("20.01")}, {"max_api_error_pct": "20"}, "DENY API_ERRORS", id="errors_over"),
        row("F9", {"api_error_pct": None}, {"max_api_error_pct": "20"}, "DENY COUNTERS_UNKNOWN", id="errors_missing"),
        row("F9", {"api_error_pct": NAN}, {"max_api_error_pct": "20"}, "DENY COUNTERS_UNKNOWN", id="errors_nan"),
        row("F9", {"api_error_pct": D(-1)}, {"max_api_error_pct": "20"}, "DENY COUNTERS_UNKNOWN", id="errors_negative"),
        row("F9", {"api_error_pct": 5.0}, {"max_api_error_pct": "20"}, "DENY COUNTERS_UNKNOWN", id="errors_float"),
        row("F9_slippage", {"slippage_pct": D("0.3")}, {"max_slippage_pct": "0.3"}, "PASS", id="slippage_at_limit"),
        row(
            "F9_slippage",
            {"slippage_pct": D("0.301")},
            {"max_slippage_pct": "0.3"},
            "DENY SLIPPAGE",
            id="slippage_over",
        ),
        row("F9_slippage", {"slippage_pct": D(-9)}, {"max_slippage_pct": "0.3"}, "PASS", id="slippage_gained"),
        row(
            "F9_slippage",
            {"slippage_pct": None},
            {"max_slippage_pct": "0.3"},
            "DENY COUNTERS_UNKNOWN",
            id="slippage_missing",
        ),
        row(
            "F9_slippage",
            {"slippage_pct": Decimal("Infinity")},
            {"max_slippage_pct": "0.3"},
            "DENY COUNTERS_UNKNOWN",
            id="slippage_infinite",
        ),
    ],
)
def test_f8_f9_breakers(gate, changes, limits, expected):
    assert answer(gate, a_case(counts=done(**changes)), **limits) == expected
    assert answer(gate, a_case(**EXIT, counts=done(**changes)), **limits) == "PASS RISK_REDUCING"
