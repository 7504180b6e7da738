"""Holding what one process at a time may do: taken, kept by signs of life from a thread, given back.

    with held(leases, CYCLE, "a cycle") as still_ours:
        ...; still_ours(); ...

Who does not get it is told in one line who has it. Who loses it, because the machine slept for longer than the lease,
learns it from ``still_ours`` and goes no further.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from domain.errors import OversightError, RetryableError
from interfaces.serving.process import told
from trading.store.scheduling.leases import TERM, Lease, LeaseStore

CYCLE = "cycle"
SIMULATED_TIME = "simulated-time"
SERVICE = "service:"
"""What the leases of running services begin with; behind it stands the process."""
BEAT_S = TERM.total_seconds() / 3
_log = logging.getLogger(__name__)


class Busy(RetryableError):
    """Somebody else is at it."""


def refused(lease: Lease) -> Busy:
    """The one line that says who."""
    who = f"{told(lease.holder)} has been at it since {lease.since:%Y-%m-%d %H:%M:%S}Z"
    return Busy(f"{lease.what} is running in this home: {who}", "Wait for it, or stop it.")


@contextmanager
def held(leases: LeaseStore, name: str, what: str, *, beat_s: float = BEAT_S) -> Iterator[Callable[[], None]]:
    """Hold a lease for the length of the block; Busy where somebody else has it."""
    lease = leases.take(name, what)
    if lease.holder != leases.me:
        raise refused(lease)
    try:
        with kept_alive(what, lambda: leases.renew(name), beat_s=beat_s) as still_ours:
            yield still_ours
    finally:
        leases.give_back(name)


@contextmanager
def kept_alive(what: str, renew: Callable[[], bool], *, beat_s: float = BEAT_S) -> Iterator[Callable[[], None]]:
    """Give signs of life for the length of the block; the value raises once somebody else has taken over."""
    over, lost = threading.Event(), threading.Event()

    def beat() -> None:
        try:
            while not over.wait(beat_s):
                try:
                    if not renew():
                        return
                except RetryableError as error:
                    # The database is busy or away: there are two more beats before the lease runs out.
                    _log.warning("no sign of life for %s: %s", what, error.what)
        except OversightError as error:
            _log.warning("no further sign of life for %s: %s", what, error)
        finally:
            # Whatever ended the signs of life, the lease runs out now: the work must not go on beside the next holder.
            lost.set()

    def still_ours() -> None:
        if lost.is_set():
            raise RetryableError(f"another process has taken over {what}", "It goes on there.")

    thread = threading.Thread(target=beat, name=f"alive: {what}", daemon=True)
    thread.start()
    try:
        yield still_ours
    finally:
        over.set()
        thread.join()
