"""Which texts are read where a feed is flooded: the newest of each symbol, whatever kind they are of."""

from datetime import timedelta

import pytest

from domain.context.news import NewsArticle, SocialPost
from domain.market import Symbol
from graphs.nodes.read_news import MOST_TEXTS, newest
from tests.builders.market import NOON

AAPL = Symbol("AAPL")


def articles(minutes):
    return tuple(
        NewsArticle(f"article-{minute}", (AAPL,), "Results", "", at, at, "wire")
        for minute in minutes
        for at in (NOON + timedelta(minutes=minute),)
    )


def posts(minutes):
    return tuple(
        SocialPost(f"post-{minute}", AAPL, "Up", "somebody", 1, at, at, "forum")
        for minute in minutes
        for at in (NOON + timedelta(minutes=minute),)
    )


@pytest.mark.parametrize(
    ("told", "read"),
    [
        pytest.param((*articles([1, 9]), *posts([2])), (*articles([1, 9]), *posts([2])), id="few_keep_their_order"),
        pytest.param(
            (*articles([50]), *posts(range(40))),
            (*articles([50]), *posts(range(41 - MOST_TEXTS, 40))),
            id="older_posts_do_not_hide_a_newer_article",
        ),
        pytest.param(
            (*articles([0]), *posts(range(1, 41))), posts(range(41 - MOST_TEXTS, 41)), id="an_older_article_gives_way"
        ),
    ],
)
def test_the_newest_texts_of_a_symbol_are_read(told, read):
    assert newest(told) == read
