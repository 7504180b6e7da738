"""Messages, broker calls and the newest happening of a symbol: counted once, kept over restarts and clock jumps."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from domain.ids import ClientOrderId
from tests.builders.market import AAPL, MSFT, NOON
from trading.store.activity import ActivityStore, BrokerCall, Happening, MessageKind
from trading.store.database import open_database
from trading.store.tables import broker_calls

ORDER = ClientOrderId("ord-1")
SECOND = timedelta(seconds=1)


@pytest.fixture
def activity(database):
    return ActivityStore(database)


def calls(*outcomes, when=NOON):
    return [BrokerCall(when, "account", ok) for ok in outcomes]


def test_every_ask_is_a_message_of_its_kind(activity):
    for kind in (MessageKind.CANCEL, MessageKind.CANCEL, MessageKind.REPLACE):
        activity.asked(kind, ORDER, at=NOON)
    assert activity.messages_since(NOON) == {MessageKind.CANCEL: 2, MessageKind.REPLACE: 1}
    assert activity.messages_since(NOON + SECOND) == {}


def test_a_message_with_a_time_to_come_is_in_every_window(activity):
    activity.asked(MessageKind.CANCEL, ORDER, at=NOON + timedelta(days=3))
    for days in range(4):
        assert activity.messages_since(NOON + timedelta(days=days)) == {MessageKind.CANCEL: 1}


@pytest.mark.parametrize(
    ("written", "pct"),
    [
        pytest.param([], 0, id="nobody_called"),
        pytest.param(calls(True, True), 0, id="all_well"),
        pytest.param(calls(False), 100, id="one_failed"),
        pytest.param(calls(*[False] * 3, *[True] * 9), 25, id="three_of_twelve"),
        pytest.param(calls(False, when=NOON - timedelta(hours=1)) + calls(True), 50, id="an_hour_ago"),
        pytest.param(calls(False, when=NOON - timedelta(hours=1) - SECOND) + calls(True), 0, id="longer_ago"),
        pytest.param(calls(False, when=NOON + SECOND) + calls(True), 50, id="failure_to_come"),
        pytest.param(calls(False) + calls(*[True] * 9, when=NOON + SECOND), 100, id="successes_to_come"),
    ],
)
def test_failures_are_a_share_of_the_calls_of_an_hour(activity, written, pct):
    if written:
        activity.called(written, now=NOON)
    assert activity.failed_pct(NOON) == pct


def test_calls_are_kept_for_a_day(activity, database):
    activity.called(calls(True), now=NOON)
    activity.called(calls(True, when=NOON + timedelta(days=1)), now=NOON + timedelta(days=1))
    assert stored(database) == 2
    activity.called(calls(True, when=NOON + timedelta(days=1)), now=NOON + timedelta(days=1) + SECOND)
    assert stored(database) == 2


def stored(database):
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(broker_calls)).scalar_one()


def test_the_newest_of_a_symbol_moves_forward_only(activity):
    for seconds in (5, 9, 2):
        activity.happened(Happening.STOP, AAPL, at=NOON + seconds * SECOND)
    activity.happened(Happening.STOP, MSFT, at=NOON)
    assert activity.newest() == {
        Happening.EXIT: {},
        Happening.STOP: {AAPL: NOON + 9 * SECOND, MSFT: NOON},
        Happening.LOSS: {},
        Happening.REJECT: {},
    }


def test_a_new_process_counts_on(url):
    first, second = open_database(url), open_database(url)
    before, after = ActivityStore(first), ActivityStore(second)
    before.asked(MessageKind.CANCEL, ORDER, at=NOON)
    before.called(calls(True, False), now=NOON)
    before.happened(Happening.EXIT, AAPL, at=NOON)
    first.close()
    assert after.messages_since(NOON) == {MessageKind.CANCEL: 1}
    assert after.failed_pct(NOON) == Decimal(50)
    assert after.newest()[Happening.EXIT] == {AAPL: NOON}
    second.close()
