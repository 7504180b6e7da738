"""The score of read texts, and what a hostile text can do to it: nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.context.news import NewsEvent, NewsReading, Strength, Topic
from tests.builders.signals import AAPL, NOW, a_reading, an_event, d
from trading.signals.text import known_readings, text_signals


def score_of(*readings):
    return text_signals(AAPL, readings, as_of=NOW).score


GOOD = a_reading(an_event(1))
BAD = a_reading(an_event(-1), digest="bad")


@pytest.mark.parametrize(
    ("readings", "score"),
    [
        pytest.param([], "0", id="nothing_known"),
        pytest.param([GOOD], "0.5", id="one_strong_article"),
        pytest.param(
            [a_reading(an_event(1), digest=str(copy)) for copy in range(3)], "0.75", id="three_strong_articles"
        ),
        pytest.param([a_reading(an_event(1, Strength.MEDIUM))], "0.3333", id="medium"),
        pytest.param([a_reading(an_event(1, Strength.LOW))], "0.2", id="low"),
        pytest.param([BAD], "-0.5", id="bad_news"),
        pytest.param([GOOD, BAD], "0", id="good_and_bad"),
        pytest.param([GOOD, a_reading(an_event(0), digest="neutral")], "0.3333", id="neutral_dilutes"),
        pytest.param([a_reading(an_event(1), hours_old=24)], "0.3333", id="one_half_life_old"),
        pytest.param([a_reading(an_event(1), hours_old=72)], "0.1111", id="at_the_look_back"),
        pytest.param([a_reading(an_event(1), hours_old=72.01)], "0", id="past_the_look_back"),
        pytest.param([a_reading(an_event(1), social=True)], "0.2308", id="one_post"),
        pytest.param([a_reading(an_event(1), hours_old=6, social=True)], "0.1304", id="a_post_ages_faster"),
        pytest.param([a_reading(an_event(1, symbol="MSFT"))], "0", id="about_another_symbol"),
        pytest.param([GOOD, GOOD, a_reading(an_event(1), hours_old=1)], "0.4928", id="the_same_content_counts_once"),
        pytest.param([a_reading(an_event(1), hours_old=-1)], "0", id="not_known_yet"),
        pytest.param([a_reading(an_event(1), published_at=NOW + timedelta(days=9))], "0.5", id="dated_into_the_future"),
        pytest.param(
            [a_reading(an_event(1), published_at=NOW - timedelta(hours=24))], "0.3333", id="served_again_a_day_later"
        ),
        pytest.param([a_reading(an_event(1), suspicious=True)], "0", id="suspicious"),
    ],
)
def test_the_score(readings, score):
    assert score_of(*readings) == d(score)


def test_the_counts_the_topic_and_the_newest():
    found = text_signals(
        AAPL,
        [
            a_reading(an_event(1, topic=Topic.RATING), digest="a", hours_old=3),
            a_reading(
                an_event(-1, topic=Topic.LEGAL), an_event(1, Strength.LOW, Topic.RATING), digest="b", hours_old=2
            ),
            a_reading(an_event(1, topic=Topic.OPINION), digest="c", social=True, hours_old=1),
            a_reading(an_event(1, topic=Topic.MERGER), digest="d", suspicious=True),
        ],
        as_of=NOW,
    )
    assert (found.articles, found.posts, found.suspicious) == (2, 1, 1)
    assert found.strongest_topic == "rating"
    assert found.newest_at == NOW - timedelta(hours=1)


def test_a_crowd_of_posts_weighs_at_most_half_an_article():
    crowd = [a_reading(an_event(-1), digest=f"post-{number}", social=True) for number in range(500)]
    assert score_of(*crowd) == d("-0.3333")
    assert score_of(GOOD, *crowd) == d("0.2")


EVENTS = st.builds(
    NewsEvent,
    symbol=st.just(AAPL),
    topic=st.sampled_from(Topic),
    sign=st.sampled_from((-1, 0, 1)),
    strength=st.sampled_from(Strength),
    span=st.just((0, 1)),
)


def readings(**fixed):
    return st.builds(
        NewsReading,
        content_digest=st.text("abcdef", min_size=1, max_size=3),
        item_id=st.text("abc", min_size=1, max_size=2),
        published_at=st.integers(-90, 10).map(lambda hours: NOW + timedelta(hours=hours)),
        available_at=st.integers(-80, 10).map(lambda hours: NOW + timedelta(hours=hours)),
        events=st.lists(EVENTS, max_size=3).map(tuple),
        suspicious=st.just(fixed.get("suspicious", False)),
        social=st.booleans(),
        model=st.just("test"),
    )


@given(honest=st.lists(readings(), max_size=8), hostile=st.lists(readings(suspicious=True), max_size=8))
def test_suspicious_texts_change_nothing_but_their_count(honest, hostile):
    before = text_signals(AAPL, honest, as_of=NOW)
    after = text_signals(AAPL, [*hostile, *honest], as_of=NOW)
    shown = ("score", "articles", "posts", "strongest_topic", "newest_at")
    assert [getattr(after, name) for name in shown] == [getattr(before, name) for name in shown]


@given(found=st.lists(readings(), max_size=8), seed=st.randoms(use_true_random=False))
def test_order_does_not_matter_and_the_score_is_bounded(found, seed):
    shuffled = list(found)
    seed.shuffle(shuffled)
    assert Decimal(-1) < score_of(*found) < Decimal(1)
    assert text_signals(AAPL, shuffled, as_of=NOW) == text_signals(AAPL, found, as_of=NOW)


@given(known=st.lists(readings(), max_size=6), later=st.lists(readings(), max_size=6))
def test_what_becomes_known_later_never_changes_what_was_said(known, later):
    future = [reading for reading in later if reading.available_at > NOW]
    assert known_readings([*known, *future], as_of=NOW) == known_readings(known, as_of=NOW)
