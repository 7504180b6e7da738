"""Whoever hangs is waited for once: while ``asked_once`` holds, a broker that gave no answer is not asked again.

A broker that takes a connection and says nothing takes its whole time limit for every question, 12 seconds at Alpaca,
and the exits of a cycle at the other brokers would wait for each of them. Within one cycle the first silence stands for
all, and means what every silence means: nothing is opened, and absence is not proven. A cancel asks all the same. It
holds for whoever runs inside of the block, and for no other thread: a kill beside it asks anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from domain.errors import NoAnswer

_silent: ContextVar[dict[str, NoAnswer] | None] = ContextVar("silent", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """Remember within this block who was silent; a block inside another one shares what that remembers."""
    token = _silent.set({}) if _silent.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _silent.reset(token)


def silence_of(name: str) -> NoAnswer | None:
    """What the broker of that name failed with in this block; None where it is to be asked."""
    remembered = _silent.get()
    return None if remembered is None else remembered.get(name)


def remember(name: str, error: NoAnswer) -> None:
    """It gave no answer; outside of any block nothing is kept."""
    remembered = _silent.get()
    if remembered is not None:
        remembered[name] = error


def forget(name: str) -> None:
    """It answers again."""
    remembered = _silent.get()
    if remembered is not None:
        remembered.pop(name, None)
