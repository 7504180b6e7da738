"""Figures of a series that is the very same are made once."""

from collections.abc import Sequence
from dataclasses import replace

from domain.market import Bar, Symbol
from tests.builders.signals import a_walk
from trading.features import remembered
from trading.features.remembered import Remembered

WALK = a_walk(5, seed=1)


def test_the_very_same_bars_are_looked_at_once():
    made: list[int] = []

    def length(bars: Sequence[Bar]) -> int:
        made.append(len(bars))
        return len(bars)

    figure = Remembered(length)
    assert [figure(WALK), figure([*WALK]), figure(WALK[1:]), figure(WALK[1:])] == [5, 5, 4, 4]
    assert made == [5, 4]


def test_bars_that_came_anew_are_looked_at_again():
    figure = Remembered(lambda bars: bars[2].close)
    corrected = (*WALK[:2], replace(WALK[2], close=WALK[2].open), *WALK[3:])
    assert (figure(WALK), figure(corrected), figure(WALK)) == (WALK[2].close, WALK[2].open, WALK[2].close)
    assert Remembered(len)(()) == 0


def test_no_more_than_so_many_series_are_kept():
    figure = Remembered(len)
    for number in range(remembered.MOST + 1):
        figure([replace(WALK[0], symbol=Symbol(f"S{number}"))])
    assert len(figure._known) == 1
