"""The situation of a trade: prices become percentages, and what is unknown stays unknown."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from domain.record.canonical import plain, restore
from memory.embedding import embed
from memory.situation import Situation, distance_pct, share_pct
from tests.builders.memory import a_signal, a_situation, situations


@given(situations)
def test_a_situation_survives_the_ledger(situation):
    kept = {name: value if value is None or value.is_finite() else None for name, value in situation.features.items()}
    known = replace(situation, features=kept)
    assert embed(restore(Situation, plain(known))) == embed(known) == embed(situation)


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
