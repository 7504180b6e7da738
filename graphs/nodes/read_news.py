"""The quarantine: every new text is read once, alone, by a role without tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

from agents.reader import read, was_read
from domain.context.news import NewsArticle, NewsReading, SocialPost
from domain.errors import ConfigurationError, DataQualityError, RetryableError
from domain.ids import CycleId
from domain.market import Symbol
from graphs.deps import CycleDeps
from graphs.state import CycleNode, CycleState

MOST_TEXTS = 12
"""Texts read of one symbol in a cycle; older ones of a busy day are left for nobody."""


def read_news(deps: CycleDeps) -> CycleNode:
    """Fetch the texts of the window and read those that nobody has read yet, several at once."""

    def node(state: CycleState) -> dict[str, Any]:
        return {"degraded": read_texts(deps, state["cycle_id"], state["symbols"], state["as_of"])}

    return node


def read_texts(deps: CycleDeps, cycle_id: CycleId, symbols: Sequence[Symbol], as_of: datetime) -> list[str]:
    """Have read what nobody has read yet, in the name of a cycle; the answer is what could not be."""
    try:
        texts = new_texts(deps, symbols, as_of)
    except (RetryableError, DataQualityError, ConfigurationError) as error:  # exits go on without any text
        return [f"news: {error}"]
    unread = deps.stores.news.save_items(texts)
    with ThreadPoolExecutor(max_workers=deps.rules.in_work) as pool:
        readings = list(pool.map(partial(read, deps.asker, cycle_id), unread))
    with deps.stores.database.transaction():  # one wait for the disk, however many texts there are
        for reading in filter(was_read, readings):
            deps.stores.news.save_reading(reading)
    return unread_reasons(readings)


def new_texts(deps: CycleDeps, symbols: Sequence[Symbol], as_of: datetime) -> tuple[NewsArticle | SocialPost, ...]:
    """Articles and posts that could be seen in the window before ``as_of``."""
    if deps.news is None:
        return ()
    since = as_of - deps.rules.news_window
    articles = deps.news.articles(symbols, since=since, as_of=as_of)
    told: tuple[NewsArticle | SocialPost, ...] = (*articles, *deps.news.posts(symbols, since=since, as_of=as_of))
    # A feed that tells what comes must not have it read: nobody could know it at this moment.
    return newest(tuple(text for text in told if text.first_seen_at <= as_of))


def newest(texts: Sequence[NewsArticle | SocialPost]) -> tuple[NewsArticle | SocialPost, ...]:
    """At most so many texts a symbol, the newest: whoever floods a feed must not use up what the roles need."""
    count: Counter[Symbol] = Counter()
    kept: set[int] = set()
    # By their time: articles and posts come one kind after the other, and many of the last must not hide newer others.
    for place, text in sorted(enumerate(texts), key=lambda each: (each[1].first_seen_at, each[0]), reverse=True):
        if any(count[symbol] < MOST_TEXTS for symbol in text.symbols):
            count.update(text.symbols)
            kept.add(place)
    return tuple(text for place, text in enumerate(texts) if place in kept)


def unread_reasons(readings: Sequence[NewsReading]) -> list[str]:
    """One line for all texts that could not be read, by reason."""
    failed = [reading.model for reading in readings if not was_read(reading)]
    return [f"reader: {failed.count(reason)} texts {reason}" for reason in sorted(set(failed))]
