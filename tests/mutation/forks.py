"""Run tests in a fork of a process that has collected them, and tell the parent the first that fails."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

from _pytest.runner import CallInfo
from _pytest.tmpdir import tmppath_result_key

Constants = Mapping[Path, CodeType]
"""Test modules as code, by which what they made of the true code at their import is made anew."""


def in_fork(work: Callable[[], str]) -> str | None:
    """What ``work`` answers in a fork; None where its time was up, see ``first_failing``.

    A fork that dies of something else has answered nothing: an empty text.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _be_silent()
        gc.disable()
        os.write(writer, work().encode())
        # Past the end of pytest, which is the parent's business.
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        told = answer.read()
    _, status = os.waitpid(child, 0)
    # Only where nothing was told: the alarm may also strike a fork that has answered and is ending.
    late = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM)
    return None if late and not told else told


def first_failing(items: Sequence[Any], allowed: Sequence[float], constants: Constants) -> str:
    """The place of the first test that fails, empty where none does; the process ends where one takes too long.

    ``allowed`` are seconds of the processor for each of them.
    """
    left = dict(constants)
    for place, item in enumerate(items):
        _die_after(allowed[place])
        code = left.pop(item.path, None)
        remade = code is None or attempt(partial(exec, code, vars(item.module)))
        if not remade or not passes(item, items[place + 1] if place + 1 < len(items) else None):
            return str(place)
    return ""


def passes(item: Any, following: Any) -> bool:
    """Set up, run and tear down as pytest does, without the report, which takes longer than most tests."""
    item._initrequest()
    item.stash[tmppath_result_key] = {}  # kept by the report, and asked for by the fixture tmp_path
    hooks = item.ihook
    passed = attempt(lambda: (hooks.pytest_runtest_setup(item=item), hooks.pytest_runtest_call(item=item)))
    return attempt(lambda: hooks.pytest_runtest_teardown(item=item, nextitem=following)) and passed


def attempt(act: Callable[[], Any]) -> bool:
    """True where nothing is raised, whatever a mutant may raise."""
    return CallInfo.from_call(act, "call").excinfo is None


def _die_after(seconds: float) -> None:
    """Of the processor's time; ten times as long by the clock, for what waits and does not work."""
    # Their usual end, which no handler of a test and no except of a mutant can keep from coming.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(int(seconds * 10) + 60)


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
