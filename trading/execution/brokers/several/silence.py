"""Whoever hangs is waited for once: while ``asked_once`` holds, a broker that gave no answer is not asked again.

A broker that takes a connection and says nothing takes its whole time limit for every question, 12 seconds at Alpaca,
and the exits of a cycle at the other brokers would wait for each of them. Within one cycle the first silence stands for
all, and means what every silence means: nothing is opened, and absence is not proven. A cancel asks all the same. It
holds for whoever runs inside of the block, and for no other thread: a kill beside it asks anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from domain.errors import NoAnswer, OversightError, PartlyAnswered, SourceUnavailable
from domain.ids import ClientOrderId

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


def said(silent: Mapping[str, OversightError]) -> str:
    """Who does not answer, and why."""
    return "; ".join(f"{name} does not answer ({error.what})" for name, error in silent.items())


def partly(silent: Mapping[str, OversightError], told: object) -> PartlyAnswered:
    """What those said that answered, to be raised."""
    remedy = "Nothing new is opened until it answers; exits go on at the others."
    return PartlyAnswered(said(silent), told, remedy, asked=any(map(was_asked, silent.values())))


def unproven(order_id: ClientOrderId, silent: Mapping[str, OversightError]) -> SourceUnavailable:
    """Nobody who answers has the order, and somebody does not answer."""
    what, asked = f"{order_id} may be there: {said(silent)}", any(map(was_asked, silent.values()))
    return SourceUnavailable(what, "It is looked up again by its id.", asked=asked)


def was_asked(error: OversightError) -> bool:
    """Whether a call was made that failed with it."""
    return not isinstance(error, SourceUnavailable) or error.asked
