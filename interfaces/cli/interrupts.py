"""Ctrl-C at the command line: heard wherever it comes, and the second one ends the process at once.

An interrupt that comes while a module loads can be lost on its way up: what loads catches it, or the half of a module
that is left fails with another error. So it is remembered beside being raised, and work that goes on asks.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130


class Interrupts:
    """What Ctrl-C has asked for so far."""

    def __init__(self) -> None:
        self.asked = False
        self.begun = False
        """Whether there is somebody to tell that the command has stopped; before that the process simply ends."""

    def check(self) -> None:
        """Raise again what was lost."""
        if self.asked:
            raise KeyboardInterrupt

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen for the length of the block; a service that stops in order takes the signal over meanwhile."""
        usual = signal.getsignal(signal.SIGINT)
        # Whoever runs a command inside a program of his own has settled already what Ctrl-C means there.
        if threading.current_thread() is not threading.main_thread() or usual is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, self._hear)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, usual)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked or not self.begun:
            # What is durable was committed, and the rest is gone on with as after a crash.
            os._exit(INTERRUPTED)
        self.asked = True
        raise KeyboardInterrupt
