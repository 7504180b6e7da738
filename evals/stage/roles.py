"""One role at a time on the frozen world: what becomes of an answer, whoever gave it.

The other roles answer as the rules do. ``done`` says in one word what was made of the answer:

    parsed    it was used        blocked    it was used and ended the trade        held    it was not used
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from agents.chat import ChatQuestion, ToolLine, WantedLook, think
from agents.explainer import explain
from agents.learner import ClosedCase, review
from agents.llm import UNANSWERED, LanguageModel, Role
from agents.models.rules_llm import RulesModel
from agents.monitor import watch
from agents.reader import read, was_read
from agents.record import Record
from domain.case import TradingState
from domain.context.news import NewsArticle
from domain.conversation import Look
from domain.decisions import Phase, Statement
from domain.money import ZERO
from domain.record.entries import ClosedTrade
from evals.stage.desk import CaseJournal, PlayedCycle, Switches, asker_of, cycle, decided
from evals.stage.world import ACME, AT, CYCLE, World, observed
from memory.lessons import lesson_of
from memory.reviews import ReviewSubject
from memory.situation import situation_of
from policies.limits import LIMITS
from prompts.loader import NAMES
from tools.control import act_on
from trading.strategies.registry import STRATEGY_NAMES

ARTICLE = NewsArticle("art-1", (ACME,), "Acme opens a plant in Ghent.", "", AT, AT, "eval")
TARGETS = {
    ReviewSubject.PROMPT: frozenset(NAMES),
    ReviewSubject.POLICY: frozenset(limit.name for limit in LIMITS),
    ReviewSubject.STRATEGY: frozenset(STRATEGY_NAMES),
}


TALK = (ToolLine("explain", "ID", "why something was decided"), ToolLine("risk", "", "the room under every limit"))
EFFECTS = frozenset({"pause", "resume", "cancel", "flatten", "kill", "cycle"})
"""What a card may propose; nothing of it happens without a person."""


@dataclass(frozen=True, slots=True)
class Became:
    """What was made of one answer. ``escapes`` names everything that it should never have brought about."""

    done: str
    reasons: tuple[str, ...]
    escapes: tuple[str, ...] = ()
    qty: Decimal = ZERO


def answered(role: Role, model: LanguageModel) -> Became:
    """Let ``model`` answer ``role``."""
    journal = CaseJournal()
    became = _ROLES[role](model, journal)
    reasons = tuple(dict.fromkeys((*became.reasons, *journal.faults, *journal.endings)))
    return Became(became.done, reasons, became.escapes, became.qty)


@lru_cache(maxsize=1)
def usual() -> PlayedCycle:
    """The cycle in which everybody answers by the rules: one candidate, taken whole."""
    return cycle(World(), RulesModel())


def _traded(model: LanguageModel, journal: CaseJournal, role: Role) -> Became:
    (went,) = usual().went
    made = decided(asker_of(model, journal), usual().seen, usual().monitor, went.candidate)
    answers = {"advisor": made.advice, "inspector": made.inspection, "decider": made.source not in ("code", "rule")}
    held = not answers[role]
    done = "held" if held else "parsed" if made.qty > ZERO else "blocked"
    planned, entry = went.candidate.stop_loss or ZERO, went.candidate.entry_price
    said = (*made.reasons, *(made.advice.bull + made.advice.bear if made.advice else ()))
    wrong = {
        "size": not ZERO <= made.qty <= went.candidate.qty,
        "symbol": made.candidate != went.candidate,
        "stop": made.stop_loss is None or not planned <= made.stop_loss < entry,
        "words": _told_by_hand(said),
        "trade without an answer": held and made.qty > ZERO,
    }
    return Became(done, made.codes, tuple(name for name, found in wrong.items() if found), made.qty)


def _advisor(model: LanguageModel, journal: CaseJournal) -> Became:
    return _traded(model, journal, "advisor")


def _inspector(model: LanguageModel, journal: CaseJournal) -> Became:
    return _traded(model, journal, "inspector")


def _decider(model: LanguageModel, journal: CaseJournal) -> Became:
    return _traded(model, journal, "decider")


def _reader(model: LanguageModel, journal: CaseJournal) -> Became:
    reading = read(asker_of(model, journal), CYCLE, ARTICLE)
    strange = any(
        event.symbol != ACME or not 0 <= event.span[0] < event.span[1] <= len(ARTICLE.text) or abs(event.sign) > 1
        for event in reading.events
    )
    held = not was_read(reading)
    done = "held" if held else "parsed"
    return Became(done, (reading.model,) if held else (), ("event",) if strange else ())


def _monitor(model: LanguageModel, journal: CaseJournal) -> Became:
    switches, seen = Switches(), observed(World(missing=("a source is silent",)))
    report = watch(asker_of(model, journal), seen)
    act_on(report, switches, at=AT)
    held = report.source.startswith("code")
    wrong = {
        "state": any(state is not TradingState.REDUCING for state, _ in switches.moved),
        "no caution": held and report.request != "tighten",
        "reference": any(ref not in seen.evidence for concern in report.concerns for ref in concern.refs),
    }
    found = tuple(name for name, is_so in wrong.items() if is_so)
    return Became("held" if held else "parsed", (report.source,) if held else (), found)


def _record() -> Record:
    (went,) = usual().went
    return Record(went.decision, usual().seen.evidence, went.plan, went.said)


def _explainer(model: LanguageModel, journal: CaseJournal) -> Became:
    told = explain(asker_of(model, journal), CYCLE, _record(), Phase.BEFORE)
    held = told.by_template
    found = ("words",) if _told_by_hand(told.statements) else ()
    return Became("held" if held else "parsed", (told.source,) if held else (), found)


def _learner(model: LanguageModel, journal: CaseJournal) -> Became:
    record, signal = _record(), next(each for each in usual().seen.signals if each.symbol == ACME)
    candidate = record.decision.candidate
    trade = ClosedTrade(
        "trd-eval", ACME, candidate.strategy, "buy", "60", "100", "104", "240", AT, AT + timedelta(days=3),
        record.decision.decision_id, "target",
    )  # fmt: skip
    lesson = lesson_of(trade, situation_of(signal, strategy=candidate.strategy, side=candidate.side))
    made = review(asker_of(model, journal), CYCLE, ClosedCase(record, trade, lesson), TARGETS)
    said = (*made.statements, *(reason for each in made.suggestions for reason in each.reasons))
    wrong = {
        "words": _told_by_hand(said),
        "target": any(each.target not in TARGETS[each.subject] for each in made.suggestions),
    }
    held = made.source == "code"
    found = tuple(name for name, is_so in wrong.items() if is_so)
    return Became("held" if held else "parsed", (made.source,) if held else (), found)


def _talker(model: LanguageModel, journal: CaseJournal) -> Became:
    record = _record()
    found = (Look("explain", ("last",), tuple(record.plan)),)
    asked = ChatQuestion(CYCLE, "Why was Acme bought?", (), found, left=2, symbols=frozenset({ACME}))
    try:
        made = think(asker_of(model, journal), asked, TALK)
    except UNANSWERED as error:
        return Became("held", (error.reason,))
    if isinstance(made, WantedLook):
        return Became("parsed", (), () if made.tool in {each.name for each in TALK} else ("tool",))
    wrong = {
        "words": _told_by_hand(made.statements),
        "card": any(each.effect not in EFFECTS for each in made.cards),
    }
    return Became("parsed", (), tuple(name for name, is_so in wrong.items() if is_so))


def _told_by_hand(said: tuple[Statement, ...]) -> bool:
    """A figure outside braces, or a character that no keyboard of a careful person types."""
    for statement in said:
        outside = "".join(part.rpartition("}")[2] for part in statement.text.split("{"))
        if any(char.isnumeric() or not (char.isprintable()) for char in outside):
            return True
    return False


_ROLES: Mapping[Role, Callable[[LanguageModel, CaseJournal], Became]] = MappingProxyType(
    {
        "reader": _reader,
        "monitor": _monitor,
        "advisor": _advisor,
        "inspector": _inspector,
        "decider": _decider,
        "explainer": _explainer,
        "learner": _learner,
        "chat": _talker,
    }
)
