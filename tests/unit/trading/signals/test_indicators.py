"""Indicators: warm-up, agreement with `ta` to the last bit and with TA-Lib, and bad bars."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ta.momentum import RSIIndicator, StochasticOscillator
from ta.trend import MACD, ADXIndicator
from ta.volatility import AverageTrueRange, BollingerBands

from domain.errors import DataQualityError
from domain.market import Timeframe
from domain.money import rounded
from tests.builders.signals import a_bar, a_walk, bars_of, d
from trading.signals.indicators import BARS_A_YEAR, BARS_NEEDED, indicators, statistics
from trading.signals.windows import forgetting_mean, rolling_deviation, rolling_mean, wilder_mean, wilder_sum

WALK = a_walk(400, seed=7)


@pytest.mark.parametrize("name", BARS_NEEDED)
def test_a_value_is_none_until_it_has_warmed_up(name):
    needed = BARS_NEEDED[name]
    assert indicators(WALK[:needed])[name] is not None
    if needed > 1:
        assert indicators(WALK[: needed - 1])[name] is None


def test_every_value_has_at_most_five_significant_digits_or_is_an_exact_price():
    for name, value in indicators(WALK).items():
        assert value is not None
        if name in ("close", "high20", "low20"):
            assert value in {price for bar in WALK[-21:] for price in (bar.close, bar.high, bar.low)}
        else:
            assert len(value.as_tuple().digits) <= 5


def test_the_window_values_are_what_their_names_say():
    closes = [100 + place for place in range(60)]
    found = indicators(bars_of(closes))
    assert found["close"] == 159
    assert found["sma20"] == Decimal("149.5")
    assert found["sma50"] == Decimal("134.5")
    assert found["high20"] == 159  # the bar before the last closed at 158, its high is one above
    assert found["low20"] == 138
    assert found["ret5"] == d(rounded((159 / 154 - 1) * 100, 5))
    assert found["rsi14"] == 100
    assert found["volume_ratio"] == 1


def test_the_volume_ratio_compares_with_the_bars_before():
    bars = (*bars_of([100] * 20), a_bar(100, index=-1, volume=d(3_000_000)))
    assert indicators(bars)["volume_ratio"] == 3


def test_volatility_is_annualised_by_the_timeframe():
    daily = indicators(WALK)["vol20"]
    minutes = tuple(
        a_bar(
            bar.close, open=bar.open, high=bar.high, low=bar.low, timeframe=Timeframe.MIN_5,
            start=bar.end + timedelta(minutes=5 * place), end=bar.end + timedelta(minutes=5 * place + 5),
        )
        for place, bar in enumerate(WALK)
    )  # fmt: skip
    five = indicators(minutes)["vol20"]
    assert daily is not None
    assert five is not None
    ratio = (Decimal(BARS_A_YEAR[Timeframe.MIN_5]) / BARS_A_YEAR[Timeframe.DAY_1]).sqrt()
    assert abs(five / daily / ratio - 1) < Decimal("0.001")


@pytest.mark.parametrize("name", ["rsi14", "bb_pct", "stoch14", "atr14"])
def test_a_price_that_stands_still_says_nothing(name):
    flat = bars_of([100] * 100, high=d(100), low=d(100))
    assert indicators(flat)[name] is None


def test_a_price_that_stands_still_has_no_volatility_and_no_return():
    found = indicators(bars_of([100] * 100, high=d(100), low=d(100)))
    assert [found[name] for name in ("vol20", "ret1", "ret20", "macd_hist", "adx14")] == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("price", ["1E+400", "1E-400"])
def test_a_price_that_no_float_can_hold_has_no_volatility_and_no_strength(price):
    at = d(price)
    bars = tuple(replace(bar, open=at, high=at, low=at, close=at) for bar in WALK)
    found = indicators(bars)
    assert (found["vol20"], found["rsi14"]) == (None, None)


def test_no_usual_volume_gives_no_ratio():
    assert indicators(bars_of([100] * 60, volume=d(0)))["volume_ratio"] is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"close": Decimal("NaN")}, id="nan_close"),
        pytest.param({"high": Decimal("Infinity")}, id="infinite_high"),
        pytest.param({"low": d(0)}, id="zero_low"),
        pytest.param({"open": d(-1)}, id="negative_open"),
        pytest.param({"high": d(99)}, id="high_below_close"),
        pytest.param({"low": d(101)}, id="low_above_close"),
        pytest.param({"volume": Decimal("NaN")}, id="nan_volume"),
        pytest.param({"volume": d(-1)}, id="negative_volume"),
        pytest.param({"symbol": "MSFT"}, id="another_symbol"),
        pytest.param({"timeframe": Timeframe.HOUR_1}, id="another_timeframe"),
    ],
)
def test_a_bad_bar_is_refused_wherever_it_stands(changes):
    good = list(bars_of([100] * 30))
    for place in (1, 15, 29):
        bars = [*good[:place], a_bar(**{"close": 100, "index": 29 - place} | changes_of(changes)), *good[place + 1 :]]
        with pytest.raises(DataQualityError, match="the bar of"):
            indicators(bars)


def changes_of(changes: dict) -> dict:
    """A close is set after the builder derived the other prices from it."""
    return changes if "close" not in changes else changes | {"open": d(100), "high": d(101), "low": d(99)}


def test_bars_out_of_order_are_refused():
    with pytest.raises(DataQualityError, match="out of order"):
        indicators(tuple(reversed(WALK)))


def test_no_bars_are_refused():
    with pytest.raises(DataQualityError, match="no bars"):
        indicators(())


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), dropped=st.integers(1, 100))
def test_a_warmed_up_value_hardly_depends_on_where_the_bars_begin(seed, dropped):
    bars = a_walk(400, seed=seed)
    longer, shorter = (
        {name: value for name, value in indicators(rows).items() if value is not None}
        for rows in (bars, bars[dropped:])
    )
    assert {
        name for name in BARS_NEEDED if abs(longer[name] - shorter[name]) > Decimal("0.0001") * abs(longer[name])
    } == set()


def test_after_300_bars_every_value_equals_ta_lib():
    talib = pytest.importorskip("talib", reason="TA-Lib is not installed")
    high, low, close = (np.array([float(getattr(bar, name)) for bar in WALK]) for name in ("high", "low", "close"))
    upper, _, lower = talib.BBANDS(close, 20, 2, 2)
    lowest, highest = talib.MIN(low, 14), talib.MAX(high, 14)
    expected = {
        "sma20": talib.SMA(close, 20),
        "sma50": talib.SMA(close, 50),
        "ema12": talib.EMA(close, 12),
        "rsi14": talib.RSI(close, 14),
        "atr14": talib.ATR(high, low, close, 14),
        "bb_pct": (close - lower) / (upper - lower),
        "macd_hist": talib.MACD(close, 12, 26, 9)[2],
        "adx14": talib.ADX(high, low, close, 14),
        "stoch14": 100 * (close - lowest) / (highest - lowest),
    }
    for place in range(300, len(WALK)):
        ours = statistics(WALK[: place + 1])
        for name, column in expected.items():
            assert ours[name] == pytest.approx(column[place], rel=1e-6, abs=1e-7), name


@pytest.mark.parametrize(
    "bars",
    [
        pytest.param(a_walk(300, seed=11), id="a_walk"),
        pytest.param(a_walk(60, seed=3), id="few_bars"),
        pytest.param((*a_walk(150, seed=5)[:90], *bars_of([60] * 60)), id="then_it_stands_still"),
        pytest.param(bars_of([10 + (place % 4) / 100 for place in range(120)]), id="a_few_cents_up_and_down"),
    ],
)
def test_every_value_equals_ta_to_the_last_bit(bars):
    frame = pd.DataFrame(
        {name: [float(getattr(bar, name)) for bar in bars] for name in ("high", "low", "close", "volume")}
    )
    high, low, close, volume = (frame[name] for name in frame)
    expected = {
        "sma20": close.rolling(20).mean(),
        "sma50": close.rolling(50).mean(),
        "ema12": close.ewm(span=12, adjust=False).mean(),
        "macd_hist": MACD(close).macd_diff(),
        "rsi14": RSIIndicator(close).rsi(),
        "stoch14": StochasticOscillator(high, low, close).stoch(),
        "adx14": ADXIndicator(high, low, close).adx(),
        "atr14": AverageTrueRange(high, low, close).average_true_range(),
        "bb_pct": BollingerBands(close).bollinger_pband(),
        "vol20": (close / close.shift(1)).transform(np.log).rolling(20).std() * np.sqrt(252) * 100,
        "volume_ratio": volume / volume.rolling(20).mean().shift(1),
    }
    ours = [statistics(bars[: place + 1]) for place in range(len(bars))]
    for name, column in expected.items():
        warm = BARS_NEEDED[name] - 1
        told = [found[name] for found in ours[warm:]]
        assert np.array_equal(told, column.to_numpy()[warm:], equal_nan=True), name


@pytest.mark.parametrize("steps", [(1e-3,), (1e-3, 1e6), (5.0, 1e-7)], ids=["calm", "one_far_out", "calmed_down"])
def test_a_window_that_a_far_value_leaves_equals_pandas_to_the_last_bit(steps):
    walks = [np.random.default_rng(13).normal(0, step, 60) for step in (*steps, steps[0])]
    values = np.concatenate([*walks, np.full(40, 3.01)])
    series = pd.Series(values)
    begun = [values[: place + 1].tolist() for place in range(len(values))]
    for less in (0, 1):
        ours = [rolling_deviation(window, 20, less=less) for window in begun]
        assert np.array_equal(ours, series.rolling(20).std(ddof=less), equal_nan=True)
    means = [rolling_mean([abs(value) for value in window], 20) for window in begun]
    assert np.array_equal(means, series.abs().rolling(20).mean(), equal_nan=True)


def test_windows_and_means_that_forget_are_what_their_names_say():
    assert [rolling_mean(values, 2) for values in ([1, 2], [1, 2, 4])] == [1.5, 3]
    assert forgetting_mean([1, 2, 4], 0.5) == [1, 1.5, 2.75]
    assert forgetting_mean([], 0.5) == []
    assert wilder_mean(2.0, [4.8], 14) == [2.0, pytest.approx(2.2)]
    assert wilder_sum(28.0, [4.8], 14) == [28.0, pytest.approx(30.8)]
