"""News from RSS and Atom feeds: fetched with a timeout and a size limit, read by feedparser.

- A feed tags nothing with symbols: an item is about every symbol of which a name stands in it (``mentioned``).
- An item without a time cannot be placed before or after a decision: it is left out and the log says so. A time
  without zone counts as UTC.
- A feed holds its newest items only; a question about the past finds what is still listed.
- What is broken but readable is read; what is no feed at all (a login page, half a document) is an error.
"""

from __future__ import annotations

import io
import logging
from calendar import timegm
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from domain.context.news import NewsArticle, SocialPost
from domain.errors import ConfigurationError, DataQualityError, OversightError
from domain.ids import derive
from domain.market import Symbol
from domain.ports import Clock
from trading.data.normalise import BrokenRule, Rule
from trading.data.vendors.news_text import (
    Batch,
    Names,
    Sightings,
    kept,
    known_names,
    mentioned,
    plain_text,
    shown,
    sort_out,
)
from trading.data.vendors.wire import MISREAD, Patience, Vendor, bounded_session

if TYPE_CHECKING:
    from requests import Session

T = TypeVar("T")
SOURCE = "rss"
FEED_PATIENCE = Patience(largest_bytes=4_000_000)
"""What is read of a feed is memory that a stranger chooses; long ones have half a million bytes."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RssConfig:
    """Feeds by the name they go by in evidence, the names of companies, and the limits of one download."""

    feeds: Mapping[str, str]
    names: Names = field(default_factory=dict)
    patience: Patience = FEED_PATIENCE


def vendor(feed: str) -> Vendor:
    """A feed as messages call it: by its name, for addresses of feeds may hold a key."""
    return Vendor(f"the feed {feed}", address="its address")


def download(session: Session, url: str, feed: str) -> bytes:
    """The body of a feed, decompressed; too large or too slow is an error before it is read to the end."""
    response = session.get(url, headers={"User-Agent": "sage-oversight", "Accept": "*/*"})
    if response.status_code != 200:
        raise vendor(feed).refusal(response.status_code)
    return response.content


def parse_feed(body: bytes, feed: str, names: Names) -> Batch:
    """All items of a feed. The body goes in as a stream: feedparser opens files and addresses named by a string."""
    import feedparser

    # feedparser's sanitiser is off because ``plain_text`` takes all markup away, and relative links have no base here.
    parsed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    if not parsed.version and not parsed.entries:
        raise DataQualityError(f"{feed} is no RSS or Atom feed", "Open its address and look.")
    # ``bozo`` alone is no reason: most feeds that are not well-formed are still read completely.
    if parsed.bozo and not parsed.entries:
        raise DataQualityError(f"{feed} is broken ({type(parsed.bozo_exception).__name__})", "Look at the source.")
    return sort_out(parsed.entries, partial(parse_entry, feed=feed, names=names), feed)


def parse_entry(entry: dict[str, Any], feed: str, names: Names) -> NewsArticle:
    """One item; refused without a time or without any words."""
    headline, body = plain_text(entry.get("title")), _longest_text(entry)
    published_at, changed_at = _times(entry)
    if not headline and not body:
        raise BrokenRule(Rule.MALFORMED, "no words")
    link = str(entry.get("link") or "")
    return NewsArticle(
        # Without the time: an item that was changed is the same item, and its last form takes the place of the earlier
        # one.
        article_id=derive(SOURCE, feed, str(entry.get("id") or link or headline)),
        symbols=mentioned(f"{headline}\n{body}", names),
        headline=headline,
        body=body,
        published_at=published_at,
        first_seen_at=changed_at,
        source=feed,
        url=link,
    )


def _longest_text(entry: dict[str, Any]) -> str:
    contents = [item.get("value") for item in entry.get("content") or ()]
    return max((plain_text(text) for text in (entry.get("summary"), *contents)), key=len)


def _times(entry: dict[str, Any]) -> tuple[datetime, datetime]:
    """When it appeared and when it was last changed; Atom asks for the change alone, which then stands for both."""
    # ``dict.get``: feedparser's own mapping answers ``updated_parsed`` with ``published_parsed`` where only that is
    # there.
    stamps = (dict.get(entry, name) for name in ("published_parsed", "created_parsed", "updated_parsed"))
    times = [datetime.fromtimestamp(timegm(stamp), UTC) for stamp in stamps if stamp is not None]
    if not times:
        raise BrokenRule(Rule.TIME, "none that can be read")
    return times[0], max(times)


def ask(question: Callable[[], T], feed: str) -> T:
    """Ask, read the answer, and translate whatever requests, feedparser or a strange answer raises."""
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        return question()
    except (RequestException, HTTPError, *MISREAD) as error:
        raise translated(error, feed) from error


def translated(error: Exception, feed: str) -> OversightError:
    """The error of ours for one of requests, urllib3, or of reading an answer."""
    return vendor(feed).failure(error)


class RssNews:
    """The ``NewsFeed`` port over any number of feeds. One that is away does not silence the others."""

    def __init__(self, config: RssConfig, clock: Clock) -> None:
        for feed, url in config.feeds.items():
            # requests would refuse another scheme too, but only at the first cycle and for each feed anew.
            if urlsplit(url).scheme not in ("http", "https"):
                raise ConfigurationError(f"the address of the feed {feed} is no web address", "Start it with https://.")
        if not config.feeds:
            raise ConfigurationError("no feed is named", "Name at least one RSS or Atom feed.")
        self._config = config
        self._session = bounded_session(config.patience)
        self._sightings = Sightings(clock)

    @property
    def name(self) -> str:
        """``rss``."""
        return SOURCE

    def articles(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[NewsArticle, ...]:
        """Items first seen in (since, as_of] that name one of ``symbols``, oldest first."""
        names = known_names(symbols, self._config.names)
        if not names or since >= as_of:
            return ()
        return shown(
            (
                self._sightings.dated(each, as_of)
                for each in self._items(names)
                if each.symbols and each.published_at <= as_of
            ),
            since=since,
            as_of=as_of,
        )

    def posts(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[SocialPost, ...]:
        """Feeds have no posts."""
        return ()

    def _items(self, names: Names) -> Iterator[NewsArticle]:
        """Items of all feeds that answer; raises what the last one said when none does."""
        failures: list[OversightError] = []
        for feed, url in self._config.feeds.items():
            try:
                yield from kept(ask(partial(self._read, feed, url, names), feed), feed)
            except OversightError as error:
                _log.warning("%s", error)
                failures.append(error)
        if len(failures) == len(self._config.feeds):
            raise failures[-1]

    def _read(self, feed: str, url: str, names: Names) -> Batch:
        return parse_feed(download(self._session, url, feed), feed, names)
