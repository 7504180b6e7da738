"""Indicator values at the last completed bar: the only door to the `ta` package.

`ta` answers too early and too kindly, so this adapter tightens it:

- *Warm-up.* `ta` gives 0.0 for ATR and ADX where it has no value, raises on short input, and starts its recursive
  averages at the first bar. A value is None until its start weighs at most 5 % in it: ``BARS_NEEDED``. RSI starts at
  one change and keeps 13/14 of it a bar: (13/14)^41 = 4.8 %, so 2 + 41 = 43 bars; ATR starts at a mean of 14, in which
  a bar weighs 5 % after 5 more. After 300 bars all of them equal TA-Lib to 1e-6.
- *Flat prices.* RSI of a price that never moved is 100 in `ta` and 0 in TA-Lib; here it is None, and so are an ATR of
  nothing, the place in a band of no width and the stochastic of no range: a price that stands still says nothing.
- *Bad bars.* `ta` skips a NaN and goes on; ``check_bars`` refuses it.

Units: ``close sma20 sma50 ema12 atr14 macd_hist high20 low20`` in the currency; ``rsi14 adx14 stoch14`` points in
[0, 100]; ``bb_pct`` and ``volume_ratio`` ratios; ``vol20 ret1 ret5 ret20`` per cent, vol20 a year.
``high20``, ``low20`` and the mean volume below ``volume_ratio`` are those of the 20 bars *before* the last one, so that
a breakout is ``close > high20``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pandas as pd
from ta.momentum import RSIIndicator, StochasticOscillator
from ta.trend import MACD, ADXIndicator
from ta.volatility import AverageTrueRange, BollingerBands

from domain.market import Bar, Timeframe
from domain.money import rounded
from trading.signals.bars import check_bars

BARS_NEEDED: Mapping[str, int] = MappingProxyType(
    {
        "close": 1,
        "sma20": 20,
        "sma50": 50,
        "ema12": 19,
        "rsi14": 43,
        "atr14": 19,
        "bb_pct": 20,
        "macd_hist": 40,
        "adx14": 33,
        "stoch14": 14,
        "vol20": 21,
        "volume_ratio": 21,
        "ret1": 2,
        "ret5": 6,
        "ret20": 21,
        "high20": 21,
        "low20": 21,
    }
)
"""How many bars each value needs; with fewer it is None."""

BARS_A_YEAR: Mapping[Timeframe, int] = MappingProxyType(
    {
        Timeframe.MIN_1: 252 * 390,
        Timeframe.MIN_5: 252 * 78,
        Timeframe.MIN_15: 252 * 26,
        Timeframe.HOUR_1: 1638,
        Timeframe.DAY_1: 252,
    }
)
"""Bars in a year of 252 regular sessions of 390 minutes: what volatility is annualised with."""

_DIGITS = 5


def indicators(bars: Sequence[Bar]) -> Mapping[str, Decimal | None]:
    """Every value at the end of the last bar, oldest bar first in; statistics rounded to five significant digits."""
    check_bars(bars)
    columns = history(bars)
    values = {name: _last(column) for name, column in columns.items()}
    before = bars[-21:-1] if len(bars) >= BARS_NEEDED["high20"] else ()
    values |= {
        "close": bars[-1].close,
        "high20": max((bar.high for bar in before), default=None),
        "low20": min((bar.low for bar in before), default=None),
    }
    return {name: values[name] for name in BARS_NEEDED}


def history(bars: Sequence[Bar]) -> dict[str, pd.Series[float]]:
    """Every statistic at every bar, NaN while it warms up; a value never depends on later bars."""
    frame = _frame(bars)
    high, low, close, volume = (frame[name] for name in ("high", "low", "close", "volume"))
    columns = (
        _averages(close)
        | _momentum(high, low, close)
        | _ranges(high, low, close)
        | _returns(close, BARS_A_YEAR[bars[0].timeframe])
        | {"volume_ratio": volume / _positive(volume.rolling(20).mean().shift(1))}
    )
    position = np.arange(len(frame))
    return {name: column.where(position >= BARS_NEEDED[name] - 1) for name, column in columns.items()}


def _frame(bars: Sequence[Bar]) -> pd.DataFrame:
    rows = [(float(bar.high), float(bar.low), float(bar.close), float(bar.volume)) for bar in bars]
    return pd.DataFrame(rows, columns=["high", "low", "close", "volume"])


def _averages(close: pd.Series[float]) -> dict[str, pd.Series[float]]:
    return {
        "sma20": close.rolling(20).mean(),
        "sma50": close.rolling(50).mean(),
        "ema12": close.ewm(span=12, adjust=False).mean(),
        "macd_hist": MACD(close).macd_diff(),
    }


def _momentum(high: pd.Series[float], low: pd.Series[float], close: pd.Series[float]) -> dict[str, pd.Series[float]]:
    moved = (close != close.iloc[0]).cummax()
    found = {
        "rsi14": RSIIndicator(close).rsi().where(moved),
        "stoch14": StochasticOscillator(high, low, close).stoch(),
        "adx14": _unknown(close),
    }
    if len(close) >= BARS_NEEDED["adx14"]:
        found["adx14"] = ADXIndicator(high, low, close).adx()
    return found


def _ranges(high: pd.Series[float], low: pd.Series[float], close: pd.Series[float]) -> dict[str, pd.Series[float]]:
    found = {"bb_pct": BollingerBands(close).bollinger_pband(), "atr14": _unknown(close)}
    if len(close) >= BARS_NEEDED["atr14"]:
        found["atr14"] = _positive(AverageTrueRange(high, low, close).average_true_range())
    return found


def _returns(close: pd.Series[float], bars_a_year: int) -> dict[str, pd.Series[float]]:
    steps = (close / close.shift(1)).transform(np.log)
    return {f"ret{bars}": (close / close.shift(bars) - 1) * 100 for bars in (1, 5, 20)} | {
        "vol20": steps.rolling(20).std() * np.sqrt(bars_a_year) * 100
    }


def _positive(column: pd.Series[float]) -> pd.Series[float]:
    return column.where(column > 0)


def _unknown(like: pd.Series[float]) -> pd.Series[float]:
    return pd.Series(np.nan, index=like.index)


def _last(column: pd.Series[float]) -> Decimal | None:
    return rounded(float(column.iloc[-1]), _DIGITS)
