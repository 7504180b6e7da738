"""Text from outside, and the closed form in which alone it may reach a role that proposes or decides.

``NewsArticle`` and ``SocialPost`` are untrusted. ``NewsReading`` is what the quarantined reader makes of one text:
enums, a sign, a strength bucket, symbols that the source itself was tagged with, and offsets into the original text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.market import Symbol
from domain.record.canonical import digest


@dataclass(frozen=True, slots=True)
class NewsArticle:
    """An article as its source gave it; ``first_seen_at`` is when our feed could first have shown it."""

    article_id: str
    symbols: tuple[Symbol, ...]
    headline: str
    body: str
    published_at: datetime
    first_seen_at: datetime
    source: str
    url: str = ""

    @property
    def text(self) -> str:
        """Headline and body as one text."""
        return f"{self.headline}\n{self.body}".strip()

    @property
    def digest(self) -> str:
        """Identity of the content: equal texts about equal symbols are read once."""
        # Without source, time and id: a wire copy of a text is not paid for again.
        return digest([sorted(self.symbols), self.text])


@dataclass(frozen=True, slots=True)
class SocialPost:
    """A post with its engagement (likes, shares and replies added up)."""

    post_id: str
    symbol: Symbol
    text: str
    author: str
    engagement: int
    published_at: datetime
    first_seen_at: datetime
    source: str

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The one symbol it is about, in the shape articles use."""
        return (self.symbol,)

    @property
    def digest(self) -> str:
        """Identity of the content."""
        return digest([[self.symbol], self.text])


class Topic(StrEnum):
    """Closed list of what a text can be about."""

    EARNINGS = "earnings"
    GUIDANCE = "guidance"
    RATING = "rating"
    MERGER = "merger"
    PRODUCT = "product"
    LEGAL = "legal"
    MANAGEMENT = "management"
    CAPITAL = "capital"
    MACRO = "macro"
    SUPPLY = "supply"
    OPINION = "opinion"
    OTHER = "other"


class Strength(StrEnum):
    """How much the text itself says it matters."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class NewsEvent:
    """One thing that happened to one symbol: ``sign`` -1 bad, 0 neutral, 1 good for it.

    ``span`` is the [start, end) of the supporting quote in the original text.
    """

    symbol: Symbol
    topic: Topic
    sign: int
    strength: Strength
    span: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NewsReading:
    """Everything that crosses the quarantine for one text. ``suspicious``: it addresses machines or gives orders."""

    content_digest: str
    item_id: str
    published_at: datetime
    available_at: datetime
    events: tuple[NewsEvent, ...]
    suspicious: bool
    social: bool
    model: str
