"""Circuit breakers: a model that keeps failing is left alone for a while, and then one call finds out.

    closed     fewer than five failures in a row: it is asked
    open       after the fifth, or at once where only a person can help (quota, key, name): it is not asked
    half open  when the pause is over: one call is let through; its answer closes the breaker, its failure opens it anew

A model that answers something unusable is up, and closes its breaker: what it answers is the business of
``trading/monitor/breakers.py``. The state is shared by all processes of a home. A start forgets rests over a wrong key,
name or right, because whoever starts anew may just have put that right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol, cast

from agents.llm import NoAnswer, Reason
from domain.ports import Clock
from domain.record.model_use import ModelRest

FAILURES = 5
PAUSE = timedelta(minutes=5)
LOOKS_AGAIN = timedelta(minutes=1)
COUNTED: frozenset[Reason] = frozenset({"bad_request", "garbage", "network", "rate_limit", "server", "timeout"})
WRONG: frozenset[Reason] = frozenset({"permission", "unauthorised", "unknown_model"})
AT_ONCE: frozenset[Reason] = WRONG | {"quota"}
"""What no further call can put right."""


class RestBook(Protocol):
    """Where it is kept which models failed."""

    def all(self) -> Iterable[ModelRest]:
        """Every model that failed when it was last asked."""
        ...

    def put(self, rest: ModelRest) -> None:
        """A model failed."""
        ...

    def clear(self, model: str) -> None:
        """A model answered."""
        ...


class Breaker:
    """The breakers of all models of a start, by their names."""

    def __init__(self, book: RestBook, clock: Clock, *, failures: int = FAILURES, pause: timedelta = PAUSE) -> None:
        self._book = book
        self._clock = clock
        self._failures = failures
        self._pause = pause
        self._since = clock.now()
        self._looked: datetime | None = None
        self._rests: dict[str, ModelRest] = {}
        self._trying: set[str] = set()
        self._lock = Lock()

    def admit(self, model: str) -> None:
        """Let a call through, or raise NoAnswer with the reason for which the model rests."""
        with self._lock:
            now = self._clock.now()
            rest = self._known(now).get(model)
            if rest is None or rest.until is None:
                return
            if now >= rest.until and model not in self._trying:
                self._trying.add(model)
                return
        raise NoAnswer(cast(Reason, rest.reason), f"{model} {rested(rest)}", "It is asked again by itself.")

    def failed(self, model: str, reason: Reason) -> None:
        """A call brought nothing, for this reason; those that say nothing about the model close its breaker."""
        if reason not in COUNTED | AT_ONCE:
            self.answered(model)
            return
        with self._lock:
            now = self._clock.now()
            before = self._known(now).get(model)
            count = 1 if before is None else before.failures + 1
            opens = reason in AT_ONCE or count >= self._failures
            rest = ModelRest(model, count, reason, now, now + self._pause if opens else None)
            self._rests[model] = rest
            self._trying.discard(model)
        # Outside the lock: the database may be held by another process.
        self._book.put(rest)

    def answered(self, model: str) -> None:
        """A call brought an answer."""
        with self._lock:
            self._trying.discard(model)
            known = self._known(self._clock.now()).pop(model, None)
        if known is not None:
            self._book.clear(model)

    def untried(self, model: str) -> None:
        """The call that was let through was not made after all."""
        with self._lock:
            self._trying.discard(model)

    def rests(self) -> tuple[ModelRest, ...]:
        """Models that failed when they were last asked, by name."""
        with self._lock:
            known = self._known(self._clock.now())
            return tuple(known[name] for name in sorted(known))

    def _known(self, now: datetime) -> dict[str, ModelRest]:
        # Read anew now and then: another process may have found a model failing.
        if self._looked is None or now - self._looked >= LOOKS_AGAIN:
            self._looked = now
            self._rests = {rest.model: self._forgiven(rest) for rest in self._book.all()}
        return self._rests

    def _forgiven(self, rest: ModelRest) -> ModelRest:
        # Its pause ends rather than its record: one call finds out, and not all of them.
        over = rest.reason in WRONG and rest.failed_at <= self._since
        return replace(rest, until=rest.failed_at) if over and rest.until is not None else rest


def rested(rest: ModelRest) -> str:
    """What became of a model, in words."""
    times = "once" if rest.failures == 1 else f"{rest.failures} times in a row"
    until = "" if rest.until is None else f", left alone until {rest.until:%Y-%m-%d %H:%M:%S} UTC"
    return f"failed {times} ({rest.reason.replace('_', ' ')}){until}"
