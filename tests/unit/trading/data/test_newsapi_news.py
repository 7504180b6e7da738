import json
from datetime import timedelta

import newsapi.newsapi_exception
import pytest

from domain.clock import FixedClock
from domain.errors import ConfigurationError, DataQualityError, SourceUnavailable
from domain.market import Symbol
from tests.builders.vendors import (
    AAPL,
    DAY,
    DRIPS,
    HELD,
    MSFT,
    NOW,
    PATIENT,
    RECORDED,
    a_newsapi_article,
    patience_with,
    payload,
)
from tests.servers.newsapi import KEY
from tests.servers.newsapi import newsapi as newsapi_server
from trading.data.newsapi_news import (
    LONGEST_QUERY,
    NewsApiConfig,
    NewsApiNews,
    parse_articles,
    queries,
    translated,
)

HOUR = timedelta(hours=1)
NAMES = {AAPL: ("Apple",), MSFT: ("Microsoft",)}


def a_feed(server, *, now=NOW + DAY, **changes):
    fields = {"key": KEY, "names": NAMES, "base_url": server.url, "patience": PATIENT}
    return NewsApiNews(NewsApiConfig(**(fields | changes)), FixedClock(now))


@pytest.mark.parametrize(
    ("at", "is_seen"),
    [(NOW - HOUR, True), (NOW, True), (NOW + HOUR, False), (NOW - DAY, False)],
    ids=["within", "at_as_of", "later", "at_since"],
)
def test_an_article_is_seen_from_its_publication_on(at, is_seen):
    with newsapi_server([a_newsapi_article(1, at)]) as server:
        found = a_feed(server).articles([AAPL], since=NOW - DAY, as_of=NOW)
    assert bool(found) is is_seen
    assert all(article.first_seen_at == at for article in found)


def test_the_search_goes_by_names_to_the_given_address_and_nowhere_else():
    with newsapi_server(
        [a_newsapi_article(1), a_newsapi_article(2, title="Pears", description="", content="")]
    ) as server:
        (article,) = a_feed(server).articles([MSFT, AAPL], since=NOW - 2 * DAY, as_of=NOW)
    assert article.symbols == (AAPL,)
    assert server.paths == ["/v2/everything"]
    assert server.requests[0].query == {
        "q": '"AAPL" OR "Apple" OR "MSFT" OR "Microsoft"', "from": "2026-03-15T15:00:00", "to": "2026-03-17T15:00:00",
        "language": "en", "sortBy": "publishedAt", "pageSize": "100",
    }  # fmt: skip


def test_nothing_is_asked_for_no_symbols_or_no_time():
    with newsapi_server() as server:
        feed = a_feed(server)
        assert feed.articles([], since=NOW - DAY, as_of=NOW) == ()
        assert feed.articles([AAPL], since=NOW, as_of=NOW) == ()
    assert server.requests == []


def test_many_names_become_several_questions_that_fit():
    names = {Symbol(f"SYM{number}"): (f"A rather long name of company {number}",) for number in range(40)}
    found = list(queries(names))
    assert len(found) > 1
    assert max(len(query) for query in found) <= LONGEST_QUERY
    assert " OR ".join(found).count('"') == 80


def test_a_name_with_quotes_cannot_change_the_question():
    assert list(queries({AAPL: ('x" OR "y',)})) == ['"x OR y"']


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        ((401, "apiKeyInvalid"), ConfigurationError),
        ((401, "apiKeyMissing"), ConfigurationError),
        ((400, "apiKeyDisabled"), ConfigurationError),
        ((429, "rateLimited"), SourceUnavailable),
        ((429, "apiKeyExhausted"), SourceUnavailable),
        ((400, "parameterInvalid"), DataQualityError),
        ((426, "maximumResultsReached"), DataQualityError),
        ((500, "unexpectedError"), SourceUnavailable),
        ((400, "<b>odd</b>"), SourceUnavailable),
    ],
    ids=lambda error: error[1] if isinstance(error, tuple) else "",
)
def test_every_code_of_newsapi_has_a_meaning(error, meaning):
    with newsapi_server(error=error) as server, pytest.raises(meaning) as caught:
        a_feed(server).articles([AAPL], since=NOW - DAY, as_of=NOW)
    assert KEY not in str(caught.value)
    assert "<b>" not in str(caught.value)


@pytest.mark.parametrize("mood", DRIPS)
def test_a_server_that_drips_is_left_although_it_is_never_silent(mood):
    with newsapi_server() as server:
        server.mood = mood
        with pytest.raises(SourceUnavailable, match="ReadTimeout"):
            a_feed(server, patience=HELD).articles([AAPL], since=NOW - DAY, as_of=NOW)


@pytest.mark.parametrize(
    ("mood", "meaning"),
    [(401, ConfigurationError), (429, SourceUnavailable), (500, SourceUnavailable), ("hang", SourceUnavailable),
     ("garbage", DataQualityError), ("empty", DataQualityError), ("deep", DataQualityError)],
)  # fmt: skip
def test_every_way_to_fail_has_an_error_of_ours(mood, meaning):
    with newsapi_server() as server:
        server.mood = mood
        with pytest.raises(meaning):
            a_feed(server, patience=patience_with(mood)).articles([AAPL], since=NOW - DAY, as_of=NOW)


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ({"status": "error", "code": "apiKeyInvalid"}, ConfigurationError),
        ({"status": "error", "code": "rateLimited"}, SourceUnavailable),
        ({"status": "error", "code": "sourcesTooMany"}, DataQualityError),
        ({}, SourceUnavailable),
        ([], SourceUnavailable),
        (None, SourceUnavailable),
    ],
)
def test_its_own_exception_is_read_by_its_code_alone(body, meaning):
    assert type(translated(newsapi.newsapi_exception.NewsAPIException(body))) is meaning


def test_newsapi_python_has_no_other_exception():
    found = {name for name, each in vars(newsapi.newsapi_exception).items() if isinstance(each, type)}
    assert found == {"NewsAPIException"}


def test_a_missing_key_stops_the_start_and_a_key_is_in_no_representation():
    with newsapi_server() as server, pytest.raises(ConfigurationError, match="NEWSAPI_KEY"):
        a_feed(server, key="")
    assert KEY not in repr(NewsApiConfig(KEY))


def test_an_address_that_is_none_is_a_setting_to_correct():
    with newsapi_server() as server, pytest.raises(ConfigurationError, match="NEWSAPI_BASE_URL"):
        a_feed(server, base_url="nowhere").articles([AAPL], since=NOW - DAY, as_of=NOW)


def test_the_documented_form_is_read_and_removed_articles_are_left_out():
    batch = parse_articles(payload("newsapi_everything.json"), NAMES)
    first, second = batch.articles
    assert first.headline == "Apple's second press opens (AAPL)"
    assert first.body == "A press opens in May. It is the second one… [+1234 chars]"
    assert (first.symbols, first.source) == ((AAPL,), "Orchard Gazette")
    assert second.symbols == ()
    assert len(batch.issues) == 1


def test_a_recorded_answer_is_read():
    file = RECORDED / "payloads/newsapi/everything_2020-02-08_excerpt.json"
    if not file.exists():
        pytest.skip(f"{file} is not there: real payloads are not part of the repository")
    batch = parse_articles(json.loads(file.read_text(encoding="utf-8")), {Symbol("GOOG"): ("GOOG", "Google")})
    assert (len(batch.articles), batch.issues) == (10, ())
    assert any(article.symbols for article in batch.articles)
