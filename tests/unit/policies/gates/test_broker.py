"""Group D: what the broker will hold us to."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.ids import ClientOrderId
from domain.orders import OrderType, Side
from tests.builders.policies import (
    MSFT,
    D,
    a_case,
    a_sell,
    a_view,
    an_account,
    an_instrument,
    an_order,
    answer,
    held,
    refused,
    selling,
    working,
)

row = pytest.param

NAN = Decimal("NaN")
REDUCE: dict[str, Any] = {"oversize": "reduce"}
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}
SHORTABLE = a_view(instrument=an_instrument(shortable=True))


def buy(qty, **changes):
    return {"order": an_order(qty=D(qty), **changes)}


@pytest.mark.parametrize(
    ("changes", "limits", "expected"),
    [
        row(buy(100), {}, "PASS", id="at_limit"),
        row(buy(101), {}, "DENY BUYING_POWER", id="one_share_over"),
        row(buy(101), REDUCE, "REDUCE BUYING_POWER 100", id="cut_to_fit"),
        row(buy(95), {"max_buying_power_pct": "95"}, "PASS", id="at_its_share"),
        row(buy(96), {"max_buying_power_pct": "95"}, "DENY BUYING_POWER", id="over_its_share"),
        row({**buy(81), "open_orders": (working(20, symbol=MSFT),)}, {}, "DENY BUYING_POWER", id="open_buys_reserve"),
        row({**buy(100), "open_orders": (selling(50),)}, {}, "PASS", id="open_sells_do_not"),
        row(
            buy(98, side=Side.SELL, limit_price=D(200), stop_loss=D(210)),
            {"allow_short": True},
            "DENY BUYING_POWER",
            id="short_at_103_percent_of_the_ask",
        ),
        row(
            buy(97, side=Side.SELL, limit_price=D(200), stop_loss=D(210)),
            {"allow_short": True},
            "PASS",
            id="short_fits",
        ),
        row({**buy(1), "account": an_account(buying_power=None)}, {}, "DENY BUYING_POWER_UNKNOWN", id="unknown"),
        row({**buy(1), "account": an_account(buying_power=NAN)}, {}, "DENY BUYING_POWER_UNKNOWN", id="nan"),
        row({**buy(1, type=OrderType.MARKET), "view": a_view(quote=None)}, {}, "DENY PRICE_UNKNOWN", id="no_quote"),
        row({**EXIT, "account": an_account(buying_power=D(0))}, {}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_d1_buying_power(changes, limits, expected):
    case = a_case(**{"account": an_account(buying_power=D(20_000)), "view": SHORTABLE, **changes})
    assert answer("D1", case, **limits) == expected


@pytest.mark.parametrize(
    ("changes", "allow", "expected"),
    [
        row(buy(10), False, "PASS", id="buy"),
        row({"order": a_sell(D(50)), "positions": held(50)}, False, "PASS", id="sells_all"),
        row({"order": a_sell(D(80)), "positions": held(50)}, False, "REDUCE SHORT_FORBIDDEN 50", id="sells_more"),
        row(
            {"order": a_sell(D(80)), "positions": held(50), "open_orders": (selling(20),)},
            False,
            "REDUCE SHORT_FORBIDDEN 30",
            id="part_already_selling",
        ),
        row({"order": a_sell(D(10))}, False, "DENY SHORT_FORBIDDEN", id="nothing_held"),
        row({"order": a_sell(D(10)), "positions": held(-5)}, False, "DENY SHORT_FORBIDDEN", id="already_short"),
        row({"order": a_sell(D(10)), "view": SHORTABLE}, True, "PASS", id="short_allowed"),
        row({"order": a_sell(D(10))}, True, "DENY NOT_SHORTABLE", id="not_shortable"),
        row({"order": a_sell(D(80)), "positions": held(50)}, True, "REDUCE NOT_SHORTABLE 50", id="cut_alike"),
        row({"order": a_sell(D("1.5")), "view": SHORTABLE}, True, "DENY NOT_SHORTABLE", id="fraction"),
        row(
            {"order": a_sell(D(10), extended_hours=True), "view": SHORTABLE}, True, "DENY NOT_SHORTABLE", id="extended"
        ),
        row({"order": a_sell(D(10)), "positions": held(NAN)}, True, "DENY POSITION_UNKNOWN", id="nan_position"),
    ],
)
def test_d3_short_sale(changes, allow, expected):
    assert answer("D3", a_case(**changes), allow_short=allow, oversize="reduce") == expected
    assert answer("D3", a_case(**changes), allow_short=allow) == refused(expected)


@pytest.mark.parametrize(
    ("borrow", "expected"),
    [
        row({}, "PASS", id="easy_and_unrestricted"),
        row({"easy_to_borrow": False}, "DENY HARD_TO_BORROW", id="hard"),
        row({"easy_to_borrow": "yes"}, "DENY HARD_TO_BORROW", id="text_is_no_yes"),
        row({"easy_to_borrow": None}, "DENY BORROW_UNKNOWN", id="borrow_unknown"),
        row({"short_restricted": True}, "DENY SHORT_RESTRICTED", id="restricted"),
        row({"short_restricted": 0}, "DENY SHORT_RESTRICTED", id="zero_is_no_no"),
        row({"short_restricted": None}, "DENY BORROW_UNKNOWN", id="restriction_unknown"),
    ],
)
def test_d3_what_is_borrowed_must_be_there_to_borrow(borrow, expected):
    view = replace(SHORTABLE, **borrow)
    assert answer("D3", a_case(a_sell(D(10)), view=view), allow_short=True) == expected
    assert answer("D3", a_case(**EXIT, view=view), allow_short=True) == "PASS", "a holding is sold, not borrowed"
    assert answer("D3", a_case(view=view), allow_short=True) == "PASS", "a buy borrows nothing"
    assert answer("D3", a_case(a_sell(D(10)), view=view)) == "DENY SHORT_FORBIDDEN"


RESTING_SELL = selling(10, limit_price=D("201.00"))
RESTING_BUY = working(10, limit_price=D("199.00"))


@pytest.mark.parametrize(
    ("order", "resting", "expected"),
    [
        row(an_order(limit_price=D("200.99")), RESTING_SELL, "PASS", id="one_cent_below"),
        row(an_order(limit_price=D("201.00")), RESTING_SELL, "DENY SELF_CROSS", id="meets"),
        row(an_order(type=OrderType.MARKET), RESTING_SELL, "PASS", id="market_reaches_the_ask"),
        row(an_order(type=OrderType.MARKET), selling(10, limit_price=D(200)), "DENY SELF_CROSS", id="market_meets"),
        row(an_order(), selling(10, type=OrderType.MARKET, limit_price=None), "DENY SELF_CROSS", id="resting_market"),
        row(
            an_order(),
            selling(10, type=OrderType.STOP, limit_price=None, trigger_price=D(190)),
            "PASS",
            id="resting_stop",
        ),
        row(an_order(limit_price=D(201)), working(10, limit_price=D(201)), "PASS", id="same_side"),
        row(an_order(limit_price=D(201)), selling(10, symbol=MSFT, limit_price=D(1)), "PASS", id="other_symbol"),
        row(an_order(limit_price=D(201)), selling(10, filled_qty=D(10)), "PASS", id="filled"),
        row(a_sell(D(5), type=OrderType.LIMIT, limit_price=D(199)), RESTING_BUY, "DENY SELF_CROSS", id="sell_meets"),
        row(a_sell(D(5)), RESTING_BUY, "PASS", id="sell_at_the_bid_above_it"),
        row(a_sell(D(5)), working(10, limit_price=D("199.90")), "DENY SELF_CROSS", id="sell_at_the_bid_meets"),
    ],
)
def test_d5_self_cross(order, resting, expected):
    case = a_case(order, open_orders=(resting,), positions=held(50))
    assert answer("D5", case, forbid_self_cross=True) == expected
    assert answer("D5", case, forbid_self_cross=False) == "PASS"


def test_d5_without_a_quote_only_exits_pass():
    blind = a_view(quote=None)
    buy_at_market = a_case(an_order(type=OrderType.MARKET), open_orders=(RESTING_SELL,), view=blind)
    sell_at_market = a_case(a_sell(D(5)), open_orders=(RESTING_BUY,), positions=held(50), view=blind)
    assert answer("D5", buy_at_market, forbid_self_cross=True) == "DENY PRICE_UNKNOWN"
    assert answer("D5", sell_at_market, forbid_self_cross=True) == "PASS"


LEGS = (
    selling(50, type=OrderType.STOP, limit_price=None, trigger_price=D(190), reduce_only=True, parent_id="ord-1"),
    selling(50, reduce_only=True, parent_id="ord-1"),
)


@pytest.mark.parametrize(
    ("qty", "changes", "expected"),
    [
        row("20", {"positions": held(50, available_qty=D(20))}, "PASS", id="at_limit"),
        row("30", {"positions": held(50, available_qty=D(20))}, "REDUCE QTY_NOT_AVAILABLE 20", id="over"),
        row("1", {"positions": held(50, available_qty=D(0))}, "DENY QTY_NOT_AVAILABLE", id="all_tied_up"),
        row("30", {"positions": held(50)}, "PASS", id="broker_does_not_say"),
        row(
            "40", {"positions": held(50), "open_orders": (selling(20),)}, "REDUCE QTY_NOT_AVAILABLE 30", id="our_count"
        ),
        row("50", {"positions": held(50), "open_orders": LEGS}, "PASS", id="an_exit_replaces_its_bracket"),
        row(
            "50",
            {"positions": held(50, available_qty=D(0)), "open_orders": LEGS},
            "PASS",
            id="legs_tie_it_up_at_the_broker",
        ),
        row(
            "50",
            {"positions": held(50), "open_orders": LEGS[1:]},
            "DENY QTY_NOT_AVAILABLE",
            id="a_lone_slice_is_a_sell",
        ),
        row("5", {"positions": held(50, available_qty=NAN)}, "DENY POSITION_UNKNOWN", id="nan_available"),
        row("5", {"positions": held(NAN)}, "DENY POSITION_UNKNOWN", id="nan_position"),
        row("5", {}, "PASS", id="nothing_to_close"),
    ],
)
def test_d8_available_qty(qty, changes, expected):
    case = a_case(a_sell(D(qty)), **changes)
    assert answer("D8", case, oversize="reduce") == expected
    assert answer("D8", case) == refused(expected)


def test_d8_adds_back_one_leg_of_each_bracket():
    another = tuple(replace(leg, parent_id=ClientOrderId("ord-2")) for leg in LEGS)
    case = a_case(a_sell(D(100)), positions=held(100, available_qty=D(0)), open_orders=(*LEGS, *another))
    assert answer("D8", case) == "PASS"


def test_d8_covers_what_the_broker_counts_as_negative():
    positions = held(-50, available_qty=D(-20))
    assert answer("D8", a_case(an_order(qty=D(20)), positions=positions)) == "PASS"
    assert (
        answer("D8", a_case(an_order(qty=D(21)), positions=positions), oversize="reduce")
        == "REDUCE QTY_NOT_AVAILABLE 20"
    )
