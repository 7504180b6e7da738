"""The deliverer: nothing lost, nothing twice but what says so itself, and a slow carrier holds up no other."""

import random
import threading
from datetime import timedelta

import pytest

from domain.clock import SystemClock
from interfaces.delivery.deliverer import PERHAPS_TWICE, Deliverer
from tests.builders.execution import HandClock
from tests.builders.market import NOON
from tests.builders.messages import Hand, a_message
from trading.store.database import open_database
from trading.store.messages.message import Receipt
from trading.store.messages.outbox import TERM, OutboxStore, Rate

FREE = {"slack": Rate(0, 1), "mail": Rate(0, 1)}


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    yield database
    database.close()


@pytest.fixture
def outbox(database):
    return OutboxStore(database)


def test_what_is_due_is_delivered_once(outbox):
    hand = Hand()
    deliverer = Deliverer(outbox, [hand], HandClock(), paces=FREE)
    outbox.put(a_message())
    assert [deliverer.deliver_due(NOON), deliverer.deliver_due(NOON)] == [1, 0]
    assert [message.key for message in hand.arrived] == ["k1"]


def test_with_one_transport_failure_in_ten_nothing_is_lost_or_doubled_and_the_order_stands(outbox):
    dice = random.Random(11)
    hand = Hand(lambda *_: Receipt(False, retry_after_s=1) if dice.random() < 0.1 else Receipt(True))
    deliverer = Deliverer(outbox, [hand], HandClock(), paces=FREE)
    keys = [f"{number:03}" for number in range(120)]
    for number, key in enumerate(keys):
        outbox.put(a_message(key, f"slack:{number % 7}"))
    now = NOON
    while outbox.waiting():
        deliverer.deliver_due(now)
        now += timedelta(seconds=1)
    assert sorted(message.key for message in hand.arrived) == keys
    assert len(hand.tried) > len(keys)
    for address in {message.address for message in hand.arrived}:
        told = [message.key for message in hand.arrived if message.address == address]
        assert told == sorted(told)


def test_the_second_copy_of_what_may_have_arrived_says_so(outbox):
    hand = Hand(lambda _message, attempt: Receipt(attempt > 1, retry_after_s=1, unknown=True))
    deliverer = Deliverer(outbox, [hand], HandClock(), paces=FREE)
    outbox.put(a_message())
    for seconds in (0, 5):
        deliverer.deliver_due(NOON + timedelta(seconds=seconds))
    first, second = hand.tried
    assert PERHAPS_TWICE not in first.plain
    assert PERHAPS_TWICE in second.plain
    assert PERHAPS_TWICE in second.html


def test_what_a_process_was_killed_over_is_delivered_by_the_next_one(outbox):
    outbox.put(a_message())
    outbox.claim("slack", NOON, FREE["slack"])
    hand = Hand()
    heir = Deliverer(outbox, [hand], HandClock(), paces=FREE)
    assert [heir.deliver_due(NOON), heir.deliver_due(NOON + TERM)] == [0, 1]
    assert PERHAPS_TWICE in hand.arrived[0].plain


def test_two_deliverers_at_once_carry_each_message_once(outbox):
    hand, wall = Hand(), SystemClock()
    keys = [f"{number:02}" for number in range(40)]
    for number, key in enumerate(keys):
        outbox.put(a_message(key, f"slack:{number % 4}", wall.now()))
    pair = [Deliverer(outbox, [hand], wall, paces=FREE) for _ in range(2)]
    threads = [threading.Thread(target=lambda each=each: each.deliver_due(wall.now())) for each in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in pair:
        each.deliver_due(wall.now())
    assert sorted(message.key for message in hand.arrived) == keys


def test_a_carrier_that_hangs_holds_up_no_other_and_a_nudge_is_enough(outbox):
    let_go, hangs, arrived = threading.Event(), threading.Event(), threading.Event()

    def hang(_message, _attempt):
        hangs.set()
        return Receipt(let_go.wait(30))

    def arrive(_message, _attempt):
        arrived.set()
        return Receipt(True)

    wall = SystemClock()
    deliverer = Deliverer(outbox, [Hand(hang, "mail"), Hand(arrive)], wall, paces=FREE, look_s=30)
    with deliverer.running():
        outbox.put(a_message("a", "mail:a@example.com", wall.now()))
        deliverer.nudge()
        assert hangs.wait(10)
        outbox.put(a_message("b", at=wall.now()))
        deliverer.nudge()
        assert arrived.wait(10)
        let_go.set()
    assert outbox.waiting() == 0
