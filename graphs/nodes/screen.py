"""Screen, monitor, and exits by rule: what code concludes before a model is asked about single trades."""

from __future__ import annotations

from typing import Any

from agents.decider import exit_by_rule as decided_by_rule
from agents.monitor import watch
from domain.context.observation import Observation
from domain.decisions import MonitorReport
from domain.errors import IntegrityError
from domain.ids import CycleId
from domain.orders import OrderClass
from domain.record.entries import RecordKind
from domain.signals import CandidateKind
from graphs.deps import CycleDeps
from graphs.record import record_once
from graphs.state import CycleNode, CycleState
from tools.control import act_on
from tools.orders import taken_in_fractions
from trading.strategies import screen as strategies


def observation_of(deps: CycleDeps, cycle_id: CycleId) -> Observation:
    """What this cycle saw; every node after ``observe`` looks here and nowhere else."""
    found = deps.stores.observations.load(cycle_id)
    if found is None:
        raise IntegrityError(f"cycle {cycle_id} has no observation", "Start a new cycle.")
    return found


def screen(deps: CycleDeps) -> CycleNode:
    """Strategies and scanners name the candidates; the cost of a cycle grows with them, not with the universe."""

    def node(state: CycleState) -> dict[str, Any]:
        seen = observation_of(deps, state["cycle_id"])
        found = strategies.screen(
            cycle_id=state["cycle_id"],
            signals=seen.signals,  # what is held belongs to it, asked for or not: its exit must not wait for a mention
            alerts=seen.alerts,
            book=seen.book,
            market=seen.market,
            sizing=deps.rules.sizing,
            enabled=deps.rules.strategies,
            fractional=OrderClass.BRACKET in taken_in_fractions(deps.policy, deps.broker),
        )
        cycle = state["cycle_id"]
        record_once(deps.stores.ledger, RecordKind.CANDIDATES, cycle, found, at=state["as_of"], cycle_id=cycle)
        return {"candidates": list(found)}

    return node


def monitor(deps: CycleDeps) -> CycleNode:
    """One look at the whole, and no call when nothing is out of the ordinary or nothing can be entered."""

    def node(state: CycleState) -> dict[str, Any]:
        cycle = state["cycle_id"]
        report: MonitorReport = watch(deps.asker, observation_of(deps, cycle))
        record_once(deps.stores.ledger, RecordKind.MONITOR, cycle, report, at=state["as_of"], cycle_id=cycle)
        act_on(report, deps.stores.control, at=state["as_of"])
        silent = report.source.removeprefix("code:") if report.source.startswith("code:") else ""
        return {"monitor": report, "degraded": [f"monitor: {silent}"] if silent else []}

    return node


def exit_by_rule(deps: CycleDeps) -> CycleNode:
    """Candidates that take risk off become decisions by code; no role can veto or delay them."""

    def node(state: CycleState) -> dict[str, Any]:
        leaving = [candidate for candidate in state["candidates"] if candidate.kind is not CandidateKind.ENTRY]
        evidence = observation_of(deps, state["cycle_id"]).evidence
        return {"decisions": [decided_by_rule(candidate, evidence, at=state["as_of"]) for candidate in leaving]}

    return node
