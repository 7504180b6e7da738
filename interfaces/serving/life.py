"""How a service is told to live, and to stop: light enough for the command line, which must not load what lives."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import NamedTuple


class Life(NamedTuple):
    """How long to live, by the service's own clock (None: until told to stop), how to be told, and where to tell."""

    stop: threading.Event
    lasting: timedelta | None = None
    tell: Callable[[str], None] = lambda _line: None
    talks: bool = True
    """Whether people may talk to it from afar, where the settings name a bot."""


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; the second one of them ends the process as usual."""
    stop = threading.Event()

    def stopping(number: int, _frame: FrameType | None) -> None:
        stop.set()
        # Whoever asks twice means now, and must not need SIGKILL for it.
        signal.signal(number, before[number])

    before = {int(number): signal.signal(number, stopping) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)
