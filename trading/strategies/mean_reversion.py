"""Mean reversion: in a range, buy what is stretched downward and sell it back at the middle.

Enter  regime RANGE with rsi14 <= 35 and bb_pct <= 0.15, and no bad news behind the fall (text.score >= -0.2).
Leave  close at or above sma20, rsi14 >= 60, a downtrend instead of a range, or ten days without either.
Stop   2 ATR, target one and a half times as far. Source: Bollinger on Bollinger Bands, 2001, for the band rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from domain.book import Position
from domain.signals import CompositeSignal, Regime
from trading.strategies.base import Context, StrategyBase, held_longer_than


@dataclass(frozen=True, slots=True)
class MeanReversion(StrategyBase):
    """The strategy with its thresholds."""

    oversold_rsi: Decimal = Decimal(35)
    recovered_rsi: Decimal = Decimal(60)
    low_in_band: Decimal = Decimal("0.15")
    worst_text: Decimal = Decimal("-0.2")
    longest: timedelta = timedelta(days=10)
    stop_atr: Decimal = Decimal(2)
    reward_risk: Decimal = Decimal("1.5")
    name: str = "mean_reversion"
    entry_reason: str = "The price is stretched downward inside a range, without news that would explain it."
    exit_reason: str = "The price is back at its mean, or did not come back in time."
    refs: tuple[str, ...] = ("regime", "signal.score", "close", "sma20", "rsi14", "bb_pct", "text.score")

    def should_enter(self, signal: CompositeSignal, context: Context) -> bool:
        """True where a range is stretched downward."""
        rsi, place = signal.quant.values.get("rsi14"), signal.quant.values.get("bb_pct")
        if rsi is None or place is None or signal.quant.regime is not Regime.RANGE:
            return False
        return rsi <= self.oversold_rsi and place <= self.low_in_band and signal.text.score >= self.worst_text

    def should_exit(self, position: Position, context: Context) -> bool:
        """True once the price is back, the range is broken downward, or time is up."""
        # Before the signal: time is up also for a position whose source has gone silent.
        if held_longer_than(self.longest, position, context.as_of):
            return True
        signal = context.signal
        if signal is None or signal.quant.regime is Regime.UNKNOWN:
            return False
        values = signal.quant.values
        close, mean, rsi = values.get("close"), values.get("sma20"), values.get("rsi14")
        # A figure that is missing is no reason to sell; the protective stop rests at the broker meanwhile.
        back = close is not None and mean is not None and close >= mean
        recovered = rsi is not None and rsi >= self.recovered_rsi
        return back or recovered or signal.quant.regime is Regime.TREND_DOWN
