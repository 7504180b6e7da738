"""Regime and score of the indicator values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DataQualityError
from domain.market import Symbol, Timeframe
from domain.signals import Regime
from tests.builders.signals import AAPL, a_quant, a_walk, bars_of, d
from trading.signals.quant import quant_signals, regime_of, score_of

UP = {"close": "105", "sma20": "102", "sma50": "100", "adx14": "30", "vol20": "25"}
DOWN = {"close": "95", "sma20": "98", "sma50": "100", "adx14": "30", "vol20": "25"}


@pytest.mark.parametrize(
    ("values", "regime"),
    [
        pytest.param(UP, Regime.TREND_UP, id="trend_up"),
        pytest.param(DOWN, Regime.TREND_DOWN, id="trend_down"),
        pytest.param(UP | {"adx14": "25"}, Regime.TREND_UP, id="adx_at_limit"),
        pytest.param(UP | {"adx14": "24.99"}, Regime.RANGE, id="adx_below_limit"),
        pytest.param(UP | {"sma20": "106"}, Regime.RANGE, id="close_below_fast_average"),
        pytest.param(UP | {"vol20": "60"}, Regime.VOLATILE, id="volatility_at_limit"),
        pytest.param(UP | {"vol20": "59.99"}, Regime.TREND_UP, id="volatility_below_limit"),
        *(
            pytest.param(UP | {name: None}, Regime.UNKNOWN, id=f"no_{name}")
            for name in ("close", "sma20", "sma50", "atr14", "adx14", "vol20")
        ),
    ],
)
def test_the_regime(values, regime):
    assert regime_of(a_quant(**values).values) is regime


WORKED = {"close": "108", "sma50": "100", "atr14": "2", "ret20": "6", "vol20": "20", "macd_hist": "0.5", "rsi14": "65"}


@pytest.mark.parametrize(
    ("values", "regime", "score"),
    [
        pytest.param(WORKED, Regime.TREND_UP, "0.7097", id="worked_number"),
        pytest.param(WORKED, Regime.VOLATILE, "0.3549", id="half_when_volatile"),
        pytest.param(WORKED, Regime.UNKNOWN, "0", id="none_when_unknown"),
        pytest.param(WORKED | {"macd_hist": None}, Regime.TREND_UP, "0.6097", id="a_missing_part_counts_nothing"),
        pytest.param({"bb_pct": "0", "rsi14": "20"}, Regime.RANGE, "1", id="range_stretched_down"),
        pytest.param({"bb_pct": "1", "rsi14": "80"}, Regime.RANGE, "-1", id="range_stretched_up"),
        pytest.param({"bb_pct": "0.5", "rsi14": "50"}, Regime.RANGE, "0", id="middle_of_the_range"),
        pytest.param({"bb_pct": None, "rsi14": "35"}, Regime.RANGE, "0.2", id="range_without_band"),
        pytest.param({"bb_pct": "-9", "rsi14": "1"}, Regime.RANGE, "1", id="clipped"),
    ],
)
def test_the_score(values, regime, score):
    assert score_of(a_quant(**values).values, regime, Timeframe.DAY_1) == d(score)


def test_rising_prices_score_above_falling_ones():
    rising = quant_signals(AAPL, Timeframe.DAY_1, a_walk(200, drift=0.006, spread=0.008))
    falling = quant_signals(AAPL, Timeframe.DAY_1, a_walk(200, drift=-0.006, spread=0.008))
    assert rising.regime is Regime.TREND_UP
    assert falling.regime is Regime.TREND_DOWN
    assert rising.score > d("0.3") > 0 > d("-0.3") > falling.score


def test_a_short_history_has_no_opinion():
    found = quant_signals(AAPL, Timeframe.DAY_1, a_walk(40))
    assert (found.regime, found.score) == (Regime.UNKNOWN, d(0))


@pytest.mark.parametrize(
    ("symbol", "timeframe", "bars"),
    [
        pytest.param("MSFT", Timeframe.DAY_1, bars_of([100, 101]), id="another_symbol"),
        pytest.param("AAPL", Timeframe.HOUR_1, bars_of([100, 101]), id="another_timeframe"),
        pytest.param("AAPL", Timeframe.DAY_1, (), id="no_bars"),
    ],
)
def test_the_wrong_bars_are_refused(symbol, timeframe, bars):
    with pytest.raises(DataQualityError):
        quant_signals(Symbol(symbol), timeframe, bars)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), length=st.integers(1, 150), drift=st.floats(-0.03, 0.03), spread=st.floats(0, 0.08))
def test_the_score_stays_in_bounds_and_repeats_itself(seed, length, drift, spread):
    bars = a_walk(length, seed=seed, drift=drift, spread=spread)
    found = quant_signals(AAPL, Timeframe.DAY_1, bars)
    assert -1 <= found.score <= 1
    assert found == quant_signals(AAPL, Timeframe.DAY_1, bars)
    assert found.at == bars[-1].end
