"""Momentum: buy what rises in an orderly trend, or breaks out on volume; leave when the trend is over.

Enter  regime TREND_UP with score >= 0.35, or a breakout alert in TREND_UP or VOLATILE with score >= 0.20;
       in both cases rsi14 < 78, so not at the very end of the run, and no conflict with the news.
Leave  regime TREND_DOWN, score <= -0.15, or close below sma50.
Stop   2.5 ATR, target twice as far. Source: Jegadeesh and Titman, Journal of Finance 48 (1993), for the effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.book import Position
from domain.signals import CompositeSignal, Regime
from trading.strategies.base import Context, StrategyBase


@dataclass(frozen=True, slots=True)
class Momentum(StrategyBase):
    """The strategy with its thresholds."""

    trend_score: Decimal = Decimal("0.35")
    breakout_score: Decimal = Decimal("0.2")
    hottest_rsi: Decimal = Decimal(78)
    exit_score: Decimal = Decimal("-0.15")
    stop_atr: Decimal = Decimal("2.5")
    reward_risk: Decimal = Decimal(2)
    name: str = "momentum"
    entry_reason: str = "The price rises in an orderly trend or breaks out on unusual volume."
    exit_reason: str = "The trend that carried the position is over."
    refs: tuple[str, ...] = ("regime", "signal.score", "close", "sma20", "sma50", "adx14", "rsi14", "volume_ratio")

    def should_enter(self, signal: CompositeSignal, context: Context) -> bool:
        """True in a trend or on a breakout that is not overheated."""
        rsi = signal.quant.values.get("rsi14")
        if rsi is None or rsi >= self.hottest_rsi or "conflict" in signal.risk_flags:
            return False
        if signal.quant.regime is Regime.TREND_UP and signal.score >= self.trend_score:
            return True
        breaking_out = any(alert.kind == "breakout" for alert in context.alerts)
        lively = signal.quant.regime in (Regime.TREND_UP, Regime.VOLATILE)
        return breaking_out and lively and signal.score >= self.breakout_score

    def should_exit(self, position: Position, context: Context) -> bool:
        """True once the trend has turned."""
        signal = context.signal
        if signal is None or signal.quant.regime is Regime.UNKNOWN:
            return False
        close, slow = signal.quant.values.get("close"), signal.quant.values.get("sma50")
        fallen = close is not None and slow is not None and close < slow
        return fallen or signal.quant.regime is Regime.TREND_DOWN or signal.score <= self.exit_score
