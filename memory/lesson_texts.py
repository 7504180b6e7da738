"""Lessons by their words: which of them speak of what somebody asks for. Only where an embedder is configured.

Figures are never compared as texts (``memory.embedding``). A lesson's sentences are, because there the words are what
it says: "stopped out before earnings" finds a lesson that never used those words. Nothing is kept: the lessons in
question are embedded together with the question, and compared exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from domain.record.rendering import render
from memory.reviews import LearnedTrade

MOST_TEXTS = 500
"""The newest lessons that one question is compared with."""
_PLACES = 6


class TextEmbedder(Protocol):
    """Texts as vectors of one width, in order; raises RetryableError, DataQualityError or ConfigurationError."""

    @property
    def name(self) -> str:
        """Shown wherever what it found is shown."""
        ...

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector a text."""
        ...


class NearLesson(NamedTuple):
    """A lesson and how far its words are from the question: 0 the same direction, 1 nothing in common, 2 opposite."""

    lesson: LearnedTrade
    distance: float


def nearest_lessons(
    embedder: TextEmbedder, asked: str, lessons: Sequence[LearnedTrade], limit: int
) -> tuple[NearLesson, ...]:
    """Up to ``limit`` of the newest lessons, nearest first, ties by trade."""
    newest = sorted(lessons, key=lambda each: (each.closed_at, each.lesson.trade_id))[-MOST_TEXTS:]
    if not newest:
        return ()
    vectors = np.array(embedder.embed([asked, *map(words_of, newest)]), dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    lengths[lengths == 0] = 1.0  # a text without direction is at right angles to everything
    unit = vectors / lengths[:, None]
    # rounded so that equal texts lie at 0 and equal distances are ties
    away = (1.0 - unit[1:] @ unit[0]).round(_PLACES).tolist()
    found = sorted(zip(away, newest, strict=True), key=lambda pair: (pair[0], pair[1].lesson.trade_id))
    return tuple(NearLesson(lesson, distance) for distance, lesson in found[:limit])


def words_of(lesson: LearnedTrade) -> str:
    """What a lesson says: its finding, its own sentence and the review's, with their figures."""
    known = {str(item.ref): item for item in lesson.evidence}
    statements = dict.fromkeys((lesson.lesson.statement, *lesson.review.statements))
    finding = lesson.review.finding.replace("_", " ")
    return " ".join((f"{finding}.", *(render(statement, known) for statement in statements)))
