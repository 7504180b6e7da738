"""Group D: margin, round trips, wash sales and settled cash."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.book import AccountKind, Counters
from domain.orders import OrderStatus, OrderType, Side
from tests.builders.policies import (
    AAPL,
    MSFT,
    NOW,
    D,
    a_case,
    a_sell,
    a_view,
    ago,
    an_account,
    an_instrument,
    an_order,
    answer,
    held,
    selling,
    verdict,
    working,
)

row = pytest.param

NAN = Decimal("NaN")
REDUCE: dict[str, Any] = {"oversize": "reduce"}
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}
MARGIN: dict[str, Any] = {"max_margin_use_pct": "50"}
QUARTER = a_view(instrument=an_instrument(margin_rate=D("0.25")))
"""A share of AAPL at 200.00 takes 50.00; half of 100,000 less the 40,000 in use leaves room for 200 of them."""
LEGS = (
    selling(20, symbol=MSFT, type=OrderType.STOP, limit_price=None, trigger_price=D(190), reduce_only=True,
            parent_id="ord-1"),
    selling(20, symbol=MSFT, reduce_only=True, parent_id="ord-1"),
)  # fmt: skip


def rate(of):
    return a_view(instrument=an_instrument(margin_rate=of))


@pytest.mark.parametrize(
    ("qty", "changes", "limits", "expected"),
    [
        row(200, {}, {}, "PASS", id="at_limit"),
        row(201, {}, {}, "DENY MARGIN", id="one_share_over"),
        row(201, {}, REDUCE, "REDUCE MARGIN 200", id="cut_to_fit"),
        row(50, {"view": rate(None)}, {}, "PASS", id="unknown_rate_is_everything"),
        row(51, {"view": rate(None)}, REDUCE, "REDUCE MARGIN 50", id="unknown_rate_over"),
        row(51, {"view": rate(D(0))}, {}, "DENY MARGIN", id="no_rate_is_zero"),
        row(51, {"view": rate(NAN)}, {}, "DENY MARGIN", id="nan_rate"),
        row(51, {"view": a_view(instrument=None)}, {}, "DENY MARGIN", id="unknown_instrument"),
        row(120, {"open_orders": (working(20, symbol=MSFT),)}, {}, "PASS", id="open_buys_take_margin"),
        row(121, {"open_orders": (working(20, symbol=MSFT),)}, {}, "DENY MARGIN", id="open_buys_over"),
        row(
            160,
            {"open_orders": (working(20, symbol=MSFT),), "others": (a_view(MSFT, instrument=an_instrument(
                MSFT, margin_rate=D("0.5"))),)},
            {},
            "PASS",
            id="each_at_its_own_rate",
        ),
        row(160, {"open_orders": (working(20, symbol=MSFT, filled_qty=D(10)),)}, {}, "PASS", id="partially_filled"),
        row(161, {"open_orders": (working(20, symbol=MSFT, filled_qty=D(10)),)}, {}, "DENY MARGIN", id="its_rest"),
        row(
            121,
            {"open_orders": (working(20, symbol=MSFT, status=OrderStatus.UNKNOWN),)},
            {},
            "DENY MARGIN",
            id="in_flight",
        ),
        row(200, {"positions": held(50), "open_orders": (selling(50),)}, {}, "PASS", id="open_sells_of_a_holding"),
        row(116, {"open_orders": (selling(20, symbol=MSFT),)}, {}, "PASS", id="open_short_sales_take_margin"),
        row(117, {"open_orders": (selling(20, symbol=MSFT),)}, {}, "DENY MARGIN", id="open_short_sales_over"),
        row(180, {"positions": held(50), "open_orders": (working(20),)}, {}, "PASS", id="adds_to_what_is_held"),
        row(181, {"positions": held(50), "open_orders": (working(20),)}, {}, "DENY MARGIN", id="adds_over"),
        row(181, {"positions": held(20, MSFT), "open_orders": (working(20),)}, {}, "DENY MARGIN", id="and_a_holding"),
        row(200, {"positions": held(20, MSFT), "open_orders": LEGS, "others": (a_view(MSFT),)}, {}, "PASS", id="legs"),
        row(200, {"positions": held(20, MSFT)}, {}, "PASS", id="what_rests_is_in_the_account_already"),
        row(1, {"positions": held(NAN, MSFT)}, {}, "DENY MARGIN_UNKNOWN", id="nan_position"),
        row(
            1,
            {"open_orders": (working(20, symbol=MSFT, type=OrderType.MARKET, limit_price=None),)},
            {},
            "DENY MARGIN_UNKNOWN",
            id="open_order_without_a_price",
        ),
        row(
            1,
            {"positions": held(20, MSFT), "open_orders": (working(20, symbol=MSFT),)},
            {},
            "DENY MARGIN_UNKNOWN",
            id="holding_without_a_quote",
        ),
    ],
)  # fmt: skip
def test_d2_margin(qty, changes, limits, expected):
    account = an_account(maintenance_margin=D(40_000))
    case = a_case(**{"order": an_order(qty=D(qty)), "account": account, "view": QUARTER, **changes})
    assert answer("D2", case, **MARGIN, **limits) == expected


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        row({"maintenance_margin": D(0)}, "PASS", id="none_in_use"),
        row({"maintenance_margin": None}, "DENY MARGIN_UNKNOWN", id="missing"),
        row({"maintenance_margin": NAN}, "DENY MARGIN_UNKNOWN", id="nan"),
        row({"maintenance_margin": 0}, "DENY MARGIN_UNKNOWN", id="int"),
        row({"maintenance_margin": D(-1)}, "DENY MARGIN_UNKNOWN", id="negative"),
        row({"maintenance_margin": D(0), "equity": None}, "DENY EQUITY_UNKNOWN", id="no_equity"),
    ],
)
def test_d2_figures_of_the_account(account, expected):
    assert answer("D2", a_case(account=an_account(**account)), **MARGIN) == expected
    assert answer("D2", a_case(**EXIT, account=an_account(**account)), **MARGIN) == "PASS RISK_REDUCING"


def test_d2_short_sales_take_margin_and_orders_without_a_price_are_refused():
    account = an_account(maintenance_margin=D(40_000))
    short = an_order(side=Side.SELL, qty=D(201), stop_loss=D(210))
    assert answer("D2", a_case(short, account=account, view=QUARTER), **MARGIN) == "DENY MARGIN"
    blind = a_case(an_order(type=OrderType.MARKET), account=account, view=a_view(quote=None))
    assert answer("D2", blind, **MARGIN) == "DENY PRICE_UNKNOWN"


@given(
    in_use=st.integers(0, 60_000),
    resting=st.integers(0, 100),
    percent=st.integers(1, 100),
    cap=st.integers(0, 100),
    qty=st.integers(1, 2_000),
)
def test_d2_what_is_left_of_an_order_is_the_most_that_fits(in_use, resting, percent, cap, qty):
    """One share takes 2 dollars for each percent; an open buy of MSFT, without a rate, takes 200 a share."""
    case = a_case(
        an_order(qty=D(qty)),
        account=an_account(maintenance_margin=D(in_use)),
        view=rate(D(percent) / 100),
        open_orders=(working(resting, symbol=MSFT),) if resting else (),
    )
    fits = max(0, (1000 * cap - in_use - 200 * resting) // (2 * percent))
    found = verdict("D2", case, max_margin_use_pct=str(cap), **REDUCE)
    if qty <= fits:
        assert found.outcome == "PASS"
    else:
        assert (found.outcome, found.quantity) == ("REDUCE" if fits else "DENY", fits)


@pytest.mark.parametrize(
    ("done", "limit", "expected"),
    [
        row(2, "3", "PASS", id="one_left"),
        row(3, "3", "DENY ROUND_TRIPS", id="used_up"),
        row(4, "3", "DENY ROUND_TRIPS", id="more_than_allowed"),
        row(0, "0", "DENY ROUND_TRIPS", id="none_allowed"),
        row(None, "3", "DENY COUNTERS_UNKNOWN", id="missing"),
        row("many", "3", "DENY COUNTERS_UNKNOWN", id="text"),
        row(float("nan"), "3", "DENY COUNTERS_UNKNOWN", id="nan"),
        row(True, "3", "DENY COUNTERS_UNKNOWN", id="bool"),
        row(-1, "3", "DENY COUNTERS_UNKNOWN", id="negative"),
        row(1.5, "3", "DENY COUNTERS_UNKNOWN", id="fraction"),
    ],
)
def test_d4_round_trips(done, limit, expected):
    counts = Counters(round_trips_5d=done)
    assert answer("D4", a_case(counts=counts), max_round_trips_5d=limit) == expected
    assert answer("D4", a_case(**EXIT, counts=counts), max_round_trips_5d=limit) == "PASS RISK_REDUCING"


DAYS = timedelta(days=1)


@pytest.mark.parametrize(
    ("losses", "warned", "forbidden"),
    [
        row({}, "PASS", "PASS", id="no_loss"),
        row({MSFT: NOW}, "PASS", "PASS", id="another_symbol"),
        row({AAPL: NOW}, "PASS WASH_SALE", "DENY WASH_SALE", id="just_now"),
        row({AAPL: NOW - 30 * DAYS}, "PASS WASH_SALE", "DENY WASH_SALE", id="at_limit"),
        row({AAPL: NOW - 31 * DAYS + timedelta(seconds=1)}, "PASS WASH_SALE", "DENY WASH_SALE", id="last_second"),
        row({AAPL: NOW - 31 * DAYS}, "PASS", "PASS", id="over"),
        row({AAPL: ago(-60)}, "PASS WASH_SALE", "DENY WASH_SALE", id="future"),
        row({AAPL: ago(-5 * 86_400)}, "PASS WASH_SALE", "DENY WASH_SALE", id="far_future"),
        row({AAPL: NOW.replace(tzinfo=None)}, "DENY GATE_ERROR", "DENY GATE_ERROR", id="no_zone"),
        row(None, "PASS", "DENY COUNTERS_UNKNOWN", id="missing"),
    ],
)
def test_d6_wash_sale(losses, warned, forbidden):
    counts, limits = Counters(last_loss_on=losses), {"wash_sale_days": "30"}
    assert answer("D6", a_case(counts=counts), **limits) == warned
    assert answer("D6", a_case(counts=counts), **limits, forbid_wash_sale=True) == forbidden
    short = a_case(a_sell(D(10)), counts=counts)
    assert answer("D6", short, **limits, forbid_wash_sale=True) == "PASS", "only a buy brings the shares back"
    cover = a_case(an_order(), positions=held(-10), counts=counts)
    assert answer("D6", cover, **limits, forbid_wash_sale=True) == "PASS RISK_REDUCING"


def test_d6_says_so_where_nobody_counts_losses_and_how_long_it_is():
    assert "nobody knows" in verdict("D6", a_case(), wash_sale_days="30").note
    found = verdict("D6", a_case(counts=Counters(last_loss_on={AAPL: NOW - 12 * DAYS})), wash_sale_days="30")
    assert (found.limit, found.value, found.margin) == (30, 12, D(-18))
    found = verdict("D6", a_case(counts=Counters(last_loss_on={AAPL: NOW - 42 * DAYS})), wash_sale_days="30")
    assert (found.limit, found.value, found.margin) == (30, 42, D(12))


CASH = an_account(kind=AccountKind.CASH, settled_cash=D(5000))
NO_KIND: Any = "credit"


@pytest.mark.parametrize(
    ("qty", "changes", "limits", "expected"),
    [
        row(25, {}, {}, "PASS", id="at_limit"),
        row(26, {}, {}, "DENY SETTLED_CASH", id="one_share_over"),
        row(26, {}, REDUCE, "REDUCE SETTLED_CASH 25", id="cut_to_fit"),
        row(15, {"open_orders": (working(10, symbol=MSFT),)}, {}, "PASS", id="open_buys_reserve"),
        row(16, {"open_orders": (working(10, symbol=MSFT),)}, {}, "DENY SETTLED_CASH", id="open_buys_over"),
        row(20, {"open_orders": (working(10, filled_qty=D(5)),)}, {}, "PASS", id="partially_filled"),
        row(25, {"open_orders": (selling(50),), "positions": held(50)}, {}, "PASS", id="open_sells_bring_nothing"),
        row(26, {"open_orders": (selling(50),), "positions": held(50)}, {}, "DENY SETTLED_CASH", id="and_take_nothing"),
        row(26, {"account": replace(CASH, kind=AccountKind.MARGIN)}, {}, "PASS", id="margin_account"),
        row(1, {"account": replace(CASH, kind=None)}, {}, "DENY ACCOUNT_KIND_UNKNOWN", id="kind_unknown"),
        row(1, {"account": replace(CASH, kind=NO_KIND)}, {}, "DENY GATE_ERROR", id="no_such_kind"),
        row(1, {"account": replace(CASH, settled_cash=None)}, {}, "DENY CASH_UNKNOWN", id="missing"),
        row(1, {"account": replace(CASH, settled_cash=NAN)}, {}, "DENY CASH_UNKNOWN", id="nan"),
        row(1, {"account": replace(CASH, settled_cash=D(-1))}, {}, "DENY SETTLED_CASH", id="in_debt"),
    ],
)
def test_d7_settled_cash(qty, changes, limits, expected):
    case = a_case(**{"order": an_order(qty=D(qty)), "account": CASH, **changes})
    assert answer("D7", case, require_settled_cash=True, **limits) == expected
    assert answer("D7", case, require_settled_cash=False, **limits) == "PASS"


def test_d7_leaves_sells_alone_and_needs_a_price():
    broke = replace(CASH, settled_cash=D(0))
    assert answer("D7", a_case(**EXIT, account=broke), require_settled_cash=True) == "PASS RISK_REDUCING"
    assert answer("D7", a_case(a_sell(D(10)), account=broke), require_settled_cash=True) == "PASS"
    blind = a_case(an_order(type=OrderType.MARKET), account=CASH, view=a_view(quote=None))
    assert answer("D7", blind, require_settled_cash=True) == "DENY PRICE_UNKNOWN"
