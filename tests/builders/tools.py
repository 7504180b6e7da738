"""The world that tools look at, for tests of tools and of whoever calls them."""

from __future__ import annotations

from typing import Any

from domain.case import Control, Mode, TradingState
from domain.context.news import NewsReading
from domain.market import Symbol, Timeframe
from domain.signals import CompositeSignal
from policies.policy import policy_from_limits
from tests.builders.signals import AAPL, CYCLE, NOW, a_book, a_market, a_position, a_reading, a_signal, a_walk, an_event
from tools.environment import Environment

PAPER = Control(
    kill_switch=False, trading_state=TradingState.ACTIVE, mode=Mode.PAPER, reconciled_at=NOW, broker_time=NOW
)

LIMITS: dict[str, Any] = {
    "mode": "auto",
    "max_position_pct_equity": 10,
    "max_gross_exposure_pct": 100,
    "require_stop_loss": True,
    "max_loss_per_trade_pct": 1,
}


def an_environment(**changes: Any) -> Environment:
    """AAPL in an uptrend with one good article and a held position, MSFT with nothing but a quote."""
    fields: dict[str, Any] = {
        "cycle_id": CYCLE,
        "as_of": NOW,
        "timeframe": Timeframe.DAY_1,
        "book": a_book(a_position()),
        "control": PAPER,
        "market": a_market(["AAPL", "MSFT"]),
        "bars": {AAPL: a_walk(100)},
        "signals": signals_of(a_signal()),
        "readings": {AAPL: (a_reading(an_event(1), hours_old=1),)},
        "policy": policy_from_limits(LIMITS),
        "memory": None,
    }
    return Environment(**fields | changes)


def signals_of(*signals: CompositeSignal) -> dict[Symbol, CompositeSignal]:
    """Signals by symbol."""
    return {signal.symbol: signal for signal in signals}


def readings_of(*readings: NewsReading) -> dict[Symbol, tuple[NewsReading, ...]]:
    """Readings of texts tagged with AAPL."""
    return {AAPL: readings}
