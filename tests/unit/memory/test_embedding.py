"""The space of situations: finite, bounded, the same for equal figures, near for alike ones, frozen by version."""

import math
from decimal import Decimal

import pytest
from hypothesis import given

from domain.orders import Side
from domain.record.canonical import digest
from domain.signals import Regime
from memory.embedding import CLIP, EMBEDDING, Reference, embed, z_score
from memory.situation import situation_of
from tests.builders.memory import a_signal, a_situation, situations


@given(situations)
def test_a_vector_is_finite_bounded_and_of_one_width(situation):
    vector = embed(situation)
    assert len(vector) == EMBEDDING.width == 19 + len(Side) + len(Regime) + 16
    assert all(math.isfinite(number) and abs(number) <= CLIP for number in vector)


@pytest.mark.parametrize(
    ("rsi", "number"),
    [
        pytest.param("52", 0.0, id="at_the_median"),
        pytest.param("79", 1.990, id="the_worked_number"),
        pytest.param("61.15", 0.6745, id="one_mad_above"),
        pytest.param("42.85", -0.6745, id="one_mad_below"),
        pytest.param("1000", 3.0, id="clipped_above"),
        pytest.param("-1000", -3.0, id="clipped_below"),
        pytest.param("NaN", 0.0, id="nan"),
        pytest.param("Infinity", 0.0, id="infinite"),
        pytest.param(None, 0.0, id="unknown"),
    ],
)
def test_a_figure_is_counted_in_its_usual_deviation(rsi, number):
    value = None if rsi is None else Decimal(rsi)
    assert z_score(value, Reference(52.0, 9.15)) == pytest.approx(number, abs=5e-4)
    assert embed(a_situation(rsi14=value))[0] == z_score(value, EMBEDDING.references["rsi14"])


def test_an_unknown_figure_pulls_nowhere():
    assert embed(a_situation(rsi14=None)) == embed(a_situation(rsi14=Decimal(52)))


def test_what_has_no_order_gets_one_axis_a_value():
    parts = embed(a_situation(side=Side.SELL, regime=Regime.RANGE))[len(EMBEDDING.references) :]
    sides, regimes, strategies = parts[:2], parts[2:7], parts[7:]
    assert sides == tuple(EMBEDDING.side_weight * (side is Side.SELL) for side in Side)
    assert regimes == tuple(EMBEDDING.regime_weight * (regime is Regime.RANGE) for regime in Regime)
    assert sorted(strategies) == [0.0] * 15 + [EMBEDDING.strategy_weight]


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


def test_every_figure_of_a_situation_has_a_reference():
    made = situation_of(a_signal(), strategy="momentum", side=Side.BUY)
    assert set(made.features) == set(EMBEDDING.references)
    assert all(usual.mad > 0 for usual in EMBEDDING.references.values())


def test_a_changed_reference_is_a_new_version():
    """Vectors that are stored already would lie elsewhere: whoever changes a number raises the version with it."""
    weights = (EMBEDDING.side_weight, EMBEDDING.regime_weight, EMBEDDING.strategy_weight, EMBEDDING.strategy_slots)
    numbers = {name: (str(usual.median), str(usual.mad)) for name, usual in EMBEDDING.references.items()}
    assert (EMBEDDING.version, digest([numbers, list(EMBEDDING.references), [str(weight) for weight in weights]])) == (
        "v2",
        "c98e69aef308214372d857f1d1514c21f404c7379a2b77e3ccc21e71ae06c096",
    )
