"""News from Alpaca (Benzinga's, tagged with symbols by the vendor) through alpaca-py.

An article may be rewritten after it appeared, and only its last form is kept. So it counts as available from its last
change on, and an ``as_of`` before that does not see it: better a missing article than one from the future.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.clock import parse_time
from domain.context.news import NewsArticle, SocialPost
from domain.market import Symbol
from domain.ports import Clock
from trading.data.vendors.alpaca import ALPACA, AlpacaConfig, ask, news_client
from trading.data.vendors.news_text import Batch, Sightings, kept, plain_text, shown, sort_out, tickers

SOURCE = "alpaca"
MOST = 500
"""Articles read for one question, newest first; older ones are left out, and the log says so."""

_log = logging.getLogger(__name__)


def parse_article(raw: Mapping[str, Any]) -> NewsArticle:
    """An article; ``first_seen_at`` is its last change. Body is the content, or the summary where there is none."""
    published_at = parse_time(raw["created_at"], name="created_at")
    return NewsArticle(
        article_id=f"{SOURCE}-{int(raw['id'])}",
        symbols=tickers(raw.get("symbols")),
        headline=plain_text(raw["headline"]),
        body=plain_text(raw.get("content")) or plain_text(raw.get("summary")),
        published_at=published_at,
        first_seen_at=max(published_at, parse_time(raw.get("updated_at") or raw["created_at"], name="updated_at")),
        source=str(raw.get("source") or SOURCE),
        url=str(raw.get("url") or ""),
    )


def parse_articles(raw: object) -> Batch:
    """All articles of an answer ``{"news": [...]}``."""
    if not isinstance(raw, dict) or not isinstance(raw.get("news"), list):
        raise ALPACA.garbage("no list of news")
    return sort_out(raw["news"], parse_article, ALPACA.name)


class AlpacaNews:
    """The ``NewsFeed`` port over Alpaca's news."""

    def __init__(self, config: AlpacaConfig, clock: Clock) -> None:
        self._client = news_client(config)
        self._sightings = Sightings(clock)

    @property
    def name(self) -> str:
        """``alpaca``."""
        return SOURCE

    def articles(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[NewsArticle, ...]:
        """Articles first seen in (since, as_of] that the vendor tagged with one of ``symbols``, oldest first."""
        from alpaca.data.requests import NewsRequest

        if not symbols or since >= as_of:
            return ()
        request = NewsRequest(
            symbols=",".join(sorted(symbols)), start=since, end=as_of, sort="desc", limit=MOST, include_content=True
        )
        found = kept(ask(lambda: parse_articles(self._client.get_news(request))), ALPACA.name)
        # alpaca-py follows the pages up to ``limit`` and does not tell whether there was more.
        if len(found) >= MOST:
            _log.warning("Alpaca has more than %d articles since %s; the oldest are left out", MOST, since.isoformat())
        return shown(
            (self._sightings.dated(each, as_of) for each in found if not set(symbols).isdisjoint(each.symbols)),
            since=since,
            as_of=as_of,
        )

    def posts(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[SocialPost, ...]:
        """Alpaca has no posts."""
        return ()
