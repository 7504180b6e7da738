"""Explaining anything that has an id, before and after: a projection of stored records, with every model away."""

from __future__ import annotations

from dataclasses import replace

from agents.explainer import template
from domain.canonical import restore
from domain.decisions import Decision, Phase
from domain.errors import UsageError
from domain.ids import ClientOrderId
from domain.records import LedgerEntry, RecordKind
from graphs.record import record_of
from interfaces.runtime import Runtime
from interfaces.telling.looking import last_report
from interfaces.telling.reporting import explanation_view, explanations_of, facts_of
from interfaces.views.cycles import ExplainView, ExplanationView

LAST = "last"


def explain(runtime: Runtime, name: str, phase: Phase | None) -> ExplainView:
    """What is on record about a candidate, decision, request, order, trade, cycle, symbol, or the last cycle."""
    found = decisions_for(runtime, name)
    if not found:
        raise UsageError(f"nothing called {name} is on record", "Take an id from `sage orders`, or write `last`.")
    views = tuple(view for decision in found for view in views_of(runtime, decision, phase))
    return ExplainView(runtime.deps.clock.now(), name, views)


def views_of(runtime: Runtime, decision: Decision, phase: Phase | None) -> tuple[ExplanationView, ...]:
    """The stored words from before, and what became of it, told by the template from today's records."""
    known, record = facts_of(runtime, decision), record_of(runtime.deps.stores, decision)
    undone = replace(record, order=None, fills=())
    before = explanations_of(runtime, decision, Phase.BEFORE)[-1:] or (
        explanation_view(template(undone, Phase.BEFORE), known),
    )
    after = (explanation_view(template(record, Phase.AFTER), known),)
    return {Phase.BEFORE: before, Phase.AFTER: after, None: (*before, *after)}[phase]


def decisions_for(runtime: Runtime, name: str) -> tuple[Decision, ...]:
    """The decisions an id stands for."""
    ledger = runtime.deps.stores.ledger
    if name == LAST:
        last = last_report(runtime)
        return decisions_in(ledger.entries(cycle_id=str(last["cycle_id"]), kind=RecordKind.DECISION)) if last else ()
    direct = ledger.entries(subject=name, kind=RecordKind.DECISION) or ledger.entries(
        cycle_id=name, kind=RecordKind.DECISION
    )
    if direct:
        return decisions_in(direct)
    wanted = {name, *(causes_of(runtime, name))}
    every = decisions_in(ledger.entries(kind=RecordKind.DECISION))
    by_id = tuple(each for each in every if wanted & {each.decision_id, each.candidate.candidate_id})
    return by_id or tuple(each for each in every if each.candidate.symbol == name.upper())[-1:]


def causes_of(runtime: Runtime, name: str) -> set[str]:
    """The decisions that led to an order, a trade or a request of that name."""
    stores = runtime.deps.stores
    order = stores.orders.get(ClientOrderId(name))
    request = stores.approvals.get(name)
    closed = stores.ledger.entries(subject=name, kind=RecordKind.TRADE_CLOSED)
    return {
        *((order.decision_id,) if order is not None else ()),
        *((request.decision_id,) if request is not None else ()),
        *(str(entry.body["decision_id"]) for entry in closed),
    }


def decisions_in(entries: tuple[LedgerEntry, ...]) -> tuple[Decision, ...]:
    """Decisions as they were stored."""
    return tuple(restore(Decision, entry.body) for entry in entries)
