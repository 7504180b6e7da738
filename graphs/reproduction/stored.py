"""A finished cycle as the record has it. What is missing is named, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from domain.case import Case
from domain.context.observation import Observation
from domain.decisions import Decision, Explanation, ModelCall, MonitorReport, Phase
from domain.errors import UsageError
from domain.ids import CycleId, Ref
from domain.orders import Order
from domain.record.canonical import restore
from domain.record.entries import LedgerEntry, RecordKind
from domain.signals import TradeCandidate
from domain.verdicts import Evaluation
from graphs.deps import Stores
from graphs.reproduction.conditions import Conditions
from tools.plan import plan_evidence
from trading.store.judged.cases import CaseStore


@dataclass(frozen=True, slots=True)
class Ruling:
    """One look of the gates: at which case, and what they said. ``subject`` is the decision, or the order it became."""

    seq: int
    subject: str
    case: Case
    said: Evaluation


@dataclass(frozen=True, slots=True)
class StoredExplanation:
    """One explanation and the place in the record where it was written."""

    seq: int
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class StoredCycle:
    """Everything on record about one cycle: ``recorded_calls`` in the ledger, ``calls`` in the journal.

    What was told after a trade rests on fills, which are the market's doing, and is left out.
    """

    cycle_id: CycleId
    as_of: datetime
    conditions: Conditions
    policy: str
    seen: Observation
    evidence_digest: str
    candidates: tuple[TradeCandidate, ...]
    monitor: MonitorReport
    decisions: tuple[Decision, ...]
    rulings: tuple[Ruling, ...]
    explanations: tuple[StoredExplanation, ...]
    orders: tuple[Order, ...]
    calls: tuple[ModelCall, ...]
    recorded_calls: tuple[ModelCall, ...]


def stored_cycle(stores: Stores, cycle_id: CycleId) -> StoredCycle:
    """The cycle of that id; UsageError where there is none, it has not finished, or the record has too little."""
    cycle = stores.cycles.get(cycle_id)
    if cycle is None:
        raise UsageError(f"there is no cycle {cycle_id}", "`sage status` names the last one; or write `last`.")
    if cycle.finished_at is None:
        raise UsageError(f"cycle {cycle_id} has not finished", "Finish it with `sage cycle`, then ask again.")
    entries = {kind: stores.ledger.entries(cycle_id=cycle_id, kind=kind) for kind in _NEEDED}
    seen = stores.observations.load(cycle_id)
    begun = entries[RecordKind.CYCLE_STARTED]
    if seen is None or not begun or "conditions" not in begun[-1].body:
        _refuse(cycle_id)
    decisions = tuple(restore(Decision, entry.body) for entry in entries[RecordKind.DECISION])
    return StoredCycle(
        cycle_id=cycle_id,
        as_of=cycle.as_of,
        conditions=restore(Conditions, begun[-1].body["conditions"]),
        policy=begun[-1].body["policy"],
        seen=seen,
        evidence_digest=_only(entries[RecordKind.EVIDENCE], cycle_id).body["digest"],
        candidates=_candidates(_only(entries[RecordKind.CANDIDATES], cycle_id)),
        monitor=restore(MonitorReport, _only(entries[RecordKind.MONITOR], cycle_id).body),
        decisions=tuple(sorted(decisions, key=lambda each: each.decision_id)),
        rulings=tuple(_rulings(CaseStore(stores.database), seen, decisions, entries[RecordKind.VERDICTS])),
        explanations=tuple(
            each for each in map(_told, entries[RecordKind.EXPLANATION]) if each.explanation.phase is Phase.BEFORE
        ),
        # Legs behind an order follow from it, and nobody decided on them.
        orders=tuple(order for order in stores.orders.of_cycle(cycle_id) if order.parent_id is None),
        calls=tuple(sorted(stores.calls.of_cycle(cycle_id), key=lambda call: call.request_digest)),
        recorded_calls=_calls(entries[RecordKind.MODEL_CALL]),
    )


_NEEDED = (
    RecordKind.CYCLE_STARTED,
    RecordKind.EVIDENCE,
    RecordKind.CANDIDATES,
    RecordKind.MONITOR,
    RecordKind.DECISION,
    RecordKind.VERDICTS,
    RecordKind.EXPLANATION,
    RecordKind.MODEL_CALL,
)


def known_refs(seen: Observation, decision: Decision) -> frozenset[Ref]:
    """The references that the roles were given on the way to a decision."""
    plan = plan_evidence(decision.candidate, as_of=seen.evidence.as_of)
    return frozenset((*seen.evidence.items, *(item.ref for item in plan)))


def _rulings(
    cases: CaseStore, seen: Observation, decisions: Iterable[Decision], entries: Iterable[LedgerEntry]
) -> Iterable[Ruling]:
    by_id = {decision.decision_id: decision for decision in decisions}
    for entry in entries:
        decision = next((each for name, each in by_id.items() if name == entry.body["intent"]["decision_id"]), None)
        if decision is None or entry.body["intent"]["leg"] not in ("entry", "exit"):
            continue  # protection that was put back, or an order of somebody else's: no decision of this cycle
        case = cases.find(entry.body.get("case", ""), known_refs(seen, decision))
        if case is None:
            _refuse(entry.cycle_id)
        yield Ruling(entry.seq, entry.subject, case, restore(Evaluation, entry.body["evaluation"]))


def _told(entry: LedgerEntry) -> StoredExplanation:
    return StoredExplanation(entry.seq, restore(Explanation, entry.body))


def _candidates(entry: LedgerEntry) -> tuple[TradeCandidate, ...]:
    return tuple(restore(TradeCandidate, each) for each in entry.body["value"])


def _calls(entries: Iterable[LedgerEntry]) -> tuple[ModelCall, ...]:
    found = (restore(ModelCall, entry.body) for entry in entries)
    return tuple(sorted(found, key=lambda call: call.request_digest))


def _only(entries: tuple[LedgerEntry, ...], cycle_id: str) -> LedgerEntry:
    if not entries:
        _refuse(cycle_id)
    return entries[-1]


def _refuse(cycle_id: str) -> NoReturn:
    raise UsageError(
        f"cycle {cycle_id} was recorded without all that a second run needs", "Only cycles of this release on can."
    )
