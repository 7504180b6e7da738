"""What a scanner is: it looks at the latest bars of one symbol and raises at most one alert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.market import Bar
from domain.signals import ScannerAlert


class Scanner(Protocol):
    """A pattern over bars. Scanners need no indicators and are cheap enough for a universe of thousands."""

    @property
    def name(self) -> str:
        """The name its alerts carry."""
        ...

    @property
    def bars_needed(self) -> int:
        """How many bars it looks at; it is not asked about a symbol that has fewer."""
        ...

    def look(self, bars: Sequence[Bar]) -> ScannerAlert | None:
        """The alert that the last of exactly ``bars_needed`` checked bars (oldest first) deserves, or None."""
        ...
