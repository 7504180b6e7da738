"""Alpaca's wire: the shapes of its documentation and of other people's tests, and every word that it may say."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alpaca.trading import enums, requests

from domain.book import AccountKind, Position
from domain.errors import ConfigurationError, DataQualityError
from domain.market import Symbol
from domain.orders import OrderStatus, OrderType, Side, TimeInForce
from tests.builders.execution import ENTRY, a_slip, an_exit, an_intent
from tests.builders.market import AAPL, NOON
from tests.servers.alpaca_exchange import Exchange
from trading.data.vendors import alpaca_fields as fields
from trading.execution.brokers.alpaca import account_wire, order_wire
from trading.execution.brokers.alpaca.calls import refusal_of

D = Decimal
PAYLOADS = Path(__file__).parents[6] / "shared" / "data" / "payloads" / "alpaca"
MISPRINTED = {"AAPL`", "SPY`"}
"""Symbols with a stray mark in them, as two tests of alpaca-py have it."""


def payloads(kind):
    path = PAYLOADS / f"{kind}.jsonl"
    if not path.exists():
        pytest.skip(f"no payloads at {PAYLOADS}")
    for line in path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)["payload"]
        yield from told if isinstance(told, list) else [told]


def an_order(**changes):
    """Ten AAPL, bought at a limit of 100.20, as Alpaca tells it."""
    return {
        "id": "61e69015-8549-4bfd-b9c3-01e75843f47d", "client_order_id": ENTRY, "symbol": "AAPL", "side": "buy",
        "asset_class": "us_equity", "qty": "10", "filled_qty": "0", "filled_avg_price": None, "type": "limit",
        "limit_price": "100.20", "stop_price": None, "status": "new", "order_class": "", "legs": None,
        "created_at": "2026-03-17T15:00:00.123456789Z", "submitted_at": "2026-03-17T15:00:00.123456789Z",
        "updated_at": "2026-03-17T11:00:00.5-04:00",
    } | changes  # fmt: skip


def test_every_status_of_the_client_has_a_meaning():
    assert set(order_wire.STATUSES) == {status.value for status in enums.OrderStatus}
    assert len(order_wire.STATUSES) == 18


@pytest.mark.parametrize(
    ("status", "filled", "meaning"),
    [
        pytest.param("new", "0", OrderStatus.ACCEPTED, id="working"),
        pytest.param("done_for_day", "4", OrderStatus.PARTIALLY_FILLED, id="paused_after_a_part"),
        pytest.param("calculated", "10", OrderStatus.FILLED, id="calculated_whole"),
        pytest.param("calculated", "0", OrderStatus.ACCEPTED, id="calculated_nothing"),
        pytest.param("pending_cancel", "4", OrderStatus.PENDING_CANCEL, id="being_cancelled"),
        pytest.param("canceled", "4", OrderStatus.CANCELED, id="cancelled_after_a_part"),
        pytest.param("stopped", "0", OrderStatus.ACCEPTED, id="stopped_still_counts"),
        pytest.param("suspended", "0", OrderStatus.ACCEPTED, id="suspended_still_counts"),
        pytest.param("teleported", "0", OrderStatus.UNKNOWN, id="unmapped"),
        pytest.param("NEW", "0", OrderStatus.UNKNOWN, id="other_case"),
        pytest.param(None, "0", OrderStatus.UNKNOWN, id="none"),
        pytest.param(["new"], "0", OrderStatus.UNKNOWN, id="no_word"),
    ],
)
def test_a_status_is_told_in_our_words(status, filled, meaning):
    report = order_wire.report_of(an_order(status=status, filled_qty=filled, filled_avg_price="100"))
    assert report.status is meaning
    assert report.status.is_open is (meaning not in (OrderStatus.FILLED, OrderStatus.CANCELED))


def test_an_unmapped_status_is_told_in_the_log_and_in_the_report(caplog):
    report = order_wire.report_of(an_order(status="teleported"))
    assert "teleported" in report.reason
    assert report.broker_status == "teleported"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "teleported" in caplog.text


def test_a_report_is_exact_and_in_utc():
    report = order_wire.report_of(
        an_order(filled_qty="0.055138951", filled_avg_price="181.36", status="partially_filled")
    )
    assert (report.qty, report.filled_qty, report.avg_fill_price) == (D(10), D("0.055138951"), D("181.36"))
    assert report.at.isoformat() == "2026-03-17T15:00:00.500000+00:00"
    assert (report.type, report.side, report.limit_price, report.trigger_price) == (
        OrderType.LIMIT, Side.BUY, D("100.2"), None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "missing", ["id", "client_order_id", "symbol", "side", "qty", "filled_qty", "updated_at submitted_at created_at"]
)
@pytest.mark.parametrize("how", ["absent", "null", "blank"])
def test_an_order_without_what_it_needs_is_refused_never_zero(missing, how):
    order = an_order() | dict.fromkeys(missing.split(), None if how == "null" else "")
    if how == "absent":
        for name in missing.split():
            del order[name]
    with pytest.raises(DataQualityError):
        order_wire.report_of(order)


@pytest.mark.parametrize("bad", ["nan", "1e5", "ten", True, [], float("inf"), "١"])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(DataQualityError):
        order_wire.report_of(an_order(filled_qty=bad))


@pytest.mark.parametrize("raw", [None, [], "", 7, b"x"])
def test_what_is_no_order_is_refused(raw):
    with pytest.raises(DataQualityError):
        order_wire.report_of(raw)


@pytest.mark.parametrize("kind", ["order", "order_bracket_or_multileg"])
def test_real_orders_can_be_read(kind):
    read = 0
    for order in payloads(kind):
        if "status" not in order or order.get("symbol") in MISPRINTED:
            continue  # a request, or the stray mark
        for report in order_wire.with_legs(order):
            assert report.at.utcoffset() == timedelta(0)
            assert report.status is not OrderStatus.UNKNOWN
            read += 1
    assert read


def test_real_positions_accounts_and_activities_can_be_read():
    held = [account_wire.position_of(raw) for raw in payloads("position")]
    assert {position.symbol: position.qty for position in held}[Symbol("XLK")] == -24
    assert any(position.available_qty is None for position in held), "not told is unknown"
    for raw in payloads("account"):
        account = account_wire.account_of(raw, NOON, paper=True)
        assert account.equity is not None
        assert account.equity > 0
        assert account.trading_blocked is False
        assert account.kind is AccountKind.MARGIN
    fills = [raw for raw in payloads("activity") if raw["activity_type"] == "FILL"]
    assert [account_wire.fill_of(raw, ENTRY).fill_id for raw in fills] == [
        f"{raw['order_id']}:{D(raw['cum_qty'])}" for raw in fills
    ]
    for raw in payloads("clock"):
        assert fields.moment(raw, "timestamp").year in (2018, 2025)


def test_the_loopback_exchange_speaks_like_the_real_one():
    exchange = Exchange(quote=lambda symbol: None, now=lambda: NOON)
    made = exchange.shown(exchange.made(order_wire.order_body(a_slip(an_intent()))))
    real = next(order for order in payloads("order") if order.get("subtag", 0) is None)
    assert set(real) - set(made) == set()
    assert {name: type(made[name]) for name in ("qty", "filled_qty", "status", "extended_hours")} == {
        name: type(real[name]) for name in ("qty", "filled_qty", "status", "extended_hours")
    }
    exchange.fill(made["id"], 10, D("100.01"))
    real = next(raw for raw in payloads("activity") if raw["activity_type"] == "FILL")
    assert set(real) == set(exchange.activities[0])
    exchange.held["AAPL"] = (D(10), D(100))
    real = next(raw for raw in payloads("position") if "qty_available" in raw)
    assert set(exchange.positions()[0]) <= set(real)
    real = next(raw for raw in payloads("account") if str(raw.get("account_number")).startswith("PA"))
    extra = {"maintenance_margin", "portfolio_value"}
    assert set(exchange.account()) - set(real) <= extra


def test_a_stop_that_was_put_back_holds_no_shares_from_a_sale_and_a_foreign_order_does():
    """Or a flatten would sell the 60 beside it and leave 40: the sale takes its place, as that of a bracket."""
    held = Position(AAPL, D(100), D(10), available_qty=D(40))
    resting = [an_order(side="sell", qty=qty, type="stop", stop_price="95", limit_price=None, client_order_id=name)
               for name, qty in ((ENTRY, "40"), ("by-hand", "20"))]  # fmt: skip
    (told,) = account_wire.freed([held], [order_wire.report_of(each) for each in resting])
    assert told.available_qty == D(80)


def test_an_account_tells_nothing_it_does_not_know():
    account = account_wire.account_of({"account_number": "PA1", "currency": "USD"}, NOON, paper=True)
    assert (account.equity, account.cash, account.buying_power, account.maintenance_margin) == (None,) * 4
    assert (account.trading_blocked, account.kind, account.settled_cash) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "blocked"),
    [
        pytest.param({}, False, id="free"),
        pytest.param({"trading_blocked": True}, True, id="trading"),
        pytest.param({"account_blocked": True}, True, id="account"),
        pytest.param({"trade_suspended_by_user": True}, True, id="by_its_user"),
        pytest.param({"status": "ACCOUNT_CLOSED"}, True, id="closed"),
        pytest.param({"account_blocked": None}, None, id="a_word_is_missing"),
        pytest.param({"status": None}, None, id="no_status"),
        pytest.param({"trading_blocked": "false"}, None, id="a_text_is_no_answer"),
        pytest.param({"trading_blocked": True, "status": None}, True, id="one_yes_is_enough"),
    ],
)
def test_an_account_is_blocked_by_any_word_and_free_by_all(changes, blocked):
    told: dict[str, Any] = {"account_number": "PA1", "currency": "USD", "status": "ACTIVE"}
    told |= dict.fromkeys(("trading_blocked", "account_blocked", "trade_suspended_by_user"), False)
    assert account_wire.account_of(told | changes, NOON, paper=True).trading_blocked is blocked


PAPER, LIVE = "https://paper-api.alpaca.markets", "https://api.alpaca.markets"


@pytest.mark.parametrize(
    ("url", "key", "paper"),
    [
        pytest.param(PAPER, "PKABC", True, id="paper"),
        pytest.param(LIVE, "AKABC", False, id="live"),
        pytest.param(f"{LIVE}/v2/", "AKABC", False, id="live_with_version"),
        pytest.param("http://127.0.0.1:8080", "PKABC", True, id="loopback_paper_key"),
        pytest.param("http://127.0.0.1:8080", "AKABC", False, id="loopback_live_key"),
        pytest.param("https://proxy.example", "XX", False, id="unknown_is_real_money"),
        pytest.param(PAPER, "XX", True, id="the_host_decides"),
    ],
)
def test_address_and_key_say_whose_money_it_is(url, key, paper):
    assert account_wire.is_paper(url, key) is paper


@pytest.mark.parametrize(
    ("url", "key", "names"),
    [
        pytest.param(LIVE, "PKABC", "paper key", id="paper_key_live_url"),
        pytest.param(PAPER, "AKABC", "live key", id="live_key_paper_url"),
        pytest.param("http://api.alpaca.markets", "AKABC", "https", id="in_the_clear"),
        pytest.param("api.alpaca.markets", "AKABC", "https", id="no_scheme"),
    ],
)
def test_keys_that_do_not_belong_to_the_address_are_refused_in_one_line(url, key, names):
    with pytest.raises(ConfigurationError, match=names) as refused:
        account_wire.is_paper(url, key)
    assert "\n" not in str(refused.value)
    assert key not in str(refused.value)


@pytest.mark.parametrize(("number", "paper"), [("123456789", True), ("PA3717PJAYWN", False)], ids=["live", "paper"])
def test_an_account_that_contradicts_its_address_is_refused(number, paper):
    with pytest.raises(ConfigurationError, match=number):
        account_wire.account_of({"account_number": number, "currency": "USD"}, NOON, paper=paper)


MADE: dict[OrderType, tuple[type[requests.OrderRequest], dict[str, Any]]] = {
    OrderType.MARKET: (requests.MarketOrderRequest, {"limit_price": None}),
    OrderType.LIMIT: (requests.LimitOrderRequest, {}),
    OrderType.STOP: (requests.StopOrderRequest, {"limit_price": None, "trigger_price": 99}),
    OrderType.STOP_LIMIT: (requests.StopLimitOrderRequest, {"trigger_price": 99}),
    OrderType.TRAILING_STOP: (requests.TrailingStopOrderRequest, {"limit_price": None, "trail_pct": D("2.5")}),
}
PLAIN: dict[str, Any] = {"stop_loss": None, "take_profit": None}


@pytest.mark.parametrize("type", OrderType)
@pytest.mark.parametrize("tif", [tif for tif in TimeInForce if tif is not TimeInForce.GTD])
def test_every_order_is_one_that_the_client_itself_would_send(type, tif):
    model, changes = MADE[type]
    intent = an_intent(type=type, tif=tif, **(PLAIN | changes))
    assert order_wire.inexpressible(intent) is None
    body = order_wire.order_body(a_slip(intent))
    assert body["client_order_id"] == ENTRY
    assert all(isinstance(value, str) for value in body.values()), "figures travel as text"
    assert model(**body).client_order_id == ENTRY


@pytest.mark.parametrize(
    ("intent", "told"),
    [
        pytest.param(
            an_intent(),
            {"order_class": "bracket", "take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "95"}},
            id="bracket",
        ),
        pytest.param(an_intent(take_profit=None), {"order_class": "oto", "stop_loss": {"stop_price": "95"}}, id="oto"),
        pytest.param(
            an_exit(limit_price=110, stop_loss=95, take_profit=110),
            {"order_class": "oco", "take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "95"}},
            id="oco",
        ),
        pytest.param(an_intent(**PLAIN), {"order_class": "simple"}, id="simple"),
        pytest.param(an_intent(**PLAIN, extended_hours=True), {"extended_hours": True}, id="extended_hours"),
        pytest.param(an_intent(**PLAIN, qty="0.123456789"), {"qty": "0.123456789"}, id="fraction"),
        pytest.param(an_intent(**PLAIN, limit_price="100.2000"), {"limit_price": "100.2"}, id="no_trailing_zeros"),
    ],
)
def test_the_content_decides_the_class(intent, told):
    body = order_wire.order_body(a_slip(intent))
    assert {name: body.get(name) for name in told} == told
    assert {"take_profit", "stop_loss"} & set(body) == {"take_profit", "stop_loss"} & set(told)


@pytest.mark.parametrize(
    "intent",
    [
        pytest.param(an_intent(tif=TimeInForce.GTD), id="good_till_date"),
        pytest.param(an_intent(limit_price=None), id="limit_without_price"),
        pytest.param(an_intent(trigger_price=99), id="limit_with_trigger"),
        pytest.param(an_intent(type=OrderType.STOP, limit_price=None), id="stop_without_trigger"),
        pytest.param(an_intent(type=OrderType.TRAILING_STOP), id="trails_by_nothing"),
        pytest.param(an_exit(stop_loss=95), id="something_behind_an_exit"),
        pytest.param(
            an_exit(type=OrderType.STOP, limit_price=None, trigger_price=95, stop_loss=95, take_profit=110),
            id="a_pair_without_limit",
        ),
    ],
)
def test_what_alpaca_has_no_words_for_is_told(intent):
    assert order_wire.inexpressible(intent)


def test_a_replacement_repeats_no_quantity_that_stays():
    old = order_wire.report_of(an_order(qty="0.5"))
    approved = a_slip(an_intent("dec-9", **PLAIN, qty="0.5", limit_price=99))
    assert "qty" not in order_wire.replace_body(approved, old), "Alpaca refuses any quantity of a fractional order"
    assert order_wire.replace_body(approved, replace(old, filled_qty=D("0.1")))["qty"] == "0.5"
    body = order_wire.replace_body(a_slip(an_intent("dec-9", **PLAIN)), old)
    assert set(body) <= set(requests.ReplaceOrderRequest.model_fields)


@pytest.mark.parametrize(
    ("status", "body", "absent", "unknown"),
    [
        pytest.param(403, '{"code": 40310000, "message": "insufficient buying power"}', True, False, id="cash"),
        pytest.param(422, '{"code": 42210000, "message": "potential wash trade"}', True, False, id="wash_trade"),
        pytest.param(400, '{"code": "invalid_input", "message": "x"}', True, False, id="code_in_words"),
        pytest.param(401, '{"message": "forbidden."}', True, False, id="gateway"),
        pytest.param(404, '{"code": 40410000, "message": "order not found"}', True, True, id="no_such_order"),
        pytest.param(404, '{"message": "endpoint not found."}', False, False, id="wrong_path"),
        pytest.param(404, "<html>not found</html>", False, False, id="proxy"),
        pytest.param(422, "<html>order not found</html>", False, False, id="markup"),
        pytest.param(429, '{"code": 42910000, "message": "too many"}', False, False, id="overload"),
        pytest.param(500, '{"code": 50010000, "message": "internal"}', False, False, id="broken"),
        pytest.param(504, "", False, False, id="gone"),
        pytest.param(403, '["no"]', False, False, id="no_object"),
        pytest.param(403, '{"code": 40310000, "message": 7}', False, False, id="no_words"),
        pytest.param(None, "", False, False, id="no_status"),
    ],
)
def test_only_a_refusal_in_alpacas_own_form_proves_anything(status, body, absent, unknown):
    refusal = refusal_of(status, body)
    assert (refusal.proves_absence, refusal.unknown_order) == (absent, unknown)


def test_real_refusals_are_structured():
    for number, raw in zip(count(), payloads("error"), strict=False):
        assert refusal_of(422, json.dumps(raw)).structured, number


def test_an_execution_has_one_name_from_either_source():
    raw = {
        "id": "20260317::x", "order_id": "o1", "cum_qty": "4.0", "qty": "4", "price": "100.01", "side": "buy",
        "symbol": "AAPL", "transaction_time": "2026-03-17T15:00:00Z",
    }  # fmt: skip
    assert account_wire.fill_of(raw, ENTRY).fill_id == account_wire.fill_id("o1", D(4)) == "o1:4"
    assert account_wire.fill_of(raw | {"cum_qty": None}, ENTRY).fill_id == "20260317::x"
    assert account_wire.fill_of(raw | {"side": "sell_short"}, ENTRY).side is Side.SELL
    assert account_wire.fill_of(raw, ENTRY).symbol == AAPL
