"""The Alpaca adapter against a server that misbehaves: at most one order, never a made-up answer, always a deadline."""

import logging
import traceback
from decimal import Decimal
from io import StringIO
from typing import Any

import alpaca.common.exceptions
import pytest
import requests.exceptions
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient

from domain.case import Mode
from domain.errors import (
    ConfigurationError,
    DataQualityError,
    IntegrityError,
    ManualActionError,
    OversightError,
    RetryableError,
    SourceUnavailable,
)
from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.orders import OrderStatus, OrderType, Side, TimeInForce
from domain.record.alerts import AlertCode, Severity
from domain.record.entries import RecordKind
from interfaces.delivery.notices import of_entry
from policies.permit import PermitOffice
from tests.builders.alpaca import HURRIED, PATIENT, a_config, an_alpaca_house
from tests.builders.execution import ENTRY, OpenOffice, a_slip, an_exit, an_intent
from tests.builders.market import NOON
from tests.servers.alpaca import KEY_ID, SECRET_KEY
from trading.data.vendors.wire import MISREAD
from trading.execution.brokers.alpaca.broker import AlpacaBroker
from trading.execution.brokers.alpaca.calls import AlpacaCalls, ErrorAnswer, Refusal, meaning
from trading.monitor.logs import log_to
from trading.store.messages.message import Kind

D = Decimal
ORDERS = "POST /v2/orders"
PLAIN: dict[str, Any] = {"stop_loss": None, "take_profit": None}
RESTING = PLAIN | {"limit_price": 90}
SLOW = ("hang", "drip", "drip_headers")
OURS = "ReadTimeout"
"""We have let go; the server does after 20 s, and that is a connection lost."""


@pytest.fixture
def made(request, database, tmp_path):
    """A house at the loopback Alpaca, its server and the broker itself; in a hurry where the server will be slow."""
    how = getattr(request.node, "callspec", None) and request.node.callspec.params.get("how")
    with an_alpaca_house(database, tmp_path, patience=HURRIED if how in SLOW else PATIENT) as house:
        yield house


@pytest.fixture
def house(made):
    return made.house


@pytest.fixture
def server(made):
    return made.server


def counted(server):
    return server.arrived[ORDERS]


def at_alpaca(server):
    return [order for order in server.exchange.orders.values() if order["client_order_id"] == ENTRY]


def refusal(status, code, message):
    return status, {"code": code, "message": message}


GATEWAY = {reply: {"reply": (reply, {"code": reply * 100_000, "message": "gateway"})} for reply in (429, 500, 503, 504)}
UNCLEAR = [
    pytest.param("hang", {}, 0, id="no_answer_before"),
    pytest.param("hang", {"after": True}, 1, id="no_answer_after"),
    pytest.param("reply", {"after": True} | GATEWAY[504], 1, id="504_after_accepting"),
    pytest.param("reply", GATEWAY[504], 0, id="504_before"),
    pytest.param("reply", GATEWAY[500], 0, id="500"),
    pytest.param("reply", GATEWAY[503], 0, id="503"),
    pytest.param("reply", GATEWAY[429], 0, id="429"),
    pytest.param("reply", {"after": True, "reply": (403, "<html>denied</html>")}, 1, id="403_of_a_proxy"),
    pytest.param("reply", {"after": True, "reply": (404, {"message": "no endpoint."})}, 1, id="404_of_a_gateway"),
    pytest.param("reply", {"after": True, "reply": (302, {})}, 1, id="sent_elsewhere"),
    pytest.param("garbage", {"after": True}, 1, id="garbage"),
    pytest.param("empty", {"after": True}, 1, id="empty"),
    pytest.param("reply", {"after": True, "reply": (200, {})}, 1, id="fields_missing"),
    pytest.param("reply", {"after": True, "reply": (200, [])}, 1, id="a_list"),
    pytest.param("cut", {"after": True}, 1, id="cut_in_the_body"),
    pytest.param("drip", {"after": True}, 1, id="drips_its_body"),
    pytest.param("drip_headers", {"after": True}, 1, id="drips_its_headers"),
]


@pytest.mark.parametrize(("how", "given", "taken"), UNCLEAR)
def test_an_unclear_answer_is_never_a_rejection_and_never_a_second_order(house, server, how, given, taken):
    server.fail(ORDERS, how, **given)
    with pytest.raises(RetryableError, match="may have been taken") as unclear:
        house.broker.submit(house.permit(an_intent(**RESTING)))
    assert how not in SLOW or OURS in str(unclear.value)
    assert counted(server) == 1, "an order is sent once"
    assert len(at_alpaca(server)) == taken
    found = house.broker.find(ENTRY)
    assert (found is not None) == bool(taken)


@pytest.mark.parametrize(("how", "given", "taken"), UNCLEAR)
def test_the_desk_looks_an_unclear_order_up(house, server, how, given, taken):
    server.fail(ORDERS, how, **given)
    order = house.place(an_intent(**RESTING)).order
    assert order.status is (OrderStatus.ACCEPTED if taken else OrderStatus.UNKNOWN)
    assert house.orders.open() == (order,), "it counts as exposure either way"
    assert counted(server) == 1


def test_alpacas_own_client_would_have_sent_it_again_and_waited_for_ever(server, monkeypatch):
    """What the adapter has to undo; when alpaca-py changes, this fails and the undoing can go."""
    client = TradingClient(KEY_ID, SECRET_KEY, raw_data=True, url_override=server.url)
    client._retry_wait = 0
    server.fail(ORDERS, "reply", reply=(504, {"message": "gateway"}), times=4)
    with pytest.raises(APIError):
        client.post("/orders", {})
    assert counted(server) == 4
    asked: list[dict[str, Any]] = []

    def request(*_given, **options):
        asked.append(options)
        return requests.Response()

    monkeypatch.setattr(client._session, "request", request)
    with pytest.raises(TypeError):
        client.post("/orders", {})
    assert "timeout" not in asked[0]


@pytest.mark.parametrize("how", SLOW)
def test_every_question_keeps_the_deadline(made, how):
    questions = {
        "GET /v2/account": made.broker.account,
        "GET /v2/positions": made.broker.positions,
        "GET /v2/clock": made.broker.time,
        "GET /v2/orders:by": lambda: made.broker.find(ENTRY),
    }
    for path, question in questions.items():
        made.server.fail(path, how)
        # requests tells a GET whose answer never begins as a lost connection, once its retries are used up.
        with pytest.raises(SourceUnavailable, match=None if how == "hang" else OURS):
            question()


def test_an_answer_without_end_is_not_taken_in(made):
    made.server.edit = lambda path, body: b"[" * (17 * 1024 * 1024)
    with pytest.raises(DataQualityError, match="unreadable"):
        made.broker.positions()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        pytest.param(refusal(403, 40310000, "insufficient buying power"), "40310000", id="insufficient"),
        pytest.param(refusal(403, 42210000, "potential wash trade detected"), "wash trade", id="wash_trade"),
        pytest.param(refusal(422, 42210000, "invalid symbol"), "42210000", id="invalid"),
        pytest.param(refusal(400, 40010001, "qty must be integer"), "qty must be integer", id="malformed"),
        pytest.param(refusal(401, 40110000, "access key not found"), "40110000", id="bad_key"),
        pytest.param((403, {"message": "forbidden."}), "forbidden", id="gateway_without_code"),
        pytest.param(refusal(404, 40410000, "asset not found"), "asset not found", id="no_such_asset"),
    ],
)
def test_a_refusal_in_alpacas_own_form_is_a_rejection_with_its_code_and_words(house, server, reply, says):
    server.fail(ORDERS, "reply", reply=reply)
    report = house.broker.submit(house.permit(an_intent(**RESTING)))
    assert report.status is OrderStatus.REJECTED
    assert says in report.reason
    assert "\n" not in report.reason
    assert counted(server) == 1


def test_an_id_that_is_taken_answers_with_the_order_that_has_it(house, server):
    server.fail(ORDERS, "cut", after=True)
    with pytest.raises(RetryableError):
        house.broker.submit(house.permit(an_intent(**RESTING)))
    house.clock.wait(seconds=1)
    report = house.broker.submit(house.permit(an_intent(**RESTING, qty=7)))
    assert (report.status, report.qty) == (OrderStatus.ACCEPTED, 10)
    assert len(at_alpaca(server)) == 1


def test_an_id_that_is_taken_by_nobody_stays_unclear(house, server):
    server.fail(ORDERS, "reply", reply=refusal(422, 40010001, "client_order_id must be unique"))
    with pytest.raises(RetryableError):
        house.broker.submit(house.permit(an_intent(**RESTING)))


@pytest.mark.parametrize("field", ["client_order_id", "symbol", "side"])
def test_a_confirmation_of_another_order_is_none(house, server, field):
    other = {"client_order_id": "ord-other", "symbol": "MSFT", "side": "sell"}[field]
    server.edit = lambda path, body: body | {field: other} if path == "/v2/orders" and "id" in body else body
    with pytest.raises(RetryableError, match="another order"):
        house.broker.submit(house.permit(an_intent(**RESTING)))


def test_an_unmapped_status_counts_as_exposure(house, server):
    server.edit = lambda path, body: body | {"status": "teleported"} if path == "/v2/orders" and "id" in body else body
    order = house.place(an_intent(**RESTING)).order
    assert order.status is OrderStatus.UNKNOWN
    assert "teleported" in order.reason
    assert house.orders.open() == (order,)


def test_an_unmapped_status_is_an_alert_once_for_the_order_and_the_word(house, server):
    """However often it is asked for: each cycle and each look asks again."""

    def calling_it(word):
        def edited(path, body):
            if not path.startswith("/v2/orders"):
                return body
            return [each | {"status": word} for each in body] if isinstance(body, list) else body | {"status": word}

        server.edit = edited

    calling_it("teleported")
    order = house.place(an_intent(**RESTING)).order
    for minutes, word in enumerate(("teleported", "teleported", "beamed", "teleported", "beamed"), 1):
        calling_it(word)
        house.clock.wait(minutes=minutes)
        house.desk.recover()
        house.settlement.sync(house.broker, now=house.clock.now())
    alerts = house.control.alerts.open()
    assert [(each.severity, each.code) for each in alerts] == [(Severity.WARNING, AlertCode.STATUS_UNKNOWN)] * 2
    assert f"the broker calls {order.client_order_id}, buy 10 AAPL, 'teleported'" in alerts[0].words
    assert "'beamed'" in alerts[1].words
    notices = [of_entry(entry) for entry in house.ledger.entries(kind=RecordKind.ALERT)]
    assert [notice and notice.kind for notice in notices] == [Kind.FAILURE] * 2, "the owner is told, by the record"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param((404, {"message": "endpoint not found."}), id="wrong_path"),
        pytest.param((404, "<html>"), id="proxy"),
        pytest.param((500, {}), id="broken"),
        pytest.param((429, {}), id="limited"),
        pytest.param((401, {"message": "no"}), id="bad_key"),
        pytest.param((200, {}), id="empty_object"),
    ],
)
def test_only_alpaca_itself_proves_that_an_order_never_arrived(house, server, reply):
    server.fail("GET /v2/orders:by", "reply", reply=reply)
    with pytest.raises((RetryableError, DataQualityError)):
        house.broker.find(ENTRY)
    assert house.broker.find(ENTRY) is None


def test_another_order_than_the_one_asked_for_is_no_answer(house, server):
    house.broker.submit(house.permit(an_intent(**RESTING)))
    server.edit = lambda path, body: body | {"client_order_id": "ord-other"}
    with pytest.raises(DataQualityError, match="another order"):
        house.broker.find(ENTRY)


def live(made, key="AKLIVELIVELIVELIVE00"):
    config = a_config(made.server, key_id=key)
    return AlpacaBroker(config, made.house.clock, made.house.office, made.house.control)


@pytest.mark.parametrize("mode", [Mode.PAPER, Mode.APPROVE, Mode.AUTO])
def test_real_money_takes_a_live_account_and_a_live_mode(made, mode):
    broker, approved = live(made), made.house.permit(an_intent(**RESTING))
    assert broker.paper is False
    made.house.control.set_mode(mode, by="owner", at=NOON)
    if mode is Mode.PAPER:
        with pytest.raises(ManualActionError, match="sage mode approve"):
            broker.submit(approved)
        assert counted(made.server) == 0
    else:
        assert broker.submit(approved).status is OrderStatus.ACCEPTED


def test_an_account_that_says_paper_behind_a_live_key_is_refused(made):
    with pytest.raises(ConfigurationError, match="PA3717PJAYWN"):
        live(made).account()


def test_the_permit_is_redeemed_after_everything_else_has_been_prepared(made):
    """Nothing stands between the last look at the kill switch and the request."""
    seen = []

    class Watching(PermitOffice):
        def redeem(self, approved, **given):
            seen.append(dict(made.server.arrived))
            super().redeem(approved, **given)
            made.house.latch.engage("owner", "too late for this one", "now")

    approved = made.house.permit(an_intent(**RESTING))
    made.broker._office = Watching(b"k" * 32, made.house.latch)
    before = dict(made.server.arrived)
    assert made.broker.submit(approved).status is OrderStatus.ACCEPTED
    assert seen == [before]
    assert {path: made.server.arrived[path] - before.get(path, 0) for path in made.server.arrived} == (
        dict.fromkeys(before, 0) | {ORDERS: 1}
    )


def test_a_kill_between_approval_and_sending_stops_the_request_itself(made):
    approved = made.house.permit(an_intent(**RESTING))
    made.house.latch.engage("owner", "drill", "now")
    with pytest.raises(ManualActionError):
        made.broker.submit(approved)
    with pytest.raises(IntegrityError):
        made.broker.submit(a_slip(an_intent(**RESTING)))
    assert counted(made.server) == 0


def test_cancelling_while_a_part_fills(house, server):
    house.broker.submit(house.permit(an_intent(**RESTING)))
    (order,) = at_alpaca(server)
    server.exchange.cancels_at_once = False
    assert house.broker.cancel(ENTRY).status is OrderStatus.PENDING_CANCEL
    server.exchange.fill(order["id"], 4, 90)
    server.exchange.close(order, "canceled")
    report = house.broker.cancel(ENTRY)
    assert (report.status, report.filled_qty) == (OrderStatus.CANCELED, 4)
    assert [fill.qty for fill in house.broker.fills(since=NOON.replace(hour=1))] == [4]


def test_a_cancel_that_comes_too_late_tells_what_the_order_became(house, server):
    house.broker.submit(house.permit(an_intent(**RESTING)))
    (order,) = at_alpaca(server)
    server.fail("DELETE", "reply", reply=refusal(422, 42210000, 'order is already in "filled" state'))
    server.exchange.cancels_at_once = False
    assert house.broker.cancel(ENTRY).status is OrderStatus.ACCEPTED
    server.exchange.fill(order["id"], 10, 90)
    assert house.broker.cancel(ENTRY).status is OrderStatus.FILLED


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_a_cancel_that_nobody_answers_for_can_be_asked_again(house, server, status):
    house.broker.submit(house.permit(an_intent(**RESTING)))
    server.fail("DELETE", "reply", reply=(status, {"message": "no"}))
    with pytest.raises(RetryableError):
        house.broker.cancel(ENTRY)
    assert house.broker.cancel(ENTRY).status is OrderStatus.CANCELED


def replacing(made):
    """Put a buy at 91 in the place of the resting one."""
    made.house.place(an_intent(**RESTING))
    return lambda: made.broker.replace(ENTRY, made.house.permit(an_intent("dec-9", **(RESTING | {"limit_price": 91}))))


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(refusal(403, 40310000, "insufficient buying power"), id="insufficient"),
        pytest.param(refusal(422, 42210000, "order is not open"), id="filled_meanwhile"),
        pytest.param(refusal(422, 40010001, "cannot replace order in accepted status"), id="not_yet"),
    ],
)
def test_a_replacement_that_alpaca_refuses_leaves_the_old_order_working(made, reply):
    replace = replacing(made)
    made.server.fail("PATCH", "reply", reply=reply)
    report = replace()
    assert report.status is OrderStatus.REJECTED
    assert str(reply[1]["code"]) in report.reason
    assert made.broker.find(ENTRY).status is OrderStatus.ACCEPTED


@pytest.mark.parametrize("how", ["hang", "garbage", "cut", "empty"])
def test_a_replacement_without_a_clear_answer_is_looked_up(made, how):
    replace = replacing(made)
    made.server.fail("PATCH", how, after=True)
    with pytest.raises(RetryableError):
        replace()
    assert made.broker.find(ENTRY).status is OrderStatus.REPLACED
    assert sum(count for path, count in made.server.arrived.items() if path.startswith("PATCH")) == 1
    made.house.clock.wait(seconds=1)
    approved = made.house.permit(an_intent("dec-9", **(RESTING | {"limit_price": 91})))
    assert made.broker.replace(ENTRY, approved).status is OrderStatus.ACCEPTED
    assert sum(count for path, count in made.server.arrived.items() if path.startswith("PATCH")) == 1


def test_a_protective_leg_that_is_moved_stays_the_leg_of_its_entry(made):
    made.house.place(an_intent(tif=TimeInForce.GTC))
    stop = next(report for report in made.broker.orders() if report.leg == "stop")
    raised = an_exit(type=OrderType.STOP, limit_price=None, trigger_price=97, tif=TimeInForce.GTC)
    report = made.broker.replace(stop.client_order_id, a_permitted(made, raised))
    legs = {each.leg: each for each in made.broker.orders()}
    assert report.client_order_id == legs["stop"].client_order_id
    assert (legs["stop"].trigger_price, legs["stop"].parent_id) == (97, ENTRY)


def test_an_order_does_not_change_its_type_at_alpaca(made):
    made.house.place(an_intent(**RESTING))
    changed = an_intent("dec-9", type=OrderType.STOP, trigger_price=110, **PLAIN | {"limit_price": None})
    report = made.broker.replace(ENTRY, a_permitted(made, changed))
    assert report.status is OrderStatus.REJECTED
    assert "stop" in report.reason


def test_legs_know_their_entry_also_after_a_restart(made):
    made.house.place(an_intent(tif=TimeInForce.GTC))
    fresh = AlpacaBroker(a_config(made.server), made.house.clock, made.house.office, made.house.control)
    legs = {report.leg: report for report in fresh.orders()}
    assert {leg.parent_id for leg in legs.values()} == {ENTRY}
    assert (legs["stop"].trigger_price, legs["target"].limit_price) == (D(95), D(110))
    asked = made.server.arrived["GET /v2/orders"]
    fresh.orders()
    assert made.server.arrived["GET /v2/orders"] == asked + 1, "what a leg hangs on is asked once"


def test_a_stop_behind_an_entry_settles_as_the_exit_of_its_trade(made):
    made.house.place(an_intent(tif=TimeInForce.GTC))
    stop = next(order for order in made.server.exchange.orders.values() if order["type"] == "stop")
    made.house.clock.wait(minutes=5)
    made.server.exchange.fill(stop["id"], 10, D("94.90"))
    made.house.settlement.sync(made.house.broker, now=made.house.clock.now())
    (trade,) = made.house.orders.trades.closed()
    assert trade.pnl == 10 * (D("94.90") - D("100.01"))
    assert made.house.orders.open() == ()
    assert made.house.reconciler.reconcile(made.house.clock.now()).ok


def test_an_exit_that_alpaca_still_refuses_leaves_no_second_attempt(made):
    made.house.place(an_intent(tif=TimeInForce.GTC))
    made.server.exchange.held["AAPL"] = (D(5), D(100))  # somebody sold by hand
    report = made.broker.submit(a_permitted(made, an_exit()))
    assert report.status is OrderStatus.REJECTED
    assert "40310000" in report.reason
    assert counted(made.server) == 3, "the entry, the exit, and the exit once its shares were free"


def a_permitted(made, intent):
    """Past the gates, which would have seen that there is less to sell."""
    made.broker._office = OpenOffice(b"k" * 32, made.house.latch)
    return a_slip(intent, made.house.clock.now())


def test_an_entry_never_costs_protection(made):
    made.house.place(an_intent(tif=TimeInForce.GTC))
    made.server.fail(ORDERS, "reply", reply=refusal(403, 40310000, "insufficient buying power"))
    made.broker.submit(a_permitted(made, an_intent("dec-7", **RESTING)))
    assert len(made.broker.orders()) == 2, "stop and target still rest"
    assert not [path for path in made.server.arrived if path.startswith("DELETE")]


def test_executions_come_page_by_page_each_once(made):
    made.broker.submit(made.house.permit(an_intent(**RESTING, qty=250)))
    (order,) = at_alpaca(made.server)
    start = made.house.clock.now()
    for _ in range(250):
        made.house.clock.wait(seconds=1)
        made.server.exchange.fill(order["id"], 1, 90)
    found = made.broker.fills(since=start)
    assert (len(found), len({fill.fill_id for fill in found})) == (250, 250)
    assert [fill.at for fill in found] == sorted(fill.at for fill in found)
    assert {fill.client_order_id for fill in found} == {ENTRY}
    assert made.server.arrived["GET /v2/account/activities/FILL"] == 3
    assert len(made.broker.fills(since=found[99].at)) == 150


def test_an_execution_of_an_order_that_alpaca_forgot_is_nobodys(made):
    made.broker.submit(made.house.permit(an_intent(**RESTING)))
    (order,) = at_alpaca(made.server)
    made.server.exchange.fill(order["id"], 10, 90)
    made.server.exchange.orders.clear()
    fresh = AlpacaBroker(a_config(made.server), made.house.clock, made.house.office, made.house.control)
    (fill,) = fresh.fills(since=NOON.replace(hour=1))
    assert fill.client_order_id == ClientOrderId(order["id"])


def test_many_open_orders_are_listed_whole(made):
    for number in range(1_003):
        made.server.exchange.made(
            {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "limit", "limit_price": "90",
             "time_in_force": "gtc", "client_order_id": f"ord-{number}"}
        )  # fmt: skip
        made.house.clock.wait(seconds=1)
    assert len({report.client_order_id for report in made.broker.orders()}) == 1_003


def test_a_holding_that_alpaca_does_not_spell_out_is_unknown_not_free(made):
    made.house.place(an_intent(**PLAIN))
    made.server.edit = lambda path, body: (
        [{name: value for name, value in row.items() if name != "qty_available"} for row in body]
        if path == "/v2/positions"
        else body
    )
    (position,) = made.broker.positions()
    assert (position.qty, position.available_qty) == (10, None)


def test_what_a_plain_sale_holds_is_not_free(made):
    made.house.place(an_intent(**PLAIN))
    made.house.place(an_exit(qty=4, limit_price=120))
    (position,) = made.broker.positions()
    assert (position.qty, position.available_qty) == (10, 6)


@pytest.mark.parametrize(
    ("refused", "kind"),
    [
        pytest.param(Refusal(401, "40110000", "no"), ConfigurationError, id="401"),
        pytest.param(Refusal(403, "", "forbidden."), ConfigurationError, id="403"),
        pytest.param(Refusal(408), SourceUnavailable, id="408"),
        pytest.param(Refusal(429), SourceUnavailable, id="429"),
        pytest.param(Refusal(500), SourceUnavailable, id="500"),
        pytest.param(Refusal(504), SourceUnavailable, id="504"),
        pytest.param(Refusal(None), SourceUnavailable, id="nothing"),
        pytest.param(Refusal(422, "42210000", "x"), DataQualityError, id="422"),
    ],
)
def test_a_refused_question_tells_the_code_and_what_happens_next(refused, kind):
    error = meaning(refused)
    assert type(error) is kind
    assert error.remedy
    assert refused.code in str(error)
    assert "\n" not in str(error)


def exceptions_of(module):
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Exception) and not issubclass(each, Warning)
        if each.__module__ == module.__name__
    ]


VENDORS = (requests.exceptions, alpaca.common.exceptions)
RAISED = [*(each for vendor in VENDORS for each in exceptions_of(vendor)), *MISREAD, OSError, TimeoutError]


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_exception_of_the_libraries_has_a_meaning(made, kind):
    given = {APIError: ("{}",), requests.exceptions.JSONDecodeError: ("as asked", "", 0)}
    raised = kind(*given.get(kind, ("as asked",)))

    def question():
        raise raised

    with pytest.raises((OversightError, ErrorAnswer)) as told:
        AlpacaCalls(a_config(made.server))._within(question)
    if isinstance(told.value, ErrorAnswer):
        assert isinstance(meaning(told.value.refusal), OversightError)


def test_no_secret_reaches_an_error_a_report_or_the_log(made):
    """The server repeats both keys in everything it says."""
    planted = f"key {KEY_ID} secret {SECRET_KEY}"
    stream = StringIO()
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    handler = log_to(stream)  # without being told the secrets: nothing may depend on the filter
    said = [repr(made.broker), repr(made.broker._calls), repr(a_config(made.server))]
    try:
        made.server.fail(ORDERS, "reply", reply=refusal(403, 40310000, planted))
        said.append(made.broker.submit(made.house.permit(an_intent(**RESTING))).reason)
        for path, question in (
            ("GET /v2/account", made.broker.account),
            ("GET /v2/positions", made.broker.positions),
            ("GET /v2/orders:by", lambda: made.broker.find(ENTRY)),
        ):
            for reply in ((403, {"message": planted}), (422, {"code": planted, "message": planted}), (500, planted)):
                made.server.fail(path, "reply", reply=reply)
                with pytest.raises(OversightError) as told:
                    question()
                logging.getLogger("test").error("failed", exc_info=told.value)
                said.extend(traceback.format_exception(told.value))
        made.server.edit = lambda path, body: body | {"status": planted} if "status" in body else body
        made.broker.submit(a_permitted(made, an_intent("dec-5", **RESTING)))
    finally:
        root.handlers[:], root.level = kept, level
        handler.close()
    everything = "".join(said) + stream.getvalue()
    assert "40310000" in everything
    assert SECRET_KEY not in everything
    assert KEY_ID not in everything


def test_a_foreign_order_is_told_with_its_own_name(made):
    made.server.exchange.made(
        {"symbol": "MSFT", "qty": "3", "side": "buy", "type": "limit", "limit_price": "9", "time_in_force": "day"}
    )
    (report,) = made.broker.orders()
    assert (report.symbol, report.side, report.qty, report.parent_id) == (Symbol("MSFT"), Side.BUY, 3, None)


def test_a_closure_that_no_calendar_announced_stops_entries_and_leaves_exits(made, house):
    assert house.place(an_intent(**PLAIN)).order.status is OrderStatus.FILLED
    made.server.market_open = False
    refused = house.place(an_intent("dec-2", **RESTING))
    assert refused.order is None
    assert "MARKET_CLOSED" in refused.evaluation.codes
    assert house.place(an_exit("dec-3")).order is not None


@pytest.mark.parametrize(
    ("told", "means"),
    [
        pytest.param(True, True, id="open"),
        pytest.param(False, False, id="closed"),
        pytest.param(None, None, id="not_said"),
        pytest.param("yes", None, id="rubbish"),
    ],
)
def test_the_clock_says_whether_the_market_is_open(made, told, means):
    made.server.market_open = told
    if told == "yes":
        with pytest.raises(DataQualityError, match="neither true nor false"):
            made.broker.time()
    else:
        assert made.broker.time() == (NOON, means)
