"""Several processes on one database: they share its limits, and what a killed one leaves is settled by the next."""

import multiprocessing
from datetime import timedelta
from signal import SIGKILL

import pytest

from domain.orders import OrderStatus
from tests.builders.execution import ENTRY, SHARED, a_house, own_schema, place_and_die, place_many
from tests.builders.market import AAPL, NOON
from trading.store.database import open_database

SPAWN = multiprocessing.get_context("spawn")


def run(target, *arguments):
    process = SPAWN.Process(target=target, args=arguments)
    process.start()
    return process


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_two_processes_never_exceed_one_limit_together(request, tmp_path, kind):
    url = f"sqlite:///{tmp_path / 'sage.db'}"
    if kind == "postgresql":
        url = own_schema(request.getfixturevalue("postgres_url"), "processes")
    database = open_database(url)
    house = a_house(database, tmp_path, limits=SHARED)
    processes = [run(place_many, url, tmp_path, name, 10) for name in ("a", "b")]
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    assert house.reconciler.reconcile(NOON).ok
    assert house.orders.trades.positions() == {AAPL: 100}
    entries = [order for order in house.orders.newest(99) if order.leg == "entry"]
    assert sum(order.qty for order in entries) == 100
    assert house.ledger.verify().ok
    database.close()


@pytest.mark.parametrize("sends", [False, True], ids=["killed_before_the_send", "killed_after_the_send"])
def test_a_killed_process_loses_no_order_and_sends_none_twice(tmp_path, sends):
    url = f"sqlite:///{tmp_path / 'sage.db'}"
    killed = run(place_and_die, url, tmp_path, sends)
    killed.join(120)
    assert killed.exitcode == -SIGKILL
    database = open_database(url)
    house = a_house(database, tmp_path)
    (left,) = house.orders.open()
    assert (left.client_order_id, left.status) == (ENTRY, OrderStatus.SUBMITTED), "durable before the send"
    house.clock.wait(minutes=2)
    (settled,) = house.desk.recover()
    assert settled.status is (OrderStatus.FILLED if sends else OrderStatus.CANCELED)
    assert house.reconciler.reconcile(house.clock.now()).ok
    shares = sum(fill.qty for fill in house.broker.fills(since=NOON - timedelta(days=1)))
    assert shares == house.orders.trades.positions().get(AAPL, 0) == (10 if sends else 0)
    assert house.ledger.verify().ok
    database.close()
