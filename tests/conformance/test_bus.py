"""What every bus must do, in process or over a server."""

import itertools

import pytest

from domain.errors import DataQualityError, SourceUnavailable, UsageError
from tests.builders.vendors import NOW
from trading.bus.memory import MemoryBus
from trading.bus.messages import BusNotice, BusTopic, Message
from trading.bus.port import replay
from trading.bus.redis_bus import RedisBus, RedisConfig

ALERT, TELEGRAM = BusTopic.ERROR_BROKER, BusTopic.TELEGRAM_ALERT
prefixes = (f"conformance-{number}" for number in itertools.count())


@pytest.fixture
def failures():
    return []


@pytest.fixture(params=["memory", "redis"])
def bus(request, failures):
    if request.param == "memory":
        yield MemoryBus(failures.append)
        return
    made = RedisBus(RedisConfig(request.getfixturevalue("redis_url"), prefix=next(prefixes)), failures.append)
    yield made
    made.close()


def a_message(text, topic=ALERT):
    return Message(topic, NOW, BusNotice("test", text), cause="cyc-1")


def texts(messages):
    return [message.body.text for message in messages]


def test_a_subscriber_gets_what_is_published_after_it_subscribed_in_order_and_once(bus):
    seen: list[Message] = []
    bus.publish(a_message("too early"))
    bus.subscribe(ALERT, seen.append)
    sent = [bus.publish(a_message(text)) for text in ("one", "two", "three")]
    bus.deliver()
    bus.deliver()
    assert seen == sent
    assert texts(seen) == ["one", "two", "three"]


def test_every_subscriber_gets_its_topics_and_no_others(bus):
    alerts: list[Message] = []
    also_alerts: list[Message] = []
    telegrams: list[Message] = []
    for topic, seen in ((ALERT, alerts), (ALERT, also_alerts), (TELEGRAM, telegrams)):
        bus.subscribe(topic, seen.append)
    bus.publish(a_message("risk"))
    bus.publish(a_message("chat", TELEGRAM))
    bus.deliver()
    assert (texts(alerts), texts(also_alerts), texts(telegrams)) == (["risk"], ["risk"], ["chat"])


def test_a_message_gets_an_id_that_grows(bus):
    first, second = bus.publish(a_message("one")), bus.publish(a_message("two"))
    assert first.id
    assert bus.history(ALERT) == (first, second)
    assert bus.history(ALERT, since_id=first.id) == (second,)
    assert bus.history(ALERT, since_id=second.id) == ()


def test_history_is_by_topic_and_empty_for_a_silent_one(bus):
    bus.publish(a_message("one"))
    assert bus.history(TELEGRAM) == ()


def test_an_id_that_is_none_is_refused(bus):
    with pytest.raises(UsageError):
        bus.history(ALERT, since_id="yesterday")


@pytest.mark.parametrize(
    "error", [SourceUnavailable("away"), ValueError("odd"), KeyError("x"), RuntimeError("y"), AssertionError("z")]
)
def test_a_subscriber_that_fails_is_reported_and_does_not_stop_the_others(bus, failures, error):
    seen: list[Message] = []

    def failing(message):
        raise error

    bus.subscribe(ALERT, failing)
    bus.subscribe(ALERT, seen.append)
    sent = bus.publish(a_message("one"))
    bus.deliver()
    bus.deliver()
    assert texts(seen) == ["one"]
    assert [(failure.topic, failure.message_id, failure.error) for failure in failures] == [(ALERT, sent.id, error)]
    assert "failing" in failures[0].subscriber


def test_a_subscriber_may_publish(bus):
    seen: list[Message] = []
    bus.subscribe(ALERT, lambda message: bus.publish(a_message("told", TELEGRAM)))
    bus.subscribe(TELEGRAM, seen.append)
    bus.publish(a_message("risk"))
    bus.deliver()
    bus.deliver()
    assert texts(seen) == ["told"]


def test_a_replay_shows_what_is_kept_to_one_subscriber_alone(bus):
    live: list[Message] = []
    replayed: list[Message] = []
    bus.subscribe(ALERT, live.append)
    first, *_ = [bus.publish(a_message(text)) for text in ("one", "two", "three")]
    bus.deliver()
    assert replay(bus, ALERT, replayed.append) == 3
    assert replay(bus, ALERT, replayed.append, since_id=first.id) == 2
    assert texts(replayed) == ["one", "two", "three", "two", "three"]
    assert texts(live) == ["one", "two", "three"]


def test_a_message_of_the_wrong_kind_cannot_be_made():
    with pytest.raises(DataQualityError):
        Message(BusTopic.MARKET_BAR, NOW, BusNotice("test", "no bar"))


def test_nothing_waiting_delivers_nothing(bus):
    assert bus.deliver() == 0
