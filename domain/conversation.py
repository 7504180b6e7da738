"""A conversation over the records, as values: what was looked at, what was answered, and what a person might want done.

A card is words on a table. It names one effect of a closed list and its words; only a person at a face that may do it
can turn it into the thing itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.decisions import Statement
from domain.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Look:
    """One look with a read-only tool: its figures, or why there are none."""

    tool: str
    words: tuple[str, ...]
    items: tuple[Evidence, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """Something that would change the world, proposed: ``pause``, ``flatten NIMBO``; ``why`` is the model's."""

    effect: str
    words: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with references, what it proposes, and who wrote it."""

    statements: tuple[Statement, ...]
    cards: tuple[Card, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what was answered, with its figures filled in: what the next question may refer to."""

    asked: str
    answered: str
