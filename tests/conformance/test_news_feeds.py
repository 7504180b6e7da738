"""What every source of news must do: embedded, from files, or a vendor's real client at a loopback server."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.clock import FixedClock, in_utc
from domain.context.news import NewsArticle
from domain.market import Symbol
from domain.ports import NewsFeed
from tests.builders.vendors import (
    AAPL,
    DAY,
    MSFT,
    NOW,
    PATIENT,
    a_newsapi_article,
    an_alpaca_article,
    an_rss_feed,
    an_rss_item,
    stamp,
)
from tests.servers.alpaca import KEY_ID, SECRET_KEY, alpaca
from tests.servers.newsapi import KEY, newsapi
from tests.servers.rss import feeds
from trading.data.alpaca_news import AlpacaNews
from trading.data.calendar import ExchangeCalendar
from trading.data.files_news import FilesNews
from trading.data.newsapi_news import NewsApiConfig, NewsApiNews
from trading.data.rss_news import RssConfig, RssNews
from trading.data.simulated_market import SimulatedMarket
from trading.data.simulated_news import SimulatedNews
from trading.data.vendors.alpaca import AlpacaConfig

SECOND = timedelta(seconds=1)
SINCE = NOW - 10 * DAY
TIMES = [SINCE - DAY, SINCE, SINCE + SECOND, NOW - 5 * DAY, NOW - 3 * DAY, NOW - SECOND, NOW, NOW + SECOND, NOW + DAY]
"""Around both ends of the asked window."""

NAMES = {AAPL: ("Apple",), MSFT: ("Microsoft",)}
LATER = FixedClock(NOW + 30 * DAY)
"""These tests ask about the past, where an article counts as seen when it was published."""


@dataclass(frozen=True)
class Case:
    feed: NewsFeed
    symbols: Sequence[Symbol]
    other: Symbol


@contextmanager
def simulated(folder: Path) -> Iterator[Case]:
    symbols = SimulatedMarket(7, ExchangeCalendar()).symbols()
    yield Case(SimulatedNews(7, ExchangeCalendar()), symbols[:6], symbols[-1])


@contextmanager
def files(folder: Path) -> Iterator[Case]:
    (folder / "news").mkdir(parents=True)
    rows = [
        {"id": str(n), "symbols": ["AAPL"], "headline": f"Story {n}", "body": "", "published_at": stamp(at)}
        for n, at in enumerate(TIMES)
    ]
    text = "\n".join(json.dumps(row) for row in rows)
    (folder / "news" / "news.jsonl").write_text(text, encoding="utf-8")
    yield Case(FilesNews(folder), [AAPL], MSFT)


@contextmanager
def from_alpaca(folder: Path) -> Iterator[Case]:
    with alpaca(news=[an_alpaca_article(n, at) for n, at in enumerate(TIMES, 1)]) as server:
        config = AlpacaConfig(KEY_ID, SECRET_KEY, data_url=server.url, patience=PATIENT)
        yield Case(AlpacaNews(config, LATER), [AAPL], MSFT)


@contextmanager
def from_newsapi(folder: Path) -> Iterator[Case]:
    with newsapi([a_newsapi_article(n, at) for n, at in enumerate(TIMES)]) as server:
        yield Case(NewsApiNews(NewsApiConfig(KEY, NAMES, server.url, patience=PATIENT), LATER), [AAPL], MSFT)


@contextmanager
def from_rss(folder: Path) -> Iterator[Case]:
    with feeds({"/a": an_rss_feed(*(an_rss_item(n, at) for n, at in enumerate(TIMES)))}) as server:
        yield Case(RssNews(RssConfig({"a": f"{server.url}/a"}, NAMES, patience=PATIENT), LATER), [AAPL], MSFT)


@pytest.fixture(params=[simulated, files, from_alpaca, from_newsapi, from_rss], ids=lambda make: make.__name__)
def case(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("source")) as made:
        yield made


def articles(case: Case, *, since: datetime = SINCE, as_of: datetime = NOW) -> tuple[NewsArticle, ...]:
    return case.feed.articles(case.symbols, since=since, as_of=as_of)


def test_only_what_was_first_seen_after_since_and_by_as_of_is_shown(case):
    found = articles(case)
    assert found
    for article in found:
        assert SINCE < article.first_seen_at <= NOW
        assert article.published_at <= article.first_seen_at
        assert article.published_at == in_utc(article.published_at)


def test_articles_come_oldest_first_and_each_once(case):
    found = articles(case)
    assert [article.first_seen_at for article in found] == sorted(article.first_seen_at for article in found)
    assert len({article.article_id for article in found}) == len(found)


def test_asking_again_answers_the_same(case):
    assert articles(case) == articles(case)


@pytest.mark.parametrize("middle", [NOW - 5 * DAY, NOW - 3 * DAY + SECOND, NOW - SECOND])
def test_two_windows_side_by_side_show_what_one_shows(case, middle):
    assert articles(case, as_of=middle) + articles(case, since=middle) == articles(case)


def test_an_article_is_about_one_of_the_asked_symbols(case):
    for article in articles(case):
        assert not set(case.symbols).isdisjoint(article.symbols)
        assert list(article.symbols) == sorted(set(article.symbols))
    ids = {article.article_id for article in articles(case)}
    others = case.feed.articles([case.other], since=SINCE, as_of=NOW)
    assert all(case.other in article.symbols for article in others)
    assert all(article.article_id not in ids or case.other in article.symbols for article in others)


def test_nothing_is_shown_for_no_symbols_or_an_empty_window(case):
    assert case.feed.articles([], since=SINCE, as_of=NOW) == ()
    assert articles(case, since=NOW) == ()
    assert articles(case, since=NOW + SECOND) == ()


def test_posts_keep_to_the_same_window(case):
    for post in case.feed.posts(case.symbols, since=SINCE, as_of=NOW):
        assert SINCE < post.first_seen_at <= NOW
        assert post.symbol in case.symbols


def test_every_article_has_words(case):
    assert case.feed.name
    assert all(article.text for article in articles(case))
