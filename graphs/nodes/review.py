"""The three roles that look at one entry. A role that fails leaves None, and code decides what that means: no entry."""

from __future__ import annotations

from typing import Any

from agents import advisor, decider, inspector
from agents.llm import UNANSWERED, reason_of
from domain.decisions import Stance
from domain.evidence import Evidence
from graphs.deps import CycleDeps
from graphs.nodes.screen import observation_of
from graphs.state import CandidateNode, CandidateState
from tools.plan import plan_evidence
from trading.portfolio.sizing import step_behind


def advise(deps: CycleDeps) -> CandidateNode:
    """The signal advisor: the case for and against."""

    def node(state: CandidateState) -> dict[str, Any]:
        evidence = observation_of(deps, state["cycle_id"]).evidence
        try:
            said = advisor.advise(deps.asker, state["cycle_id"], evidence, state["candidate"], planned(state))
        except UNANSWERED as error:
            return {"advice": None, "degraded": [f"advisor: {reason_of(error)}"]}
        return {"advice": said, "degraded": []}

    return node


def inspect(deps: CycleDeps) -> CandidateNode:
    """The risk inspector; nobody is asked about a trade that the advisor has already left."""

    def node(state: CandidateState) -> dict[str, Any]:
        advice = state["advice"]
        if advice is None or advice.stance is Stance.SKIP:
            return {"inspection": None}
        evidence = observation_of(deps, state["cycle_id"]).evidence
        try:
            said = inspector.inspect(
                deps.asker, state["cycle_id"], evidence, state["candidate"], planned(state), advice
            )
        except UNANSWERED as error:
            return {"inspection": None, "degraded": [*state["degraded"], f"inspector: {reason_of(error)}"]}
        return {"inspection": said}

    return node


def decide(deps: CycleDeps) -> CandidateNode:
    """The decision agent: what is left of the candidate."""

    def node(state: CandidateState) -> dict[str, Any]:
        seen, candidate = observation_of(deps, state["cycle_id"]), state["candidate"]
        view = seen.market.symbols[candidate.symbol]
        decision = decider.decide(
            deps.asker,
            state["cycle_id"],
            seen.evidence,
            candidate,
            planned(state),
            state["advice"],
            state["inspection"],
            lot=step_behind(candidate.qty, view.instrument),
            monitor=state["monitor"],
        )
        return {"decisions": [decision]}

    return node


def planned(state: CandidateState) -> tuple[Evidence, ...]:
    """The candidate's own figures."""
    return plan_evidence(state["candidate"], as_of=state["as_of"])
