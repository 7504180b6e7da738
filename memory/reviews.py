"""What a role made of a closed trade, as it is put on record: finding, sentences with references, suggestions.

    LESSON        one a closed trade, under its id; written once, whoever asks again
    CALIBRATION   every role's tally so far, written whenever a lesson changed it

A review is read back with the evidence it cites, so that it can be shown long after. What was learned at a moment is
what was on record by then: ``calibration_at`` takes the newest that is not from later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock

from domain.decisions import Decision, Statement
from domain.evidence import Evidence
from domain.ids import Ref
from domain.ports import Ledger
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from memory.calibration import Calibration, Forecast
from memory.lessons import Ending, Lesson, Result, Thesis
from memory.recall import TradeRecord

CALIBRATED = "calibration"
SIGNAL = ("signal", "code")
"""Role and model under which the computed signal's own confidence is scored: what a model has to beat."""


class Finding(StrEnum):
    """How the thesis stood up to what happened."""

    AS_EXPECTED = "as_expected"
    BY_LUCK = "by_luck"
    THESIS_WRONG = "thesis_wrong"
    TIMING_WRONG = "timing_wrong"
    NOISE = "noise"
    UNCLEAR = "unclear"


POSSIBLE = {
    Result.WON: frozenset({Finding.AS_EXPECTED, Finding.BY_LUCK, Finding.UNCLEAR}),
    Result.LOST: frozenset({Finding.THESIS_WRONG, Finding.TIMING_WRONG, Finding.NOISE, Finding.UNCLEAR}),
    Result.EVEN: frozenset({Finding.TIMING_WRONG, Finding.NOISE, Finding.UNCLEAR}),
}
"""What may be found of a trade that ended so: nobody may call a loss expected."""


class ReviewSubject(StrEnum):
    """What a suggestion would change."""

    PROMPT = "prompt"
    POLICY = "policy"
    STRATEGY = "strategy"


class SuggestedChange(StrEnum):
    """What a suggestion asks for; which figures or words is for the people who take it up."""

    REVIEW = "review"
    CLARIFY = "clarify"
    TIGHTEN = "tighten"
    LOOSEN = "loosen"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change somebody might make; ``target`` is a prompt, a limit or a strategy that exists."""

    subject: ReviewSubject
    target: str
    change: SuggestedChange
    reasons: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """The learner's answer. ``source`` is a model or ``code``, ``prompt`` the digest of what it was asked with."""

    finding: Finding
    statements: tuple[Statement, ...]
    cited: tuple[Ref, ...]
    suggestions: tuple[Suggestion, ...]
    source: str
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class LearnedTrade:
    """One closed trade, learned from: its lesson in closed words, the review, what was forecast, and the evidence."""

    lesson: Lesson
    closed_at: datetime
    decision_id: str
    cycle_id: str
    record_digest: str
    review: Review
    forecasts: tuple[Forecast, ...]
    evidence: tuple[Evidence, ...]


def review_by_code(lesson: Lesson) -> Review:
    """What can be said without a model: the lesson's own sentence, and a finding from how it ended."""
    if lesson.result is Result.WON:
        finding = Finding.AS_EXPECTED if lesson.thesis is Thesis.WITH_SIGNAL else Finding.BY_LUCK
    elif lesson.result is Result.LOST and lesson.ending is not Ending.TIME:
        finding = Finding.THESIS_WRONG
    else:
        finding = Finding.TIMING_WRONG
    return Review(finding, (lesson.statement,), (Ref(f"trade.pnl_pct@{lesson.symbol}"),), (), "code")


def forecasts_of(decision: Decision, record: TradeRecord, result: Result) -> tuple[Forecast, ...]:
    """What was said of this trade before it was made: by the advisor, and by the signal alone."""
    won, advice, said = result is Result.WON, decision.advice, record.situation.features.get("confidence")
    found = [] if advice is None else [Forecast("advisor", advice.source, advice.confidence, won)]
    return (*found, *(() if said is None else (Forecast(*SIGNAL, said, won),)))


def learned(ledger: Ledger, *, as_of: datetime | None = None) -> tuple[LearnedTrade, ...]:
    """Every lesson on record, oldest first; those of trades that had closed at ``as_of``, where one is given."""
    entries = ledger.entries(kind=RecordKind.LESSON)
    found = (restore(LearnedTrade, entry.body) for entry in entries if as_of is None or entry.at <= as_of)
    return tuple(each for each in found if as_of is None or each.closed_at <= as_of)


def calibration_at(ledger: Ledger, as_of: datetime) -> Calibration:
    """What had been learned of every role by ``as_of``; empty where nothing had."""
    entries = ledger.entries(subject=CALIBRATED, kind=RecordKind.CALIBRATION)
    known = [entry for entry in entries if entry.at <= as_of]
    # By time first: a replay of the past may have been written after what is later than it.
    newest = max(known, key=lambda entry: (entry.at, entry.seq), default=None)
    return Calibration() if newest is None else restore(Calibration, newest.body)


def forecasts_in(lessons: Iterable[LearnedTrade]) -> tuple[Forecast, ...]:
    """Everything that was forecast and has an outcome."""
    return tuple(forecast for lesson in lessons for forecast in lesson.forecasts)


class CalibrationBook:
    """``calibration_at`` for many askers of one moment: a cycle asks for every entry, and all see the same."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._last: tuple[datetime, Calibration] | None = None
        self._guard = Lock()

    def at(self, as_of: datetime) -> Calibration:
        """What had been learned by then."""
        with self._guard:
            # One moment is enough: cycles follow one another, and a cycle has one ``as_of``.
            if self._last is None or self._last[0] != as_of:
                self._last = (as_of, calibration_at(self._ledger, as_of))
            return self._last[1]

    def forget(self) -> None:
        """Something was learned: look again."""
        with self._guard:
            self._last = None
