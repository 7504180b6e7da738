"""Where output goes: data to standard output, progress and complaints to standard error, one JSON document if asked.

Colours appear on terminals only, and a character that the terminal cannot show becomes a question mark.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, TypeVar

from rich.console import Console, RenderableType
from rich.text import Text

from domain.errors import OversightError
from domain.record.canonical import plain
from interfaces.cli.rendering.cells import BAD, DIM, words

View = TypeVar("View")
_LONGEST_COMPLAINT = 1_000


class Terminal:
    """The two streams of one command."""

    def __init__(
        self,
        *,
        json: bool = False,
        quiet: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
        still_wanted: Callable[[], None] = lambda: None,
    ) -> None:
        """``still_wanted`` raises where the work that tells how it goes is to end."""
        self._json = json
        self._quiet = quiet
        self._still_wanted = still_wanted
        self._out = _patient(sys.stdout if out is None else out)
        self._data = _console(self._out)
        self._notes = _console(_patient(sys.stderr if err is None else err))

    @property
    def watched(self) -> bool:
        """True where somebody sees progress as it moves."""
        return not self._quiet and self._notes.is_terminal

    def show(self, view: View, render: Callable[[View], RenderableType]) -> None:
        """Print ``view``: rendered, or as the one JSON document."""
        if self._json:
            # Past rich, which would break it at the width of a terminal.
            self._out.write(f"{json_text(view)}\n")
        else:
            self._data.print(render(view))

    def note(self, text: str) -> None:
        """Tell how it goes, unless that was not wanted."""
        if not self._quiet:
            self._notes.print(words(text, DIM))

    def progress(self, text: str) -> None:
        """A note of work that goes on, which ends here where it is wanted no longer."""
        self._still_wanted()
        self.note(text)

    def aside(self, screen: RenderableType) -> None:
        """Print beside the data what was asked for beside the data."""
        self._notes.print(screen)

    def fail(self, error: OversightError) -> int:
        """One line with the thing and the remedy; returns the exit code."""
        told = words(str(error), limit=_LONGEST_COMPLAINT)
        # Never wrapped: scripts take the last line of standard error for the reason.
        self._notes.print(Text.assemble(("sage: ", BAD), told), soft_wrap=True)
        return error.exit_code

    def ask(self, prompt: str) -> None:
        """Show a prompt where somebody is there to see it."""
        if self._notes.is_terminal:
            self._notes.print(words(prompt, DIM), end="")

    def attempt(self, look: Callable[[], View], render: Callable[[View], RenderableType]) -> None:
        """Show a view, or the one line that says why there is none."""
        try:
            self.show(look(), render)
        except OversightError as error:
            self.fail(error)

    @contextmanager
    def working(self, text: str) -> Iterator[Callable[[str], None]]:
        """Show that long work goes on; the value renames what it is at. Silent when quiet or not on a terminal."""
        if not self.watched:
            yield lambda _text: self._still_wanted()
            return
        with self._notes.status(words(text, DIM)) as status:

            def at(now: str) -> None:
                self._still_wanted()
                status.update(words(now, DIM))

            yield at


def json_text(view: Any) -> str:
    """The JSON document of a view, fields in their order; ASCII, so that nothing in it can move a cursor."""
    return json.dumps(plain(view), indent=2, ensure_ascii=True, allow_nan=False)


def _console(stream: TextIO) -> Console:
    return Console(file=stream, markup=False, highlight=False, emoji=False)


def _patient(stream: TextIO) -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream
