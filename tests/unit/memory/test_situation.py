"""The space of situations: finite, bounded, the same for equal figures, near for alike ones."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.canonical import plain, restore
from domain.market import Symbol
from domain.orders import Side
from domain.signals import Regime
from memory.situation import CLIP, SCALER_V1, Situation, distance_pct, embed, share_pct
from tests.builders.memory import a_signal, a_situation

figure = st.none() | st.decimals() | st.decimals(allow_nan=False, min_value=-(10**12), max_value=10**12)
situations = st.builds(
    Situation,
    symbol=st.sampled_from([Symbol("AAPL"), Symbol("BRK.B")]),
    strategy=st.text(max_size=20),
    side=st.sampled_from(Side),
    regime=st.sampled_from(Regime),
    features=st.dictionaries(st.sampled_from([*SCALER_V1.spreads, "unheard_of"]), figure),
)


@given(situations)
def test_a_vector_is_finite_bounded_and_of_one_width(situation):
    vector = embed(situation)
    assert len(vector) == SCALER_V1.width
    assert all(math.isfinite(number) and abs(number) <= CLIP for number in vector)


@given(situations)
def test_a_situation_survives_the_ledger(situation):
    kept = {name: value if value is None or value.is_finite() else None for name, value in situation.features.items()}
    known = replace(situation, features=kept)
    assert embed(restore(Situation, plain(known))) == embed(known) == embed(situation)


@pytest.mark.parametrize(
    ("rsi", "number"),
    [
        pytest.param("52", 0.0, id="at_the_median"),
        pytest.param("70.3", 1.0, id="one_range_above"),
        pytest.param("33.7", -1.0, id="one_range_below"),
        pytest.param("100", 48 / 18.3, id="as_far_as_it_goes"),
        pytest.param("1000", 3.0, id="clipped_above"),
        pytest.param("-1000", -3.0, id="clipped_below"),
        pytest.param("NaN", 0.0, id="nan"),
        pytest.param("Infinity", 0.0, id="infinite"),
    ],
)
def test_a_figure_is_counted_in_its_usual_range(rsi, number):
    assert embed(a_situation(rsi14=Decimal(rsi)))[0] == pytest.approx(number)


def test_an_unknown_figure_pulls_nowhere():
    assert embed(a_situation(rsi14=None)) == embed(a_situation(rsi14=Decimal(52)))


def test_prices_become_percentages_so_that_symbols_compare():
    cheap = a_signal(close=Decimal(2), sma20=Decimal("1.9"), sma50=Decimal("1.8"), atr14=Decimal("0.04"))
    features = a_situation().features
    assert features["atr_pct"] == 2
    assert features["to_sma20_pct"] == Decimal("5.263158")
    assert share_pct(cheap.quant.values["atr14"], cheap.quant.values["close"]) == 2


@pytest.mark.parametrize(
    ("part", "whole"),
    [(None, 1), (1, None), (1, 0), ("NaN", 1), (1, "Infinity")],
    ids=["no_part", "no_whole", "of_zero", "nan", "of_infinity"],
)
def test_a_share_of_the_unknown_is_unknown(part, whole):
    amounts = [None if amount is None else Decimal(amount) for amount in (part, whole)]
    assert share_pct(*amounts) is None
    assert distance_pct(*amounts) is None


def test_alike_is_nearer_than_different():
    def apart(other):
        return math.dist(embed(a_situation()), embed(other))

    alike = apart(a_situation(rsi14=Decimal(64)))
    assert alike < apart(a_situation(rsi14=Decimal(20)))
    assert alike < apart(a_situation(regime=Regime.TREND_DOWN))
    assert alike < apart(a_situation(side=Side.SELL))
    assert alike < apart(a_situation(strategy="mean_reversion"))


def test_the_symbol_is_a_filter_and_no_direction_in_space():
    assert embed(a_situation("AAPL")) == embed(a_situation("MSFT"))
