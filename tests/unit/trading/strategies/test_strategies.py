"""When each strategy enters and leaves, and where it puts stop and target."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigurationError
from domain.signals import Regime
from tests.builders.signals import NOW, a_position, a_quote, a_signal, a_text, a_view, an_alert, an_instrument, d
from trading.portfolio.sizing import SizingRule
from trading.strategies.base import Context, levels_from
from trading.strategies.mean_reversion import MeanReversion
from trading.strategies.momentum import Momentum
from trading.strategies.news_event import NewsEvent
from trading.strategies.registry import STRATEGIES, STRATEGY_NAMES, strategies_named


def around(signal, *, alerts=(), view=None, equity="100000"):
    return Context(
        as_of=NOW,
        view=a_view() if view is None else view,
        signal=signal,
        alerts=alerts,
        equity=None if equity is None else d(equity),
        sizing=SizingRule(),
    )


LOUD = (an_alert(),)
ODD = (an_alert(kind="gap"),)


@pytest.mark.parametrize(
    ("signal", "alerts", "enters"),
    [
        pytest.param(a_signal(score="0.35"), (), True, id="score_at_limit"),
        pytest.param(a_signal(score="0.3499"), (), False, id="score_below_limit"),
        pytest.param(a_signal(score="0.9", regime=Regime.RANGE), (), False, id="no_trend"),
        pytest.param(a_signal(score="0.9", regime=Regime.UNKNOWN), LOUD, False, id="regime_unknown"),
        pytest.param(a_signal(rsi14="78"), (), False, id="too_hot_at_limit"),
        pytest.param(a_signal(rsi14="77.9"), (), True, id="hot_below_limit"),
        pytest.param(a_signal(rsi14=None), (), False, id="rsi_unknown"),
        pytest.param(a_signal(flags=("conflict",)), (), False, id="news_contradicts"),
        pytest.param(a_signal(flags=("suspicious_text",)), (), True, id="a_suspicious_text_changes_nothing"),
        pytest.param(a_signal(score="0.2"), LOUD, True, id="breakout_at_limit"),
        pytest.param(a_signal(score="0.2"), (), False, id="no_breakout"),
        pytest.param(a_signal(score="0.2"), ODD, False, id="another_alert"),
        pytest.param(a_signal(score="0.2", regime=Regime.VOLATILE), LOUD, True, id="volatile_breakout"),
        pytest.param(a_signal(score="0.9", regime=Regime.RANGE), LOUD, False, id="breakout_in_a_range"),
        pytest.param(a_signal(score="0.1999"), LOUD, False, id="breakout_below_limit"),
    ],
)
def test_momentum_enters(signal, alerts, enters):
    assert Momentum().should_enter(signal, around(signal, alerts=alerts)) is enters


@pytest.mark.parametrize(
    ("signal", "leaves"),
    [
        pytest.param(a_signal(), False, id="trend_goes_on"),
        pytest.param(a_signal(regime=Regime.TREND_DOWN), True, id="trend_turned"),
        pytest.param(a_signal(score="-0.15"), True, id="score_at_limit"),
        pytest.param(a_signal(score="-0.1499"), False, id="score_above_limit"),
        pytest.param(a_signal(close="94.99"), True, id="below_the_slow_average"),
        pytest.param(a_signal(close="95"), False, id="at_the_slow_average"),
        pytest.param(a_signal(regime=Regime.UNKNOWN, score="-1"), False, id="regime_unknown"),
        pytest.param(None, False, id="no_signal"),
    ],
)
def test_momentum_leaves(signal, leaves):
    assert Momentum().should_exit(a_position(), around(signal)) is leaves


def low(**changes):
    return a_signal(**{"regime": Regime.RANGE, "rsi14": "35", "bb_pct": "0.15"} | changes)


@pytest.mark.parametrize(
    ("signal", "enters"),
    [
        pytest.param(low(), True, id="at_limit"),
        pytest.param(low(rsi14="35.1"), False, id="not_oversold"),
        pytest.param(low(bb_pct="0.16"), False, id="not_low_in_the_band"),
        pytest.param(low(regime=Regime.TREND_DOWN), False, id="falling_knife"),
        pytest.param(low(regime=Regime.VOLATILE), False, id="volatile"),
        pytest.param(low(rsi14=None), False, id="rsi_unknown"),
        pytest.param(low(bb_pct=None), False, id="band_unknown"),
        pytest.param(low(text=a_text(score="-0.2", articles=1)), True, id="news_at_limit"),
        pytest.param(low(text=a_text(score="-0.21", articles=1)), False, id="bad_news_explains_it"),
    ],
)
def test_mean_reversion_enters(signal, enters):
    assert MeanReversion().should_enter(signal, around(signal)) is enters


WAITING: dict[str, Any] = {"regime": Regime.RANGE, "close": "97.99", "rsi14": "45"}


@pytest.mark.parametrize(
    ("signal", "held", "leaves"),
    [
        pytest.param(a_signal(**WAITING), 2, False, id="still_away"),
        pytest.param(a_signal(**WAITING | {"close": "98"}), 2, True, id="back_at_the_mean"),
        pytest.param(a_signal(**WAITING | {"rsi14": "60"}), 2, True, id="recovered"),
        pytest.param(a_signal(**WAITING | {"regime": Regime.TREND_DOWN}), 2, True, id="range_broken"),
        pytest.param(a_signal(**WAITING), 10, False, id="time_at_limit"),
        pytest.param(a_signal(**WAITING), 10.1, True, id="time_is_up"),
        pytest.param(None, 10.1, True, id="time_is_up_without_signal"),
        pytest.param(None, 2, False, id="no_signal"),
        pytest.param(a_signal(**WAITING | {"regime": Regime.UNKNOWN, "close": "98"}), 2, False, id="regime_unknown"),
    ],
)
def test_mean_reversion_leaves(signal, held, leaves):
    position = a_position(opened_at=NOW - timedelta(days=held), strategy="mean_reversion")
    assert MeanReversion().should_exit(position, around(signal)) is leaves


def told(score="0.4", articles=1, posts=0, quant_score="0", flags=(), **changes):
    return a_signal(
        quant_score=quant_score, flags=flags, text=a_text(score=score, articles=articles, posts=posts, **changes)
    )


@pytest.mark.parametrize(
    ("signal", "enters"),
    [
        pytest.param(told(), True, id="at_limit"),
        pytest.param(told("0.3999"), False, id="below_limit"),
        pytest.param(told(articles=0, posts=40), False, id="posts_alone"),
        pytest.param(told(newest_at=NOW - timedelta(hours=24)), True, id="a_day_old"),
        pytest.param(told(newest_at=NOW - timedelta(hours=24, seconds=1)), False, id="older_than_a_day"),
        pytest.param(told(newest_at=None), False, id="age_unknown"),
        pytest.param(told(quant_score="-0.3"), True, id="price_at_limit"),
        pytest.param(told(quant_score="-0.31"), False, id="price_contradicts"),
        pytest.param(told(flags=("earnings_soon",)), False, id="earnings_due"),
        pytest.param(told(suspicious=2, flags=("suspicious_text",)), True, id="suspicious_texts_change_nothing"),
    ],
)
def test_news_event_enters(signal, enters):
    assert NewsEvent().should_enter(signal, around(signal)) is enters


@pytest.mark.parametrize(
    ("signal", "held", "leaves"),
    [
        pytest.param(told("0.3"), 1, False, id="still_good"),
        pytest.param(told("-0.2"), 1, True, id="turned_bad"),
        pytest.param(told("-0.19"), 1, False, id="not_bad_enough"),
        pytest.param(told("0.9"), 5, False, id="time_at_limit"),
        pytest.param(told("0.9"), 5.1, True, id="time_is_up"),
        pytest.param(None, 1, False, id="no_signal"),
    ],
)
def test_news_event_leaves(signal, held, leaves):
    position = a_position(opened_at=NOW - timedelta(days=held), strategy="news_event")
    assert NewsEvent().should_exit(position, around(signal)) is leaves


def test_a_position_of_unknown_age_does_not_run_out_of_time():
    assert not NewsEvent().should_exit(a_position(opened_at=None), around(told("0.9")))


@pytest.mark.parametrize(
    ("ask", "atr", "tick", "expected"),
    [
        pytest.param("200", "4", "0.01", ("200", "192", "216"), id="worked_number"),
        pytest.param("200.004", "4", "0.01", ("200.01", "192.01", "216.01"), id="entry_up_to_the_tick"),
        pytest.param("200", "4.0001", "0.01", ("200", "191.99", "216.02"), id="stop_down_to_the_tick"),
        pytest.param("200", "0.1", "0.01", ("200", "198.8", "202.4"), id="never_nearer_than_the_band"),
        pytest.param("200", "9.5", "0.01", ("200", "181", "238"), id="furthest"),
        pytest.param("200", "9.51", "0.01", None, id="too_far_for_the_gates"),
        pytest.param("0.05", "0.001", "0.01", None, id="one_tick_is_too_far"),
    ],
)
def test_the_levels(ask, atr, tick, expected):
    found = levels_from(d(ask), d(atr), tick=d(tick), stop_atr=d(2), reward_risk=d(2))
    assert (found and (found.entry, found.stop, found.target)) == (expected and tuple(map(Decimal, expected)))


@given(ask=st.integers(500, 10**7), atr=st.integers(1, 10**6), wide=st.sampled_from(["2", "2.5", "3"]))
def test_every_stop_lies_where_the_gates_accept_it(ask, atr, wide):
    found = levels_from(d(ask) / 100, d(atr) / 100, tick=d("0.01"), stop_atr=d(wide), reward_risk=d(2))
    if found is not None:
        for price in (found.entry, found.entry * d("1.002")):
            assert d("0.5") <= (price - found.stop) / price * 100 <= 10
        assert found.target > found.entry


@pytest.mark.parametrize("strategy", STRATEGIES, ids=STRATEGY_NAMES)
@pytest.mark.parametrize(
    ("view", "values"),
    [
        pytest.param(a_view(quote=None), {}, id="no_quote"),
        pytest.param(a_view(quote=a_quote("101", "100")), {}, id="crossed_quote"),
        pytest.param(a_view(instrument=None), {}, id="no_instrument"),
        pytest.param(a_view(), {"atr14": None}, id="atr_unknown"),
        pytest.param(a_view(), {"atr14": "0"}, id="atr_zero"),
    ],
)
def test_what_cannot_be_protected_has_no_size(strategy, view, values):
    signal = a_signal(**values)
    assert strategy.levels(signal, around(signal, view=view)) is None
    assert strategy.compute_position_size(signal, around(signal, view=view)).qty == 0


def test_the_size_comes_from_the_sizing_rule():
    found = Momentum().compute_position_size(a_signal(), around(a_signal()))
    assert (found.qty, found.bound) == (d(89), "cap")
    assert Momentum().compute_position_size(a_signal(), around(a_signal(), equity=None)).qty == 0
    lots = around(a_signal(), view=a_view(instrument=an_instrument(lot=d(50))))
    assert Momentum().compute_position_size(a_signal(), lots).qty == 50


def test_strategies_are_found_by_name_in_the_order_of_the_registry():
    assert strategies_named(reversed(STRATEGY_NAMES)) == STRATEGIES
    assert strategies_named(()) == ()
    with pytest.raises(ConfigurationError, match="'moonshot'"):
        strategies_named(["moonshot"])


@pytest.mark.parametrize("strategy", STRATEGIES, ids=STRATEGY_NAMES)
def test_reasons_are_sentences_without_figures(strategy):
    for reason in (strategy.entry_reason, strategy.exit_reason):
        assert reason.endswith(".")
        assert not any(char.isdigit() for char in reason)
