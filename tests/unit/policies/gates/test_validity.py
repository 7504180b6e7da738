"""Group B: the form of the order."""

from decimal import Decimal
from typing import Any

import pytest

from domain.market import AssetClass, Symbol
from domain.orders import OrderType, Side, TimeInForce
from tests.builders.policies import (
    D,
    a_case,
    a_quote,
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

NAN, INFINITE = Decimal("NaN"), Decimal("Infinity")
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}


@pytest.mark.parametrize(
    ("changes", "limits", "expected"),
    [
        row({}, {}, "PASS", id="known"),
        row({"order": an_order(symbol="ZZZZ")}, {}, "DENY INSTRUMENT_UNKNOWN", id="unknown_symbol"),
        row({"order": an_order(symbol="aapl")}, {}, "DENY SYMBOL_INVALID", id="lower_case"),
        row({"order": an_order(symbol="AАPL")}, {}, "DENY SYMBOL_INVALID", id="cyrillic_look_alike"),
        row({"order": an_order(symbol="ＡＡＰＬ")}, {}, "DENY SYMBOL_INVALID", id="full_width"),
        row({"order": an_order(symbol="AAPL\u200b")}, {}, "DENY SYMBOL_INVALID", id="zero_width"),
        row({"order": an_order(symbol="A" * 16)}, {}, "DENY SYMBOL_INVALID", id="too_long"),
        row({"order": an_order(symbol=None)}, {}, "DENY SYMBOL_INVALID", id="no_symbol"),
        row({"view": a_view(instrument=None)}, {}, "DENY INSTRUMENT_UNKNOWN", id="no_instrument"),
        row({**EXIT, "view": a_view(instrument=None)}, {}, "PASS", id="exit_of_unknown_instrument"),
        row({"view": a_view(instrument=an_instrument(tradable=False))}, {}, "DENY NOT_TRADABLE", id="untradable"),
        row(
            {**EXIT, "view": a_view(instrument=an_instrument(tradable=False))},
            {},
            "DENY NOT_TRADABLE",
            id="exit_of_untradable",
        ),
        row(
            {"view": a_view(instrument=an_instrument(Symbol("MSFT")))}, {}, "DENY NOT_TRADABLE", id="another_instrument"
        ),
        row({"order": an_order(currency="EUR")}, {}, "DENY CURRENCY_MISMATCH", id="order_in_euro"),
        row({"account": an_account(currency="EUR")}, {}, "DENY CURRENCY_MISMATCH", id="account_in_euro"),
        row({**EXIT, "account": an_account(currency="EUR")}, {}, "PASS", id="exit_from_euro_account"),
        row({}, {"allowed_asset_classes": ["equity"]}, "PASS", id="allowed_class"),
        row(
            {"view": a_view(instrument=an_instrument(asset_class=AssetClass.CRYPTO))},
            {"allowed_asset_classes": ["equity", "etf"]},
            "DENY ASSET_CLASS_FORBIDDEN",
            id="forbidden_class",
        ),
    ],
)
def test_b1_instrument(changes, limits, expected):
    assert answer("B1", a_case(**changes), **limits) == expected


FRACTIONABLE = a_view(instrument=an_instrument(fractionable=True))
HUNDREDS = a_view(instrument=an_instrument(lot=D(100)))


@pytest.mark.parametrize(
    ("qty", "changes", "limits", "expected"),
    [
        row(D(10), {}, {}, "PASS", id="whole"),
        row(D(0), {}, {}, "DENY QTY_INVALID", id="zero"),
        row(D(-1), {}, {}, "DENY QTY_INVALID", id="negative"),
        row(NAN, {}, {}, "DENY QTY_INVALID", id="nan"),
        row(Decimal("sNaN"), {}, {}, "DENY QTY_INVALID", id="signalling_nan"),
        row(INFINITE, {}, {}, "DENY QTY_INVALID", id="infinite"),
        row(10, {}, {}, "DENY QTY_INVALID", id="int"),
        row(10.0, {}, {}, "DENY QTY_INVALID", id="float"),
        row(True, {}, {}, "DENY QTY_INVALID", id="bool"),
        row("10", {}, {}, "DENY QTY_INVALID", id="text"),
        row([D(10)], {}, {}, "DENY QTY_INVALID", id="list"),
        row(None, {}, {}, "DENY QTY_INVALID", id="none"),
        row(D(10) ** 12, {}, {}, "DENY QTY_INVALID", id="absurd"),
        row(D(10**399), {}, {}, "DENY QTY_INVALID", id="four_hundred_digits"),
        row(D("10.5"), {}, {}, "DENY FRACTION_FORBIDDEN", id="fraction"),
        row(D("10.5"), {"view": FRACTIONABLE}, {"allow_fractional": True}, "PASS", id="fraction_allowed_and_possible"),
        row(D("10.5"), {}, {"allow_fractional": True}, "DENY FRACTION_FORBIDDEN", id="fraction_not_possible"),
        row(
            D("10.5"), {"view": FRACTIONABLE}, {"allow_fractional": False}, "DENY FRACTION_FORBIDDEN", id="not_allowed"
        ),
        row(D(150), {"view": HUNDREDS}, {}, "DENY QTY_NOT_IN_LOTS", id="odd_lot"),
        row(D(200), {"view": HUNDREDS}, {}, "PASS", id="round_lot"),
        row(
            D("0.15"),
            {"view": a_view(instrument=an_instrument(fractionable=True, lot=D("0.1")))},
            {"allow_fractional": True},
            "DENY QTY_NOT_IN_LOTS",
            id="between_fractional_lots",
        ),
        row(D(10), {"view": a_view(instrument=an_instrument(lot=D(0)))}, {}, "PASS", id="no_lot_means_one"),
    ],
)
def test_b2_quantity(qty, changes, limits, expected):
    assert answer("B2", a_case(an_order(qty=qty), **changes), **limits) == expected


@pytest.mark.parametrize(
    ("qty", "expected"),
    [
        row("50.5", "PASS", id="the_whole_odd_remainder"),
        row("50.25", "DENY FRACTION_FORBIDDEN", id="part_of_it"),
    ],
)
def test_b2_an_odd_remainder_can_be_sold_whole(qty, expected):
    assert answer("B2", a_case(a_sell(D(qty)), positions=held("50.5"))) == expected


TRAILING = {"type": OrderType.TRAILING_STOP}
PAIR = {
    "side": Side.SELL, "reduce_only": True, "limit_price": D(210), "take_profit": D(210), "stop_loss": D(190)
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({}, "PASS", id="limit_on_tick"),
        row({"limit_price": D("200.005")}, "DENY PRICE_NOT_ON_TICK", id="half_a_cent"),
        row({"limit_price": None}, "DENY PRICE_INVALID", id="limit_without_price"),
        row({"limit_price": NAN}, "DENY PRICE_INVALID", id="nan"),
        row({"limit_price": INFINITE}, "DENY PRICE_INVALID", id="infinite"),
        row({"limit_price": D(0)}, "DENY PRICE_INVALID", id="zero"),
        row({"limit_price": D(-200)}, "DENY PRICE_INVALID", id="negative"),
        row({"limit_price": 200.0}, "DENY PRICE_INVALID", id="float"),
        row({"type": OrderType.MARKET}, "PASS", id="market"),
        row({"type": OrderType.MARKET, "limit_price": D(200)}, "DENY PRICE_INVALID", id="market_with_limit"),
        row({"trigger_price": D(200)}, "DENY PRICE_INVALID", id="limit_with_trigger"),
        row({"type": OrderType.STOP}, "DENY PRICE_INVALID", id="stop_without_trigger"),
        row({"type": OrderType.STOP, "trigger_price": D(201)}, "PASS", id="stop"),
        row({"type": OrderType.STOP_LIMIT, "trigger_price": D(201)}, "PASS", id="stop_limit"),
        row({"type": OrderType.TRAILING_STOP}, "DENY PRICE_INVALID", id="trailing_stop_without_a_trail"),
        row({**TRAILING, "trail_amount": D(5)}, "PASS", id="trailing_stop_by_an_amount"),
        row({**TRAILING, "trail_pct": D(5)}, "PASS", id="trailing_stop_by_a_percentage"),
        row({**TRAILING, "trail_amount": D(5), "trail_pct": D(5)}, "DENY PRICE_INVALID", id="trailing_stop_by_both"),
        row({**TRAILING, "trail_amount": D("199.99")}, "PASS", id="trail_a_cent_below_the_price"),
        row({**TRAILING, "trail_amount": D(200)}, "DENY PRICE_INVALID", id="trail_of_the_whole_price"),
        row({**TRAILING, "trail_pct": D(100)}, "DENY PRICE_INVALID", id="trail_of_100_percent"),
        row({**TRAILING, "trail_amount": D(0)}, "DENY PRICE_INVALID", id="trail_of_nothing"),
        row({**TRAILING, "trail_pct": NAN}, "DENY PRICE_INVALID", id="trail_nan"),
        row({**TRAILING, "trail_amount": 5.0}, "DENY PRICE_INVALID", id="trail_float"),
        row({**TRAILING, "trail_pct": D(5), "trigger_price": D(190)}, "DENY PRICE_INVALID", id="trail_and_trigger"),
        row({"trail_amount": D(5)}, "DENY PRICE_INVALID", id="limit_with_a_trail"),
        row(PAIR, "PASS", id="pair_of_exits"),
        row({**PAIR, "limit_price": D(211)}, "DENY PRICE_INVALID", id="pair_off_its_target"),
        row({**PAIR, "stop_loss": D(210)}, "DENY PRICE_INVALID", id="pair_with_the_stop_at_the_target"),
        row({**PAIR, "type": OrderType.MARKET, "limit_price": None}, "DENY PRICE_INVALID", id="pair_at_market"),
        row({**PAIR, "side": Side.BUY}, "DENY PRICE_INVALID", id="pair_of_a_cover_the_wrong_way_round"),
        row({"stop_loss": D("189.999")}, "DENY PRICE_NOT_ON_TICK", id="stop_loss_off_tick"),
        row({"stop_loss": "190"}, "DENY PRICE_INVALID", id="stop_loss_text"),
        row({"take_profit": NAN}, "DENY PRICE_INVALID", id="take_profit_nan"),
    ],
)
def test_b3_prices(changes, expected):
    assert answer("B3", a_case(an_order(**changes))) == expected


def test_b3_without_a_usable_tick_entries_are_refused_and_unknown_instruments_can_be_left():
    assert answer("B3", a_case(view=a_view(instrument=an_instrument(tick=D(0))))) == "DENY PRICE_NOT_ON_TICK"
    exit_ = a_sell(D(50), type=OrderType.LIMIT, limit_price=D("199.90"))
    assert answer("B3", a_case(exit_, positions=held(50), view=a_view(instrument=None))) == "PASS"


@pytest.mark.parametrize(
    ("changes", "limits", "expected"),
    [
        row({}, {}, "PASS", id="day_limit"),
        row({}, {"allowed_order_types": ["limit"]}, "PASS", id="allowed_type"),
        row({}, {"allowed_order_types": ["MARKET"]}, "DENY ORDER_TYPE_FORBIDDEN", id="forbidden_type"),
        row({"tif": TimeInForce.GTC}, {"allowed_tif": ["day"]}, "DENY TIF_FORBIDDEN", id="forbidden_tif"),
        row({"extended_hours": True}, {}, "DENY EXTENDED_HOURS_FORBIDDEN", id="extended_not_allowed"),
        row({"extended_hours": True}, {"allow_extended_hours": True}, "PASS", id="extended_day_limit"),
        row(
            {"extended_hours": True, "type": OrderType.MARKET},
            {"allow_extended_hours": True},
            "DENY COMBINATION_UNSUPPORTED",
            id="extended_market",
        ),
        row(
            {"extended_hours": True, "tif": TimeInForce.GTC},
            {"allow_extended_hours": True},
            "DENY COMBINATION_UNSUPPORTED",
            id="extended_gtc",
        ),
        row(
            {"extended_hours": True, "qty": D("1.5")},
            {"allow_extended_hours": True},
            "DENY COMBINATION_UNSUPPORTED",
            id="extended_fraction",
        ),
        row({"tif": TimeInForce.IOC}, {}, "PASS", id="ioc_limit"),
        row(
            {"type": OrderType.STOP, "trigger_price": D(201), "tif": TimeInForce.IOC},
            {},
            "DENY COMBINATION_UNSUPPORTED",
            id="ioc_stop",
        ),
        row({"qty": D("1.5"), "tif": TimeInForce.GTC}, {}, "DENY COMBINATION_UNSUPPORTED", id="fraction_gtc"),
        row({"qty": D("1.5"), "tif": TimeInForce.GTD}, {}, "DENY COMBINATION_UNSUPPORTED", id="fraction_gtd"),
        row({"type": OrderType.STOP, "trigger_price": D(201), "tif": TimeInForce.GTD}, {}, "PASS", id="gtd_stop"),
        row({"tif": TimeInForce.GTD}, {"allowed_tif": ["day", "gtc"]}, "DENY TIF_FORBIDDEN", id="gtd_not_allowed"),
        row({"qty": D("1.5")}, {}, "PASS", id="fraction_day"),
        row({"tif": "forever"}, {}, "DENY GATE_ERROR", id="unknown_tif"),
        row({**TRAILING, "trail_pct": D(5)}, {}, "DENY COMBINATION_UNSUPPORTED", id="trailing_entry"),
        row({**TRAILING, "trail_pct": D(5), "reduce_only": True}, {}, "PASS", id="trailing_leg"),
    ],
)
def test_b4_combination(changes, limits, expected):
    assert answer("B4", a_case(an_order(**changes)), **limits) == expected


@pytest.mark.parametrize(
    ("order", "changes", "expected"),
    [
        row(a_sell(D(50)), {"positions": held(50)}, "PASS", id="closes_all"),
        row(a_sell(D(80)), {"positions": held(50)}, "REDUCE CROSSES_ZERO 50", id="would_go_short"),
        row(
            a_sell(D(40)),
            {"positions": held(50), "open_orders": (selling(20),)},
            "REDUCE CROSSES_ZERO 30",
            id="part_already_selling",
        ),
        row(
            a_sell(D(10)),
            {"positions": held(50), "open_orders": (selling(50),)},
            "DENY CROSSES_ZERO",
            id="all_already_selling",
        ),
        row(an_order(qty=D(30)), {"positions": held(-20)}, "REDUCE CROSSES_ZERO 20", id="cover_would_go_long"),
        row(
            an_order(qty=D(10)),
            {"positions": held(-20), "open_orders": (working(15),)},
            "REDUCE CROSSES_ZERO 5",
            id="part_already_covering",
        ),
        row(an_order(), {"positions": held(50)}, "PASS", id="adds"),
        row(a_sell(D(10)), {}, "PASS", id="opens_from_flat"),
        row(a_sell(D(80)), {"positions": held("50.5")}, "REDUCE CROSSES_ZERO 50", id="whole_lots_only"),
        row(a_sell(D(80)), {"positions": held(NAN)}, "DENY POSITION_UNKNOWN", id="nan_position"),
        row(a_sell(NAN), {"positions": held(50)}, "DENY POSITION_UNKNOWN", id="nan_qty"),
    ],
)
def test_b6_zero_crossing(order, changes, expected):
    assert answer("B6", a_case(order, **changes), allow_short=True, oversize="reduce") == expected
    assert answer("B6", a_case(order, **changes), allow_short=True) == refused(expected)


@pytest.mark.parametrize(
    ("order", "changes", "expected"),
    [
        row(an_order(), {}, "PASS", id="makes_no_claim"),
        row(a_sell(D(50), reduce_only=True), {"positions": held(50)}, "PASS", id="shrinks"),
        row(a_sell(D(60), reduce_only=True), {"positions": held(50)}, "REDUCE NOT_REDUCING 50", id="more_than_held"),
        row(an_order(reduce_only=True), {"positions": held(50)}, "DENY NOT_REDUCING", id="adds"),
        row(a_sell(D(5), reduce_only=True), {}, "DENY NOT_REDUCING", id="nothing_held"),
        row(a_sell(D(5), reduce_only=True), {"positions": held(NAN)}, "DENY POSITION_UNKNOWN", id="nan_held"),
    ],
)
def test_b7_reduce_only(order, changes, expected):
    assert answer("B7", a_case(order, **changes), oversize="reduce") == expected
    assert answer("B7", a_case(order, **changes)) == refused(expected)


@pytest.mark.parametrize(("gate", "code"), [("B7", "NOT_REDUCING"), ("D3", "SHORT_FORBIDDEN")])
def test_what_is_left_to_sell_keeps_its_fraction_where_fractions_may_be_sold(gate, code):
    case = a_case(a_sell(D(60), reduce_only=gate == "B7"), positions=held("50.5"), view=FRACTIONABLE)
    assert answer(gate, case, oversize="reduce", allow_fractional=True) == f"REDUCE {code} 50.5"
    assert answer(gate, case, oversize="reduce", allow_fractional=False) == f"REDUCE {code} 50"


BAND: dict[str, Any] = {"min_stop_distance_pct": "0.5", "max_stop_distance_pct": "10"}


@pytest.mark.parametrize(
    ("changes", "limits", "expected"),
    [
        row({}, {"require_stop_loss": True, **BAND}, "PASS", id="five_percent_below"),
        row({"stop_loss": None}, {"require_stop_loss": True}, "DENY STOP_MISSING", id="missing"),
        row({"stop_loss": None}, {}, "PASS", id="not_required"),
        row({"stop_loss": None, "take_profit": D(220)}, {}, "PASS", id="target_alone"),
        row({"stop_loss": D(200)}, {}, "DENY STOP_WRONG_SIDE", id="at_the_price"),
        row({"stop_loss": D(210)}, {}, "DENY STOP_WRONG_SIDE", id="above_a_buy"),
        row({"stop_loss": NAN}, {}, "DENY STOP_WRONG_SIDE", id="nan"),
        row({"take_profit": D(199)}, {}, "DENY STOP_WRONG_SIDE", id="target_below_a_buy"),
        row({"take_profit": D(200)}, {}, "DENY STOP_WRONG_SIDE", id="target_at_the_price"),
        row({"stop_loss": D(199)}, BAND, "PASS", id="at_nearest"),
        row({"stop_loss": D("199.01")}, BAND, "DENY STOP_TOO_NEAR", id="one_cent_too_near"),
        row({"stop_loss": D(180)}, BAND, "PASS", id="at_farthest"),
        row({"stop_loss": D("179.99")}, BAND, "DENY STOP_TOO_FAR", id="one_cent_too_far"),
        row({"type": OrderType.MARKET}, BAND, "PASS", id="market_order_measured_at_the_ask"),
        row({"type": OrderType.STOP, "trigger_price": D(205)}, BAND, "PASS", id="stop_order_measured_at_its_trigger"),
        row({"side": Side.SELL, "stop_loss": D(210)}, BAND, "PASS", id="short_sale"),
        row({"side": Side.SELL, "stop_loss": D(190)}, BAND, "DENY STOP_WRONG_SIDE", id="short_sale_below"),
    ],
)
def test_b8_protective_stop(changes, limits, expected):
    assert answer("B8", a_case(an_order(**changes)), **limits) == expected


def test_b8_without_a_price_the_stop_cannot_be_placed_and_exits_need_none():
    market = an_order(type=OrderType.MARKET)
    assert answer("B8", a_case(market, view=a_view(quote=None))) == "DENY PRICE_UNKNOWN"
    assert answer("B8", a_case(**EXIT), require_stop_loss=True) == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("limits", "entry", "exit_"),
    [
        row({}, "PASS", "PASS", id="no_lists"),
        row({"universe": ["AAPL", "MSFT"]}, "PASS", "PASS", id="in_universe"),
        row({"universe": ["aapl"]}, "PASS", "PASS", id="written_in_lower_case"),
        row({"universe": ["MSFT"]}, "DENY NOT_IN_UNIVERSE", "PASS", id="not_in_universe"),
        row({"universe": []}, "DENY NOT_IN_UNIVERSE", "PASS", id="empty_universe"),
        row({"restricted": ["AAPL"]}, "DENY RESTRICTED", "DENY RESTRICTED", id="restricted"),
        row({"restricted": ["MSFT"]}, "PASS", "PASS", id="another_is_restricted"),
        row(
            {"restricted": [{"symbol": "AAPL", "reason": "merger", "until": "2026-03-17T15:00:01Z"}]},
            "DENY RESTRICTED",
            "DENY RESTRICTED",
            id="a_second_before_its_end",
        ),
        row({"restricted": [{"symbol": "AAPL", "until": "2026-03-17T15:00:00Z"}]}, "PASS", "PASS", id="at_its_end"),
    ],
)
def test_b9_lists(limits, entry, exit_):
    assert answer("B9", a_case(), **limits) == entry
    assert answer("B9", a_case(**EXIT), **limits) == exit_


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        row(a_view(quote=a_quote(last=D("5.00"))), "PASS", id="at_limit"),
        row(a_view(quote=a_quote(last=D("4.99"))), "DENY PRICE_TOO_LOW", id="one_cent_under"),
        row(a_view(quote=a_quote(last=NAN)), "DENY QUOTE_MISSING", id="nan_price"),
        row(a_view(quote=None), "DENY QUOTE_MISSING", id="no_quote"),
    ],
)
def test_b10_min_price(view, expected):
    assert answer("B10", a_case(view=view), min_price="5") == expected
    assert answer("B10", a_case(**EXIT, view=view), min_price="5") == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("qty", "expected"),
    [row(50, "PASS", id="all_of_it"), row(51, "DENY COMBINATION_UNSUPPORTED", id="a_share_more_than_is_held")],
)
def test_b4_a_trailing_stop_is_an_exit(qty, expected):
    order = a_sell(D(qty), type=OrderType.TRAILING_STOP, trail_amount=D(5))
    assert answer("B4", a_case(order, positions=held(50))) == expected
