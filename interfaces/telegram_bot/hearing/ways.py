"""What a way of hearing and the bot know of each other, and what either of them takes for an absent chat service."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from typing import Any, Protocol

from telegram.error import TelegramError

from interfaces.telegram_bot.line import TooFast

AWAY = (TelegramError, TooFast, TimeoutError, CancelledError)
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
# As many as getUpdates brings at once: so many may mean that more are waiting.
FULL_BATCH = 100


class Hearer(Protocol):
    """Who is handed what arrives."""

    def offset(self) -> int:
        """Where to ask on."""
        ...

    def taking(self, found: Sequence[Any], offset: int, *, stale: bool) -> Future[int]:
        """Take a batch that was asked for, on a thread of its own; the answer is where to ask on."""
        ...

    def heard(self, update: object, *, stale: bool) -> bool:
        """Take one that was brought; False where it has to be brought again."""
        ...

    def pull_kills(self, found: Sequence[Any]) -> None:
        """Pull what says kill, and leave the rest."""
        ...

    def look_again(self) -> None:
        """Look after what another process was at."""
        ...


class Way(Protocol):
    """One way of hearing."""

    def open(self, hearer: Hearer) -> None:
        """Begin, before the chat service was greeted: what comes by itself may come from now on."""
        ...

    def hear(self, hearer: Hearer, stop: threading.Event) -> None:
        """Hand everything over until told to stop."""
        ...
