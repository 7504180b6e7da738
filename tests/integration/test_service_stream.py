"""The broker's stream under the service: real HTTP and a real WebSocket of a loopback Alpaca, the real books behind."""

import time
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

import composition.duties as duties
from domain.clock import SystemClock
from domain.orders import OrderStatus
from interfaces.scheduler.jobs import Trigger
from interfaces.serving.events import Inbox
from interfaces.serving.live import listening
from interfaces.serving.vitals import Vitals
from interfaces.serving.work import Worker
from tests.builders.alpaca import an_alpaca_house
from tests.builders.execution import ENTRY, an_intent, own_schema
from tests.builders.market import AAPL
from tests.builders.runtime import settings_in
from tests.servers.alpaca import KEY_ID, SECRET_KEY
from trading.store.database import open_database

RESTING: dict[str, Any] = {"stop_loss": None, "take_profit": None, "limit_price": 90}


def eventually(true: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.02)
    return true()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def made(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'sage.db'}"
    if request.param == "postgresql":
        url = own_schema(request.getfixturevalue("postgres_url"), "stream")
    database = open_database(url)
    with an_alpaca_house(database, tmp_path) as house:
        yield house
    database.close()


@pytest.fixture
def worker(made, tmp_path):
    """What the service would hold, over the books of the house and the stream that the product makes from settings."""
    house = made.house
    settings = settings_in(
        tmp_path / "home", broker="alpaca", market="alpaca", alpaca_key_id=KEY_ID, alpaca_secret_key=SECRET_KEY,
        alpaca_base_url=made.server.url, alpaca_stream_url=made.server.stream_url,
    )  # fmt: skip
    deps: Any = SimpleNamespace(
        stores=SimpleNamespace(database=house.database, orders=house.orders), broker=house.broker, clock=house.clock,
        reconciler=house.reconciler,
    )  # fmt: skip
    listen = duties.listen_of(settings, deps, house.settlement, by_name=False)
    runtime: Any = SimpleNamespace(deps=deps, duties=SimpleNamespace(listen=listen))
    vitals = Vitals(SystemClock(), lambda: False)
    return Worker(runtime, (), vitals, Inbox(frozenset({Trigger.FILL}), vitals.happened), lambda: False)


def metric(worker, name):
    lines = worker.vitals.metrics().decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def test_a_fill_in_a_gap_of_the_stream_is_booked_once_after_the_comparison(made, worker):
    house, server = made.house, made.server
    house.place(an_intent(**RESTING))
    order = next(iter(server.exchange.orders.values()))
    with listening(worker):
        assert eventually(lambda: metric(worker, "sage_stream_connections_total") == 1)
        house.clock.wait(seconds=1)
        server.exchange.fill(order["id"], 4, 90)
        assert eventually(lambda: house.orders.get(ENTRY).filled_qty == 4)
        server.moods.append("drop")  # what happens while nobody listens is told to nobody
        house.clock.wait(seconds=1)
        server.exchange.fill(order["id"], 6, 90)
        server.drop_streams()
        assert eventually(lambda: metric(worker, "sage_stream_connections_total") == 2)
        assert eventually(lambda: house.orders.get(ENTRY).status is OrderStatus.FILLED)
    assert house.orders.trades.positions() == {AAPL: Decimal(10)}
    assert [fill.qty for fill in house.orders.fills_of(ENTRY)] == [4, 6]
    assert house.reconciler.reconcile(house.clock.now()).ok
    assert worker.vitals.health()[1]["reconciled"]["ok"] is True
    assert metric(worker, "sage_trade_updates_total") >= 1
    assert [trigger for _, trigger in worker.inbox.waiting()] == [Trigger.FILL], "the fill that the stream told of"


def test_no_new_exposure_between_the_loss_of_the_line_and_the_comparison(made, worker):
    """A comparison that fails leaves the books unreconciled, so gate A7 refuses entries, and it is tried again."""
    house, server = made.house, made.server
    house.reconciler.reconcile(house.clock.now())
    server.fail("GET /v2/account", "reply", reply=(500, {"message": "broken"}), times=1)
    with listening(worker):
        assert eventually(lambda: house.control.read().reconciled_at is None)
        assert eventually(lambda: metric(worker, "sage_stream_connections_total") == 1)
        assert house.control.read().reconciled_at is not None
