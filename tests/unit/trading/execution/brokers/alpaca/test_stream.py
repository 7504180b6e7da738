"""Trade updates over a real WebSocket into the real settlement on SQLite: whatever order they come in, once each."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.case import TradingState
from domain.errors import DataQualityError, RetryableError
from domain.orders import Fill, OrderStatus, TimeInForce
from tests.builders.alpaca import a_config, an_alpaca_house
from tests.builders.execution import ENTRY, an_exit, an_intent
from tests.builders.market import AAPL
from trading.execution.brokers.alpaca.stream import Backoff, Books, TradeUpdates, Update, stream_url, update_of

D = Decimal
RESTING: dict[str, Any] = {"stop_loss": None, "take_profit": None, "limit_price": 90}
PAYLOADS = Path(__file__).parents[6] / "shared" / "data" / "payloads" / "alpaca" / "trade_updates_ws.jsonl"


def eventually(true: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.01)
    return true()


class Listener:
    """The stream of a house, and what it told."""

    def __init__(self, made, *, fail_first: int = 0) -> None:
        house = made.house
        self.books = Books(house.database, house.orders, house.settlement, house.broker, house.clock)
        self.made, self.connections, self._fail = made, 0, fail_first
        self.updates: list[Update] = []
        self._lock = threading.Lock()

    def connected(self) -> None:
        self.made.house.settlement.sync(self.made.house.broker, now=self.made.house.clock.now())
        self.connections += 1

    def heard(self, update) -> None:
        with self._lock:
            if self._fail:
                self._fail -= 1
                raise RetryableError("the database is busy", "Try again.")
            self.books.apply(update)
            self.updates.append(update)


@contextmanager
def listening(made, **given) -> Iterator[Listener]:
    listener = Listener(made, **given)
    stream = TradeUpdates(
        a_config(made.server), on_update=listener.heard, on_connect=listener.connected, url=made.server.stream_url,
        backoff=Backoff(0.01, 0.05),
    )  # fmt: skip
    stream.start()
    try:
        assert eventually(lambda: listener.connections == 1)
        yield listener
    finally:
        stream.stop()
    assert not stream._thread.is_alive(), "it ends when it is told to"


def test_what_is_filled_before_the_server_listens_is_found_by_the_comparison(made, order):
    made.server.listens.clear()

    def fill():
        made.server.asked.wait(5)
        time.sleep(0.3)  # long enough to compare the books too early
        filled(made, order, 10)
        made.server.listens.set()

    filling = threading.Thread(target=fill)
    filling.start()
    with listening(made) as listener:
        filling.join()
        assert eventually(lambda: settled(made))
    assert (listener.updates, made.server.connections) == ([], 1), "nobody was told"


@pytest.fixture
def made(database, tmp_path):
    with an_alpaca_house(database, tmp_path) as house:
        yield house


@pytest.fixture
def order(made):
    """A resting order of ten, at Alpaca and in our books."""
    made.house.place(an_intent(**RESTING))
    return next(iter(made.server.exchange.orders.values()))


def filled(made, order, *parts):
    for qty in parts:
        made.house.clock.wait(seconds=1)
        made.server.exchange.fill(order["id"], qty, 90)


def settled(made, status=OrderStatus.FILLED, qty=10, held=10):
    found = made.house.orders.get(ENTRY)
    return (found.status, found.filled_qty) == (status, qty) and made.house.orders.trades.positions() == {AAPL: D(held)}


def execution(update: Update) -> Fill:
    """The fill that a message tells of, where it has to tell of one."""
    assert update.fill is not None
    return update.fill


def undisturbed(made):
    return made.house.control.read().trading_state is TradingState.ACTIVE


def test_a_fill_is_in_the_books_without_anybody_asking(made, order):
    with listening(made) as listener:
        asked = made.server.arrived["GET /v2/account/activities/FILL"]
        filled(made, order, 4, 6)
        assert eventually(lambda: settled(made))
    assert [execution(update).qty for update in listener.updates] == [4, 6]
    assert made.server.arrived["GET /v2/account/activities/FILL"] == asked


@pytest.mark.parametrize(
    ("moods", "parts"),
    [
        pytest.param(["twice", "twice"], (4, 6), id="every_event_twice"),
        pytest.param(["keep", "keep"], (4, 6), id="the_last_first"),
        pytest.param(["keep", "well", "keep"], (3, 3, 4), id="shuffled"),
        pytest.param(["keep", "twice"], (4, 6), id="late_and_twice"),
    ],
)
def test_order_and_repetition_of_events_change_nothing(made, order, moods, parts):
    with listening(made):
        made.server.moods.extend(moods)
        filled(made, order, *parts)
        made.server.release()
        assert eventually(lambda: settled(made))
    assert len(made.house.orders.fills_of(ENTRY)) == len(parts)
    assert undisturbed(made)
    now = made.house.clock.now()
    made.house.settlement.sync(made.house.broker, now=now)
    assert settled(made), "and what is asked for afterwards is the same"
    assert made.house.reconciler.reconcile(now).ok


def test_events_that_never_came_are_made_up_for_after_the_next_connection(made, order):
    with listening(made) as listener:
        made.server.moods.extend(["drop", "drop"])
        filled(made, order, 4, 6)
        time.sleep(0.1)
        assert made.house.orders.get(ENTRY).filled_qty == 0
        made.server.drop_streams()
        assert eventually(lambda: listener.connections == 2 and settled(made))
    assert undisturbed(made)


def test_a_late_report_does_not_bring_a_finished_order_back(made, order):
    with listening(made) as listener:
        made.server.moods.append("keep")
        made.house.clock.wait(seconds=1)
        made.server.exchange.tell("new", order, {})
        filled(made, order, 10)
        assert eventually(lambda: settled(made))
        made.server.release()
        assert eventually(lambda: len(listener.updates) == 2)
        assert settled(made)
    assert undisturbed(made)


def test_an_execution_after_the_cancellation_is_booked(made, order):
    with listening(made):
        made.house.clock.wait(seconds=1)
        made.house.broker.cancel(ENTRY)
        assert eventually(lambda: made.house.orders.get(ENTRY).status is OrderStatus.CANCELED)
        filled(made, order, 4)
        assert eventually(lambda: settled(made, OrderStatus.CANCELED, 4, held=4))
    assert undisturbed(made)


def test_more_than_was_ordered_is_booked_and_stops_new_exposure(made, order):
    with listening(made):
        filled(made, order, 10, 3)
        assert eventually(lambda: made.house.orders.trades.positions() == {AAPL: 13})
    assert made.house.control.read().trading_state is TradingState.REDUCING


def test_a_fill_of_a_protective_leg_closes_the_trade(made):
    made.house.place(an_intent(tif=TimeInForce.GTC))
    with listening(made):
        target = next(each for each in made.server.exchange.orders.values() if each["limit_price"] == "110")
        made.house.clock.wait(seconds=1)
        made.server.exchange.fill(target["id"], 10, 110)
        assert eventually(lambda: len(made.house.orders.trades.closed()) == 1)
        assert eventually(lambda: made.house.orders.open() == ())
    assert undisturbed(made)


def test_an_execution_that_is_taken_back_has_the_books_compared(made, order):
    with listening(made) as listener:
        filled(made, order, 10)
        assert eventually(lambda: settled(made))
        made.house.clock.wait(seconds=1)
        made.server.exchange.tell("trade_bust", order, {"qty": "-10", "price": "90"})
        assert eventually(lambda: listener.connections == 2)


def test_an_update_that_cannot_be_applied_costs_the_connection_and_nothing_else(made, order):
    with listening(made, fail_first=1) as listener:
        filled(made, order, 10)
        assert eventually(lambda: listener.connections == 2 and settled(made))
    assert undisturbed(made)


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        b"[]",
        b"7",
        b'{"stream": "trade_updates"}',
        b'{"stream": "trade_updates", "data": {"event": "fill", "order": {}}}',
        b'{"stream": "trade_updates", "data": {"event": "fill", "order": null}}',
        b'{"stream": "other", "data": {}}',
        b"[" * 100_000,
    ],
    ids=["no_text", "a_list", "a_number", "no_data", "no_order", "null", "other_stream", "deep"],
)
def test_rubbish_on_the_line_loses_nothing(made, order, text):
    with listening(made):
        made.server.push(text)
        time.sleep(0.05)
        filled(made, order, 10)
        assert eventually(lambda: settled(made))
    assert undisturbed(made)


def test_a_refused_key_is_told_and_tried_again_until_it_is_good(made, order, caplog):
    made.server.refuses_keys = True
    listener = Listener(made)
    stream = TradeUpdates(
        a_config(made.server), on_update=listener.heard, on_connect=listener.connected, url=made.server.stream_url,
        backoff=Backoff(0.01, 0.02),
    )  # fmt: skip
    stream.start()
    try:
        assert eventually(lambda: "the stream refuses the key" in caplog.text)
        made.server.refuses_keys = False
        assert eventually(lambda: listener.connections == 1)
    finally:
        stream.stop()
    assert a_config(made.server).secret_key not in caplog.text
    assert a_config(made.server).key_id not in caplog.text


def test_nobody_there_is_no_reason_to_give_up(made, order):
    listener = Listener(made)
    stream = TradeUpdates(
        a_config(made.server), on_update=listener.heard, on_connect=listener.connected, url="ws://127.0.0.1:9/stream",
        backoff=Backoff(0.01, 0.02),
    )  # fmt: skip
    stream.start()
    time.sleep(0.1)
    stream.stop()
    assert not stream._thread.is_alive()
    assert listener.connections == 0


def test_a_whole_round_trip_by_events_alone(made):
    with listening(made):
        made.house.place(an_intent(stop_loss=None, take_profit=None))
        assert eventually(lambda: made.house.orders.trades.positions() == {AAPL: 10})
        made.house.clock.wait(minutes=1)
        made.house.place(an_exit())
        assert eventually(lambda: len(made.house.orders.trades.closed()) == 1)
    assert len(made.house.orders.fills_of(ENTRY)) == 1


def test_real_messages_can_be_read():
    if not PAYLOADS.exists():
        pytest.skip(f"no payloads at {PAYLOADS}")
    read: dict[str, Update] = {}
    for line in PAYLOADS.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)["payload"]
        message = told if "stream" in told else {"stream": "trade_updates", "data": told}
        if message["stream"] != "trade_updates":
            assert update_of(message) is None
            continue
        if not message["data"]["order"].get("symbol"):
            with pytest.raises(DataQualityError):  # an option strategy: reconciliation reads it
                update_of(message)
            continue
        update = update_of(message)
        assert update is not None
        read[message["data"]["event"]] = update
        assert (update.fill is not None) is (message["data"]["event"] == "fill")
    assert execution(read["fill"]).price == D("181.36")
    assert read["trade_bust"].undone


@pytest.mark.parametrize(
    ("trading", "stream"),
    [
        ("https://paper-api.alpaca.markets", "wss://paper-api.alpaca.markets/stream"),
        ("https://api.alpaca.markets/v2/", "wss://api.alpaca.markets/stream"),
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/stream"),
    ],
)
def test_the_stream_is_that_of_the_account(trading, stream):
    assert stream_url(trading) == stream
