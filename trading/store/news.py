"""Texts and what the quarantined reader made of them, each content once, answered point in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from domain.context.news import NewsArticle, NewsReading, SocialPost
from domain.market import Symbol
from domain.record.canonical import restore
from trading.store.database import Database
from trading.store.tables import news_items, news_readings, news_symbols

Text = NewsArticle | SocialPost


class NewsStore:
    """Originals for the audit, readings for the cycle."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_items(self, items: Sequence[Text]) -> tuple[Text, ...]:
        """Store texts whose content is new; the answer are those that nobody has read yet, each content once."""
        contents: dict[str, Text] = {}
        for item in items:
            contents.setdefault(item.digest, item)
        with self._database.transaction() as connection:
            stored, read = (
                set(connection.execute(select(column).where(column.in_(contents))).scalars())
                for column in (news_items.c.content_digest, news_readings.c.content_digest)
            )
            for content, item in contents.items():
                if content not in stored:
                    _insert(connection, content, item)
        return tuple(item for content, item in contents.items() if content not in read)

    def save_reading(self, reading: NewsReading) -> NewsReading:
        """Store what was read out of a stored text; a second reading of the same content changes nothing."""
        with self._database.transaction() as connection:
            # Looked up under the write lock: where two have read one text, the first reading is everybody's.
            stored = self.reading(reading.content_digest)
            if stored is not None:
                return stored
            connection.execute(
                news_readings.insert().values(
                    content_digest=reading.content_digest, available_at=reading.available_at, body=reading
                )
            )
        return reading

    def reading(self, content_digest: str) -> NewsReading | None:
        """The reading of that content, or None."""
        query = select(news_readings.c.body).where(news_readings.c.content_digest == content_digest)
        with self._database.reading() as connection:
            body = connection.execute(query).scalar_one_or_none()
        return None if body is None else restore(NewsReading, body)

    def readings_by_symbol(
        self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime
    ) -> dict[Symbol, tuple[NewsReading, ...]]:
        """For each of ``symbols`` the readings of texts tagged with it, available in (since, as_of], oldest first."""
        query = (
            select(news_symbols.c.symbol, news_readings.c.content_digest, news_readings.c.body)
            .join(news_readings, news_readings.c.content_digest == news_symbols.c.content_digest)
            .where(news_symbols.c.symbol.in_(symbols))
            .where(news_readings.c.available_at > since, news_readings.c.available_at <= as_of)
            .order_by(news_readings.c.available_at, news_readings.c.content_digest)
        )
        found: dict[Symbol, list[NewsReading]] = {symbol: [] for symbol in symbols}
        restored: dict[str, NewsReading] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                if row.content_digest not in restored:
                    restored[row.content_digest] = restore(NewsReading, row.body)
                found[row.symbol].append(restored[row.content_digest])
        return {symbol: tuple(readings) for symbol, readings in found.items()}


def _insert(connection: Connection, content: str, item: Text) -> None:
    kind = "post" if isinstance(item, SocialPost) else "article"
    connection.execute(
        news_items.insert().values(content_digest=content, kind=kind, first_seen_at=item.first_seen_at, body=item)
    )
    rows = [{"symbol": symbol, "content_digest": content} for symbol in sorted(set(item.symbols))]
    if rows:
        connection.execute(news_symbols.insert(), rows)
