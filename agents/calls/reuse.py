"""Answers used again: the same question, letter for letter, within an hour or so, has its answer already.

A question holds everything it rests on (evidence with its ages, prompt, schema, model, sampling) and neither clock nor
id, so equal digests mean that nothing has changed. Only an answer that could be read is offered, one given after the
present moment is none, and what was used again is not offered anew: its age counts from when it was given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from domain.decisions import REUSED, ModelCall
from domain.ids import CycleId, derive
from domain.money import ZERO


class AnswerBook(Protocol):
    """Where the answers of earlier cycles are."""

    def offer(self, call: ModelCall) -> None:
        """A finished call could be read: later cycles may use its answer."""
        ...

    def offered(self, request_digest: str, *, since: datetime, until: datetime) -> ModelCall | None:
        """The newest answer to this question that was offered and was given in this span."""
        ...


@dataclass(frozen=True, slots=True)
class Reuse:
    """Answers no older than ``longest``."""

    book: AnswerBook
    longest: timedelta

    def find(self, request_digest: str, cycle_id: CycleId, subject: str, now: datetime) -> ModelCall | None:
        """The answer as this cycle's own call, at no cost; None where nobody has given one."""
        found = self.book.offered(request_digest, since=now - self.longest, until=now)
        if found is None:
            return None
        again = replace(found, call_id=derive(REUSED, cycle_id, request_digest), cycle_id=cycle_id, subject=subject)
        return replace(again, at=now, tokens_in=0, tokens_out=0, cost_usd=ZERO, latency_ms=0)

    def offer(self, call: ModelCall) -> None:
        """A call could be read."""
        if not call.reused:
            self.book.offer(call)
