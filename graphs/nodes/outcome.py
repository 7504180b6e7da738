"""Explain and remember: what a cycle leaves behind for people and for later cycles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from agents.explainer import explain as explained
from agents.explainer import template
from agents.record import Record
from domain.decisions import Decision, Explanation, Phase
from domain.errors import OversightError
from domain.record.entries import RecordKind
from domain.signals import CandidateKind
from graphs.deps import CycleDeps
from graphs.record import Fact, record_each_once, record_once, records_of
from graphs.state import CycleNode, CycleState
from memory.rebuild import catch_up


def explain(deps: CycleDeps) -> CycleNode:
    """One explanation a decision, several at once; the template speaks for exits and for models that fail."""

    def node(state: CycleState) -> dict[str, Any]:
        cycle, decisions = state["cycle_id"], sorted(state["decisions"], key=lambda decision: decision.decision_id)
        records = records_of(deps.stores, cycle, decisions).values()
        with ThreadPoolExecutor(max_workers=deps.rules.in_work) as pool:
            # `map` answers in the order of the records, whichever call ends first.
            told = list(pool.map(partial(explanation_of, deps), records))
        made = [Fact(each.decision_id, each, deps.clock.now(), each.decision_id) for each in told]
        record_each_once(deps.stores, RecordKind.EXPLANATION, made, cycle_id=cycle)
        silent = [each for each in told if each.by_template]
        entries = {each.decision_id for each in decisions if each.candidate.kind is CandidateKind.ENTRY}
        failed = [each for each in silent if each.decision_id in entries]
        return {"degraded": [f"explainer: template for {each.symbol} ({each.failure})" for each in failed]}

    return node


def explanation_of(deps: CycleDeps, known: Record) -> Explanation:
    """Why it was decided, without what became of it; an exit by rule needs no model to say so."""
    record, decision = replace(known, order=None, fills=()), known.decision
    if decision.candidate.kind is not CandidateKind.ENTRY:
        return template(record, Phase.BEFORE)
    return explained(deps.asker, decision.cycle_id, record, Phase.BEFORE)


def record_explanation(deps: CycleDeps, decision: Decision, explanation: Explanation) -> None:
    """Keep an explanation beside its decision."""
    record_once(
        deps.stores.ledger,
        RecordKind.EXPLANATION,
        decision.decision_id,
        explanation,
        at=deps.clock.now(),
        cycle_id=decision.cycle_id,
        cause=decision.decision_id,
    )


def remember(deps: CycleDeps) -> CycleNode:
    """Settled trades enter the memory, and the models' calls the ledger; a memory out of reach catches up later."""

    def node(state: CycleState) -> dict[str, Any]:
        cycle = state["cycle_id"]
        # Calls end in any order; sorted, the chain of a repeated run has the same bytes (I-68).
        calls = sorted(deps.stores.calls.of_cycle(cycle), key=lambda call: call.request_digest)
        made = [Fact(call.call_id, call, call.at) for call in calls]
        record_each_once(deps.stores, RecordKind.MODEL_CALL, made, cycle_id=cycle)
        return {"degraded": remember_settled(deps)}

    return node


def remember_settled(deps: CycleDeps) -> list[str]:
    """Remember what was settled since last time; the answer names what stood in the way."""
    if deps.memory is None:
        return []
    try:
        catch_up(deps.stores.ledger, deps.memory)
    except OversightError as error:
        return [f"memory: {error}"]
    return []
