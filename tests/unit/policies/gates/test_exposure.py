"""Group C: size and concentration. The ask is 200.00 and equity 100,000 throughout."""

from decimal import Decimal
from typing import Any

import pytest

from domain.orders import OrderStatus, OrderType, Side
from tests.builders.policies import (
    MSFT,
    XOM,
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
    selling,
    verdict,
    working,
)

row = pytest.param

NAN = Decimal("NaN")
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}
NO_QUOTE: dict[str, Any] = {"order": an_order(type=OrderType.MARKET), "view": a_view(quote=None)}
BROKE: dict[str, Any] = {"account": an_account(equity=None)}
REDUCE: dict[str, Any] = {"oversize": "reduce"}


def buy(qty, **changes):
    return {"order": an_order(qty=D(qty), **changes)}


@pytest.mark.parametrize(
    ("changes", "limits", "expected"),
    [
        row(buy(50), {}, "PASS", id="at_limit"),
        row(buy(50, limit_price=D("200.01")), {}, "DENY ORDER_NOTIONAL", id="fifty_cents_over"),
        row(buy(51), {}, "DENY ORDER_NOTIONAL", id="one_share_over"),
        row(buy(51), REDUCE, "REDUCE ORDER_NOTIONAL 50", id="cut_to_fit"),
        row(buy(50, type=OrderType.MARKET), {}, "PASS", id="market_at_the_ask"),
        row(
            buy(50, type=OrderType.MARKET),
            {"market_slippage_pct": "0.2"},
            "DENY ORDER_NOTIONAL",
            id="slippage",
        ),
        row(buy(50, type=OrderType.STOP, trigger_price=D(201)), {}, "DENY ORDER_NOTIONAL", id="stop_at_its_trigger"),
        row(buy(1, limit_price=D("10000.01")), REDUCE, "DENY ORDER_NOTIONAL", id="nothing_left"),
        row(
            {**buy(150, side=Side.SELL, limit_price=D(100)), "view": a_view()},
            {},
            "DENY ORDER_NOTIONAL",
            id="short_sale_valued_at_the_bid",
        ),
        row(buy("NaN"), {}, "DENY PRICE_UNKNOWN", id="nan_qty"),
        row(buy(1, limit_price=NAN), {}, "DENY PRICE_UNKNOWN", id="nan_price"),
        row(NO_QUOTE, {}, "DENY PRICE_UNKNOWN", id="no_quote"),
        row(
            {**buy(1, type=OrderType.MARKET), "view": a_view(quote=a_quote(bid=D(201)))},
            {},
            "DENY PRICE_UNKNOWN",
            id="crossed_quote",
        ),
    ],
)
def test_c1_order_notional(changes, limits, expected):
    assert answer("C1", a_case(**changes), max_order_notional="10000", **limits) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row(buy(25), "PASS", id="at_limit"),
        row(buy(26), "DENY ORDER_NOTIONAL", id="one_share_over"),
        row({**buy(1), **BROKE}, "DENY EQUITY_UNKNOWN", id="no_equity"),
        row({**buy(1), "account": an_account(equity=D(0))}, "DENY EQUITY_UNKNOWN", id="zero_equity"),
        row({**buy(1), "account": an_account(equity=NAN)}, "DENY EQUITY_UNKNOWN", id="nan_equity"),
        row(NO_QUOTE, "DENY PRICE_UNKNOWN", id="no_quote"),
    ],
)
def test_c1_order_share_of_equity(changes, expected):
    assert answer("C1_equity", a_case(**changes), max_order_pct_equity="5") == expected


@pytest.mark.parametrize(
    ("qty", "limits", "expected"),
    [
        row("500", {}, "PASS", id="at_limit"),
        row("501", {}, "DENY ORDER_QTY", id="one_over"),
        row("501", REDUCE, "REDUCE ORDER_QTY 500", id="cut_to_fit"),
        row("NaN", {}, "DENY POSITION_UNKNOWN", id="nan_qty"),
    ],
)
def test_c2_order_qty(qty, limits, expected):
    assert answer("C2", a_case(**buy(qty)), max_order_qty="500", **limits) == expected


def test_a_denied_size_says_what_would_have_passed():
    found = verdict("C2", a_case(**buy(501)), max_order_qty="500")
    assert (found.limit, found.value, found.margin, found.quantity) == (D(500), D(501), D(-1), D(500))


POSITION_CASES = [
    row({**buy(50)}, "PASS", id="at_limit_from_flat"),
    row({**buy(51)}, "REDUCE POSITION_SIZE 50", id="one_over_from_flat"),
    row({**buy(10), "positions": held(40)}, "PASS", id="at_limit_with_holding"),
    row({**buy(11), "positions": held(40)}, "REDUCE POSITION_SIZE 10", id="one_over_with_holding"),
    row({**buy(5), "positions": held(40), "open_orders": (working(5),)}, "PASS", id="open_buy_counts"),
    row(
        {**buy(6), "positions": held(40), "open_orders": (working(5),)}, "REDUCE POSITION_SIZE 5", id="over_by_open_buy"
    ),
    row(
        {**buy(6), "open_orders": (working(45, status=OrderStatus.UNKNOWN),)},
        "REDUCE POSITION_SIZE 5",
        id="unknown_fate_counts",
    ),
    row(
        {**buy(6), "open_orders": (working(45, status=OrderStatus.INTENT),)},
        "REDUCE POSITION_SIZE 5",
        id="in_flight_counts",
    ),
    row(
        {**buy(6), "open_orders": (working(45, status=OrderStatus.PENDING_CANCEL),)},
        "REDUCE POSITION_SIZE 5",
        id="pending_cancel_counts",
    ),
    row(
        {**buy(6), "open_orders": (working(90, filled_qty=D(45), status=OrderStatus.PARTIALLY_FILLED),)},
        "REDUCE POSITION_SIZE 5",
        id="partially_filled_rest_counts",
    ),
    row({**buy(6), "open_orders": (working(45, status=OrderStatus.CANCELED),)}, "PASS", id="over_is_over"),
    row(
        {**buy(11), "positions": held(40), "open_orders": (selling(40),)},
        "REDUCE POSITION_SIZE 10",
        id="open_sell_makes_no_room",
    ),
    row({**buy(1), "positions": held(50)}, "DENY POSITION_SIZE", id="already_full"),
    row({**buy(1), "positions": held(NAN)}, "DENY POSITION_UNKNOWN", id="nan_position"),
]


@pytest.mark.parametrize(("changes", "expected"), POSITION_CASES)
def test_c3_position_share_of_equity(changes, expected):
    assert answer("C3", a_case(**changes), max_position_pct_equity="10", **REDUCE) == expected


@pytest.mark.parametrize(("changes", "expected"), POSITION_CASES)
def test_c3_position_notional(changes, expected):
    assert answer("C3_notional", a_case(**changes), max_position_notional="10000", **REDUCE) == expected


@pytest.mark.parametrize(("changes", "expected"), POSITION_CASES)
def test_c3_position_qty(changes, expected):
    assert answer("C3_qty", a_case(**changes), max_position_qty="50", **REDUCE) == expected


def test_c3_shorts_are_measured_alike():
    short: dict[str, Any] = {
        "order": an_order(qty=D(11), side=Side.SELL, limit_price=D(200), stop_loss=D(210)),
        "positions": held(-40),
    }
    assert answer("C3_qty", a_case(**short), max_position_qty="50", **REDUCE) == "REDUCE POSITION_SIZE 10"
    assert answer("C3", a_case(**short), max_position_pct_equity="10", **REDUCE) == "REDUCE POSITION_SIZE 10"


def test_c3_a_holding_needs_a_price_and_equity():
    bare: dict[str, Any] = {**buy(1), "positions": held(1), "view": a_view(quote=None)}
    assert answer("C3", a_case(**bare), max_position_pct_equity="10") == "DENY POSITION_UNKNOWN"
    assert answer("C3", a_case(**buy(1), **BROKE), max_position_pct_equity="10") == "DENY EQUITY_UNKNOWN"
    assert answer("C3", a_case(**EXIT, **BROKE), max_position_pct_equity="10") == "PASS RISK_REDUCING"


def test_c3_an_open_market_order_is_valued_at_the_quote_or_what_was_reserved():
    at_quote = working(40, type=OrderType.MARKET, limit_price=None)
    at_reserve = working(40, type=OrderType.MARKET, limit_price=None, reserved_price=D(225))
    limits: dict[str, Any] = {"max_position_notional": "10000", **REDUCE}
    assert answer("C3_notional", a_case(**buy(11), open_orders=(at_quote,)), **limits) == "REDUCE POSITION_SIZE 10"
    assert answer("C3_notional", a_case(**buy(11), open_orders=(at_reserve,)), **limits) == "REDUCE POSITION_SIZE 5"


TWO_HELD = {**held(10), **held(10, MSFT)}
MSFT_VIEW: dict[str, Any] = {"others": (a_view(MSFT),)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({"positions": held(10, MSFT)}, "PASS", id="makes_the_last_allowed"),
        row({"positions": {**held(1, MSFT), **held(1, XOM)}}, "DENY OPEN_POSITIONS", id="one_over"),
        row({"positions": TWO_HELD}, "PASS", id="adds_to_one_of_them"),
        row(
            {"positions": held(1, MSFT), "open_orders": (working(1, symbol=XOM),)},
            "DENY OPEN_POSITIONS",
            id="opening",
        ),
        row({"positions": {**held(1, MSFT), **held(0, XOM)}}, "PASS", id="flat_does_not_count"),
    ],
)
def test_c4_open_positions(changes, expected):
    assert answer("C4", a_case(**changes), max_open_positions="2") == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        row(2, "PASS", id="at_limit"),
        row(3, "DENY CYCLE_ENTRIES", id="one_over"),
        row(True, "DENY COUNTERS_UNKNOWN", id="bool"),
        row(-1, "DENY COUNTERS_UNKNOWN", id="negative"),
        row(1.5, "DENY COUNTERS_UNKNOWN", id="fraction"),
    ],
)
def test_c4_entries_of_a_cycle(entries, expected):
    assert answer("C4_cycle", a_case(cycle_entries=entries), max_entries_per_cycle="3") == expected


GROSS_CASES = [
    row({**buy(50), "positions": held(450, MSFT), **MSFT_VIEW}, "PASS", id="at_limit"),
    row({**buy(51), "positions": held(450, MSFT), **MSFT_VIEW}, "REDUCE 50", id="one_share_over"),
    row({**buy(51), "positions": held(-450, MSFT), **MSFT_VIEW}, "REDUCE 50", id="shorts_add_up"),
    row({**buy(51), "open_orders": (working(450, symbol=MSFT),), **MSFT_VIEW}, "REDUCE 50", id="open_orders_count"),
    row(
        {**buy(51), "positions": held(450, MSFT), "open_orders": (selling(450, symbol=MSFT),), **MSFT_VIEW},
        "REDUCE 50",
        id="open_sells_make_no_room",
    ),
    row({**buy(1), "positions": held(1, MSFT)}, "DENY EXPOSURE_UNKNOWN", id="holding_without_quote"),
    row(
        {**buy(1), "open_orders": (working(1, symbol=MSFT, type=OrderType.MARKET, limit_price=None),)},
        "DENY EXPOSURE_UNKNOWN",
        id="open_order_without_price",
    ),
    row({**buy(1), **BROKE}, "DENY EQUITY_UNKNOWN", id="no_equity"),
    row({**EXIT, **BROKE}, "PASS RISK_REDUCING", id="exit"),
]


@pytest.mark.parametrize(("changes", "expected"), GROSS_CASES)
def test_c5_gross_exposure(changes, expected):
    wanted = expected.replace("REDUCE", "REDUCE GROSS_EXPOSURE")
    assert answer("C5", a_case(**changes), max_gross_exposure_pct="100", **REDUCE) == wanted


def test_c7_shows_the_multiple():
    found = verdict("C7", a_case(**buy(100)), max_leverage="1.5")
    assert (found.limit, found.value, found.margin) == (D("1.5"), D("0.2"), D("1.3"))
    over = verdict("C7", a_case(**buy(800)), max_leverage="1.5")
    assert (over.limit, over.value, over.margin, over.quantity) == (D("1.5"), D("1.6"), D("-0.1"), D(750))


@pytest.mark.parametrize(("changes", "expected"), GROSS_CASES)
def test_c7_leverage(changes, expected):
    assert answer("C7", a_case(**changes), max_leverage="1", **REDUCE) == expected.replace("REDUCE", "REDUCE LEVERAGE")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({**buy(250), "positions": held(150, MSFT), **MSFT_VIEW}, "PASS", id="at_limit"),
        row({**buy(251), "positions": held(150, MSFT), **MSFT_VIEW}, "REDUCE NET_EXPOSURE 250", id="one_over"),
        row({**buy(450), "positions": held(-50, MSFT), **MSFT_VIEW}, "PASS", id="a_short_offsets"),
        row(
            {"order": a_sell(D(251), stop_loss=D(210)), "positions": held(-150, MSFT), **MSFT_VIEW},
            "REDUCE NET_EXPOSURE 250",
            id="net_short_counts_alike",
        ),
        row({**buy(1), "positions": held(1, MSFT)}, "DENY EXPOSURE_UNKNOWN", id="holding_without_quote"),
        row({**buy(1), **BROKE}, "DENY EQUITY_UNKNOWN", id="no_equity"),
    ],
)
def test_c6_net_exposure(changes, expected):
    limits: dict[str, Any] = {"max_net_exposure_pct": "80", "allow_short": True, **REDUCE}
    # Shorts are valued at the ask once held and at the bid while being sold, hence a quote without spread.
    flat = a_view(quote=a_quote(bid=D(200)), instrument=an_instrument(shortable=True))
    assert answer("C6", a_case(**changes, view=flat), **limits) == expected


ENERGY = a_view(XOM, instrument=an_instrument(XOM, sector="energy"))
NAMELESS = a_view(XOM, instrument=an_instrument(XOM, sector=None))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({**buy(25), "positions": held(125, MSFT), **MSFT_VIEW}, "PASS", id="at_limit"),
        row({**buy(26), "positions": held(125, MSFT), **MSFT_VIEW}, "REDUCE SECTOR_EXPOSURE 25", id="one_share_over"),
        row({**buy(150), "positions": held(125, XOM), "others": (ENERGY,)}, "PASS", id="another_sector"),
        row(
            {**buy(26), "positions": held(125, XOM), "others": (NAMELESS,)},
            "REDUCE SECTOR_EXPOSURE 25",
            id="a_holding_without_sector_counts",
        ),
        row(
            {**buy(26), "open_orders": (working(125, symbol=MSFT),), **MSFT_VIEW},
            "REDUCE SECTOR_EXPOSURE 25",
            id="open_orders_count",
        ),
        row({**buy(1), "positions": held(1, MSFT)}, "DENY EXPOSURE_UNKNOWN", id="holding_without_quote"),
        row({**buy(1), "view": a_view(instrument=an_instrument(sector=None))}, "DENY SECTOR_UNKNOWN", id="no_sector"),
        row({**buy(1), "view": a_view(instrument=None)}, "DENY SECTOR_UNKNOWN", id="no_instrument"),
        row({**NO_QUOTE, "positions": held(1, MSFT)}, "DENY EXPOSURE_UNKNOWN", id="no_quote"),
        row({**buy(1), **BROKE}, "DENY EQUITY_UNKNOWN", id="no_equity"),
    ],
)
def test_c8_sector(changes, expected):
    assert answer("C8", a_case(**changes), max_sector_pct_equity="30", **REDUCE) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row(buy(100), "PASS", id="at_limit"),
        row(buy(101), "REDUCE TRADE_RISK 100", id="one_share_over"),
        row(buy(100, stop_loss=D("189.99")), "REDUCE TRADE_RISK 99", id="one_cent_farther"),
        row(buy(1, stop_loss=None), "DENY STOP_MISSING", id="no_stop"),
        row(buy(1, stop_loss=NAN), "DENY STOP_MISSING", id="nan_stop"),
        row(buy(1, stop_loss=D(200)), "DENY STOP_WRONG_SIDE", id="stop_at_the_price"),
        row(NO_QUOTE, "DENY PRICE_UNKNOWN", id="no_quote"),
        row({**buy(1), **BROKE}, "DENY EQUITY_UNKNOWN", id="no_equity"),
        row(buy(101, side=Side.SELL, stop_loss=D(210)), "REDUCE TRADE_RISK 100", id="short_sale"),
    ],
)
def test_c11_trade_risk(changes, expected):
    limits: dict[str, Any] = {"max_loss_per_trade_pct": "1", "allow_short": True, **REDUCE}
    assert answer("C11", a_case(**changes), **limits) == expected


CASH_CASES = [
    row(buy(75), "PASS", id="at_limit"),
    row(buy(76), "REDUCE CASH_RESERVE 75", id="one_share_over"),
    row({**buy(46), "open_orders": (working(30, symbol=MSFT),)}, "REDUCE CASH_RESERVE 45", id="open_buys"),
    row({**buy(76), "open_orders": (selling(50),)}, "REDUCE CASH_RESERVE 75", id="open_sells_bring_nothing"),
    row(buy(76, side=Side.SELL), "PASS", id="a_short_sale_takes_no_cash"),
    row({**buy(1), "open_orders": (working(75, symbol=MSFT),)}, "DENY CASH_RESERVE", id="nothing_left"),
    row({**buy(1), "account": an_account(cash=None)}, "DENY CASH_UNKNOWN", id="no_cash_figure"),
    row({**buy(1), "account": an_account(cash=NAN)}, "DENY CASH_UNKNOWN", id="nan_cash"),
    row(NO_QUOTE, "DENY CASH_UNKNOWN", id="no_quote"),
]


@pytest.mark.parametrize(("changes", "expected"), CASH_CASES)
def test_c15_cash_reserve(changes, expected):
    account = changes.get("account", an_account(cash=D(20_000)))
    case = a_case(**{**changes, "account": account})
    assert answer("C15", case, min_cash_reserve="5000", allow_short=True, **REDUCE) == expected


@pytest.mark.parametrize(("changes", "expected"), CASH_CASES)
def test_c15_cash_share_of_equity(changes, expected):
    account = changes.get("account", an_account(cash=D(20_000)))
    case = a_case(**{**changes, "account": account})
    assert answer("C15_pct", case, min_cash_reserve_pct="5", allow_short=True, **REDUCE) == expected


def test_c15_share_needs_equity():
    assert answer("C15_pct", a_case(**buy(1), **BROKE), min_cash_reserve_pct="5") == "DENY EQUITY_UNKNOWN"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        row({**buy(25), "turnover_today": D(195_000)}, "PASS", id="at_limit"),
        row({**buy(26), "turnover_today": D(195_000)}, "REDUCE TURNOVER 25", id="one_share_over"),
        row(
            {**buy(26), "turnover_today": D(185_000), "open_orders": (working(50),)},
            "REDUCE TURNOVER 25",
            id="buys",
        ),
        row(
            {**buy(26), "turnover_today": D(184_500), "open_orders": (selling(50),)},
            "REDUCE TURNOVER 25",
            id="sells",
        ),
        row({**buy(1), "turnover_today": None}, "DENY TURNOVER_UNKNOWN", id="unknown"),
        row({**buy(1), "turnover_today": D("NaN")}, "DENY TURNOVER_UNKNOWN", id="nan"),
        row({**buy(1), "turnover_today": D("-Infinity")}, "DENY TURNOVER_UNKNOWN", id="infinite"),
        row({**buy(1), "turnover_today": D("-0.01")}, "DENY TURNOVER_UNKNOWN", id="negative"),
        row(NO_QUOTE, "DENY PRICE_UNKNOWN", id="no_quote"),
        row({**EXIT, "turnover_today": None}, "PASS RISK_REDUCING", id="exit"),
    ],
)
def test_c18_turnover(changes, expected):
    assert answer("C18", a_case(**changes), max_turnover_per_day="200000", **REDUCE) == expected
