"""Messages, and a carrier that is told how each attempt ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.builders.market import NOON
from trading.store.messages.message import Kind, Message, Receipt


def a_message(key: str = "k1", address: str = "slack:ops", at: datetime = NOON, **changes: Any) -> Message:
    """One message."""
    return replace(Message(key, address, Kind.TRADE, f"<b>{key}</b>", key, at), **changes)


class Hand:
    """A carrier whose every attempt ends as ``how`` says; what arrived is in ``arrived``."""

    def __init__(self, how: Callable[[Message, int], Receipt] | None = None, name: str = "slack") -> None:
        self.name = name
        self.tried: list[Message] = []
        self.arrived: list[Message] = []
        self._how = how or (lambda message, _attempt: Receipt(True, name=message.key))

    def carry(self, message: Message) -> Receipt:
        """One attempt."""
        self.tried.append(message)
        receipt = self._how(message, len(self.tried))
        if receipt.sent:
            self.arrived.append(message)
        return receipt
