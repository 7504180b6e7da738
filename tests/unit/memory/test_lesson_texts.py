"""Lessons by their words: an exact comparison of what an embedder says, and only what is asked for is sent."""

from dataclasses import replace

import pytest

from domain.decisions import Statement
from memory.lesson_texts import MOST_TEXTS, nearest_lessons, words_of
from memory.reviews import Review
from tests.builders.learning import a_learned_trade


class Compass:
    """An embedder that knows one direction a word, and keeps what it was sent."""

    name = "compass"
    words = ("north", "east", "south")

    def __init__(self):
        self.sent = []

    def embed(self, texts):
        self.sent += texts
        return [[float(word in text) for word in self.words] for text in texts]


def saying(number, text):
    lesson = a_learned_trade(number)
    made = Review(lesson.review.finding, (Statement(text),), (), (), "hosted:large")
    return replace(lesson, review=made)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("north", ["trade-1", "trade-3", "trade-2", "trade-4"], id="nearest_first"),
        pytest.param("east", ["trade-2", "trade-3", "trade-1", "trade-4"], id="another_way"),
        pytest.param("nowhere", ["trade-1", "trade-2", "trade-3", "trade-4"], id="ties_by_trade"),
    ],
)
def test_the_nearest_in_words_come_first(asked, found):
    lessons = [saying(4, "south"), saying(3, "north and east"), saying(1, "north"), saying(2, "east")]
    told = nearest_lessons(Compass(), asked, lessons, 9)
    assert [each.lesson.lesson.trade_id for each in told] == found
    assert [each.lesson.lesson.trade_id for each in nearest_lessons(Compass(), asked, lessons, 2)] == found[:2]
    assert all(0 <= each.distance <= 1 for each in told)


def test_only_the_question_and_lessons_are_sent():
    compass = Compass()
    nearest_lessons(compass, "north", [saying(1, "It brought {trade.pnl_pct@ACME}, north.")], 9)
    own = "A long trade with the signal in a rising market lost -0.8865 % and ended at its stop."
    assert compass.sent == ["north", f"thesis wrong. {own} It brought -0.8865 %, north."]


def test_where_there_is_no_lesson_nothing_is_sent():
    compass = Compass()
    assert nearest_lessons(compass, "north", [], 9) == ()
    assert compass.sent == []


def test_the_newest_are_compared_and_no_more():
    compass = Compass()
    nearest_lessons(compass, "north", [a_learned_trade(number) for number in range(MOST_TEXTS + 20)], 1)
    assert len(compass.sent) == MOST_TEXTS + 1


def test_a_sentence_is_said_once():
    lesson = a_learned_trade(1)
    assert words_of(lesson).count("ended at its stop") == 1
