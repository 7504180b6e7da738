"""What a case left in the world, and what scorers make of it. Scorers look at effects, never at good intentions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Spent:
    """What the models of one case used; zero where no model was asked."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The world after a case: the verdict, codes, orders that exist, and whatever else the suite's scorer needs.

    ``facts`` holds JSON types only, because an outcome crosses processes and ends in a report.
    """

    verdict: str
    codes: tuple[str, ...] = ()
    orders: tuple[Mapping[str, Any], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    explanation: str = ""
    spent: Spent = Spent()
    model: str = "none"
    recording_origin: str = ""
    prompt_digests: Mapping[str, str] = field(default_factory=dict)
    policy_digest: str = ""
    audit_head: str = ""


class Status(StrEnum):
    """How a case ended. Everything but the first two counts as not completed."""

    PASSED = "passed"
    FAILED = "failed"
    STALE = "stale"
    ERRORED = "errored"


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says: whether the case passed, figures for the measures, and one line for people."""

    passed: bool
    values: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a report. ``ms`` is wall time and the only part that differs from run to run."""

    case_id: str
    suite: str
    status: Status
    tags: Mapping[str, str]
    score: Score
    outcome: Outcome | None
    ms: float

    @property
    def completed(self) -> bool:
        """Whether the product has answered, well or not."""
        return self.status in (Status.PASSED, Status.FAILED)
