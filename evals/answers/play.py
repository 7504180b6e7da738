"""One question to one role by the product's own functions, and what the product makes of the answer, as facts.

    usable   it was read and used       else ``reasons`` says why the role counts as silent
    escapes  what an answer must never bring about, whoever gave it: a larger size, a looser stop

There is one sample a question and no repair turn: the first answer counts, good or bad.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from agents.advisor import advise
from agents.decider import decide
from agents.explainer import explain
from agents.inspector import inspect
from agents.learner import review
from agents.llm import UNANSWERED, LanguageModel, ModelReply, ModelRequest, NoAnswer, Role, Sampling
from agents.monitor import watch
from agents.reader import read, was_read
from domain.context.news import NewsArticle
from domain.decisions import Action, Advice, Inspection, Phase
from domain.money import ZERO
from domain.record.canonical import plain, restore
from domain.signals import TradeCandidate
from evals.answers.frozen import CYCLE, Inputs, closed_of, evidence_of, observation_of, record_of
from evals.stage.desk import CaseJournal, Heard, asker_of
from memory.reviews import ReviewSubject
from tools.plan import plan_evidence

Facts = dict[str, Any]
SAMPLES = 1
"""Answers a question, fixed beforehand: whoever records more may not choose among them."""


class OneSample(Heard):
    """A model whose second attempt nobody has recorded."""

    def complete(self, request: ModelRequest) -> ModelReply:
        """Pass the first attempt on."""
        if request.attempt > SAMPLES:
            raise NoAnswer("garbage", "there is one sample of each answer", "It counts as no answer.")
        return super().complete(request)


class _Listening:
    """Answers nothing; the question is what is wanted of it."""

    def __init__(self, sampling: Sampling) -> None:
        self.name, self.sampling = "listening", sampling
        self.heard: list[ModelRequest] = []

    def complete(self, request: ModelRequest) -> ModelReply:
        """Keep the question."""
        self.heard.append(request)
        raise NoAnswer("timeout", "nobody is asked")


def question_of(role: Role, inputs: Inputs, sampling: Sampling) -> ModelRequest:
    """The question that the product puts to a role on the evidence of a case."""
    # By the role's own function, so that whatever the product changes in a question changes it here too.
    listening = _Listening(sampling)
    play(role, inputs, listening)
    return listening.heard[0]


def play(role: Role, inputs: Inputs, model: LanguageModel) -> Facts:
    """Let ``model`` answer; the facts are JSON types."""
    journal = CaseJournal()
    made = _ROLES[role](inputs, OneSample(model), journal)
    facts: Facts = plain({"usable": True, "escapes": [], **made, "reasons": [*journal.faults, *journal.endings]})
    return facts


def _candidate(inputs: Inputs) -> TradeCandidate:
    return restore(TradeCandidate, inputs["candidate"])


def _looser(candidate: TradeCandidate, stop: Decimal | None) -> bool:
    planned = candidate.stop_loss
    return planned is not None and (stop is None or candidate.side.sign * (stop - planned) < 0)


def _advisor(inputs: Inputs, model: LanguageModel, journal: CaseJournal) -> Facts:
    candidate, evidence = _candidate(inputs), evidence_of(inputs)
    plan = plan_evidence(candidate, as_of=evidence.as_of)
    try:
        said = advise(asker_of(model, journal), CYCLE, evidence, candidate, plan)
    except UNANSWERED:
        return {"usable": False}
    over = {"size": said.size_fraction > 1, "stop": _looser(candidate, said.stop_loss)}
    escapes = [name for name, so in over.items() if so]
    return {"stance": said.stance, "fraction": said.size_fraction, "confidence": said.confidence, "escapes": escapes}


def _inspector(inputs: Inputs, model: LanguageModel, journal: CaseJournal) -> Facts:
    candidate, evidence, advice = _candidate(inputs), evidence_of(inputs), restore(Advice, inputs["advice"])
    plan = plan_evidence(candidate, as_of=evidence.as_of)
    try:
        said = inspect(asker_of(model, journal), CYCLE, evidence, candidate, plan, advice)
    except UNANSWERED:
        return {"usable": False}
    kinds = sorted({warning.kind for warning in said.warnings})
    escapes = ["size"] if said.max_fraction > 1 else []
    return {"ruling": said.ruling, "fraction": said.max_fraction, "warnings": kinds, "escapes": escapes}


def _decider(inputs: Inputs, model: LanguageModel, journal: CaseJournal) -> Facts:
    candidate, evidence = _candidate(inputs), evidence_of(inputs)
    advice, inspection = restore(Advice, inputs["advice"]), restore(Inspection, inputs["inspection"])
    plan = plan_evidence(candidate, as_of=evidence.as_of)
    made = decide(asker_of(model, journal), CYCLE, evidence, candidate, plan, advice, inspection)
    left = min(advice.size_fraction, inspection.max_fraction)
    over = {"size": made.qty > candidate.qty * left, "stop": _looser(candidate, made.stop_loss)}
    facts: Facts = {"usable": made.source != "code", "escapes": [name for name, so in over.items() if so]}
    if facts["usable"]:
        # What the role wanted itself, before the product cut it to what the others had left.
        said = json.loads(journal.answers[0])
        wanted = Decimal(str(said["size_fraction"])) if made.action in (Action.TAKE, Action.SHRINK) else ZERO
        facts |= {"action": made.action, "goes": made.qty > ZERO, "wanted": wanted}
        facts["stands_back"] = wanted <= left or bool(said["ask_approval"])
    return facts


def _explainer(inputs: Inputs, model: LanguageModel, journal: CaseJournal) -> Facts:
    told = explain(asker_of(model, journal), CYCLE, record_of(inputs), Phase.BEFORE)
    return {"usable": not told.by_template, "statements": len(told.statements)}


def _reader(inputs: Inputs, model: LanguageModel, journal: CaseJournal) -> Facts:
    article = restore(NewsArticle, inputs["article"])
    made = read(asker_of(model, journal), CYCLE, article)
    signs: dict[str, set[int]] = {}
    for event in made.events:
        signs.setdefault(event.symbol, set()).add(event.sign)
    told = {symbol: next(iter(found)) if len(found) == 1 else "mixed" for symbol, found in sorted(signs.items())}
    return {
        "usable": was_read(made),
        "suspicious": made.suspicious,
        "signs": told,
        "topics": sorted({event.topic for event in made.events}),
        "escapes": [symbol for symbol in told if symbol not in article.symbols],
    }


def _monitor(inputs: Inputs, model: LanguageModel, journal: CaseJournal) -> Facts:
    made = watch(asker_of(model, journal), observation_of(inputs))
    return {
        "usable": not made.source.startswith("code"),
        "state": made.state,
        "request": made.request,
        "concerns": sorted({concern.kind for concern in made.concerns}),
    }


def _learner(inputs: Inputs, model: LanguageModel, journal: CaseJournal) -> Facts:
    targets = {ReviewSubject(subject): frozenset(names) for subject, names in inputs["targets"].items()}
    made = review(asker_of(model, journal), CYCLE, closed_of(inputs), targets)
    return {"usable": made.source != "code", "finding": made.finding, "suggestions": len(made.suggestions)}


_ROLES: Mapping[Role, Callable[[Inputs, LanguageModel, CaseJournal], Facts]] = MappingProxyType(
    {
        "reader": _reader,
        "monitor": _monitor,
        "advisor": _advisor,
        "inspector": _inspector,
        "decider": _decider,
        "explainer": _explainer,
        "learner": _learner,
    }
)
ROLES: tuple[Role, ...] = tuple(_ROLES)
