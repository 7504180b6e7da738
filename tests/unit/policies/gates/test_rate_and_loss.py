"""Groups F and G: how often, after what, and how much has been lost."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.ids import ClientOrderId, DecisionId
from domain.orders import OrderStatus, Side
from tests.builders.policies import (
    MSFT,
    D,
    a_case,
    a_sell,
    ago,
    an_account,
    answer,
    counters,
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
        working(1, symbol=MSFT, created_at=ago(age), client_order_id=ClientOrderId(f"ord-{number}"), **changes)
        for number, age in enumerate(seconds_ago)
    )


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
    ],
)
def test_f7_losing_streak(losses, expected):
    assert answer("F7", a_case(lost=counters(consecutive_losses=losses)), max_consecutive_losses="4") == expected


LOSSES = [
    row({"account": an_account(equity=D("98000.01"))}, "PASS", id="one_cent_before"),
    row({"account": an_account(equity=D("98000.00"))}, "DENY DAY_LOSS", id="at_limit"),
    row({"account": an_account(equity=D(101_000))}, "PASS", id="a_gain"),
    row({"lost": counters(realized_pnl_day=D(-500), unrealized_pnl=D(-1500))}, "DENY DAY_LOSS", id="unrealised_counts"),
    row({"lost": counters(realized_pnl_day=D(-2500), unrealized_pnl=D(600))}, "PASS", id="gains_offset"),
    row({"lost": counters(realized_pnl_day=None, unrealized_pnl=NAN)}, "PASS", id="equity_is_enough"),
    row({"account": an_account(equity=None)}, "DENY EQUITY_UNKNOWN", id="no_equity"),
    row({"lost": counters(day_start_equity=None)}, "DENY EQUITY_UNKNOWN", id="no_start"),
    row({"lost": counters(day_start_equity=NAN)}, "DENY EQUITY_UNKNOWN", id="nan_start"),
    row({**EXIT, "account": an_account(equity=D(1))}, "PASS RISK_REDUCING", id="exit"),
]


@pytest.mark.parametrize(("changes", "expected"), LOSSES)
def test_g1_day_loss(changes, expected):
    assert answer("G1", a_case(**changes), daily_loss_limit_pct="2") == expected


@pytest.mark.parametrize(("changes", "expected"), LOSSES)
def test_g1_day_loss_in_money(changes, expected):
    assert answer("G1_abs", a_case(**changes), daily_loss_limit_abs="2000") == expected


def test_g1_needs_a_day_that_started_with_something():
    case = a_case(lost=counters(day_start_equity=D(0)))
    assert answer("G1", case, daily_loss_limit_pct="2") == "DENY EQUITY_UNKNOWN"


@pytest.mark.parametrize(
    ("account", "lost", "expected"),
    [
        row(an_account(equity=D("88000.01")), counters(), "PASS", id="one_cent_before"),
        row(an_account(equity=D("88000.00")), counters(), "DENY", id="at_limit"),
        row(an_account(equity=D(-5)), counters(), "DENY", id="worse_than_nothing"),
        row(an_account(equity=D(120_000)), counters(), "PASS", id="above_the_peak"),
        row(an_account(equity=None), counters(), "DENY EQUITY_UNKNOWN", id="no_equity"),
        row(an_account(), counters(peak_equity=None), "DENY EQUITY_UNKNOWN", id="no_peak"),
        row(an_account(), counters(peak_equity=D(0)), "DENY EQUITY_UNKNOWN", id="zero_peak"),
    ],
)
def test_g3_drawdown(account, lost, expected):
    case, bare = a_case(account=account, lost=lost), expected == "DENY"
    assert answer("G3", case, max_drawdown_pct="12") == ("DENY DRAWDOWN" if bare else expected)
    assert answer("G3_soft", case, soft_drawdown_pct="12") == ("DENY DRAWDOWN_SOFT" if bare else expected)
