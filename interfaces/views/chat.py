"""What a conversation shows."""

from __future__ import annotations

from dataclasses import dataclass

from interfaces.telling.conversation.wordings import Topic


@dataclass(frozen=True, slots=True)
class CardView:
    """Something the person may want done: the effect of a closed list, its words, why, and what they would type."""

    effect: str
    words: tuple[str, ...]
    why: str
    command: str


@dataclass(frozen=True, slots=True)
class ChatView:
    """``sage chat``: sentences with their figures, what was looked at, cards, and who wrote it.

    Without sentences nobody could be asked, and ``topic`` with ``about`` names the view that answers instead.
    """

    lines: tuple[str, ...]
    looked: tuple[str, ...]
    cards: tuple[CardView, ...]
    source: str
    topic: Topic = "help"
    about: str = "last"
