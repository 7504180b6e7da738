"""The bus inside one process: a message is handed out while it is published."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict, deque

from trading.bus.messages import BusTopic, Message, message_order
from trading.bus.port import OnFailure, Subscriber, hand_out


class MemoryBus:
    """The ``Bus`` port without a server. It keeps the last ``kept`` messages a topic, for as long as it lives."""

    def __init__(self, on_failure: OnFailure, *, kept: int = 1_000) -> None:
        self._on_failure = on_failure
        self._kept: defaultdict[BusTopic, deque[Message]] = defaultdict(lambda: deque(maxlen=kept))
        self._subscribers: defaultdict[BusTopic, list[Subscriber]] = defaultdict(list)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def publish(self, message: Message) -> Message:
        """Keep the message and call its subscribers at once, in the order in which they subscribed."""
        with self._lock:
            sent = message.numbered(f"{next(self._numbers)}-0")
            self._kept[sent.topic].append(sent)
            subscribers = tuple(self._subscribers[sent.topic])
        # Outside the lock: a subscriber may publish, and would wait for itself.
        hand_out(sent, subscribers, self._on_failure)
        return sent

    def subscribe(self, topic: BusTopic, subscriber: Subscriber) -> None:
        """Call ``subscriber`` with every later message on ``topic``."""
        with self._lock:
            self._subscribers[topic].append(subscriber)

    def deliver(self, *, wait_s: float = 0.0) -> int:
        """Nothing ever waits here: ``publish`` has handed it out."""
        return 0

    def history(self, topic: BusTopic, *, since_id: str | None = None) -> tuple[Message, ...]:
        """The messages still kept, those after ``since_id`` where it is given, oldest first."""
        after = message_order(since_id) if since_id is not None else (0, 0)
        with self._lock:
            return tuple(message for message in self._kept[topic] if message_order(message.id) > after)
