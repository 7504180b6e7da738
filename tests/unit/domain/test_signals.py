"""What is computed is a number or unknown, and nothing is decided on the rest."""

from dataclasses import replace

import pytest

from domain.signals import Regime
from tests.builders.signals import a_quant, d

NO_NUMBERS = ["NaN", "sNaN", "Infinity", "-Infinity"]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_an_indicator_that_is_no_number_is_still_warming_up(value):
    found = replace(a_quant(), values={"rsi14": d(value), "atr14": d("1.5"), "ema20": None})
    assert found.values == {"rsi14": None, "atr14": d("1.5"), "ema20": None}


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_without_a_score_the_regime_is_unknown_too(value):
    found = replace(a_quant(), score=d(value))
    assert (found.score, found.regime) == (d(0), Regime.UNKNOWN)


def test_numbers_stay_what_they_are():
    quant = a_quant()
    assert replace(quant, score=d("-0.3")).regime is quant.regime
