"""How a run over the past is followed at the terminal: sessions done, equity, and the time that is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from interfaces.acting.backtesting import SessionSeen
from interfaces.cli.console import Terminal
from interfaces.views.plain import amount

NOTE_S = 10.0
"""Where nobody sees progress as it moves, a line is written this often."""


class Meter:
    """Hears of every session; ``said`` is the newest state in words."""

    def __init__(self, terminal: Terminal, progress: Callable[[str], None]) -> None:
        self._terminal = terminal
        self._progress = progress
        self._begun = self._noted = perf_counter()
        self.said = ""

    def __call__(self, done: int, of: int, seen: Sequence[SessionSeen]) -> None:
        """One more is done."""
        now, last = perf_counter(), seen[-1].point
        self.said = f"{done} of {of} sessions, {last.day}: equity {amount(last.equity)}"
        if done == 1:
            self._begun = now  # the first one also loads and compiles, and says little about the others
            return
        told = f"{self.said}, {left_words((now - self._begun) / (done - 1) * (of - done))}"
        self._progress(told)
        if not self._terminal.watched and now - self._noted >= NOTE_S and done < of:
            self._noted = now
            self._terminal.note(told)


def left_words(seconds: float) -> str:
    """``about 40 s left``."""
    return f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"about {seconds:.0f} s left"
