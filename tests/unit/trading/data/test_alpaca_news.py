from datetime import timedelta

import pytest

from domain.clock import FixedClock
from domain.errors import ConfigurationError, DataQualityError, SourceUnavailable
from tests.builders.vendors import (
    AAPL,
    DAY,
    DRIPS,
    HELD,
    MSFT,
    NOW,
    PATIENT,
    an_alpaca_article,
    patience_with,
    payload,
    recorded,
)
from tests.servers.alpaca import KEY_ID, SECRET_KEY, alpaca
from trading.data.alpaca_news import AlpacaNews, parse_article, parse_articles
from trading.data.vendors.alpaca import AlpacaConfig

HOUR = timedelta(hours=1)


def a_feed(server, *, now=NOW + DAY, **changes):
    fields = {"key_id": KEY_ID, "secret_key": SECRET_KEY, "data_url": server.url, "patience": PATIENT}
    return AlpacaNews(AlpacaConfig(**(fields | changes)), FixedClock(now))


@pytest.mark.parametrize(
    ("created", "updated", "is_seen"),
    [
        (NOW - HOUR, NOW - HOUR, True),
        (NOW, NOW, True),
        (NOW + HOUR, NOW + HOUR, False),
        (NOW - HOUR, NOW + HOUR, False),
        (NOW - DAY, NOW - DAY, False),
        (NOW - 2 * DAY, NOW - HOUR, True),
    ],
    ids=["within", "at_as_of", "later", "rewritten_later", "at_since", "old_but_rewritten"],
)
def test_an_article_is_seen_from_its_last_change_on(created, updated, is_seen):
    with alpaca(news=[an_alpaca_article(1, created, updated)]) as server:
        found = a_feed(server).articles([AAPL], since=NOW - DAY, as_of=NOW)
    assert [article.article_id for article in found] == (["alpaca-1"] if is_seen else [])


def test_asked_about_the_present_an_article_is_first_seen_now():
    with alpaca(news=[an_alpaca_article(1, NOW - HOUR)]) as server:
        (article,) = a_feed(server, now=NOW).articles([AAPL], since=NOW - DAY, as_of=NOW)
    assert (article.published_at, article.first_seen_at) == (NOW - HOUR, NOW)


def test_only_articles_about_the_asked_symbols_come():
    with alpaca(news=[an_alpaca_article(1), an_alpaca_article(2, symbols=["MSFT"])]) as server:
        feed = a_feed(server)
        asked = [feed.articles(symbols, since=NOW - 2 * DAY, as_of=NOW) for symbols in ([MSFT], [AAPL, MSFT], [])]
    assert [[article.article_id for article in found] for found in asked] == [
        ["alpaca-2"],
        ["alpaca-1", "alpaca-2"],
        [],
    ]
    assert server.requests[1].query["symbols"] == "AAPL,MSFT"
    assert len(server.requests) == 2


@pytest.mark.parametrize("mood", DRIPS)
def test_a_server_that_drips_is_left_although_it_is_never_silent(mood):
    with alpaca() as server:
        server.mood = mood
        with pytest.raises(SourceUnavailable, match="ReadTimeout"):
            a_feed(server, patience=HELD).articles([AAPL], since=NOW - DAY, as_of=NOW)


@pytest.mark.parametrize(
    ("mood", "meaning"),
    [(401, ConfigurationError), (403, ConfigurationError), (429, SourceUnavailable), (500, SourceUnavailable),
     ("hang", SourceUnavailable), ("garbage", DataQualityError), ("empty", DataQualityError),
     ("deep", DataQualityError)],
)  # fmt: skip
def test_every_way_to_fail_has_an_error_of_ours(mood, meaning):
    with alpaca() as server:
        server.mood = mood
        with pytest.raises(meaning):
            a_feed(server, patience=patience_with(mood)).articles([AAPL], since=NOW - DAY, as_of=NOW)


def test_the_documented_form_is_read_without_markup_and_with_its_issue():
    first, second = (batch := parse_articles(payload("alpaca_news.json"))).articles
    assert first.headline == "Orchard Corp. raises its outlook & opens a second press"
    assert first.body == "Orchard Corp. (NASDAQ: AAPL) expects more.\nA second press opens in May."
    assert (first.symbols, first.source, first.article_id) == ((AAPL, "BTC/USD"), "benzinga", "alpaca-900001")
    assert (second.body, second.source, second.url) == ("Only a summary.", "alpaca", "")
    assert [issue.place for issue in batch.issues] == ["Alpaca item 3"]


@pytest.mark.parametrize(
    "raw", [None, [], {"news": None}, {"news": {}}, {}], ids=["null", "list", "none", "object", "empty"]
)
def test_an_answer_without_a_list_is_garbage(raw):
    with pytest.raises(DataQualityError):
        parse_articles(raw)


def test_recorded_articles_are_read():
    rows = [row["payload"] for row in recorded("payloads/alpaca/news.jsonl")]
    articles = [parse_article(raw) for row in rows for raw in row.get("news", [row])]
    assert len(articles) >= 6
    assert all(article.symbols and article.headline and "<" not in article.body for article in articles)
