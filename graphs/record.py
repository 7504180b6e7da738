"""Records of a decision: written once however often a node runs, and read back whole for an explanation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agents.record import Record
from domain.canonical import plain, restore
from domain.decisions import Decision
from domain.errors import IntegrityError
from domain.ids import CycleId, DecisionId, client_order_id
from domain.ports import Ledger
from domain.records import RecordKind
from domain.signals import CandidateKind
from domain.verdicts import Evaluation
from graphs.deps import Stores
from tools.plan import plan_evidence
from trading.portfolio.sizing import step_behind


def record_once(
    ledger: Ledger, kind: RecordKind, subject: str, body: Any, *, at: datetime, cycle_id: str, cause: str = ""
) -> None:
    """Append a fact unless the same one is on record: a node that runs again repeats nothing."""
    content = plain(body)
    content = content if isinstance(content, dict) else {"value": content}  # as the ledger keeps it
    known = ledger.entries(subject=subject, cycle_id=cycle_id, kind=kind)
    if all(plain(entry.body) != content for entry in known):
        ledger.append(kind, subject, content, at=at, cycle_id=cycle_id, cause=cause)


def record_of(stores: Stores, decision: Decision) -> Record:
    """What is known about a decision now: its evidence, plan, newest verdicts, order and fills."""
    observation = stores.observations.load(CycleId(decision.cycle_id))
    if observation is None:
        raise IntegrityError(f"the observation behind {decision.decision_id} is gone", "Run `sage audit verify`.")
    as_of, symbol = observation.evidence.as_of, decision.candidate.symbol
    view = observation.market.symbols.get(symbol)
    leg = "entry" if decision.candidate.kind is CandidateKind.ENTRY else "exit"
    order = stores.orders.find(decision.decision_id, leg)
    return Record(
        decision=decision,
        evidence=observation.evidence,
        plan=plan_evidence(decision.candidate, as_of=as_of),
        evaluation=evaluation_of(stores.ledger, decision.decision_id),
        order=order,
        fills=stores.orders.fills_of(order.client_order_id) if order is not None else (),
        lot=step_behind(decision.candidate.qty, None if view is None else view.instrument),
    )


def evaluation_of(ledger: Ledger, decision_id: str) -> Evaluation | None:
    """What the gates said when it counted, else what they said before; None where they were never asked."""
    for subject in (*(client_order_id(DecisionId(decision_id), leg) for leg in ("entry", "exit")), decision_id):
        entries = ledger.entries(subject=subject, kind=RecordKind.VERDICTS)
        if entries:
            return restore(Evaluation, entries[-1].body["evaluation"])
    return None
