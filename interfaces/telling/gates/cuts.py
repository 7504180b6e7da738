"""Who made an order smaller or stopped it: role, gate or person, from what to what, in the order in which it happened.

    The risk inspector cut it from 138 shares to 115 shares, warning of conflicting signals.
    The gate order notional (C1) cut it from 230 shares to 106 shares: the order is worth more than an order may be,
    8,604.30 USD where the limit is 4,000.00 USD.
    The owner approved half of it: 58 of 116 shares.

Whoever writes an explanation, these sentences stand in it. They are made of the record each time it is read: what is
stored names the same cuts by their codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from agents.decider import sizes, warnings_said
from agents.explainer import disclosures, label
from agents.record import Record
from domain.decisions import Action, Concern, Decision, Explanation, Ruling, Statement
from domain.money import ZERO
from domain.orders import OrderIntent
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from domain.verdicts import Evaluation, Outcome, Verdict
from graphs.record import judged_as
from interfaces.runtime import Runtime
from interfaces.telling.gates.gate_words import because, measured_against, named_gate
from interfaces.views.plain import quantity
from trading.store.approvals import ApprovalState, pending_id

MOST_WARNINGS = 3
"""So many kinds of warning are named as the reason of a cut."""
_CALLED = {"text.articles": "articles", "text.posts": "posts", "news": "text"}
_SIZES = "Size: {size."
_GATES_COUNTED = "Of {gates.total"
"""How the sentence begins before which the cuts stand where the explanation disclosed none."""


@dataclass(frozen=True, slots=True)
class Yes:
    """What a person answered, if anybody was asked: ``qty`` of the ``asked`` shares; ``answer`` None while it waits."""

    asked: Decimal
    answer: str | None = None
    by: str = ""
    qty: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gates said of how many shares."""

    qty: Decimal
    said: Evaluation


@dataclass(frozen=True, slots=True)
class Course:
    """What befell an order behind the roles: the gates' opinion, a person's answer, the gates as it was to be sent."""

    opinion: Judged | None
    asked: Yes | None = None
    sent: Judged | None = None


def course_before(record: Record) -> Course:
    """As it stood when it was decided: nobody had answered, and nothing was sent."""
    return Course(None if record.evaluation is None else Judged(record.decision.qty, record.evaluation))


def course_of(runtime: Runtime, record: Record) -> Course:
    """All of it. Without a person in between the gates' last word counts, as the first was about the same order."""
    decision = record.decision
    opinion, *sent = (_judged(runtime, subject) for subject in reversed(judged_as(decision.decision_id)))
    last = next(filter(None, sent), None)
    yes = _answered(runtime, decision, opinion)
    return Course(last or opinion) if yes is None else Course(opinion, yes, last)


def retold(explanation: Explanation, record: Record, course: Course) -> Explanation:
    """The explanation with every cut and stop by name in the place of what code disclosed, and warnings in words."""
    owed, cuts = disclosures(record), tuple(cuts_of(record, course))
    # Of sizes the cuts say all that this one says, and also by whom.
    said = tuple(each for each in explanation.statements if not cuts or not each.text.startswith(_SIZES))
    inspection = record.decision.inspection
    raw = () if inspection is None else warnings_said(inspection)
    worded = dict(zip(raw, _warned(record), strict=True))
    marks = [at for at, each in enumerate(said) if each in owed]
    counted = [at for at, each in enumerate(said) if each.text.startswith(_GATES_COUNTED)]
    place = next(iter((*marks, *counted)), len(said))
    before = (each for each in said[:place] if each not in owed)
    behind = (each for each in said[place:] if each not in owed)
    kept = (*before, *(each for each in cuts if each not in said), *behind)
    return replace(explanation, statements=tuple(worded.get(each, _all_passed(each, record)) for each in kept))


def _all_passed(statement: Statement, record: Record) -> Statement:
    """``All 121 gates passed.`` reads better than that of 121 gates 121 did."""
    objected = record.evaluation is None or any(each.outcome is not Outcome.PASS for each in record.evaluation.verdicts)
    if objected or not statement.text.startswith(_GATES_COUNTED):
        return statement
    return replace(statement, text=f"All {{gates.total@{record.decision.candidate.symbol}}} gates passed.")


def cuts_of(record: Record, course: Course) -> Iterator[Statement]:
    """One sentence for each that made it smaller, stopped it or sent it to a person."""
    yield from (Statement(text, "high") for text in (*_by_roles(record), *_by_others(record, course)))


def _by_roles(record: Record) -> Iterator[str]:
    decision, symbol = record.decision, record.decision.candidate.symbol
    left = sizes(decision.candidate, decision.advice, decision.inspection, record.lot)
    proposed, advised, inspected, decided = (f"{{size.{name}@{symbol}}}" for name in _STEPS)
    if left.advised is not None and ZERO < left.advised < left.candidate:
        yield f"The advisor cut it from {proposed} to {advised}."
    if left.advised is not None and left.inspected is not None and ZERO < left.inspected < left.advised:
        yield f"The risk inspector cut it from {advised} to {inspected}{_warning_of(decision)}."
    if decision.action in (Action.SKIP, Action.DELAY):
        did = "was delayed" if decision.action is Action.DELAY else "was not taken"
        why = ", and ".join(map(because, decision.codes)) or "no reason is on record"
        blocked = decision.inspection is not None and decision.inspection.ruling is Ruling.BLOCK
        warned = _warning_of(decision) if blocked else ""
        yield f"The trade {did}: {why}{warned}; nothing was sent."
    elif left.inspected is not None and decision.qty < left.inspected:
        tightened = "MONITOR_TIGHTEN" in decision.codes
        who = "The decider, or the monitor that asked for smaller entries," if tightened else "The decider"
        yield f"{who} cut it from {inspected} to {decided}."
    if decision.needs_approval:
        yield "A role asked for the approval of a person."


_STEPS = ("proposed", "advised", "inspected", "decided")


def _by_others(record: Record, course: Course) -> Iterator[str]:
    if record.decision.qty == ZERO:
        return
    if course.opinion is not None:
        yield from _by_gates(course.opinion)
    if course.asked is not None:
        yield _by_person(course.asked)
    if course.sent is not None and course.asked is not None:
        # The gates have asked for a person already, who has answered.
        for text in _by_gates(course.sent, only=(Outcome.REDUCE, Outcome.DENY)):
            yield f"When it was to be sent: {text[:1].lower()}{text[1:]}"


def _by_gates(judged: Judged, only: Sequence[Outcome] = tuple(Outcome)) -> Iterator[str]:
    said, refused = judged.said, judged.said.outcome is Outcome.DENY
    objections = [each for each in said.verdicts if each.outcome is not Outcome.PASS and each.outcome in only]
    # The one that left least comes first: the others would have left more.
    for each in sorted(objections, key=lambda one: (one.outcome is not Outcome.REDUCE, one.quantity or ZERO)):
        did = _did(each, judged.qty, said.final_qty, refused)
        yield f"The gate {named_gate(each.gate)} {did}: {measured_against(each)}."


def _did(verdict: Verdict, asked: Decimal, left: Decimal, refused: bool) -> str:
    if verdict.outcome is Outcome.DENY:
        return "refused it"
    if verdict.outcome is Outcome.NEED_APPROVAL:
        return "asked for a person"
    fits = verdict.quantity
    if fits is None:
        return "cut it"
    if refused or fits != left:
        return f"would have cut it from {_shares(asked)} to {_shares(fits)}"
    return f"cut it from {_shares(asked)} to {_shares(left)}"


def _by_person(yes: Yes) -> str:
    who = {"": "a person", "owner": "the owner"}.get(yes.by, yes.by)
    if yes.answer is None:
        return f"It waits for a person, who is asked about {_shares(yes.asked)}."
    if yes.answer == ApprovalState.EXPIRED:
        return f"Nobody answered in time about {_shares(yes.asked)}, so nothing was sent."
    if yes.answer == ApprovalState.REJECTED:
        return f"It was rejected by {who}: nothing of {_shares(yes.asked)} was sent."
    if yes.qty < yes.asked:
        return f"It was approved in part by {who}, which cut it from {_shares(yes.asked)} to {_shares(yes.qty)}."
    return f"It was approved by {who}: all of {_shares(yes.asked)}."


def _shares(qty: Decimal) -> str:
    return f"{quantity(qty)} {'share' if qty == 1 else 'shares'}"


def _warning_of(decision: Decision) -> str:
    """``, warning of volatility and conflicting signals``: what the inspector gave as its reasons."""
    warnings = () if decision.inspection is None else decision.inspection.warnings
    kinds = list(dict.fromkeys(each.kind.replace("_", " ") for each in warnings))[:MOST_WARNINGS]
    return f", warning of {' and '.join(kinds)}" if kinds else ""


def _warned(record: Record) -> Iterator[Statement]:
    """The inspector's warnings with each figure named: without names they are a row of numbers."""
    inspection = record.decision.inspection
    for warning in () if inspection is None else inspection.warnings:
        yield Statement(f"The risk inspector warns of {warning.kind.replace('_', ' ')}{_seen_in(warning)}.")


def _seen_in(warning: Concern) -> str:
    told = ", ".join(f"{_CALLED.get(ref.partition('@')[0]) or label(ref)} {_slot(ref)}" for ref in warning.refs)
    return f": {told}" if told else ""


def _slot(ref: str) -> str:
    # What was read of a text is several words, which would run into those around them.
    return f"({{{ref}}})" if ref.startswith("news.") else f"{{{ref}}}"


def _judged(runtime: Runtime, subject: str) -> Judged | None:
    entries = runtime.deps.stores.ledger.entries(subject=subject, kind=RecordKind.VERDICTS)
    if not entries:
        return None
    body = entries[-1].body
    return Judged(restore(OrderIntent, body["intent"]).qty, restore(Evaluation, body["evaluation"]))


def _answered(runtime: Runtime, decision: Decision, first: Judged | None) -> Yes | None:
    stores, name = runtime.deps.stores, pending_id(decision.decision_id)
    request = stores.approvals.get(name)
    if request is None:
        return None
    asked = request.intent.qty if first is None else first.said.final_qty
    entries = stores.ledger.entries(subject=name, kind=RecordKind.APPROVAL)
    if not entries:
        return Yes(asked)
    body = entries[-1].body
    return Yes(asked, str(body["answer"]), str(body["by"]), Decimal(str(body["qty"])))
