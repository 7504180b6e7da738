"""What a memory still counts: half a half-life on, and less where its situation went both ways."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.index import ProcessIndex
from memory.trades import TradeMemory
from memory.weights import Weight, weight_of, weights
from tests.builders.memory import NOON, a_closed_trade, a_situation

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("won", "lost", "days", "weight"),
    [
        pytest.param(1, 0, 0, ("1", False), id="today"),
        pytest.param(1, 0, 180, ("0.5", False), id="a_half_life_ago"),
        pytest.param(0, 1, 360, ("0.25", False), id="two_half_lives_ago"),
        pytest.param(1, 1, 90, ("0.353553", True), id="the_worked_number_that_won"),
        pytest.param(1, 1, 0, ("0.5", True), id="the_worked_number_that_lost"),
        pytest.param(3, 1, 0, ("0.75", True), id="three_to_one"),
        pytest.param(1, 3, 0, ("0.75", True), id="one_to_three"),
        pytest.param(0, 0, 0, ("1", False), id="even_contradicts_nobody"),
        pytest.param(1, 0, 100_000, ("0.000001", False), id="never_nothing"),
    ],
)
def test_a_weight(won, lost, days, weight):
    value, contradicted = weight
    assert weight_of(won, lost, days * DAY, 180 * DAY) == Weight(Decimal(value), contradicted)


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=12))
def test_contradiction_leaves_the_record_of_a_situation_as_it_was(signs):
    counted = weights(np.zeros((len(signs), 3), dtype=np.float32), signs, [DAY] * len(signs), 180 * DAY)
    assert len(set(counted)) == 1, "one situation, one age, one weight"
    both = 1 in signs and -1 in signs
    assert counted[0].contradicted is both
    assert (counted[0].value < weight_of(1, 0, DAY, 180 * DAY).value) is both


def test_only_the_same_situation_contradicts():
    vectors = np.array([[0, 0], [1, 0], [2, 0]], dtype=np.float32)
    counted = weights(vectors, [1, -1, -1], [0 * DAY] * 3, 180 * DAY)
    # the second is at the radius from both others, which are too far from each other
    assert [weight.contradicted for weight in counted] == [True, True, False]
    assert [weight.value for weight in counted] == [Decimal("0.5"), Decimal("0.666667"), Decimal(1)]


def remembering(*trades, half_life=180 * DAY):
    memory = TradeMemory(ProcessIndex(), half_life=half_life)
    for trade in trades:
        memory.remember(trade, a_situation(), cycle_id="cyc-1")
    return memory


def test_two_lessons_of_opposite_sign_are_both_shown_and_count_less():
    memory = remembering(a_closed_trade("won", pnl="50"), a_closed_trade("lost", pnl="-50"))
    recall = memory.recall(a_situation(), as_of=NOON)
    assert [(each.lesson.trade_id, each.weight, each.contradicted) for each in recall.nearest] == [
        ("lost", Decimal("0.5"), True),
        ("won", Decimal("0.5"), True),
    ]
    assert (recall.count, recall.support, recall.win_rate, recall.mean_pnl_pct) == (
        2,
        Decimal("1.0"),
        Decimal("0.5"),
        0,
    )


def test_what_is_older_counts_less():
    trades = a_closed_trade("old", pnl="-50", closed_at=NOON - 180 * DAY), a_closed_trade("new", pnl="50")
    apart = remembering(trades[1])
    apart.remember(trades[0], a_situation(rsi14=Decimal(20)), cycle_id="cyc-1")
    recall = apart.recall(a_situation(), as_of=NOON)
    # 1 x 2.5 % and 0.5 x -2.5 %, over 1.5
    assert (recall.win_rate, recall.mean_pnl_pct, recall.support) == (
        Decimal("0.6667"),
        Decimal("0.8333"),
        Decimal("1.5"),
    )


def test_the_half_life_is_a_setting():
    old = a_closed_trade("old", closed_at=NOON - 10 * DAY)
    (similar,) = remembering(old, half_life=5 * DAY).recall(a_situation(), as_of=NOON).nearest
    assert similar.weight == Decimal("0.25")


def test_a_later_contradiction_is_not_known_earlier():
    won = a_closed_trade("won", pnl="50")
    memory = remembering(won, replace(a_closed_trade("lost", pnl="-50"), closed_at=NOON + DAY))
    (similar,) = memory.recall(a_situation(), as_of=NOON).nearest
    assert (similar.lesson.trade_id, similar.weight, similar.contradicted) == ("won", Decimal(1), False)
