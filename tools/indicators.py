"""Indicator values as evidence, known since the end of their last bar."""

from __future__ import annotations

from domain.evidence import Evidence, Value
from tools.environment import Environment
from tools.tool import SymbolArgument, figure, tool
from trading.signals.indicators import BARS_NEEDED

_UNITS = {
    "rsi14": "points",
    "adx14": "points",
    "stoch14": "points",
    "bb_pct": "ratio",
    "volume_ratio": "ratio",
    "vol20": "pct",
    "ret1": "pct",
    "ret5": "pct",
    "ret20": "pct",
}
"""Everything else is a price."""


@tool
def indicators(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """Close, averages, momentum, range, volatility, volume, returns and the regime at the end of the last bar."""
    signal, bars = env.signals.get(symbol), env.bars.get(symbol, ())
    at = env.as_of if signal is None else signal.quant.at
    source = bars[-1].source if bars else "missing"

    def said(name: str, value: Value, unit: str) -> Evidence:
        return figure(name, value, unit, source=source, at=at, symbol=symbol)

    values = {} if signal is None else signal.quant.values
    found = tuple(said(name, values.get(name), _UNITS.get(name, "USD")) for name in BARS_NEEDED)
    return (*found, said("regime", None if signal is None else signal.quant.regime.value, "text"))
