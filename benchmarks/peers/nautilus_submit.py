"""Peer script: microseconds of `submit_order` in a nautilus_trader strategy. Run by the peer's own interpreter.

    python nautilus_submit.py COUNT

Resting limit orders are created first, and each submission is timed alone, from the strategy's side: command, risk
engine, execution engine and the queue of the simulated exchange. Prints {"version": ..., "us": [...]}.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from time import perf_counter_ns

import nautilus_trader
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.risk.config import RiskEngineConfig
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

INSTRUMENT = TestInstrumentProvider.equity(symbol="AAPL", venue="XNAS")
BARS = BarType.from_str("AAPL.XNAS-1-MINUTE-LAST-EXTERNAL")
START_NS = 1_773_759_600_000_000_000
MINUTE_NS = 60_000_000_000


class Submits(Strategy):
    """Submits its orders at the second bar, far below the market."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.us: list[float] = []

    def on_start(self) -> None:
        """Listen to bars."""
        self.subscribe_bars(BARS)

    def on_bar(self, _bar: Bar) -> None:
        """Make all orders, then time each submission."""
        if self.us:
            return
        orders = [
            self.order_factory.limit(INSTRUMENT.id, OrderSide.BUY, Quantity.from_int(1), Price.from_str("50.00"))
            for _ in range(self.count)
        ]
        for order in orders:
            since = perf_counter_ns()
            self.submit_order(order)
            self.us.append((perf_counter_ns() - since) / 1000)


def a_bar(number: int) -> Bar:
    """A quiet bar at 100."""
    at = START_NS + number * MINUTE_NS
    prices = [Price.from_str(text) for text in ("100.00", "100.10", "99.90", "100.00")]
    return Bar(BARS, *prices, Quantity.from_int(1_000_000), at, at)


def main() -> None:
    """Run one backtest of a few bars."""
    count = int(sys.argv[1])
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(max_order_submit_rate="1000000/00:00:01"),
        )
    )
    engine.add_venue(Venue("XNAS"), OmsType.NETTING, AccountType.CASH, [Money(Decimal(10) ** 9, USD)], USD)
    engine.add_instrument(INSTRUMENT)
    engine.add_data([a_bar(number) for number in range(5)])
    strategy = Submits(count)
    engine.add_strategy(strategy)
    engine.run()
    print(json.dumps({"version": nautilus_trader.__version__, "us": strategy.us}))


if __name__ == "__main__":
    main()
