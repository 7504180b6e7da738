"""Records of a decision: written once however often a node runs, and read back whole for an explanation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from agents.record import Record
from domain.decisions import Decision
from domain.errors import IntegrityError
from domain.ids import CycleId, DecisionId, client_order_id
from domain.orders import Order
from domain.ports import Ledger
from domain.record.canonical import canonical_json, plain, restore
from domain.record.entries import RecordKind
from domain.signals import CandidateKind
from domain.verdicts import Evaluation
from graphs.deps import Stores
from tools.plan import plan_evidence
from trading.portfolio.sizing import step_behind


class Fact(NamedTuple):
    """What is to be on record of a subject."""

    subject: str
    body: Any
    at: datetime
    cause: str = ""


def record_once(
    ledger: Ledger, kind: RecordKind, subject: str, body: Any, *, at: datetime, cycle_id: str, cause: str = ""
) -> None:
    """Append a fact unless the same one is on record: a node that runs again repeats nothing."""
    known = ledger.entries(subject=subject, cycle_id=cycle_id, kind=kind)
    if known:  # seldom, so that its content is not made twice for nothing
        content = plain(body)
        content = content if isinstance(content, dict) else {"value": content}  # as the ledger keeps it
        if any(plain(entry.body) == content for entry in known):
            return
    ledger.append(kind, subject, body, at=at, cycle_id=cycle_id, cause=cause)


def record_each_once(stores: Stores, kind: RecordKind, facts: Iterable[Fact], *, cycle_id: str) -> None:
    """The same for many facts of one kind that are no bare lists, with one look at the ledger and one wait for it."""
    with stores.database.transaction():
        known = stores.ledger.texts(kind, cycle_id)
        for fact in facts:
            # While nothing of this kind is on record the text need not be made to compare it.
            if (fact.subject, known and canonical_json(fact.body)) not in known:
                stores.ledger.append(kind, fact.subject, fact.body, at=fact.at, cycle_id=cycle_id, cause=fact.cause)


def record_of(stores: Stores, decision: Decision) -> Record:
    """What is known about a decision now: its evidence, plan, newest verdicts, order and fills."""
    order = stores.orders.find(decision.decision_id, _leg(decision))
    return _record(stores, decision, evaluation_of(stores.ledger, decision.decision_id), order)


def records_of(stores: Stores, cycle_id: CycleId, decisions: Iterable[Decision]) -> dict[DecisionId, Record]:
    """The same for all decisions of one cycle, with one look at the ledger and one at the orders."""
    texts = stores.ledger.newest_texts(RecordKind.VERDICTS, cycle_id)
    orders = {(order.decision_id, order.leg): order for order in stores.orders.of_cycle(cycle_id)}
    found: dict[DecisionId, Record] = {}
    for decision in decisions:
        named = decision.decision_id
        text = next((texts[subject] for subject in judged_as(named) if subject in texts), None)
        evaluation = None if text is None else _evaluation_in(text)
        found[named] = _record(stores, decision, evaluation, orders.get((named, _leg(decision))))
    return found


def _record(stores: Stores, decision: Decision, evaluation: Evaluation | None, order: Order | None) -> Record:
    observation = stores.observations.load(CycleId(decision.cycle_id))
    if observation is None:
        raise IntegrityError(f"the observation behind {decision.decision_id} is gone", "Run `sage audit verify`.")
    view = observation.market.symbols.get(decision.candidate.symbol)
    return Record(
        decision=decision,
        evidence=observation.evidence,
        plan=plan_evidence(decision.candidate, as_of=observation.evidence.as_of),
        evaluation=evaluation,
        order=order,
        fills=stores.orders.fills_of(order.client_order_id) if order is not None else (),
        lot=step_behind(decision.candidate.qty, None if view is None else view.instrument),
    )


def _leg(decision: Decision) -> str:
    return "entry" if decision.candidate.kind is CandidateKind.ENTRY else "exit"


def evaluation_of(ledger: Ledger, decision_id: str) -> Evaluation | None:
    """What the gates said when it counted, else what they said before; None where they were never asked."""
    for subject in judged_as(decision_id):
        entries = ledger.entries(subject=subject, kind=RecordKind.VERDICTS)
        if entries:
            return restore(Evaluation, entries[-1].body["evaluation"])
    return None


def judged_as(decision_id: str) -> tuple[str, ...]:
    """Subjects of verdicts on a decision: those on its order count before those on the decision itself."""
    return (*(client_order_id(DecisionId(decision_id), leg) for leg in ("entry", "exit")), decision_id)


@lru_cache(maxsize=512)
def _evaluation_in(text: str) -> Evaluation:
    """Of a stored body; the explanation, the announcement and the report of a cycle all ask for the same ones."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise IntegrityError(f"verdicts on record cannot be read: {error}", "Run `sage audit verify`.") from error
    return restore(Evaluation, body["evaluation"])
