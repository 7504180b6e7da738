"""Group E: session, halts, quotes and liquidity."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.market import EventKind, MarketEvent, TradingStatus
from domain.orders import OrderType, TimeInForce
from tests.builders.policies import (
    AAPL,
    MSFT,
    NOW,
    D,
    a_case,
    a_control,
    a_market,
    a_quote,
    a_sell,
    a_session,
    a_view,
    ago,
    an_order,
    answer,
    held,
)

row = pytest.param

NAN = Decimal("NaN")
EXIT: dict[str, Any] = {"order": a_sell(D(50)), "positions": held(50)}
SESSION = a_session()
EARLY_EVENING = NOW.replace(hour=21)  # 17:00 in New York
LATE_EVENING = NOW.replace(day=18, hour=0)  # 20:00 in New York
SATURDAY = NOW.replace(day=21)
EXTENDED = an_order(extended_hours=True)


@pytest.mark.parametrize(
    ("now", "order", "allow", "expected"),
    [
        row(NOW, an_order(), False, "PASS", id="open"),
        row(SESSION.opens_at, an_order(), False, "PASS", id="at_the_opening"),
        row(SESSION.closes_at, an_order(), False, "DENY MARKET_CLOSED", id="at_the_close"),
        row(SESSION.opens_at - timedelta(seconds=1), an_order(), False, "DENY MARKET_CLOSED", id="a_second_early"),
        row(EARLY_EVENING, an_order(), True, "DENY MARKET_CLOSED", id="evening_without_saying_so"),
        row(EARLY_EVENING, EXTENDED, False, "DENY MARKET_CLOSED", id="evening_not_allowed"),
        row(EARLY_EVENING, EXTENDED, True, "PASS", id="evening_allowed"),
        row(LATE_EVENING, EXTENDED, True, "DENY MARKET_CLOSED", id="eight_in_the_evening"),
        row(SATURDAY, EXTENDED, True, "DENY MARKET_CLOSED", id="saturday"),
    ],
)
def test_e1_session(now, order, allow, expected):
    assert answer("E1", a_case(order, now=now), allow_extended_hours=allow) == expected


@pytest.mark.parametrize(
    ("told", "entry"),
    [
        row(True, "PASS", id="open"),
        row(None, "PASS", id="a_broker_that_does_not_say"),
        row(False, "DENY MARKET_CLOSED", id="closed_though_the_calendar_says_open"),
    ],
)
def test_e1_the_brokers_clock_counts_for_entries(told, entry):
    control = a_control(broker_open=told)
    assert answer("E1", a_case(control=control)) == entry
    assert answer("E1", a_case(**EXIT, control=control)) == "PASS"


def test_e1_an_opening_auction_is_for_when_the_market_is_closed():
    auction = a_case(an_order(tif=TimeInForce.OPG), market=a_market(closed=True))
    assert answer("E1", auction) == "PASS"
    assert answer("E1", a_case(an_order(tif=TimeInForce.CLS), market=a_market(closed=True))) == "DENY MARKET_CLOSED"


def test_e1_no_session_stops_exits_too_and_an_early_close_ends_sooner():
    assert answer("E1", a_case(**EXIT, market=a_market(closed=True))) == "DENY MARKET_CLOSED"
    short_day = a_market(session=type(SESSION)(SESSION.day, SESSION.opens_at, NOW))
    assert answer("E1", a_case(market=short_day)) == "DENY MARKET_CLOSED"


@pytest.mark.parametrize(
    ("status", "limits", "entry", "exit_"),
    [
        row(TradingStatus(AAPL, NOW, halted=False), {}, "PASS", "PASS", id="trading"),
        row(
            TradingStatus(AAPL, NOW, halted=True, reason="LUDP"),
            {},
            "DENY INSTRUMENT_HALTED",
            "DENY INSTRUMENT_HALTED",
            id="halted",
        ),
        row(None, {"require_trading_status": False}, "PASS", "PASS", id="unknown_and_not_asked_for"),
        row(None, {}, "DENY HALT_STATUS_UNKNOWN", "PASS", id="unknown_without_a_word_on_it"),
        row(None, {"require_trading_status": True}, "DENY HALT_STATUS_UNKNOWN", "PASS", id="unknown"),
    ],
)
def test_e3_halt(status, limits, entry, exit_):
    assert answer("E3", a_case(view=a_view(status=status)), **limits) == entry
    assert answer("E3", a_case(**EXIT, view=a_view(status=status)), **limits) == exit_


@pytest.mark.parametrize(
    ("quote", "limits", "expected"),
    [
        row(a_quote(at=ago(5)), {"max_quote_age_s": "5"}, "PASS", id="at_limit"),
        row(a_quote(at=ago(5.001)), {"max_quote_age_s": "5"}, "DENY QUOTE_STALE", id="a_millisecond_over"),
        row(a_quote(at=ago(9999)), {}, "PASS", id="any_age_without_limit"),
        row(a_quote(at=ago(-2)), {"max_quote_age_s": "5", "max_clock_skew_s": "2"}, "PASS", id="ahead_as_allowed"),
        row(a_quote(at=ago(-0.001)), {"max_quote_age_s": "5"}, "DENY QUOTE_STALE", id="ahead_without_a_word_on_clocks"),
        row(a_quote(last=NAN), {}, "DENY QUOTE_MISSING", id="nan_last"),
        row(
            a_quote(at=ago(-2.001)), {"max_quote_age_s": "5", "max_clock_skew_s": "9"}, "DENY QUOTE_STALE", id="future"
        ),
        row(a_quote(at=ago(-2.001)), {}, "DENY QUOTE_STALE", id="future_without_limit"),
        row(a_quote(at=ago(-1)), {"max_clock_skew_s": "0.5"}, "DENY QUOTE_STALE", id="ahead_of_a_tight_clock"),
        row(None, {}, "DENY QUOTE_MISSING", id="no_quote"),
        row(a_quote(bid=D("200.01")), {}, "DENY QUOTE_MISSING", id="crossed"),
        row(a_quote(bid=D("200.00")), {}, "PASS", id="locked"),
        row(a_quote(bid=D(0)), {}, "DENY QUOTE_MISSING", id="zero_bid"),
        row(a_quote(ask=NAN), {}, "DENY QUOTE_MISSING", id="nan_ask"),
        row(a_quote(ask=Decimal("Infinity")), {}, "DENY QUOTE_MISSING", id="infinite_ask"),
        row(a_quote(ask=200.0), {}, "DENY QUOTE_MISSING", id="float_ask"),
    ],
)
def test_e4_quote(quote, limits, expected):
    assert answer("E4", a_case(view=a_view(quote=quote)), **limits) == expected
    assert answer("E4", a_case(**EXIT, view=a_view(quote=quote)), **limits) == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        row(a_view(last_bar_end=ago(3600)), "PASS", id="at_limit"),
        row(a_view(last_bar_end=ago(3601)), "DENY BAR_STALE", id="one_second_over"),
        row(a_view(last_bar_end=ago(-60)), "DENY BAR_STALE", id="future"),
        row(a_view(last_bar_end=None), "DENY BAR_STALE", id="no_bar"),
    ],
)
def test_e4_bars(view, expected):
    assert answer("E4_bar", a_case(view=view), max_bar_age_s="3600") == expected


@pytest.mark.parametrize(
    ("order", "quote", "entry", "exit_"),
    [
        row({"limit_price": D("206.00")}, a_quote(), "PASS", "PASS", id="at_limit"),
        row({"limit_price": D("206.01")}, a_quote(), "DENY PRICE_COLLAR", "DENY PRICE_COLLAR", id="one_cent_over"),
        row({"limit_price": D("194.00")}, a_quote(), "PASS", "PASS", id="at_limit_below"),
        row({"limit_price": D("193.99")}, a_quote(), "DENY PRICE_COLLAR", "DENY PRICE_COLLAR", id="one_cent_below"),
        row({"type": OrderType.MARKET}, a_quote(), "PASS", "PASS", id="market"),
        row(
            {"type": OrderType.MARKET},
            a_quote(bid=D("193.99"), ask=D("206.01")),
            "DENY PRICE_COLLAR",
            "DENY PRICE_COLLAR",
            id="market_far_from_last",
        ),
        row({}, None, "DENY QUOTE_MISSING", "PASS", id="no_quote"),
        row({}, a_quote(last=D(0)), "DENY QUOTE_MISSING", "PASS", id="no_last_price"),
        row(
            {"limit_price": D(250)},
            a_quote(at=ago(61)),
            "DENY PRICE_COLLAR",
            "PASS",
            id="exit_not_held_to_an_old_quote",
        ),
        row(
            {"type": OrderType.STOP, "trigger_price": D(150)}, a_quote(), "DENY PRICE_COLLAR", "PASS", id="resting_stop"
        ),
        row({"limit_price": NAN}, a_quote(), "DENY QUOTE_MISSING", "DENY QUOTE_MISSING", id="nan_price"),
    ],
)
def test_e6_price_collar(order, quote, entry, exit_):
    view = a_view(quote=quote)
    assert answer("E6", a_case(an_order(**order), view=view), price_collar_pct="3") == entry
    sell = a_sell(D(50), **{"type": OrderType.LIMIT, "limit_price": D(200), **order})
    sell = sell if sell.type is OrderType.LIMIT else a_sell(D(50), **order)
    assert answer("E6", a_case(sell, positions=held(50), view=view), price_collar_pct="3") == exit_


@pytest.mark.parametrize(
    ("target", "stop", "expected"),
    [
        row(D(250), D(190), "PASS", id="target_far_beyond_the_price"),
        row(D("200.10"), D(190), "PASS", id="target_beyond_the_price"),
        row(D(150), D(140), "DENY PRICE_COLLAR", id="a_slip_of_the_pen_that_would_sell_at_once"),
    ],
)
def test_e6_a_pair_of_exits_rests_with_its_target_beyond_the_price(target, stop, expected):
    pair = a_sell(D(50), type=OrderType.LIMIT, limit_price=target, take_profit=target, stop_loss=stop, reduce_only=True)
    case = a_case(pair, positions=held(50), view=a_view(atr=D(4)))
    assert answer("E6", case, price_collar_pct="3") == expected
    assert answer("E6_atr", case, price_collar_atr="3") == expected


@pytest.mark.parametrize(
    ("order", "view", "expected"),
    [
        row({"limit_price": D("212.00")}, a_view(), "PASS", id="at_limit"),
        row({"limit_price": D("212.01")}, a_view(), "DENY PRICE_COLLAR", id="one_cent_over"),
        row({}, a_view(atr=None), "DENY QUOTE_MISSING", id="no_range"),
        row({}, a_view(atr=NAN), "DENY QUOTE_MISSING", id="nan_range"),
        row({}, a_view(quote=None), "DENY QUOTE_MISSING", id="no_quote"),
    ],
)
def test_e6_collar_in_ranges(order, view, expected):
    assert answer("E6_atr", a_case(an_order(**order), view=view), price_collar_atr="3") == expected


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        row(a_quote(bid=D("199.50"), ask=D("200.50")), "PASS", id="at_limit"),
        row(a_quote(bid=D("199.49"), ask=D("200.50")), "DENY SPREAD_TOO_WIDE", id="one_cent_over"),
        row(a_quote(bid=D(200), ask=D(200)), "PASS", id="locked"),
        row(a_quote(bid=D(201), ask=D(200)), "DENY QUOTE_MISSING", id="crossed"),
        row(None, "DENY QUOTE_MISSING", id="no_quote"),
    ],
)
def test_e7_spread(quote, expected):
    assert answer("E7", a_case(view=a_view(quote=quote)), max_spread_pct="0.5") == expected
    assert answer("E7", a_case(**EXIT, view=a_view(quote=quote)), max_spread_pct="0.5") == "PASS RISK_REDUCING"


@pytest.mark.parametrize(
    ("order", "view", "expected"),
    [
        row(an_order(), a_view(quote=None), "PASS", id="limit_needs_none"),
        row(an_order(type=OrderType.MARKET), a_view(), "PASS", id="buy_at_the_ask"),
        row(a_sell(D(1)), a_view(), "PASS", id="sell_at_the_bid"),
        row(an_order(type=OrderType.MARKET), a_view(quote=None), "DENY QUOTE_MISSING", id="no_quote"),
    ],
)
def test_e8_market_order(order, view, expected):
    assert answer("E8", a_case(order, view=view), market_slippage_pct="0.2", allow_short=True) == expected


@pytest.mark.parametrize(
    ("qty", "view", "expected"),
    [
        row("20000", a_view(), "PASS", id="at_limit"),
        row("20001", a_view(), "REDUCE LIQUIDITY 20000", id="one_share_over"),
        row("1", a_view(adv_shares=D(50)), "DENY LIQUIDITY", id="hardly_traded"),
        row("1", a_view(adv_shares=None), "DENY LIQUIDITY_UNKNOWN", id="unknown"),
        row("1", a_view(adv_shares=D(0)), "DENY LIQUIDITY_UNKNOWN", id="zero"),
        row("NaN", a_view(), "DENY QTY_INVALID", id="nan_qty"),
    ],
)
def test_e9_liquidity(qty, view, expected):
    case = a_case(an_order(qty=D(qty), limit_price=D("1.00"), stop_loss=None), view=view)
    assert answer("E9", case, max_adv_pct="1", oversize="reduce") == expected


def traded(shares, bid="100.00"):
    quote = a_quote(bid=D(bid), ask=D("100.10"), last=D("100.05"))
    return a_view(adv_shares=None if shares is None else D(shares), quote=quote)


@pytest.mark.parametrize(
    ("view", "entry"),
    [
        row(traded(50_000), "PASS", id="at_limit"),
        row(traded(49_999), "DENY THINLY_TRADED", id="one_share_a_day_less"),
        row(traded(50_000, "99.99"), "DENY THINLY_TRADED", id="counted_at_the_bid"),
        row(traded(None), "DENY LIQUIDITY_UNKNOWN", id="volume_unknown"),
        row(traded("NaN"), "DENY LIQUIDITY_UNKNOWN", id="volume_nan"),
        row(traded(0), "DENY LIQUIDITY_UNKNOWN", id="never_traded"),
        row(replace(traded(50_000), quote=None), "DENY QUOTE_MISSING", id="no_price"),
    ],
)
def test_e9_value_traded_a_day(view, entry):
    assert answer("E9_value", a_case(view=view), min_adv_value="5000000", oversize="reduce") == entry
    assert answer("E9_value", a_case(**EXIT, view=view), min_adv_value="5000000") == "PASS RISK_REDUCING"


ALL_BUT_EARNINGS = frozenset(EventKind) - {EventKind.EARNINGS}


def earnings(hours, kind=EventKind.EARNINGS):
    return a_view(events=(MarketEvent(AAPL, kind, ago(99_999), NOW + timedelta(hours=hours)),))


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        row(a_view(), "PASS", id="none_known"),
        row(earnings(24), "DENY EARNINGS_BLACKOUT", id="at_limit_before"),
        row(earnings(24.001), "PASS", id="just_outside_before"),
        row(earnings(-24), "DENY EARNINGS_BLACKOUT", id="at_limit_after"),
        row(earnings(-24.001), "PASS", id="just_outside_after"),
        row(earnings(1, EventKind.DIVIDEND), "PASS", id="a_dividend"),
        row(a_view(event_kinds=frozenset()), "DENY EARNINGS_UNKNOWN", id="a_source_without_events"),
        row(a_view(event_kinds=ALL_BUT_EARNINGS), "DENY EARNINGS_UNKNOWN", id="a_source_of_other_events"),
        row(replace(earnings(24), event_kinds=frozenset()), "DENY EARNINGS_BLACKOUT", id="a_report_told_all_the_same"),
        row(replace(earnings(99), event_kinds=frozenset()), "DENY EARNINGS_UNKNOWN", id="a_late_report_and_no_list"),
    ],
)
def test_e13_earnings(view, expected):
    assert answer("E13", a_case(view=view), earnings_blackout_h="24") == expected
    assert answer("E13", a_case(**EXIT, view=view), earnings_blackout_h="24") == "PASS RISK_REDUCING"


def test_a_symbol_nobody_shows_has_no_quote_bar_volume_or_report():
    case = a_case(an_order(symbol=MSFT))
    assert answer("E13", case, earnings_blackout_h="24") == "DENY INSTRUMENT_UNKNOWN"
    assert answer("E4", case) == "DENY QUOTE_MISSING"
    assert answer("E4_bar", case, max_bar_age_s="60") == "DENY BAR_STALE"
    assert answer("E9", case, max_adv_pct="1") == "DENY LIQUIDITY_UNKNOWN"
    assert answer("E3", case, require_trading_status=True) == "DENY HALT_STATUS_UNKNOWN"
