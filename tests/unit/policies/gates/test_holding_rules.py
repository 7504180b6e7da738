"""Group C: entries a day, adds to a position, and what is held over a night. The ask is 200.00, equity 100,000."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.market import Session
from domain.orders import OrderStatus, OrderType, Side
from tests.builders.policies import (
    MSFT,
    NOW,
    D,
    a_case,
    a_market,
    a_quote,
    a_sell,
    a_session,
    a_view,
    an_account,
    an_order,
    answer,
    done,
    held,
    selling,
    verdict,
    working,
)

row = pytest.param

NAN = Decimal("NaN")
REDUCE: dict[str, Any] = {"oversize": "reduce", "allow_short": True}
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}
CLOSE = a_session().closes_at


def buy(qty, **changes):
    return {"order": an_order(qty=D(qty), **changes)}


def short(**changes):
    return {"order": an_order(side=Side.SELL, limit_price=D(200), stop_loss=D(210), **changes)}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        row(done(entries_today=4), "PASS", id="makes_the_last_allowed"),
        row(done(entries_today=5), "DENY ENTRIES_TODAY", id="one_over"),
        row(done(entries_today=None), "DENY COUNTERS_UNKNOWN", id="missing"),
        row(done(entries_today=float("nan")), "DENY COUNTERS_UNKNOWN", id="nan"),
        row(done(entries_today=True), "DENY COUNTERS_UNKNOWN", id="bool"),
        row(done(entries_today=-1), "DENY COUNTERS_UNKNOWN", id="negative"),
        row(done(entries_today=D("1.5")), "DENY COUNTERS_UNKNOWN", id="fraction"),
    ],
)
def test_c4_entries_of_a_day(counts, expected):
    assert answer("C4_day", a_case(counts=counts), max_entries_per_day="5") == expected
    assert answer("C4_day", a_case(**EXIT, counts=counts), max_entries_per_day="5") == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({}, "PASS", id="flat"),
        row({"positions": held(50, entries=1)}, "PASS", id="at_limit"),
        row({"positions": held(50, entries=2)}, "DENY ADDS", id="one_over"),
        row({**short(), "positions": held(-50, entries=1)}, "PASS", id="short_at_limit"),
        row({**short(), "positions": held(-50, entries=2)}, "DENY ADDS", id="short_one_over"),
        row({"positions": held(50, entries=1), "open_orders": (working(5),)}, "DENY ADDS", id="in_flight_counts"),
        row(
            {"positions": held(50, entries=1), "open_orders": (working(5, status=OrderStatus.UNKNOWN),)},
            "DENY ADDS",
            id="unknown_fate_counts",
        ),
        row({"open_orders": (working(5), working(5))}, "DENY ADDS", id="from_flat_in_flight_counts"),
        row(
            {
                "positions": held(50, entries=1),
                "open_orders": (working(5, filled_qty=D(2), status=OrderStatus.PARTIALLY_FILLED),),
            },
            "PASS",
            id="partially_filled_is_in_the_position_already",
        ),
        row({"positions": held(50, entries=1), "open_orders": (selling(50),)}, "PASS", id="open_exits_do_not_count"),
        row(
            {"positions": held(50, entries=1), "open_orders": (working(5, status=OrderStatus.CANCELED),)},
            "PASS",
            id="over_is_over",
        ),
        row({"positions": held(50)}, "DENY ENTRIES_UNKNOWN", id="missing"),
        row({"positions": held(50, entries=0)}, "DENY ENTRIES_UNKNOWN", id="held_and_never_entered"),
        row({"positions": held(50, entries=True)}, "DENY ENTRIES_UNKNOWN", id="bool"),
        row({"positions": held(NAN, entries=1)}, "DENY POSITION_UNKNOWN", id="nan_position"),
        row({"order": a_sell(D(6)), "positions": held(50), "open_orders": (selling(50),)}, "PASS", id="other_way"),
        row(EXIT, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_c16_adds(changes, expected):
    assert answer("C16", a_case(**changes), max_adds="1", allow_short=True) == expected


AT_195: dict[str, Any] = {"avg_price": D(195)}
AT_205: dict[str, Any] = {"avg_price": D(205)}
CHEAP = a_view(quote=a_quote(bid=D("194.90"), ask=D("194.99")))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({}, "PASS", id="flat"),
        row({**buy(5), "positions": held(50, **AT_195)}, "PASS", id="above_the_average"),
        row({**buy(5, limit_price=D(195)), "positions": held(50, **AT_195)}, "PASS", id="at_limit"),
        row(
            {**buy(5, limit_price=D("194.99")), "positions": held(50, **AT_195)},
            "DENY AVERAGING_DOWN",
            id="one_cent_below",
        ),
        row({**buy(5), "positions": held(50, **AT_195), "view": CHEAP}, "DENY AVERAGING_DOWN", id="fills_at_the_ask"),
        row(
            {**buy(5, type=OrderType.MARKET), "positions": held(50, **AT_195), "view": CHEAP},
            "DENY AVERAGING_DOWN",
            id="market",
        ),
        row(
            {**buy(5, type=OrderType.STOP, trigger_price=D(196)), "positions": held(50, **AT_195), "view": CHEAP},
            "PASS",
            id="a_stop_fills_at_its_trigger",
        ),
        row({**short(), "positions": held(-50, **AT_205)}, "PASS", id="short_below_its_average"),
        row({**short(), "positions": held(-50, avg_price=D("199.99"))}, "DENY AVERAGING_DOWN", id="short_above"),
        row(
            {**short(), "positions": held(-50, **AT_205), "view": a_view(quote=a_quote(bid=D(206), ask=D(207)))},
            "DENY AVERAGING_DOWN",
            id="short_fills_at_the_bid",
        ),
        row({**buy(5), "positions": held(50, avg_price=NAN)}, "DENY PRICE_UNKNOWN", id="nan_average"),
        row({**buy(5), "positions": held(50), "view": a_view(quote=None)}, "DENY PRICE_UNKNOWN", id="no_quote"),
        row({**buy(5), "positions": held(NAN)}, "DENY POSITION_UNKNOWN", id="nan_position"),
        row({"order": a_sell(D(6)), "positions": held(50), "open_orders": (selling(50),)}, "PASS", id="other_way"),
        row({**EXIT, "positions": held(50, **AT_205)}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_c16_averaging_down(changes, expected):
    assert answer("C16_down", a_case(**changes), forbid_averaging_down=True, allow_short=True) == expected
    if expected.startswith("DENY"):
        assert answer("C16_down", a_case(**changes), forbid_averaging_down=False, allow_short=True) == "PASS"


FRIDAY_TO_MONDAY = Session(
    (NOW + timedelta(days=3)).date(), CLOSE + timedelta(hours=65, minutes=30), CLOSE + timedelta(hours=72)
)
OTHERS: dict[str, Any] = {"positions": held(225, MSFT)}


def market(following=None, closed=False, session=None):
    return replace(a_market(a_view(MSFT), closed=closed, session=session), next_session=following)


def tomorrow(hours):
    opening = CLOSE + timedelta(hours=hours)
    return Session(opening.date(), opening, opening + timedelta(hours=6))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({**buy(25), **OTHERS, "now": CLOSE - timedelta(hours=1)}, "PASS", id="at_limit"),
        row({**buy(26), **OTHERS, "now": CLOSE - timedelta(hours=1)}, "REDUCE 25", id="one_share_over"),
        row({**buy(26), **OTHERS, "now": CLOSE - timedelta(seconds=3601)}, "PASS", id="a_second_before_the_window"),
        row({**buy(26), **OTHERS, "now": CLOSE - timedelta(seconds=1)}, "REDUCE 25", id="a_second_before_the_close"),
        row({**buy(26), **OTHERS, "now": CLOSE}, "REDUCE 25", id="at_the_close"),
        row({**buy(26), **OTHERS, "market": market(closed=True)}, "REDUCE 25", id="outside_a_session"),
        row(
            {**buy(26), **OTHERS, "market": market(session=Session(NOW.date(), NOW - timedelta(hours=1), NOW))},
            "REDUCE 25",
            id="an_early_close",
        ),
        row({**buy(1), "open_orders": (selling(300),), "now": CLOSE}, "DENY", id="no_smaller_order_would_help"),
        row({**buy(1), "positions": held(NAN, MSFT), "now": CLOSE}, "DENY EXPOSURE_UNKNOWN", id="nan_holding"),
        row({**buy(1), "account": an_account(equity=None), "now": CLOSE}, "DENY EQUITY_UNKNOWN", id="no_equity"),
        row({**EXIT, "account": an_account(equity=None), "now": CLOSE}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_c17_overnight_and_weekend(changes, expected):
    changes = {"market": market(), **changes}
    said = expected + " {}" if expected == "DENY" else expected.replace("REDUCE", "REDUCE {}")
    night = answer("C17", a_case(**changes), max_overnight_gross_pct="50", **REDUCE)
    assert night == said.format("OVERNIGHT_EXPOSURE")
    # Nobody knows when the next session opens, so this may be a weekend.
    weekend = answer("C17_weekend", a_case(**changes), max_weekend_gross_pct="50", **REDUCE)
    assert weekend == said.format("WEEKEND_EXPOSURE")


@pytest.mark.parametrize(
    ("following", "expected"),
    [
        row(tomorrow(17.5), "PASS", id="one_night"),
        row(tomorrow(36), "PASS", id="at_limit"),
        row(tomorrow(36.001), "DENY WEEKEND_EXPOSURE", id="a_holiday_in_between"),
        row(FRIDAY_TO_MONDAY, "DENY WEEKEND_EXPOSURE", id="friday"),
        row(None, "DENY WEEKEND_EXPOSURE", id="unknown"),
    ],
)
def test_c17_what_a_weekend_is(following, expected):
    case = a_case(**buy(26), **OTHERS, market=market(following), now=CLOSE - timedelta(minutes=5))
    assert answer("C17_weekend", case, max_weekend_gross_pct="50") == expected
    assert answer("C17", case, max_overnight_gross_pct="50") == "DENY OVERNIGHT_EXPOSURE"


def test_c17_the_window_is_the_policys():
    case = a_case(**buy(26), **OTHERS, market=market(), now=CLOSE - timedelta(hours=2))
    assert answer("C17", case, max_overnight_gross_pct="50") == "PASS"
    assert answer("C17", case, max_overnight_gross_pct="50", close_window_s="7200") == "DENY OVERNIGHT_EXPOSURE"
    assert verdict("C17", case, max_overnight_gross_pct="50", close_window_s="7200").value == D("50.2")
