"""The outbox on both databases: each message once and in turn, whoever delivers, whatever dies."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.errors import RetryableError
from tests.builders.market import NOON
from tests.builders.messages import a_message
from tests.unit.trading.store.conftest import database, url  # noqa: F401  # the fixtures of the folder above
from trading.store.messages.message import Button, Kind, Receipt
from trading.store.messages.outbox import (
    GIVEN_UP_AFTER,
    PATIENCE,
    TERM,
    OutboxStore,
    Rate,
    State,
    backoff_s,
    mark_of,
)
from trading.store.messages.tables import outbox_paces

FREE = Rate(0, 1)
SENT = Receipt(True, name="77")


def after(seconds):
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def outbox(database):  # noqa: F811
    return OutboxStore(database)


def claimed(outbox, now=NOON, rate=FREE):
    letter = outbox.claim("slack", now, rate)
    return None if letter is None else letter.message.key


def sent(outbox, now=NOON, rate=FREE):
    letter = outbox.claim("slack", now, rate)
    if letter is None:
        return None
    outbox.settle(letter, SENT, now)
    return letter.message.key


def test_a_message_comes_back_as_it_was_put(outbox):
    message = a_message(
        kind=Kind.APPROVAL, buttons=((Button("Approve", "ok:1"), Button("Reject", "no:1")),), picture=b"\x89PNG",
        silent=True, replaces="12",
    )  # fmt: skip
    outbox.put(message)
    assert outbox.get("k1", "slack:ops").message == message


def test_the_same_key_to_the_same_address_is_said_once_and_to_another_address_again(outbox):
    put = [outbox.put(a_message(address=each)) for each in ("slack:ops", "slack:ops", "slack:desk")]
    assert put == [True, False, True]
    assert outbox.waiting() == 2


def test_messages_to_one_address_go_in_the_order_of_putting_and_one_at_a_time(outbox):
    for key in ("a", "b"):
        outbox.put(a_message(key))
    first = outbox.claim("slack", NOON, FREE)
    assert (first.message.key, claimed(outbox)) == ("a", None)
    outbox.settle(first, SENT, NOON)
    assert claimed(outbox) == "b"


def test_what_is_critical_goes_ahead_and_keeps_its_own_order(outbox):
    for key, kind in (("a", Kind.TRADE), ("b", Kind.TRADE), ("c", Kind.CRITICAL), ("d", Kind.CRITICAL)):
        outbox.put(a_message(key, kind=kind))
    assert [sent(outbox) for _ in range(5)] == ["c", "d", "a", "b", None]


def test_another_carriers_message_is_left_alone(outbox):
    outbox.put(a_message(address="mail:a@example.com"))
    assert claimed(outbox) is None


def test_what_was_not_taken_is_tried_again_later_and_holds_up_only_its_own_address(outbox):
    for address in ("slack:ops", "slack:desk"):
        outbox.put(a_message("a", address))
    letter = outbox.claim("slack", NOON, FREE)
    outbox.settle(letter, Receipt(False, retry_after_s=7, words="429"), NOON)
    assert outbox.claim("slack", NOON, FREE).message.address == "slack:desk"
    assert claimed(outbox, after(6.9)) is None
    again = outbox.claim("slack", after(7), FREE)
    assert (again.message.address, again.attempts, again.doubtful) == ("slack:ops", 2, False)


def test_a_rest_that_was_asked_for_holds_up_what_is_critical_too(outbox):
    outbox.put(a_message("a"))
    outbox.settle(outbox.claim("slack", NOON, FREE), Receipt(False, retry_after_s=30), NOON)
    outbox.put(a_message("b", kind=Kind.CRITICAL))
    assert [claimed(outbox, after(29)), claimed(outbox, after(30))] == [None, "b"]


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (5000, 300)])
def test_the_wait_doubles_up_to_five_minutes(attempts, seconds):
    assert backoff_s(attempts) == seconds


@pytest.mark.parametrize(
    ("receipt", "now"),
    [
        pytest.param(Receipt(False, words="no such channel"), NOON, id="cannot help"),
        pytest.param(Receipt(False, retry_after_s=1, words="502"), NOON + GIVEN_UP_AFTER, id="for two days"),
    ],
)
def test_what_cannot_arrive_is_refused_for_good_and_the_next_one_goes(outbox, receipt, now):
    for key in ("a", "b"):
        outbox.put(a_message(key))
    outbox.settle(outbox.claim("slack", now, FREE), receipt, now)
    found = outbox.get("a", "slack:ops")
    assert (found.state, found.words) == (State.REFUSED, receipt.words)
    assert claimed(outbox, now + timedelta(seconds=1)) == "b"


def test_what_a_process_died_over_is_taken_over_as_doubtful_and_the_dead_one_settles_nothing(outbox):
    outbox.put(a_message())
    dead = outbox.claim("slack", NOON, FREE)
    assert claimed(outbox, NOON + TERM - timedelta(seconds=1)) is None
    heir = outbox.claim("slack", NOON + TERM, FREE)
    assert heir.doubtful
    assert not outbox.settle(dead, Receipt(False), NOON + TERM)
    assert outbox.settle(heir, SENT, NOON + TERM)
    assert outbox.get("k1", "slack:ops").name == "77"


def test_an_answer_that_got_lost_makes_it_doubtful_and_a_refused_connection_does_not(outbox):
    for key, unknown in (("a", True), ("b", False)):
        outbox.put(a_message(key, f"slack:{key}"))
        outbox.settle(outbox.claim("slack", NOON, FREE), Receipt(False, retry_after_s=0, unknown=unknown), NOON)
    assert [outbox.get(key, f"slack:{key}").doubtful for key in "ab"] == [True, False]


def test_a_burst_goes_at_once_and_then_one_every_interval(outbox):
    rate = Rate(2.0, 3)
    for number in range(6):
        outbox.put(a_message(f"{number}"))
    assert [sent(outbox, NOON, rate) for _ in range(4)] == ["0", "1", "2", None]
    assert [sent(outbox, after(at), rate) for at in (1.9, 2, 3.9, 4)] == [None, "3", None, "4"]


def test_an_acknowledgement_is_for_the_matter_however_often_and_wherever_it_was_told(outbox):
    for key, address in (("halt:1", "slack:ops"), ("halt:1~2", "mail:a@b.c"), ("halt:2", "slack:ops")):
        outbox.put(a_message(key, address, kind=Kind.CRITICAL))
    assert outbox.acknowledge(mark_of("halt:1"), "telegram:1", after(9)) == 2
    assert outbox.acknowledge(mark_of("halt:1"), "telegram:2", after(10)) == 0
    assert [letter.message.key for letter in outbox.unanswered(since=NOON)] == ["halt:2"]
    assert outbox.get("halt:1~2", "mail:a@b.c").acknowledged_by == "telegram:1"


def test_only_what_ended_is_forgotten(outbox):
    for key in ("a", "b"):
        outbox.put(a_message(key))
    sent(outbox)
    assert (outbox.prune(after(1)), outbox.waiting()) == (1, 1)


def test_what_nobody_carries_any_more_is_forgotten_with_the_rest(outbox):
    outbox.put(a_message("a", "mail:gone@example.com"))
    outbox.put(a_message("b", "telegram:4711"), held=True)
    long_after = NOON + GIVEN_UP_AFTER + timedelta(seconds=1)
    assert (outbox.prune(NOON + GIVEN_UP_AFTER), outbox.prune(long_after)) == (0, 2)


@pytest.mark.parametrize("wait", [2.0, 300.0])
def test_what_is_critical_goes_before_answers_that_wait_or_cannot_be_sent(outbox, wait):
    for key in ("answer-1", "answer-2", "answer-3"):
        outbox.put(a_message(key, kind=Kind.REPLY))
    stuck = outbox.claim("slack", NOON, FREE)
    outbox.settle(stuck, Receipt(sent=False, retry_after_s=wait, words="500"), NOON)
    outbox.put(a_message("breach", kind=Kind.CRITICAL))
    assert claimed(outbox, after(wait)) == "breach"


REFUSED_OF_ITS_OWN = Receipt(False, retry_after_s=2, words="502", own=True)


def failing(outbox, receipt, times, now=NOON):
    """Attempts at the first message that all end so; when the next one is due."""
    for _ in range(times):
        letter = outbox.claim("slack", now, FREE)
        outbox.settle(letter, receipt, now)
        now = outbox.get(letter.message.key, letter.message.address).next_at
    return now


@pytest.mark.parametrize(
    ("receipt", "kind", "passes"),
    [
        pytest.param(REFUSED_OF_ITS_OWN, Kind.REPLY, True, id="the service does not take this one"),
        pytest.param(REFUSED_OF_ITS_OWN, Kind.CRITICAL, True, id="nor this one, which is critical"),
        pytest.param(Receipt(False, retry_after_s=2, unknown=True), Kind.TRADE, True, id="its answer is always lost"),
        pytest.param(Receipt(False, retry_after_s=2), Kind.TRADE, False, id="the line is away"),
        pytest.param(Receipt(False, retry_after_s=30), Kind.REPLY, False, id="a rest is asked for"),
    ],
)
def test_a_message_that_always_fails_holds_up_those_behind_it_for_a_while_only(outbox, receipt, kind, passes):
    for key in ("bad", "b", "c"):
        outbox.put(a_message(key, kind=kind))
    now = failing(outbox, receipt, PATIENCE - 1)
    assert claimed(outbox, now - timedelta(seconds=1)) is None  # it is still its turn, and it waits
    now = failing(outbox, receipt, 1, now)
    if not passes:
        assert [sent(outbox, now) for _ in range(4)] == ["bad", "b", "c", None]
        return
    rest = now - timedelta(seconds=backoff_s(PATIENCE) - 2)  # the address rests for the two seconds that were asked for
    assert [sent(outbox, rest) for _ in range(3)] == ["b", "c", None]
    assert outbox.get("bad", "slack:ops").state is State.ASIDE
    assert outbox.waiting() == 1
    assert sent(outbox, now) == "bad"


def test_what_stepped_aside_is_tried_on_beside_the_others_and_given_up_after_two_days(outbox):
    begun = NOON - GIVEN_UP_AFTER + timedelta(minutes=10)
    outbox.put(a_message("bad", at=begun))
    now = failing(outbox, REFUSED_OF_ITS_OWN, PATIENCE)
    outbox.put(a_message("b"))
    under_way = outbox.claim("slack", now - timedelta(seconds=1), FREE)
    assert claimed(outbox, now) is None  # one at a time for each address
    outbox.settle(under_way, SENT, now)
    while outbox.waiting():
        now = failing(outbox, REFUSED_OF_ITS_OWN, 1, now)
    assert outbox.get("bad", "slack:ops").state is State.REFUSED
    assert GIVEN_UP_AFTER <= now - begun < GIVEN_UP_AFTER + timedelta(minutes=6)


def test_a_critical_message_goes_first_also_beside_one_that_stepped_aside_and_is_due(outbox):
    outbox.put(a_message("bad", kind=Kind.REPLY))
    now = failing(outbox, REFUSED_OF_ITS_OWN, PATIENCE)
    for key, kind in (("answer", Kind.REPLY), ("breach", Kind.CRITICAL)):
        outbox.put(a_message(key, kind=kind))
    assert [sent(outbox, now) for _ in range(3)] == ["breach", "bad", "answer"]


def test_the_pace_of_an_address_that_was_left_alone_is_forgotten(outbox, database):  # noqa: F811
    for address, at in (("slack:old", NOON), ("slack:new", after(90))):
        outbox.put(a_message("a", address, at))
        sent(outbox, at)
    outbox.prune(after(60))
    with database.reading() as connection:
        assert list(connection.execute(select(outbox_paces.c.address)).scalars()) == ["slack:new"]


def test_a_message_in_a_transaction_that_fails_was_never_put(outbox, database):  # noqa: F811
    def broken():
        outbox.put(a_message())
        raise RetryableError("the broker does not answer")

    with pytest.raises(RetryableError):
        database.write(broken)
    assert outbox.waiting() == 0
