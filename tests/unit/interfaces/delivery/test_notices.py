"""Notices: what a record says to a person, in a few lines, however strange the words in it are."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.orders import OrderStatus, Side
from domain.record.alerts import Alert, AlertCode, Severity
from domain.record.canonical import plain
from domain.record.entries import GENESIS, ClosedTrade, LedgerEntry, RecordKind
from interfaces.delivery.notices import (
    LONGEST_LINE,
    NO_SOURCES,
    Notice,
    message_of,
    of_cycle,
    of_dependency,
    of_entry,
    of_headroom,
    of_watch,
)
from tests.builders.execution import an_order
from tests.builders.market import NOON, at
from trading.monitor.alerts import SEEN
from trading.store.messages.message import Kind
from trading.store.messages.outbox import mark_of


def entry(kind, body, subject="x", moment=NOON):
    return LedgerEntry(1, moment, kind, subject, "dec-1", "cyc-1", plain(body), GENESIS, GENESIS)


def heard(notice: Notice | None) -> Notice:
    """What must be told."""
    assert notice is not None
    return notice


def an_alert(severity=Severity.CRITICAL, code=AlertCode.HALTED, words="gates: daily loss 3.1 %"):
    return Alert(severity, code, words, "alr-1", NOON)


def a_trade(**changes):
    trade = ClosedTrade("trd-1", "AAPL", "momentum", "buy", "10", "100", "98.5", "-17", NOON, NOON, "dec-1", "stop")
    return replace(trade, **changes)


def a_refusal(code="MAX_POSITION", qty="100", gate="B2"):
    verdict = {"gate": gate, "code": code, "outcome": "DENY", "limit": "50", "value": "100", "note": ""}
    evaluation = {"outcome": "DENY", "codes": [code], "verdicts": [verdict]}
    return {"evaluation": evaluation, "intent": {"symbol": "AAPL", "side": "buy", "qty": qty}}


FILLED: dict[str, Any] = {"status": OrderStatus.FILLED, "filled_qty": 10, "avg_fill_price": 100}


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        (FILLED, "Bought 10 AAPL at 100.00"),
        ({**FILLED, "status": OrderStatus.CANCELED, "filled_qty": 4}, "Bought 4 of 10 AAPL at 100.00"),
        ({**FILLED, "side": Side.SELL}, "Sold short 10 AAPL at 100.00"),
        ({**FILLED, "status": OrderStatus.PARTIALLY_FILLED, "filled_qty": 4}, None),
        ({**FILLED, "avg_fill_price": Decimal("0.08125")}, "Bought 10 AAPL at 0.0812"),
        ({"status": OrderStatus.REJECTED}, None),
        ({**FILLED, "reduce_only": True}, None),
        ({**FILLED, "leg": "stop"}, None),
    ],
)
def test_an_entry_is_told_once_it_has_ended_with_something_bought(changes, title):
    found = of_entry(entry(RecordKind.ORDER, an_order(**changes)))
    assert (None if found is None else found.title) == title


def test_an_opened_trade_says_why_and_has_a_button_to_the_rest():
    sources = NO_SOURCES._replace(why=lambda decision: {"dec-1": "It is oversold."}[decision])
    order = an_order("dec-1", **FILLED, stop_loss=95)
    found = heard(of_entry(entry(RecordKind.ORDER, order), sources))
    assert found.kind is Kind.TRADE
    assert found.lines[:2] == ("stop 95.00", "It is oversold.")
    assert found.buttons[0][0].callback == f"explain:{order.client_order_id}"


@pytest.mark.parametrize(
    ("orders", "pending", "told"),
    [(0, 0, "0 orders, nothing waits for you"), (1, 1, "1 order, 1 waits for you"), (2, 3, "2 orders, 3 wait for you")],
)
def test_a_cycle_counts_as_people_do(orders, pending, told):
    report = {"cycle_id": "cyc-1", "as_of": "2026-03-17T15:00:00Z", "decisions": []}
    assert of_cycle(report | {"orders": [{}] * orders, "pending": [{}] * pending}).lines[1] == told


def test_a_closed_trade_is_told_in_words_and_cents():
    trade = a_trade(strategy="news_event", exit_reason="rule_exit", entry_price="85.6114", qty="1000")
    assert heard(of_entry(entry(RecordKind.TRADE_CLOSED, trade))).lines[:2] == (
        "1,000 from 85.61 to 98.50, news event", "closed by rule exit",
    )  # fmt: skip


@pytest.mark.parametrize(("pnl", "title"), [("-17", "Closed AAPL: -17.00"), ("1234.5", "Closed AAPL: +1,234.50")])
def test_a_closed_trade_says_what_it_brought(pnl, title):
    assert heard(of_entry(entry(RecordKind.TRADE_CLOSED, a_trade(pnl=pnl)))).title == title


def test_the_same_refusal_is_one_notice_a_day_and_another_one_the_next_day():
    first = heard(of_entry(entry(RecordKind.VERDICTS, a_refusal())))
    again = heard(of_entry(entry(RecordKind.VERDICTS, a_refusal(qty="90"))))
    other = heard(of_entry(entry(RecordKind.VERDICTS, a_refusal("MAX_GROSS"))))
    tomorrow = heard(of_entry(entry(RecordKind.VERDICTS, a_refusal(), moment=at("2026-03-18T15:00"))))
    assert first.key == again.key
    assert len({first.key, other.key, tomorrow.key}) == 3
    assert (first.kind, first.title) == (Kind.BLOCKED, "Blocked: buy 100 AAPL")
    assert "(100, limit 50)" in first.lines[0]


def test_what_passed_is_no_notice():
    passed = {"evaluation": {"outcome": "PASS", "codes": [], "verdicts": []}, "intent": {}}
    assert of_entry(entry(RecordKind.VERDICTS, passed)) is None


@pytest.mark.parametrize(
    ("severity", "kind"),
    [(Severity.CRITICAL, Kind.CRITICAL), (Severity.WARNING, Kind.FAILURE), (Severity.INFO, Kind.CYCLE)],
)
@pytest.mark.parametrize("code", [*AlertCode])
def test_every_alert_has_its_words_and_only_a_critical_one_wants_to_be_acknowledged(severity, kind, code):
    found = heard(of_entry(entry(RecordKind.ALERT, an_alert(severity, code))))
    assert found.kind is kind
    assert "gates: daily loss 3.1 %" in found.lines
    assert found.title != code
    assert [button.callback for row in found.buttons for button in row] == (
        [f"ack:{mark_of(found.key)}"] if kind is Kind.CRITICAL else []
    )


def test_that_somebody_looked_is_no_notice():
    assert of_entry(entry(RecordKind.ALERT, SEEN)) is None


@pytest.mark.parametrize(("ok", "told"), [(True, False), (False, True)])
def test_books_that_differ_are_told(ok, told):
    body = {"ok": ok, "differences": [{"kind": "position", "symbol": "AAPL", "ours": "10", "theirs": "0"}]}
    found = of_entry(entry(RecordKind.RECONCILIATION, body))
    assert (found is not None) is told
    assert not told or heard(found).lines[0] == "kind position, ours 10, symbol AAPL, theirs 0"


def test_close_limits_are_one_notice_a_day_for_each_set():
    tight = [("B1", "daily loss", "12.4 % left"), ("C4", "open positions", "none left")]
    found = heard(of_headroom(tight, NOON))
    assert found.lines == ("B1 daily loss: 12.4 % left", "C4 open positions: none left", "sage risk")
    assert heard(of_headroom(tight[::-1], NOON)).key == found.key
    assert heard(of_headroom(tight[:1], NOON)).key != found.key
    assert of_headroom([], NOON) is None


def test_a_source_and_the_service_go_and_come_back():
    assert of_dependency("broker alpaca", ok=False, note="silent", number=1).title == "broker alpaca does not answer"
    assert of_dependency("broker alpaca", ok=True, note="", number=2).title == "broker alpaca answers again"
    assert [of_watch(alerts, 1).kind for alerts in (["no service is alive"], [])] == [Kind.CRITICAL, Kind.FAILURE]


@pytest.mark.parametrize("words", ["<b>x</b> & <script>", "a\n\nb\r\tc", "é" * 5000, "*_`~|[x](y)"])
def test_words_from_outside_stay_words(words):
    message = message_of(Notice("k", Kind.BLOCKED, words, (words,) * 90), "slack:ops", NOON)
    assert message.html.count("<") == 2, "the marks of the title and no others"
    assert len(message.plain) <= 15 * (LONGEST_LINE + 1)
    assert all(len(line) <= LONGEST_LINE for line in message.plain.splitlines())


def test_every_callback_fits_a_button():
    request_id, order_id = "apr-xpppwy4f646iy76k", "ord-fvvshmjjgr2pdrwp.r12"
    for name in (f"approve:{request_id}", f"explain:{order_id}", f"ack:{mark_of('alert:x')}"):
        assert len(name.encode()) <= 64
