import pytest
import redis
import redis.exceptions

from domain.errors import ConfigurationError, DataQualityError, SourceUnavailable
from tests.builders.vendors import NOW
from trading.bus.messages import BusNotice, BusTopic, Message
from trading.bus.redis_bus import RedisBus, RedisConfig, translated

ALERT = BusTopic.ERROR_BROKER


def an_alert(number):
    return Message(ALERT, NOW, BusNotice("alert", str(number)))


class Died(BaseException):
    """The process ends in the middle of a subscriber."""


def die(message):
    raise Died


@pytest.fixture
def failures():
    return []


@pytest.fixture
def a_bus(redis_url, request, failures):
    """Buses of one group under a prefix of their own, closed at the end."""
    made: list[RedisBus] = []

    def make(consumer="main", **changes):
        fields = {"prefix": request.node.name, "consumer": consumer, "claim_after_s": 0.0} | changes
        made.append(RedisBus(RedisConfig(redis_url, **fields), failures.append))
        return made[-1]

    yield make
    for bus in made:
        bus.close()


def test_what_a_dead_process_did_not_finish_comes_again(a_bus):
    dead = a_bus()
    seen: list[Message] = []
    dead.subscribe(ALERT, die)
    dead.publish(an_alert(1))
    with pytest.raises(Died):
        dead.deliver()
    again = a_bus()
    again.subscribe(ALERT, seen.append)
    assert (again.deliver(), again.deliver()) == (1, 0)
    assert [message.body for message in seen] == [BusNotice("alert", "1")]


def test_another_consumer_takes_over_from_a_dead_one(a_bus):
    dead = a_bus("first")
    seen: list[Message] = []
    dead.subscribe(ALERT, die)
    dead.publish(an_alert(1))
    with pytest.raises(Died):
        dead.deliver()
    heir = a_bus("second")
    heir.subscribe(ALERT, seen.append)
    assert heir.deliver() == 1
    assert [message.body for message in seen] == [BusNotice("alert", "1")]


def test_what_was_published_while_nobody_ran_is_not_lost(a_bus):
    a_bus().subscribe(ALERT, die)
    a_bus("other").publish(an_alert(1))
    later = a_bus()
    seen: list[Message] = []
    later.subscribe(ALERT, seen.append)
    assert later.deliver() == 1


def test_every_group_gets_every_message_and_a_group_gets_it_once(a_bus):
    seen: dict[str, list[Message]] = {"risk": [], "bot": []}
    buses = [a_bus("one", group="risk"), a_bus("two", group="risk"), a_bus("one", group="bot")]
    for bus, group in zip(buses, ("risk", "risk", "bot"), strict=True):
        bus.subscribe(ALERT, seen[group].append)
    buses[0].publish(an_alert(1))
    assert sum(bus.deliver() for bus in buses) == 2
    assert {group: len(messages) for group, messages in seen.items()} == {"risk": 1, "bot": 1}


def test_a_stream_is_trimmed(a_bus):
    bus = a_bus(kept=100)
    for number in range(500):
        bus.publish(an_alert(number))
    assert 100 <= len(bus.history(ALERT)) < 300
    assert bus.history(ALERT)[-1].body.text == "499"


def test_what_was_trimmed_away_before_it_was_finished_is_let_go(a_bus, redis_url, request):
    bus = a_bus()
    bus.subscribe(ALERT, die)
    bus.publish(an_alert(1))
    with pytest.raises(Died):
        bus.deliver()
    with redis.Redis.from_url(redis_url) as client:
        client.xtrim(f"{request.node.name}:{ALERT}", maxlen=0, approximate=False)
    assert (a_bus().deliver(), bus.deliver()) == (0, 0)


def test_a_message_of_another_program_is_reported_and_let_go(a_bus, failures, redis_url, request):
    bus = a_bus()
    bus.subscribe(ALERT, die)
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(f"{request.node.name}:{ALERT}", {"hello": "world"})
        client.xadd(f"{request.node.name}:{ALERT}", {"body": b"\xff\xfe"})
    sent = bus.publish(an_alert(1))
    assert bus.history(ALERT) == (sent,)
    failures.clear()
    bus.subscribe(ALERT, lambda message: None)
    with pytest.raises(Died):
        bus.deliver()
    assert [type(failure.error) for failure in failures] == [DataQualityError, DataQualityError]


def test_waiting_ends(a_bus):
    bus = a_bus()
    bus.subscribe(ALERT, die)
    assert bus.deliver(wait_s=0.05) == 0


def test_an_absent_server_is_unavailable():
    bus = RedisBus(RedisConfig("redis://:hidden-password@127.0.0.1:1/0"), print)
    with pytest.raises(SourceUnavailable, match="SAGE_REDIS_URL") as caught:
        bus.publish(an_alert(1))
    assert "hidden-password" not in str(caught.value)


def test_an_address_that_is_none_stops_the_start_and_is_in_no_representation():
    with pytest.raises(ConfigurationError, match="SAGE_REDIS_URL") as caught:
        RedisBus(RedisConfig("nowhere:hidden-password"), print)
    assert "hidden-password" not in str(caught.value) + repr(RedisConfig("redis://:hidden-password@x"))


DENIED = ("AuthenticationError", "AuthenticationWrongNumberOfArgsError", "AuthorizationError", "NoPermissionError")
REFUSED = ("DataError", "InvalidResponse", "ModuleError", "NoSuchFieldsetError", "OutOfMemoryError", "ResponseError")
AWAY = (
    "BusyLoadingError", "ConnectionError", "ExternalAuthProviderError", "MaxConnectionsError", "ReadOnlyError",
    "RedisError", "TimeoutError", "TryAgainError", "MasterDownError", "ClusterDownError", "ClusterError",
)  # fmt: skip
NEVER_RAISED_HERE = (
    "AskError", "ChildDeadlockedError", "ClusterCrossSlotError", "CrossSlotTransactionError", "ExecAbortError",
    "IncorrectPolicyType", "InvalidPipelineStack", "LockError", "LockNotOwnedError", "MovedError", "NoScriptError",
    "PubSubError", "RedisClusterException", "SlotNotCoveredError", "WatchError",
)  # fmt: skip
MEANING = {
    **dict.fromkeys(DENIED, ConfigurationError),
    **dict.fromkeys(REFUSED, DataQualityError),
    **dict.fromkeys(AWAY + NEVER_RAISED_HERE, SourceUnavailable),
}


def test_every_exception_of_redis_py_has_a_meaning():
    module = redis.exceptions
    found = {
        name: each
        for name, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, Exception) and each.__module__ == module.__name__
    }
    assert {name: type(translated(each.__new__(each))) for name, each in found.items()} == MEANING
