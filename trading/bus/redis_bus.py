"""The bus over Redis Streams, for several processes: one stream a topic, one consumer group a kind of process.

A message is acknowledged after its subscribers were called. What a process had read and not acknowledged when it died
is handed out again, to the consumer of the same name at once, or to another of its group after ``claim_after_s``: at
least once, never silently lost. A stream keeps about the last ``kept`` messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from domain.errors import ConfigurationError, DataQualityError, OversightError, SourceUnavailable
from trading.bus.messages import BusTopic, Message, from_wire, message_order, to_wire
from trading.bus.port import Failure, OnFailure, Subscriber, hand_out

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")
Entry = tuple[str, Mapping[str, str] | None]
_BATCH = 100
# By name: redis-py is an extra, and whoever runs one process must not need it.
_DENIED = {"AuthenticationError", "AuthenticationWrongNumberOfArgsError", "AuthorizationError", "NoPermissionError"}
_REFUSED = {"DataError", "InvalidResponse", "ModuleError", "NoSuchFieldsetError", "OutOfMemoryError", "ResponseError"}


@dataclass(frozen=True, slots=True)
class RedisConfig:
    """Address, the group this process belongs to and its name inside, a prefix for all keys, and the limits."""

    url: str = field(repr=False)
    group: str = "sage"
    consumer: str = "main"
    prefix: str = "sage"
    kept: int = 10_000
    claim_after_s: float = 60.0
    timeout_s: float = 5.0


def connect(config: RedisConfig) -> Redis:
    """A client; nothing is sent before the first command."""
    try:
        from redis import Redis
    except ImportError as error:
        raise ConfigurationError(
            "the Redis client is not installed", "Install sage-oversight[redis], or take SAGE_REDIS_URL away."
        ) from error
    try:
        return Redis.from_url(
            config.url,
            # Under RESP3 the same commands answer with mappings instead of lists of pairs.
            protocol=2,
            decode_responses=True,
            encoding_errors="replace",
            socket_timeout=config.timeout_s,
            socket_connect_timeout=config.timeout_s,
        )
    except ValueError as error:
        raise ConfigurationError("the address of Redis cannot be used", "Check SAGE_REDIS_URL.") from error


def ask(question: Callable[[], T]) -> T:
    """Send a command and translate whatever redis-py raises."""
    from redis.exceptions import RedisError

    try:
        return question()
    except (RedisError, OSError) as error:
        raise translated(error) from error


def translated(error: Exception) -> OversightError:
    """The error of ours for one of redis-py."""
    kind = type(error).__name__
    if kind in _DENIED:
        return ConfigurationError(f"Redis denies access ({kind})", "Check the user and password in SAGE_REDIS_URL.")
    if kind in _REFUSED:
        return DataQualityError(f"Redis refused a command ({kind})", "Look at its keys and its memory.")
    return SourceUnavailable(f"Redis did not answer ({kind})", "Start it, or take SAGE_REDIS_URL away.")


class RedisBus:
    """The ``Bus`` port over Redis Streams. ``deliver`` is called by the loop of the process that subscribed."""

    def __init__(self, config: RedisConfig, on_failure: OnFailure) -> None:
        self._config = config
        self._on_failure = on_failure
        # redis-py annotates every command for its asynchronous client too; what comes back is checked in from_wire.
        self._redis: Any = connect(config)
        self._subscribers: defaultdict[BusTopic, list[Subscriber]] = defaultdict(list)

    def close(self) -> None:
        """Close the connection; what was not acknowledged stays with the group."""
        self._redis.close()

    def publish(self, message: Message) -> Message:
        """Append the message to the stream of its topic."""
        key, fields = self._key(message.topic), to_wire(message)
        return message.numbered(ask(lambda: self._redis.xadd(key, fields, maxlen=self._config.kept, approximate=True)))

    def subscribe(self, topic: BusTopic, subscriber: Subscriber) -> None:
        """Call ``subscriber`` with every later message on ``topic``; the group starts at its first subscription."""
        ask(lambda: self._begin(topic))
        self._subscribers[topic].append(subscriber)

    def deliver(self, *, wait_s: float = 0.0) -> int:
        """First what this consumer or a dead one left unacknowledged, then what is new, up to 100 a topic."""
        delivered = 0
        for topic in tuple(self._subscribers):
            # Before anything new, or a message would overtake the one that its consumer died over.
            while entries := self._left_over(topic):
                delivered += self._handle(topic, entries)
            delivered += self._handle(topic, self._abandoned(topic))
        # Whoever had something to do is not made to wait for more of it.
        for topic, entries in self._fresh(0.0 if delivered else wait_s):
            delivered += self._handle(topic, entries)
        return delivered

    def history(self, topic: BusTopic, *, since_id: str | None = None) -> tuple[Message, ...]:
        """The messages still kept, those after ``since_id`` where it is given, oldest first."""
        # The bracket leaves out the id itself; ``message_order`` refuses what is none before it reaches a command.
        start = "-" if since_id is None else "({}-{}".format(*message_order(since_id))
        entries = ask(lambda: self._redis.xrange(self._key(topic), min=start))
        read = [self._read_entry(topic, entry_id, fields) for entry_id, fields in entries]
        return tuple(message for message in read if message is not None)

    def _key(self, topic: BusTopic) -> str:
        return f"{self._config.prefix}:{topic}"

    def _begin(self, topic: BusTopic) -> None:
        from redis.exceptions import ResponseError

        try:
            # From ``$``: a new group hears what comes, not what was kept; history is asked for by ``history``.
            self._redis.xgroup_create(self._key(topic), self._config.group, id="$", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _left_over(self, topic: BusTopic) -> list[Entry]:
        return [entry for _, entries in self._read({self._key(topic): "0"}, None) for entry in entries]

    def _abandoned(self, topic: BusTopic) -> list[Entry]:
        idle = int(self._config.claim_after_s * 1000)
        claimed = ask(
            lambda: self._redis.xautoclaim(
                self._key(topic), self._config.group, self._config.consumer, min_idle_time=idle, count=_BATCH
            )
        )
        return list(claimed[1])

    def _fresh(self, wait_s: float) -> list[tuple[BusTopic, list[Entry]]]:
        if not self._subscribers:
            return []
        # BLOCK 0 would wait without end, and a wait longer than the socket's patience would be an error.
        wait_ms = min(int(wait_s * 1000), int(self._config.timeout_s * 900)) or None
        streams = {self._key(topic): ">" for topic in self._subscribers}
        prefix = f"{self._config.prefix}:"
        return [(BusTopic(key.removeprefix(prefix)), entries) for key, entries in self._read(streams, wait_ms)]

    def _read(self, streams: Mapping[str, str], wait_ms: int | None) -> list[tuple[str, list[Entry]]]:
        group, consumer = self._config.group, self._config.consumer
        found = ask(lambda: self._redis.xreadgroup(group, consumer, streams, count=_BATCH, block=wait_ms))
        return [(key, entries) for key, entries in found]

    def _handle(self, topic: BusTopic, entries: Iterable[Entry]) -> int:
        """Hand out and acknowledge one by one; an entry that was trimmed away meanwhile is only acknowledged."""
        count = 0
        for entry_id, fields in entries:
            # Trimmed from the stream while it was pending: Redis then gives the id alone, or an empty entry.
            if fields:
                self._hand_out(topic, entry_id, fields)
                count += 1
            self._acknowledge(topic, entry_id)
        return count

    def _acknowledge(self, topic: BusTopic, entry_id: str) -> None:
        ask(lambda: self._redis.xack(self._key(topic), self._config.group, entry_id))

    def _hand_out(self, topic: BusTopic, entry_id: str, fields: Mapping[str, str]) -> None:
        message = self._read_entry(topic, entry_id, fields)
        if message is not None:
            hand_out(message, self._subscribers[topic], self._on_failure)

    def _read_entry(self, topic: BusTopic, entry_id: str, fields: Mapping[str, str]) -> Message | None:
        """The message of an entry; one that another program wrote is reported, and then let go."""
        try:
            return from_wire(topic, entry_id, fields)
        except DataQualityError as error:
            self._on_failure(Failure(topic, entry_id, "", error))
            return None
