"""The record of one decision: all that an explanation may speak of, and every figure that it may show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from agents.decider import sizes
from agents.slots import index
from domain.decisions import Decision
from domain.evidence import Evidence, EvidenceSet, Value
from domain.ids import Ref
from domain.money import ONE
from domain.orders import Fill, Order
from domain.verdicts import Evaluation, Outcome
from tools.outcome import gate_evidence, order_evidence


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known about one decision at one moment: what an explanation may speak of."""

    decision: Decision
    evidence: EvidenceSet
    plan: tuple[Evidence, ...]
    evaluation: Evaluation | None = None
    order: Order | None = None
    fills: tuple[Fill, ...] = ()
    lot: Decimal = ONE


def facts(record: Record) -> dict[str, Evidence]:
    """Every figure an explanation of this record may cite: evidence that was cited, plan, sizes, gates and outcome."""
    decision, items = record.decision, record.evidence.items
    cited = (items[ref] for ref in (*decision.cited, *decision.candidate.refs) if ref in items)
    made = (_fact(record, *made) for made in (*_sizes(record), *_gates(record)))
    return dict(sorted(index((*cited, *record.plan, *made, *_outcome(record))).items()))


_Made = tuple[str, Value, str]


def _sizes(record: Record) -> Iterator[_Made]:
    decision = record.decision
    left = sizes(decision.candidate, decision.advice, decision.inspection, record.lot)
    yield "size.proposed", left.candidate, "shares"
    yield "size.advised", left.advised, "shares"
    yield "size.inspected", left.inspected, "shares"
    yield "size.decided", decision.qty, "shares"
    yield "decision.codes", ", ".join(decision.codes) or "no code", "text"
    if decision.advice is not None:
        yield "advice.confidence", decision.advice.confidence, "ratio"
    if decision.inspection is not None:
        yield "inspection.ruling", decision.inspection.ruling.value, "text"


def _gates(record: Record) -> Iterator[_Made]:
    if record.evaluation is not None:
        outcomes = [verdict.outcome for verdict in record.evaluation.verdicts]
        yield "size.gated", record.evaluation.final_qty, "shares"
        yield "gates.total", len(outcomes), "count"
        yield "gates.passed", outcomes.count(Outcome.PASS), "count"


def _outcome(record: Record) -> Iterator[Evidence]:
    """What the gates that objected measured, and what became of the order."""
    decision = record.decision
    if record.evaluation is not None:
        objections = tuple(item for item in record.evaluation.verdicts if item.outcome is not Outcome.PASS)
        objecting = replace(record.evaluation, verdicts=objections)
        yield from gate_evidence(decision.candidate.symbol, objecting, at=decision.decided_at)
    if record.order is not None:
        yield _fact(record, "order.status", record.order.status.value, "text")
        yield from order_evidence(record.order, record.fills)


def _fact(record: Record, name: str, value: Value, unit: str) -> Evidence:
    symbol, at = record.decision.candidate.symbol, record.decision.decided_at
    return Evidence(Ref(f"{name}@{symbol}"), value, unit, "record", at, at, symbol)
