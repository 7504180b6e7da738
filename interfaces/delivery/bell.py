"""A bell between whoever puts a message and whoever delivers in this process: rung, the delivery looks at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Bell:
    """One for each start. Nobody hears it where nobody delivers."""

    def __init__(self) -> None:
        self._hearing: list[Callable[[], None]] = []

    @property
    def heard(self) -> bool:
        """Whether somebody delivers."""
        return bool(self._hearing)

    def ring(self) -> None:
        """Something was put."""
        for nudge in tuple(self._hearing):
            nudge()

    @contextmanager
    def heard_by(self, nudge: Callable[[], None]) -> Iterator[None]:
        """Whoever delivers is nudged for the length of the block."""
        self._hearing.append(nudge)
        try:
            yield
        finally:
            self._hearing.remove(nudge)
