"""A message to a person, before anybody knows whether it arrives.

    put under a key -> claimed by the one who delivers -> sent | tried again later | refused for good

Two messages with one key to one address are the same message, however often they are put. What a carrier (Telegram,
mail, Slack) does with the marks of ``html`` is its own business; ``plain`` says the same without any.

A key may end in ``~`` and a number: then it says the same matter again, and one acknowledgement is for all of them.
``Receipt.unknown`` was added for answers that got lost: only the carrier knows whether its request had left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class Kind(StrEnum):
    """What a message is about; the owner switches each kind on, silent, off, or into the digest."""

    REPLY = "reply"
    APPROVAL = "approval"
    TRADE = "trade"
    BLOCKED = "blocked"
    HEADROOM = "headroom"
    CYCLE = "cycle"
    REPORT = "report"
    FAILURE = "failure"
    CRITICAL = "critical"


class Button(NamedTuple):
    """One key under a message: what it says, and what the bot is sent when it is pressed (at most 64 bytes)."""

    label: str
    callback: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one address, ``carrier:recipient``: ``telegram:4711``, ``mail:a@example.com``, ``slack:ops``."""

    key: str
    address: str
    kind: Kind
    html: str
    plain: str
    at: datetime
    buttons: tuple[tuple[Button, ...], ...] = ()
    picture: bytes | None = None
    """A PNG that is shown above the text."""
    silent: bool = False
    replaces: str = ""
    """The carrier's name of an earlier message that this one takes the place of."""


class Receipt(NamedTuple):
    """What became of one attempt. ``name`` is the carrier's name of the message, once it is there.

    ``retry_after_s`` is None where trying again cannot help; ``words`` say why it was not sent. ``unknown`` is True
    where it may have arrived all the same: the request had left, and no answer came back. ``own`` is True where the
    service was there and would not take this one (a 5xx), which says nothing against the next.
    """

    sent: bool
    name: str = ""
    retry_after_s: float | None = None
    words: str = ""
    unknown: bool = False
    own: bool = False


class Carrier(Protocol):
    """One way to a person."""

    @property
    def name(self) -> str:
        """The part of an address before the colon."""
        ...

    def carry(self, message: Message) -> Receipt:
        """Try once. A refusal or an outage is a receipt, not an exception."""
        ...
