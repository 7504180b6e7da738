import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.clock import FixedClock, parse_time
from domain.errors import ConfigurationError, DataQualityError, SourceUnavailable
from tests.builders.vendors import (
    AAPL,
    DAY,
    DRIPS,
    HELD,
    MSFT,
    NOW,
    PATIENT,
    PAYLOADS,
    RECORDED,
    an_rss_feed,
    an_rss_item,
    patience_with,
)
from tests.servers.rss import feeds
from trading.data.rss_news import RssConfig, RssNews, parse_feed

HOUR = timedelta(hours=1)
NAMES = {AAPL: ("AAPL", "Apple"), MSFT: ("MSFT", "Microsoft")}
MALFORMED = RECORDED / "news/rss_feeds_malformed"
BOMB = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<rss version="2.0"><channel><item><title>Apple &d;</title><pubDate>Mon, 16 Mar 2026 12:00:00 GMT</pubDate></item>
</channel></rss>"""


def a_feed(server, *paths, now=NOW + DAY, **changes):
    fields: dict[str, Any] = {
        "feeds": {path.strip("/"): server.url + path for path in paths or ("/a",)},
        "names": NAMES,
        "patience": PATIENT,
    }
    return RssNews(RssConfig(**(fields | changes)), FixedClock(now))


@pytest.mark.parametrize(
    ("at", "is_seen"),
    [(NOW - HOUR, True), (NOW, True), (NOW + HOUR, False), (NOW - DAY, False), (None, False)],
    ids=["within", "at_as_of", "later", "at_since", "undated"],
)
def test_an_item_is_seen_from_its_publication_on(at, is_seen):
    body = an_rss_feed(an_rss_item(1, at), an_rss_item(2, NOW - 2 * DAY))
    with feeds({"/a": body}) as server:
        found = a_feed(server).articles([AAPL], since=NOW - DAY, as_of=NOW)
    assert bool(found) is is_seen


def test_only_items_that_name_an_asked_company_come_with_the_companies_they_name():
    body = an_rss_feed(
        an_rss_item(1, title="Apple and Microsoft press on"),
        an_rss_item(2, title="Pineapples"),
        an_rss_item(3, title="Harvest", text="says MSFT"),
    )
    with feeds({"/a": body}) as server:
        found = a_feed(server).articles([MSFT, AAPL], since=NOW - 2 * DAY, as_of=NOW)
    assert {article.headline: article.symbols for article in found} == {
        "Apple and Microsoft press on": (AAPL, MSFT),
        "Harvest": (MSFT,),
    }


def test_nothing_is_asked_for_no_symbols_or_no_time():
    with feeds({"/a": an_rss_feed(an_rss_item())}) as server:
        feed = a_feed(server)
        assert feed.articles([], since=NOW - DAY, as_of=NOW) == ()
        assert feed.articles([AAPL], since=NOW, as_of=NOW) == ()
    assert server.requests == []


def test_a_feed_that_is_away_does_not_silence_the_others(caplog):
    with feeds({"/good": an_rss_feed(an_rss_item())}) as server, caplog.at_level(logging.WARNING):
        found = a_feed(server, "/missing", "/good").articles([AAPL], since=NOW - 2 * DAY, as_of=NOW)
    assert [article.source for article in found] == ["good"]
    assert "the feed missing does not answer this question (HTTP 404)" in caplog.text


@pytest.mark.parametrize(
    ("mood", "meaning"),
    [(401, SourceUnavailable), (404, DataQualityError), (429, SourceUnavailable), (500, SourceUnavailable),
     ("hang", SourceUnavailable), ("garbage", DataQualityError), ("empty", DataQualityError)],
)  # fmt: skip
def test_every_way_to_fail_has_an_error_of_ours_that_does_not_tell_the_address(mood, meaning):
    with feeds({}) as server:
        server.mood = mood
        with pytest.raises(meaning) as caught:
            a_feed(server, "/a?token=hidden", patience=patience_with(mood)).articles([AAPL], since=NOW - DAY, as_of=NOW)
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "meaning"),
    [({"largest_bytes": 100}, DataQualityError), ({"whole_s": 0.0}, SourceUnavailable)],
    ids=["too_large", "too_slow"],
)
def test_a_download_is_bounded(changes, meaning):
    with feeds({"/a": an_rss_feed(an_rss_item())}) as server, pytest.raises(meaning):
        a_feed(server, patience=replace(PATIENT, **changes)).articles([AAPL], since=NOW - DAY, as_of=NOW)


@pytest.mark.parametrize("mood", DRIPS)
def test_a_server_that_drips_is_left_although_it_is_never_silent(mood):
    with feeds({}) as server:
        server.mood = mood
        with pytest.raises(SourceUnavailable, match="ReadTimeout"):
            a_feed(server, patience=HELD).articles([AAPL], since=NOW - DAY, as_of=NOW)


@pytest.mark.parametrize(
    "addresses",
    [{}, {"a": "file:///etc/passwd"}, {"a": "/etc/passwd"}, {"a": ""}],
    ids=["none", "file", "path", "blank"],
)
def test_only_web_addresses_are_feeds(addresses):
    with pytest.raises(ConfigurationError):
        RssNews(RssConfig(addresses), FixedClock(NOW))


def test_a_body_that_names_a_file_is_not_opened(tmp_path):
    secret = tmp_path / "feed.xml"
    secret.write_bytes(an_rss_feed(an_rss_item()))
    with pytest.raises(DataQualityError, match="no RSS or Atom feed"):
        parse_feed(str(secret).encode(), "a", NAMES)


def test_entities_do_not_grow_without_end():
    batch = parse_feed(BOMB, "a", NAMES)
    assert all(len(article.headline) < 20_000 for article in batch.articles)


def test_rss_is_read_with_its_longest_text_and_without_markup():
    batch = parse_feed((PAYLOADS / "feed_rss.xml").read_bytes(), "gazette", NAMES)
    (article,) = batch.articles
    assert (article.headline, article.body) == ("Apple's second press opens", "The press opens in May.")
    assert (article.symbols, article.source, article.url) == ((AAPL,), "gazette", "https://news.example/press")
    assert article.published_at == parse_time("2026-03-16T12:00:00Z")
    assert [str(issue) for issue in batch.issues] == [
        "gazette item 2: not a time: none that can be read",
        "gazette item 3: not a time: none that can be read",
    ]


def test_atom_counts_as_seen_from_its_last_change_on():
    first, second = parse_feed((PAYLOADS / "feed_atom.xml").read_bytes(), "gazette", NAMES).articles
    assert (first.published_at, first.first_seen_at) == (
        parse_time("2026-03-16T12:00:00Z"),
        parse_time("2026-03-16T13:00:00Z"),
    )
    assert second.published_at == second.first_seen_at == parse_time("2026-03-16T10:30:00Z")


def test_what_is_broken_but_readable_is_read():
    batch = parse_feed((PAYLOADS / "feed_broken.xml").read_bytes(), "gazette", NAMES)
    assert [article.headline for article in batch.articles] == ["Apple & pears, unescaped"]


def test_an_item_has_the_same_id_at_every_reading():
    once, again = (parse_feed(an_rss_feed(an_rss_item()), "a", NAMES).articles[0] for _ in range(2))
    assert once == again
    assert parse_feed(an_rss_feed(an_rss_item()), "b", NAMES).articles[0].article_id != once.article_id


@pytest.mark.skipif(not MALFORMED.exists(), reason=f"{MALFORMED} is not there: real feeds are not in the repository")
@pytest.mark.parametrize("file", sorted(MALFORMED.glob("*.xml")), ids=lambda file: file.stem)
def test_a_malformed_feed_yields_nothing_undated_and_breaks_nothing(file):
    try:
        batch = parse_feed(file.read_bytes(), "a", NAMES)
    except DataQualityError:
        return
    assert batch.articles == ()


def test_wellformed_feeds_are_read():
    files = sorted((RECORDED / "news/rss_feeds_wellformed").glob("*.xml"))
    if not files:
        pytest.skip(f"{RECORDED} is not there: real feeds are not part of the repository")
    batches = [parse_feed(file.read_bytes(), file.stem, NAMES) for file in files]
    assert sum(len(batch.articles) + len(batch.issues) for batch in batches) >= 25


def test_recorded_items_of_many_publishers_are_read():
    files = sorted((RECORDED / "news/rss_parsed").glob("*.jsonc"))
    if not files:
        pytest.skip(f"{RECORDED} is not there: real feeds are not part of the repository")
    items = [item for file in files for item in json.loads(file.read_text(encoding="utf-8")) if item.get("pubDate")]
    body = an_rss_feed(*(as_xml(item) for item in items))
    batch = parse_feed(body, "a", NAMES)
    assert len(batch.articles) + len(batch.issues) == len(items)
    assert len(batch.articles) > 0.95 * len(items)


def as_xml(item):
    parts = {name: item.get(name) for name in ("title", "description", "pubDate", "guid")}
    cdata = {name: str(text).replace("]]>", "") for name, text in parts.items() if text}
    return "<item>" + "".join(f"<{name}><![CDATA[{text}]]></{name}>" for name, text in cdata.items()) + "</item>"
