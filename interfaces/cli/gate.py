"""``sage gate``: answers to what-if cases, a line each as soon as it is known."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from domain.errors import DataQualityError, UsageError
from interfaces.cli.console import Terminal
from interfaces.cli.parser import Arguments
from interfaces.cli.rendering.policy import tally as screen
from interfaces.telling.gates.gating import Tally, answers, text_of
from policies.policy import load_policy

STDIN = "-"
_REMEDY = "Name a file of cases, one JSON object a line, or - for standard input."
_EVERY = 50


def gate(arguments: Arguments, terminal: Terminal) -> int:
    """Answer every case; 0 when all lines were answered, whatever the answers."""
    fallback = None if arguments.policy is None else load_policy(arguments.policy)
    tally, answered = Tally(), 0
    with _opened(arguments.file) as stream, terminal.working("reading cases") as progress:
        for answer in answers(stream, fallback):
            if not _told(text_of(answer)):
                return 1
            tally.add(answer)
            answered += 1
            if answered % _EVERY == 0:
                progress(f"{answered} cases answered")
    if not answered:
        raise DataQualityError(f"{_name(arguments.file)} holds no case", _REMEDY)
    if arguments.summary:
        terminal.aside(screen(tally.view()))
    return 0


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """The stream of cases; a file that cannot be read is a mistake of the command line."""
    if name == STDIN:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115  # reading it is the caller's, and its errors are not ours
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no file name"
        raise UsageError(f"{name[:200]} cannot be read: {reason}", _REMEDY) from error
    with stream:
        yield stream


def _told(line: str) -> bool:
    """Write one line out at once; False when nobody reads any more."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes standard output once more when it ends, and would complain about the pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def _name(name: str) -> str:
    return "standard input" if name == STDIN else name
