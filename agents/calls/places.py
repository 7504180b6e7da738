"""So many questions under way at once, and the others in the order in which they came."""

from __future__ import annotations

from collections import deque
from threading import Lock
from types import TracebackType


class Places:
    """Whoever enters holds one of ``count`` places until they leave; where all are taken, they wait in line.

    Why not a semaphore: the standard library's gives a free place to whoever happens to run, before those who wait. A
    candidate that is late would come later still, and a cycle would end with a few questions one after the other.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[Lock] = deque()
        self._guard = Lock()

    def __enter__(self) -> None:
        with self._guard:
            if self._free > 0:
                self._free -= 1
                return
            called = Lock()
            called.acquire()
            self._waiting.append(called)
        here = False
        try:
            here = called.acquire()
        finally:
            if not here:  # Ctrl-C while waiting: nobody may be called who is not there any more
                self._give_up(called)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._guard:
            self._next()

    def _give_up(self, called: Lock) -> None:
        with self._guard:
            if called in self._waiting:
                self._waiting.remove(called)
            else:
                self._next()

    def _next(self) -> None:
        if self._waiting:
            self._waiting.popleft().release()
        else:
            self._free += 1
