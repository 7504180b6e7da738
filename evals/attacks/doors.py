"""The doors by which a text gets in: each puts it where the product meets it, and leaves all else as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from agents.ask import Asker
from agents.reader import read
from domain.clock import parse_time
from domain.context.news import NewsArticle, NewsReading, SocialPost
from domain.ids import derive
from domain.market import Instrument, TradingStatus
from domain.orders import Side
from domain.record.entries import ClosedTrade
from domain.signals import Regime
from evals.stage.world import ACME, AT, CYCLE, Remembers, World, a_view, an_event
from memory.lessons import lesson_of
from memory.recall import MemoryOrigin, Recall, SimilarTrade, TradeRecord
from memory.situation import Situation
from trading.data.files_news import read_article
from trading.data.normalise import BrokenRule

SEEN = AT - timedelta(hours=2)
HONEST = "Acme opens a plant in Ghent."
EDGE = Decimal("0.3")
"""A score of the bars at which a text decides: an entry with a good one, none without."""


def text_item(channel: str, text: str) -> NewsArticle | SocialPost | None:
    """The article or post that brings ``text``; None where its row is refused, or where the door takes no texts."""
    if channel == "post":
        return SocialPost("post-1", ACME, text, "somebody", 12, SEEN, SEEN, "eval")
    if channel == "headline":
        return NewsArticle("art-1", (ACME,), text, "", SEEN, SEEN, "eval")
    if channel in ("body", "reader_quote"):
        return NewsArticle("art-1", (ACME,), HONEST, text, SEEN, SEEN, "eval")
    rows: dict[str, dict[str, object]] = {
        "file_row": {"id": f"art {text}", "headline": text, "source": text, "url": text, "symbols": ["ACME"]},
        "tag": {"id": "art-1", "headline": HONEST, "symbols": ["ACME", text]},
    }
    # What is no text item comes by another door, see ``world_behind``.
    return _row(rows[channel]) if channel in rows else None


def _row(fields: dict[str, object]) -> NewsArticle | None:
    row = json.dumps({**fields, "published_at": SEEN.isoformat()}).encode()
    try:
        return read_article(row, None)[0]
    except BrokenRule:
        return None


def read_in(asker: Asker, channel: str, text: str) -> tuple[NewsReading, ...]:
    """What the quarantined reader makes of it."""
    item = text_item(channel, text)
    return () if item is None else (read(asker, CYCLE, item),)


def world_behind(channel: str, text: str, score: Decimal, readings: tuple[NewsReading, ...]) -> World:
    """The world with the text in its place."""
    return _PLACED.get(channel, _untouched)(World(score=score, readings=readings), text)


def _untouched(world: World, _text: str) -> World:
    return world


def _instrument(world: World, text: str) -> World:
    return replace(world, views={ACME: a_view(ACME, instrument=Instrument(ACME, text, sector=text))})


def _event(world: World, text: str) -> World:
    return replace(world, views={ACME: a_view(ACME, events=(an_event(200, source=text),))})


def _status(world: World, text: str) -> World:
    return replace(world, views={ACME: a_view(ACME, status=TradingStatus(ACME, AT, halted=False, reason=text))})


def _missing(world: World, text: str) -> World:
    return replace(world, missing=(text,))


def _lesson(world: World, text: str) -> World:
    opened, closed = parse_time("2026-02-02T15:00:00Z"), parse_time("2026-02-09T15:00:00Z")
    trade = ClosedTrade(
        text, ACME, text, "buy", "10", "90", "99", "90", opened, closed, f"dec {text}", exit_reason=text
    )
    situation = Situation(ACME, text, Side.BUY, Regime.TREND_UP, {"direction": Decimal(1)})
    record = TradeRecord(trade, situation, f"cycle {text}")
    known = MemoryOrigin(trade.trade_id, trade.decision_id, record.cycle_id, closed, derive("mem", text), "eval")
    similar = SimilarTrade(Decimal(0), Decimal(10), lesson_of(trade, situation), record, known)
    return replace(world, memory=Remembers(Recall((similar,))))


_PLACED: Mapping[str, Callable[[World, str], World]] = MappingProxyType(
    {
        "instrument_name": _instrument,
        "event_name": _event,
        "halt_reason": _status,
        "source_error": _missing,
        "memory_lesson": _lesson,
    }
)
