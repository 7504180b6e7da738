"""Calls to the broker are written down however they end, and writing them changes none of them."""

import sqlite3
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.errors import DataQualityError, IntegrityError, ManualActionError, RetryableError
from domain.orders import OrderClass
from tests.builders.execution import HandClock, an_intent, an_observed_house
from tests.builders.market import NOON
from trading.execution.brokers.observed import MOST_WAITING, ObservedBroker
from trading.store.activity import ActivityStore
from trading.store.database import open_database
from trading.store.tables import broker_calls


class Fickle:
    """A broker of one answer: it gives it, or raises it."""

    name, paper = "fickle", True
    fractional = frozenset(OrderClass)

    def __init__(self, answer=()):
        self.answer = answer

    def account(self):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def positions(self):
        return self.account()

    def orders(self):
        return self.account()

    def find(self, _name):
        return self.account()

    def submit(self, _approved):
        return self.account()

    def cancel(self, _name):
        return self.account()

    def replace(self, _name, _approved):
        return self.account()

    def fills(self, *, since):
        return self.account()

    def charges(self, *, since):
        return self.account()

    def transfers(self, *, since):
        return self.account()

    def time(self):
        return self.account()


def written(database):
    """What is on record once something else has been written."""
    with database.transaction():
        pass
    return on_record(database)


def on_record(database):
    with database.reading() as connection:
        rows = connection.execute(select(broker_calls).order_by(broker_calls.c.number))
        return [(row.what, row.ok) for row in rows]


@pytest.fixture
def watched(database):
    return ObservedBroker(Fickle(), database, HandClock())


ASK = {
    "account": lambda broker: broker.account(),
    "positions": lambda broker: broker.positions(),
    "orders": lambda broker: broker.orders(),
    "find": lambda broker: broker.find("ord-1"),
    "submit": lambda broker: broker.submit(None),
    "cancel": lambda broker: broker.cancel("ord-1"),
    "replace": lambda broker: broker.replace("ord-1", None),
    "fills": lambda broker: broker.fills(since=NOON),
    "charges": lambda broker: broker.charges(since=NOON),
    "transfers": lambda broker: broker.transfers(since=NOON),
    "time": lambda broker: broker.time(),
}


@pytest.mark.parametrize("what", ASK)
def test_every_call_is_passed_on_and_written_down(watched, database, what):
    watched._broker.answer = answer = object()
    assert ASK[what](watched) is answer
    watched._broker.answer = RetryableError("timeout")
    with pytest.raises(RetryableError):
        ASK[what](watched)
    assert written(database) == [(what, True), (what, False)]


@pytest.mark.parametrize(
    ("error", "rows"),
    [
        pytest.param(RetryableError("timeout"), [("submit", False)], id="no_answer"),
        pytest.param(DataQualityError("rubbish"), [("submit", False)], id="rubbish"),
        pytest.param(KeyError("id"), [("submit", False)], id="unexpected"),
        pytest.param(IntegrityError("forged"), [], id="a_bad_permit_never_left"),
        pytest.param(ManualActionError("killed"), [], id="the_kill_switch"),
    ],
)
def test_what_counts_as_a_failure(watched, database, error, rows):
    watched._broker.answer = error
    with pytest.raises(type(error)):
        watched.submit(None)
    assert written(database) == rows


def test_names_are_those_of_the_broker_behind(watched):
    assert (watched.name, watched.paper) == ("fickle", True)


@pytest.mark.parametrize("kind", ["transaction", "reading"])
def test_a_failure_inside_a_transaction_outlives_it(watched, database, kind):
    watched._broker.answer = RetryableError("timeout")
    with pytest.raises(RetryableError), getattr(database, kind)():
        watched.account()
    assert on_record(database) == [("account", False)], "at once, though the transaction around it was lost"
    assert ActivityStore(database).failed_pct(NOON) == 100


def test_successes_cost_no_commit_of_their_own(watched, database):
    watched.account()
    with database.reading():
        watched.time()
    assert on_record(database) == []
    with database.transaction():
        watched.orders()
    assert on_record(database) == [("account", True), ("time", True), ("orders", True)]
    watched.account()
    watched._broker.answer = RetryableError("timeout")
    with pytest.raises(RetryableError):
        watched.find("ord-1")
    assert on_record(database)[3:] == [("account", True), ("find", False)], "a failure takes along what waited"


def test_what_nobody_can_write_down_does_not_pile_up_without_end(watched, database):
    for _ in range(MOST_WAITING + 5):
        watched.time()
    watched.account()
    told = written(database)
    assert (len(told), told[-1]) == (MOST_WAITING, ("account", True)), "the newest stay"


def test_a_count_that_cannot_be_written_changes_no_answer_and_comes_later(tmp_path):
    path = tmp_path / "sage.db"
    database = open_database(f"sqlite:///{path}", lock_wait_s=0)
    fickle = Fickle("answer")
    watched = ObservedBroker(fickle, database, HandClock())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    fickle.answer = DataQualityError("rubbish")
    with pytest.raises(DataQualityError):
        watched.account()
    other.close()
    fickle.answer = "answer"
    told: object = watched.time()
    assert told == "answer"
    assert written(database) == [("account", False), ("time", True)]
    database.close()


def test_a_desk_over_an_observed_broker_trades_and_counts(database, tmp_path):
    house = an_observed_house(database, tmp_path)
    house.place(an_intent())
    house.broker.find("ord-none")
    whats = [what for what, _ in written(database)]
    assert {"time", "account", "positions", "submit", "orders", "fills"} <= set(whats)
    assert all(ok for _, ok in written(database))
    whats = [what for what, _ in written(database)]
    house.broker._broker = Fickle(RetryableError("timeout"))
    with pytest.raises(RetryableError):
        house.place(an_intent("dec-2"))
    share = ActivityStore(database).failed_pct(NOON)
    assert share == 100 * Decimal(1) / (len(whats) + 1)
