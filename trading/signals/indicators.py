"""Indicator values at the last completed bar.

- *Warm-up.* A value is None until its start weighs at most 5 % in it: ``BARS_NEEDED``. RSI starts at one change and
  keeps 13/14 of it a bar: (13/14)^41 = 4.8 %, so 2 + 41 = 43 bars; ATR starts at a mean of 14, in which a bar weighs
  5 % after 5 more. After 300 bars all of them equal TA-Lib to 1e-6; what they are made of stands in ``windows.py``.
- *Flat prices.* RSI of a price that never moved is 100 in `ta` and 0 in TA-Lib; here it is None, and so are an ATR of
  nothing, the place in a band of no width and the stochastic of no range: a price that stands still says nothing.
- *Bad bars.* ``check_bars`` refuses a NaN; `ta` would skip it and go on.

RSI, ATR and ADX are Wilder's, New Concepts in Technical Trading Systems (1978), over 14 bars; MACD is 12, 26, 9; bands
are two deviations around 20 bars, divided by 20.

Units: ``close sma20 sma50 ema12 atr14 macd_hist high20 low20`` in the currency; ``rsi14 adx14 stoch14`` points in
[0, 100]; ``bb_pct`` and ``volume_ratio`` ratios; ``vol20 ret1 ret5 ret20`` per cent, vol20 a year.
``high20``, ``low20`` and the mean volume below ``volume_ratio`` are those of the 20 bars *before* the last one, so that
a breakout is ``close > high20``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import nan, sqrt
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from domain.market import Bar, Timeframe
from domain.money import rounded
from trading.features.remembered import Remembered
from trading.signals.bars import check_bars
from trading.signals.windows import forgetting_mean, rolling_deviation, rolling_mean, wilder_mean, wilder_sum

Column = NDArray[np.float64]

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
_SLOW_FROM = 25
"""The slow mean of MACD counts from the 26th bar on, and its signal line begins there."""


@Remembered
def indicators(bars: Sequence[Bar]) -> Mapping[str, Decimal | None]:
    """Every value at the end of the last bar, oldest bar first in; statistics rounded to five significant digits."""
    check_bars(bars)
    before = bars[-21:-1] if len(bars) >= BARS_NEEDED["high20"] else ()
    exact = {
        "close": bars[-1].close,
        "high20": max((bar.high for bar in before), default=None),
        "low20": min((bar.low for bar in before), default=None),
    }
    found = statistics(bars)
    return {name: exact[name] if name in exact else rounded(found[name], _DIGITS) for name in BARS_NEEDED}


def statistics(bars: Sequence[Bar]) -> dict[str, float]:
    """Every statistic at the end of the last bar as it is before rounding, NaN while it warms up."""
    high, low, close, volume = _columns(bars)
    with np.errstate(divide="ignore", invalid="ignore"):
        averages = _averages(close.tolist())
        found = (
            averages
            | _momentum(high, low, close)
            | _ranges(high, low, close, averages["sma20"])
            | _returns(close, BARS_A_YEAR[bars[0].timeframe])
            | {"volume_ratio": volume[-1] / _positive(rolling_mean(volume[:-1].tolist(), 20))}
        )
    # Unknown and never 0.0, as `ta` has it for ATR and ADX: a size of risk / ATR would divide by it.
    return {name: float(value) if len(bars) >= BARS_NEEDED[name] else nan for name, value in found.items()}


def _columns(bars: Sequence[Bar]) -> tuple[Column, Column, Column, Column]:
    """Highs, lows, closes and volumes."""
    rows = zip(*((bar.high, bar.low, bar.close, bar.volume) for bar in bars), strict=True)
    high, low, close, volume = (np.array(list(map(float, row))) for row in rows)
    return high, low, close, volume


def _averages(closes: list[float]) -> dict[str, float]:
    fast, slow = forgetting_mean(closes, _weight(12)), forgetting_mean(closes, _weight(26))
    macd = [quick - late for quick, late in zip(fast[_SLOW_FROM:], slow[_SLOW_FROM:], strict=True)]
    return {
        "sma20": rolling_mean(closes, 20),
        "sma50": rolling_mean(closes, 50),
        "ema12": fast[-1],
        "macd_hist": macd[-1] - forgetting_mean(macd, _weight(9))[-1] if macd else nan,
    }


def _momentum(high: Column, low: Column, close: Column) -> dict[str, float]:
    change = np.diff(close, prepend=close[0])
    up = forgetting_mean(np.where(change > 0, change, 0.0).tolist(), 1 / 14)[-1]
    down = forgetting_mean(np.where(change < 0, -change, 0.0).tolist(), 1 / 14)[-1]
    rsi = 100.0 if down == 0 else 100 - 100 / (1 + up / down)
    lowest, highest = low[-14:].min(), high[-14:].max()
    return {
        "rsi14": rsi if (close != close[0]).any() else nan,
        "stoch14": 100 * (close[-1] - lowest) / (highest - lowest),
        "adx14": _adx(high, low, close) if len(close) >= BARS_NEEDED["adx14"] else nan,
    }


def _adx(high: Column, low: Column, close: Column) -> float:
    """Wilder's ADX over 14 bars: how far the moves up and down have been apart, smoothed."""
    up, down = np.diff(high), -np.diff(low)
    span = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    moves = np.where((up > down) & (up > 0), up, 0.0), np.where((down > up) & (down > 0), down, 0.0)
    ranges, plus, minus = (
        np.array(wilder_sum(float(each[:14].sum()), each[14:].tolist(), 14)) for each in (span, *moves)
    )
    rising, falling = (np.where(ranges != 0, 100 * (each / ranges), 0.0) for each in (plus, minus))
    both = rising + falling
    apart = np.where(both != 0, 100 * np.abs((rising - falling) / both), 0.0)
    return wilder_mean(float(apart[:14].mean()), apart[14:].tolist(), 14)[-1]


def _ranges(high: Column, low: Column, close: Column, middle: float) -> dict[str, float]:
    width = 2 * rolling_deviation(close.tolist(), 20, less=0)
    upper, lower = middle + width, middle - width
    atr = nan
    if len(close) >= BARS_NEEDED["atr14"]:
        before = np.concatenate((close[:1], close[:-1]))
        spans = np.maximum(high - low, np.maximum(np.abs(high - before), np.abs(low - before)))
        spans[0] = high[0] - low[0]  # nothing is known of the close before the first bar
        atr = wilder_mean(float(spans[:14].sum() / 14), spans[14:].tolist(), 14)[-1]
    return {
        "bb_pct": (close[-1] - lower) / (upper - lower) if upper != lower else nan,
        "atr14": _positive(atr),
    }


def _returns(close: Column, bars_a_year: int) -> dict[str, float]:
    steps = np.log(close[1:] / close[:-1]).tolist()
    volatility = rolling_deviation(steps, 20, less=1) * sqrt(bars_a_year) * 100
    moved = {
        f"ret{bars}": (close[-1] / close[-1 - bars] - 1) * 100 if len(close) > bars else nan for bars in (1, 5, 20)
    }
    return moved | {"vol20": volatility}


def _positive(value: float) -> float:
    return value if value > 0 else nan


def _weight(span: int) -> float:
    """What a new value weighs in an exponential mean of so many bars: 2 / (span + 1)."""
    return 1 / (1 + (span - 1) / 2)
