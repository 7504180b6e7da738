"""The learner: what one closed trade taught, thesis against outcome. It changes nothing and no prompt reads its words.

It is shown the record of the decision, how the trade ended and what similar trades brought. Code holds the answer to
the record: the symbol, every reference, every sentence, a finding that fits the result, and targets that exist.
Whatever else comes back is replaced by the lesson in closed words that code draws itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agents.ask import Asker
from agents.llm import UNANSWERED, BadAnswer, reason_of
from agents.outputs import LearnerOutput, SuggestionOutput, cited_of, refs_of, same_symbol, statements_of
from agents.record import Record, facts
from agents.slots import encode, evidence_lines, index
from domain.evidence import Evidence
from domain.ids import CycleId
from domain.record.entries import ClosedTrade
from memory.lessons import Lesson, figures
from memory.reviews import POSSIBLE, Finding, Review, ReviewSubject, SuggestedChange, Suggestion, review_by_code
from prompts.loader import load

Targets = Mapping[ReviewSubject, frozenset[str]]
"""Everything a suggestion may be about, by what it would change."""
_COUNTS = "gates."


@dataclass(frozen=True, slots=True)
class ClosedCase:
    """One closed trade before the learner: the decision that opened it, how it ended, and what its like brought."""

    record: Record
    trade: ClosedTrade
    lesson: Lesson
    similar: tuple[Evidence, ...] = ()

    @property
    def known(self) -> dict[str, Evidence]:
        """Every figure a review of it may cite, by reference."""
        found = {**facts(self.record), **index((*figures(self.trade), *self.similar))}
        given = {ref: item for ref, item in found.items() if item.value is not None and not ref.startswith(_COUNTS)}
        return dict(sorted(given.items()))


def review(asker: Asker, cycle_id: CycleId, case: ClosedCase, targets: Targets) -> Review:
    """Review with at most two calls; whatever goes wrong, code answers. Only a spent budget is raised, as NoAnswer."""
    known, symbol = case.known, case.lesson.symbol
    variables = {
        "symbol": symbol,
        "record": encode(_summary(case)),
        "facts": evidence_lines(known.values(), case.trade.closed_at),
        "targets": encode({subject.value: sorted(targets.get(subject, ())) for subject in ReviewSubject}),
    }

    def read(output: LearnerOutput, source: str, repaired: bool) -> Review:
        same_symbol(output.symbol, symbol, "learner")
        finding = Finding(output.finding)
        if finding not in POSSIBLE[case.lesson.result]:
            raise BadAnswer("contradiction", f"the learner finds {finding} of a trade that {case.lesson.result}")
        said = statements_of(output.lesson, known, "learner")
        suggested = tuple(_suggestion(each, known, targets) for each in output.suggestions)
        reasons = (statement for each in suggested for statement in each.reasons)
        cited = cited_of(refs_of(output.cited, known, "learner"), (*said, *reasons), known, "learner")
        return Review(finding, said, cited, _once(suggested), source, load("learner").digest)

    try:
        return asker.ask("learner", case.trade.trade_id, cycle_id, variables, read).value
    except UNANSWERED as error:
        if reason_of(error) == "budget":
            raise
        return review_by_code(case.lesson)


def cited_evidence(case: ClosedCase, made: Review) -> tuple[Evidence, ...]:
    """The figures a review rests on, to be kept beside it."""
    return tuple(item for ref in made.cited if (item := case.known.get(ref)) is not None)


def _suggestion(output: SuggestionOutput, known: Mapping[str, Evidence], targets: Targets) -> Suggestion:
    subject = ReviewSubject(output.subject)
    if output.target not in targets.get(subject, frozenset()):
        raise BadAnswer("unknown_reference", f"the learner suggests to change {output.target!a}, which is no {subject}")
    return Suggestion(
        subject, output.target, SuggestedChange(output.change), statements_of(output.reasons, known, "learner")
    )


def _once(suggested: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """The first of those that ask for the same change of the same thing."""
    first: dict[tuple[ReviewSubject, str, SuggestedChange], Suggestion] = {}
    for each in suggested:
        first.setdefault((each.subject, each.target, each.change), each)
    return tuple(first.values())


def _summary(case: ClosedCase) -> dict[str, object]:
    """The record in closed words, and the sentences the roles were allowed to say."""
    decision, lesson = case.record.decision, case.lesson
    advice, inspection = decision.advice, decision.inspection
    return {
        "strategy": decision.candidate.strategy,
        "side": decision.candidate.side,
        "thesis": lesson.thesis,
        "regime": lesson.regime,
        "result": lesson.result,
        "ending": lesson.ending,
        "horizon": advice.horizon if advice else None,
        "advice": advice.stance if advice else None,
        "bull": [statement.text for statement in advice.bull] if advice else [],
        "bear": [statement.text for statement in advice.bear] if advice else [],
        "ruling": inspection.ruling if inspection else None,
        "warnings": [warning.kind for warning in inspection.warnings] if inspection else [],
        "action": decision.action,
        "reasons": [statement.text for statement in decision.reasons],
        "verdict": case.record.evaluation.outcome if case.record.evaluation else None,
    }
