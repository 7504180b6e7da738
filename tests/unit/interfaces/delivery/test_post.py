"""The post: who is told what in which way, what comes together, and what does not stop before somebody has seen it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from interfaces.delivery.notices import Notice
from interfaces.delivery.post import HEAP, Post, repetitions
from interfaces.delivery.wishes import Wish, Wishes, muted, quieted, switched
from tests.builders.market import NOON, at
from trading.store.database import open_database
from trading.store.messages.message import Kind, Receipt
from trading.store.messages.outbox import OutboxStore, Rate, State, mark_of
from trading.store.messages.tellings import TellingStore

OPS, MAIL = "slack:ops", "mail:owner@example.com"
HALT = Notice("alert:1", Kind.CRITICAL, "HALTED", ("gates: daily loss",))


def minutes(count):
    return NOON + timedelta(minutes=count)


def a_notice(number=1, kind=Kind.TRADE, title=None, **changes):
    return replace(Notice(f"n{number}", kind, title or f"notice {number}"), **changes)


@pytest.fixture
def post(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    yield Post(OutboxStore(database), TellingStore(database), lambda: (OPS, MAIL))
    database.close()


def wish(post, address, wishes):
    post.wish(address, wishes, by="owner", at=NOON)


def delivered(post, now, carrier="slack"):
    """What leaves now, as plain texts."""
    found = []
    while (letter := post.outbox.claim(carrier, now, Rate(0, 1))) is not None:
        post.outbox.settle(letter, Receipt(True), now)
        found.append(letter.message.plain)
    return found


def test_a_notice_goes_to_everybody_once(post):
    assert [post.say(a_notice(), NOON), post.say(a_notice(), minutes(1))] == [2, 0]
    assert [delivered(post, NOON, carrier) for carrier in ("slack", "mail")] == [["notice 1"], ["notice 1"]]


def test_each_address_is_told_in_its_own_way(post):
    wish(post, OPS, switched(Wishes(), "trade", "off"))
    wish(post, MAIL, switched(Wishes(), "trade", "silent"))
    post.say(a_notice(), NOON)
    assert post.outbox.get("n1", OPS) is None
    assert post.outbox.get("n1", MAIL).message.silent


def test_what_belongs_in_the_digest_comes_together_at_its_hour(post):
    for number in range(3):
        post.say(a_notice(number, Kind.CYCLE, "Cycle" if number else "First"), minutes(number))
    assert (post.gather(at("2026-03-17T20:44")), delivered(post, at("2026-03-17T20:44"))) == (0, [])
    assert post.gather(at("2026-03-17T20:45")) == 2
    assert delivered(post, at("2026-03-17T20:45")) == ["3 notices\nFirst\nCycle (2 times)"]
    assert post.gather(at("2026-03-19T20:45")) == 0


def test_what_a_quiet_hour_held_back_comes_when_it_ends_and_one_alone_comes_as_it_is(post):
    wish(post, OPS, quieted(Wishes(), "10:00-12:00"))
    post.say(a_notice(title="Bought"), NOON)
    assert (delivered(post, NOON), post.gather(NOON)) == ([], 0)
    post.gather(minutes(60))
    assert delivered(post, minutes(60)) == ["Bought"]


def test_a_mute_holds_everything_back_but_what_is_critical(post):
    wish(post, OPS, muted(Wishes(), timedelta(hours=1), NOON))
    post.say(a_notice(), minutes(1))
    post.say(HALT, minutes(1))
    assert delivered(post, minutes(1)) == ["HALTED\ngates: daily loss"]


def test_a_heap_is_held_back_and_comes_as_one_message_once_it_is_calmer(post):
    for number in range(40):
        post.say(a_notice(number, Kind.BLOCKED), NOON)
    assert len(delivered(post, NOON)) == HEAP
    assert post.gather(minutes(1)) == 0
    post.gather(minutes(6))
    (rest,) = delivered(post, minutes(6))
    assert rest.startswith("28 notices\nnotice 12\n")
    assert rest.endswith("and 3 more")


def test_a_heap_holds_back_neither_an_approval_nor_what_is_critical(post):
    for number in range(20):
        post.say(a_notice(number, Kind.BLOCKED), NOON)
    delivered(post, NOON)
    post.say(a_notice(99, Kind.APPROVAL), NOON)
    post.say(HALT, NOON)
    assert delivered(post, NOON) == ["HALTED\ngates: daily loss", "notice 99"]


def test_a_picture_is_not_folded_away(post):
    for number in range(3):
        post.say(a_notice(number, Kind.CYCLE, picture=b"png" if number == 1 else None), NOON)
    post.gather(at("2026-03-17T20:45"))
    assert delivered(post, at("2026-03-17T20:45")) == ["notice 1", "2 notices\nnotice 0\nnotice 2"]


@pytest.mark.parametrize(
    ("since", "times"), [(0, 0), (4.9, 0), (5, 1), (9.9, 1), (10, 2), (39, 2), (40, 3), (70, 4), (1440, 49), (9999, 49)]
)
def test_a_matter_that_nobody_has_seen_is_said_again(since, times):
    assert repetitions(timedelta(minutes=since)) == times


def test_what_is_critical_escalates_to_who_would_hear_later_until_somebody_has_seen_it(post):
    wish(post, MAIL, Wishes(later=True))
    post.say(HALT, NOON)
    told = {}
    for minute in range(60):
        post.escalate(minutes(minute))
        for carrier in ("slack", "mail"):
            for text in delivered(post, minutes(minute), carrier):
                told[carrier, minute] = text
    assert list(told) == [("slack", 0), ("slack", 5), ("slack", 10), ("mail", 10), ("slack", 40), ("mail", 40)]
    assert told["mail", 10] == "Not acknowledged since 15:00 UTC:\nHALTED\ngates: daily loss"
    assert post.outbox.acknowledge(mark_of("alert:1~2"), "telegram:1", minutes(60)) == 6
    assert post.escalate(minutes(500)) == 0


def test_two_that_escalate_at_once_say_it_once(post):
    post.say(HALT, NOON)
    assert [post.escalate(minutes(5)), post.escalate(minutes(5)), post.escalate(minutes(6))] == [2, 0, 0]


def test_after_a_long_sleep_one_repetition_is_enough(post):
    post.say(HALT, NOON)
    assert [post.escalate(minutes(300)), post.escalate(minutes(301))] == [2, 0]


def test_no_wish_stops_what_is_critical(post):
    every_kind_off = Wishes(dict.fromkeys(Kind, Wish.OFF))
    wish(post, OPS, quieted(muted(every_kind_off, timedelta(days=1), NOON), "00:00-23:59"))
    post.say(HALT, NOON)
    found = post.outbox.get("alert:1", OPS)
    assert (found.state, found.message.silent) == (State.WAITING, False)
