"""Volume breakout: the last bar trades at least ``times`` its usual volume and closes above the 20-bar high.

Both the usual volume (a mean) and the high are those of the 20 bars before the last one. The score is
``min(1, ratio / (2 times))``: with ``times`` 2, twice the volume scores 0.5 and four times the volume 1.
Source: Donchian channel breakout, confirmed by volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.market import Bar
from domain.money import ONE, ZERO
from domain.signals import ScannerAlert

_STEP = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class VolumeBreakout:
    """The scanner; ``times`` is how unusual the volume must be."""

    times: Decimal = Decimal(2)
    name: str = "volume_breakout"
    bars_needed: int = 21

    def look(self, bars: Sequence[Bar]) -> ScannerAlert | None:
        """An alert of kind ``breakout``, or None."""
        before, last = bars[:-1], bars[-1]
        high = max(bar.high for bar in before)
        usual = sum((bar.volume for bar in before), ZERO) / len(before)
        # A symbol that never trades has no usual volume, and a single share would be a breakout.
        if usual == 0 or last.volume < self.times * usual or last.close <= high:
            return None
        ratio = (last.volume / usual).quantize(_STEP)
        return ScannerAlert(
            scanner=self.name,
            symbol=last.symbol,
            kind="breakout",
            score=min(ONE, ratio / (2 * self.times)).quantize(_STEP),
            at=last.end,
            facts={"close": last.close, "high20": high, "volume_ratio": ratio},
        )
