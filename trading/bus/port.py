"""The port of the bus, and how any bus hands a message to its subscribers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from domain.errors import OversightError
from trading.bus.messages import BusTopic, Message

Subscriber = Callable[[Message], None]
FAILURES = (
    OversightError, ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What a subscriber may raise without stopping the others; anything else ends the program, and nothing is lost."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that a subscriber, or the bus itself, could not deal with."""

    topic: BusTopic
    message_id: str
    subscriber: str
    error: Exception


OnFailure = Callable[[Failure], None]


class Bus(Protocol):
    """Publish and subscribe by topic. Every subscriber gets every message published after it subscribed."""

    def publish(self, message: Message) -> Message:
        """Send a message; the answer is the same with its id."""
        ...

    def subscribe(self, topic: BusTopic, subscriber: Subscriber) -> None:
        """Call ``subscriber`` with every later message on ``topic``."""
        ...

    def deliver(self, *, wait_s: float = 0.0) -> int:
        """Hand waiting messages to the subscribers, waiting at most so long for the first; how many there were."""
        ...

    def history(self, topic: BusTopic, *, since_id: str | None = None) -> tuple[Message, ...]:
        """The messages still kept, those after ``since_id`` where it is given, oldest first."""
        ...


def hand_out(message: Message, subscribers: Iterable[Subscriber], on_failure: OnFailure) -> None:
    """Call each subscriber; one that fails is reported and does not keep the message from the others."""
    for subscriber in subscribers:
        try:
            subscriber(message)
        except FAILURES as error:
            name = getattr(subscriber, "__qualname__", type(subscriber).__name__)
            on_failure(Failure(message.topic, message.id, name, error))


def replay(bus: Bus, topic: BusTopic, subscriber: Subscriber, *, since_id: str | None = None) -> int:
    """Show one subscriber the messages still kept, in order, as if they came now; how many there were."""
    messages = bus.history(topic, since_id=since_id)
    for message in messages:
        subscriber(message)
    return len(messages)
