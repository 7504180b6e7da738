"""The quarantined news reader: one text in, a closed form out; it has no tools and nobody else sees the text.

Whatever the model says is checked against the source: symbols must be ones the source itself was tagged with, and every
event must quote a passage that stands in the text. What cannot be checked is dropped. A reader that fails leaves a
reading without events, so the text counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from agents.ask import Asker
from agents.llm import UNANSWERED, reason_of
from agents.outputs import EventOutput, ReaderOutput
from agents.quarantine import CleanText, addresses_machines, clean
from agents.slots import encode
from domain.context.news import NewsArticle, NewsEvent, NewsReading, SocialPost, Strength, Topic
from domain.ids import CycleId
from domain.market import Symbol
from tools.tool import Tool

TOOLS: tuple[Tool, ...] = ()
"""None, on purpose."""

_UNREAD = "unread:"


def read(asker: Asker, cycle_id: CycleId, item: NewsArticle | SocialPost) -> NewsReading:
    """Read one text once; never raises for a model that fails."""
    text = clean(item.text)
    unread = _blank(item, text)
    variables = {"symbols": encode(sorted(item.symbols)), "text": encode(text.text)}
    try:
        answer = asker.ask("reader", item.digest, cycle_id, variables, _reading_from(unread, item.symbols, text))
    except UNANSWERED as error:
        return replace(unread, model=f"{_UNREAD}{reason_of(error)}")
    return answer.value


def was_read(reading: NewsReading) -> bool:
    """False for a reading that only says why there is none: the text should be read again in a later cycle."""
    return not reading.model.startswith(_UNREAD)


def _blank(item: NewsArticle | SocialPost, text: CleanText) -> NewsReading:
    social = isinstance(item, SocialPost)
    return NewsReading(
        content_digest=item.digest,
        item_id=item.post_id if isinstance(item, SocialPost) else item.article_id,
        published_at=item.published_at,
        available_at=item.first_seen_at,
        events=(),
        suspicious=text.hidden or addresses_machines(text.text),
        social=social,
        model="",
    )


def _reading_from(
    unread: NewsReading, symbols: tuple[Symbol, ...], text: CleanText
) -> Callable[[ReaderOutput, str, bool], NewsReading]:
    def reading(output: ReaderOutput, source: str, repaired: bool) -> NewsReading:
        found = (_event(event, symbols, text) for event in output.events)
        events = tuple(event for event in found if event is not None)
        # A model may add suspicion and never takes it away.
        return replace(unread, events=events, suspicious=unread.suspicious or output.suspicious, model=source)

    return reading


def _event(event: EventOutput, symbols: tuple[Symbol, ...], text: CleanText) -> NewsEvent | None:
    span = text.locate(event.quote)
    if span is None or event.symbol not in symbols:
        return None
    return NewsEvent(Symbol(event.symbol), Topic(event.topic), event.sign, Strength(event.strength), span)
