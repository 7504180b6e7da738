"""Health of the sources a cycle depends on, as pure functions of when they last answered.

A source is well while its last good answer is no older than its limit and nothing failed since. With a limit of 60 s
and an answer 75 s ago it is stale; without any answer it is silent; with a failure after its last answer it is failing,
however young that answer is. Unknown is never well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of a source: its last good answer, and the failure after it, in the words of our own error."""

    name: str
    answered_at: datetime | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """Seconds after which an answer is stale, by source name, and for all others."""

    default_age_s: int
    age_s: Mapping[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        """The limit for one source."""
        return self.age_s.get(name, self.default_age_s)


@dataclass(frozen=True, slots=True)
class Dependency:
    """One line of the status: ``age_s`` in whole seconds, None for a source that never answered."""

    name: str
    ok: bool
    age_s: int | None
    note: str = ""


class Abnormality(StrEnum):
    """The ways in which a source is not well, from the worst."""

    SILENT = "silent"
    FAILING = "failing"
    AHEAD = "ahead"
    STALE = "stale"


def age_of(state: SourceState, as_of: datetime) -> int | None:
    """Whole seconds since the last good answer; negative for a source whose clock is ahead of ours."""
    return None if state.answered_at is None else int((as_of - state.answered_at).total_seconds() // 1)


def abnormality(state: SourceState, as_of: datetime, limit_s: int) -> Abnormality | None:
    """What is wrong with a source; None while it is well. An answer from the future is as bad as an old one."""
    age_s = age_of(state, as_of)
    if age_s is None:
        return Abnormality.SILENT
    if state.failure:
        return Abnormality.FAILING
    # As far ahead as it may be behind: clocks differ by a little everywhere.
    if age_s < -limit_s:
        return Abnormality.AHEAD
    return Abnormality.STALE if age_s > limit_s else None


def dependencies(states: Iterable[SourceState], as_of: datetime, limits: HealthLimits) -> tuple[Dependency, ...]:
    """Every source with its health, by name."""
    return tuple(_dependency(state, as_of, limits.of(state.name)) for state in _by_name(states))


def _dependency(state: SourceState, as_of: datetime, limit_s: int) -> Dependency:
    kind = abnormality(state, as_of, limit_s)
    note = "" if kind is None else f"{kind}: {state.failure}" if state.failure else f"{kind}, limit {limit_s} s"
    return Dependency(state.name, kind is None, age_of(state, as_of), note)


def _by_name(states: Iterable[SourceState]) -> list[SourceState]:
    return sorted(states, key=lambda state: state.name)
