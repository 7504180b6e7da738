"""All scanners, and the scan over a universe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from domain.market import Bar, Symbol
from domain.signals import ScannerAlert
from trading.scanners.base import Scanner
from trading.scanners.volume_breakout import VolumeBreakout
from trading.signals.bars import check_bars

SCANNERS: tuple[Scanner, ...] = (VolumeBreakout(),)


def scan(bars: Mapping[Symbol, Sequence[Bar]], scanners: Sequence[Scanner] = SCANNERS) -> tuple[ScannerAlert, ...]:
    """Alerts by symbol, then in the order of the scanners; raises DataQualityError for bars no figure may come from."""
    return tuple(alert for symbol in sorted(bars) for alert in _alerts(bars[symbol], scanners))


def _alerts(bars: Sequence[Bar], scanners: Sequence[Scanner]) -> Iterator[ScannerAlert]:
    for scanner in scanners:
        if len(bars) >= scanner.bars_needed:
            window = bars[-scanner.bars_needed :]
            # Only the window: a fault in bars that the scanner does not look at is no reason to be silent.
            check_bars(window)
            alert = scanner.look(window)
            if alert is not None:
                yield alert
