"""From a vendor's text to an article: markup taken off, companies found by name, the moment of its first sight.

The words themselves are left as they came: the quarantined reader judges them, and every face escapes them.
"""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from html.parser import HTMLParser
from typing import NamedTuple, TypeVar

from domain.context.news import NewsArticle
from domain.errors import DataQualityError
from domain.market import Symbol, parse_symbol
from domain.ports import Clock
from trading.data.normalise import BrokenRule, Issue, Rule, described
from trading.data.vendors.wire import MISREAD

T = TypeVar("T")

LONGEST = 50_000
"""Characters of markup that are read; the rest of a longer text is left out."""

LIVE = timedelta(minutes=15)
"""Up to this age of ``as_of`` a feed counts as asked about the present."""

_BLOCKS = {"article", "blockquote", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "p", "section", "td", "tr"}
# The parser hands their content out as data, though no reader sees it.
_UNSEEN = {"script", "style"}
_REMEMBERED = 20_000
_LONGEST_ISSUE = 200
_log = logging.getLogger(__name__)

Names = Mapping[Symbol, Sequence[str]]
"""Words by which texts call a company, beside its ticker: ``{"AAPL": ("Apple", "Apple Inc")}``."""


class _Words(HTMLParser):
    """Collects what a reader would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        # Never below nothing: a stray end tag would make the next script visible.
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)


def plain_text(markup: object) -> str:
    """The words of a piece of HTML, one line a block; empty for what is not text. Scripts and comments go."""
    if not isinstance(markup, str):
        return ""
    words = _Words()
    # Cut before parsing: the parser's time, not only the result, has to be bounded.
    words.feed(markup[:LONGEST])
    words.close()
    return re.sub(r"[ \t\r]*\n\s*", "\n", "".join(words.pieces)).strip()


def known_names(symbols: Iterable[Symbol], names: Names) -> dict[Symbol, tuple[str, ...]]:
    """What to look for: the names given for each symbol, and its ticker; tickers of one or two letters as ``$F``."""
    return {
        symbol: (symbol if len(symbol) > 2 else f"${symbol}", *names.get(symbol, ())) for symbol in sorted(set(symbols))
    }


def mentioned(text: str, names: Names) -> tuple[Symbol, ...]:
    """Symbols of which a name stands in ``text`` as whole words, in the same case: ``Apple's`` yes, ``apples`` no."""
    return tuple(sorted(symbol for symbol, words in names.items() if words and _whole_words(tuple(words)).search(text)))


@lru_cache(maxsize=1024)
def _whole_words(words: tuple[str, ...]) -> re.Pattern[str]:
    # Not ``\b``: it finds no edge before the dollar sign of ``$F``.
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(word) for word in words)})(?!\w)")


def tickers(raw: object) -> tuple[Symbol, ...]:
    """The symbols a vendor tagged a text with, sorted; what is no ticker of ours is left out."""
    found = set()
    for name in raw if isinstance(raw, list) else ():
        try:
            found.add(parse_symbol(name))
        except DataQualityError:
            continue
    return tuple(sorted(found))


class Batch(NamedTuple):
    """What could be read of an answer, and what could not."""

    articles: tuple[NewsArticle, ...]
    issues: tuple[Issue, ...]


def sort_out(items: Iterable[T], parse: Callable[[T], NewsArticle], source: str) -> Batch:
    """Read each item alone, so that a broken one does not cost the others; it is left out with the reason."""
    articles, issues = [], []
    for number, item in enumerate(items, 1):
        place = f"{source} item {number}"
        try:
            articles.append(parse(item))
        except BrokenRule as refused:
            issues.append(refused.at(place))
        except DataQualityError as error:
            issues.append(Issue(Rule.MALFORMED, place, error.what[:_LONGEST_ISSUE]))
        except MISREAD as error:
            issues.append(Issue(Rule.MALFORMED, place, type(error).__name__))
    return Batch(tuple(articles), tuple(issues))


def kept(batch: Batch, source: str) -> tuple[NewsArticle, ...]:
    """The articles; what was left out goes to the log, and an answer of which nothing could be read is an error."""
    for line in described(batch.issues):
        _log.warning("news of %s: %s", source, line)
    if batch.issues and not batch.articles:
        raise DataQualityError(f"nothing {source} sent can be read: {batch.issues[0]}", "Look at the source.")
    return batch.articles


class Sightings:
    """When a feed first showed an article: the time of asking for the present, the vendor's word for the past.

    A vendor that lists an article late would otherwise pretend that we knew it when it was published. The memory is
    that of one process; stored articles keep the time they were stored with.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, datetime] = {}

    def dated(self, article: NewsArticle, as_of: datetime) -> NewsArticle:
        """The article with the ``first_seen_at`` that holds here; it comes with the one its vendor tells."""
        now = self._clock.now()
        # Of the past nobody here knows when it was first shown; the vendor's word is all there is.
        if now - as_of > LIVE:
            return article
        # Popped and put back behind the others, so that what is dropped below is what was not shown for the longest
        # time.
        earliest = min(self._seen.pop(article.article_id, as_of), as_of, now)
        seen = self._seen[article.article_id] = max(article.first_seen_at, earliest)
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return dataclasses.replace(article, first_seen_at=seen)


def shown(articles: Iterable[NewsArticle], *, since: datetime, as_of: datetime) -> tuple[NewsArticle, ...]:
    """The articles first seen in (since, as_of] and published by then, oldest first, each id once."""
    # By id: two queries, or two pages, may bring the same article.
    known = {
        article.article_id: article
        for article in articles
        if since < article.first_seen_at <= as_of and article.published_at <= as_of
    }
    return tuple(sorted(known.values(), key=lambda each: (each.first_seen_at, each.published_at, each.article_id)))
