"""News event: buy on fresh good news that the price does not contradict; leave when it turns or is old.

Enter  text.score >= 0.40 from at least one article (posts alone never suffice) that is younger than a day,
       a quant score of at least -0.30, and no earnings report due, whose outcome nobody knows.
Leave  text.score <= -0.20, or five days after the entry: the drift after news is short.
Stop   3 ATR, target twice as far. Source: Chan, Journal of Financial Economics 70 (2003), for the drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from domain.book import Position
from domain.signals import CompositeSignal
from trading.strategies.base import Context, StrategyBase, held_longer_than


@dataclass(frozen=True, slots=True)
class NewsEvent(StrategyBase):
    """The strategy with its thresholds."""

    good_text: Decimal = Decimal("0.4")
    bad_text: Decimal = Decimal("-0.2")
    worst_quant: Decimal = Decimal("-0.3")
    freshest: timedelta = timedelta(days=1)
    longest: timedelta = timedelta(days=5)
    stop_atr: Decimal = Decimal(3)
    reward_risk: Decimal = Decimal(2)
    name: str = "news_event"
    entry_reason: str = "Fresh good news that the price does not contradict."
    exit_reason: str = "The news turned bad or is old."
    refs: tuple[str, ...] = ("text.score", "text.articles", "signal.score", "regime")

    def score(self, signal: CompositeSignal) -> Decimal:
        """The score of the texts."""
        return signal.text.score

    def should_enter(self, signal: CompositeSignal, context: Context) -> bool:
        """True on good news that is fresh and uncontradicted."""
        text = signal.text
        fresh = text.newest_at is not None and context.as_of - text.newest_at <= self.freshest
        # Posts are cheap to make in numbers, articles of a wire are not.
        told = text.articles > 0 and text.score >= self.good_text and fresh
        return told and signal.quant.score >= self.worst_quant and "earnings_soon" not in signal.risk_flags

    def should_exit(self, position: Position, context: Context) -> bool:
        """True once the news has turned or its time is up."""
        if held_longer_than(self.longest, position, context.as_of):
            return True
        return context.signal is not None and context.signal.text.score <= self.bad_text
