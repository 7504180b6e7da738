"""Nodes of the approval thread: wait for a person, then the same desk, explanation and memory as in the cycle."""

from __future__ import annotations

from typing import Any

from langgraph.types import interrupt

from agents.explainer import template
from domain.case import Approval
from domain.decisions import Phase
from domain.errors import IntegrityError
from graphs.deps import CycleDeps
from graphs.nodes.desk import sent_of
from graphs.nodes.observe import market_now
from graphs.nodes.outcome import record_explanation, remember_settled
from graphs.nodes.screen import observation_of
from graphs.proposal import proposal_for
from graphs.record import record_of
from graphs.state import ApprovalNode, ApprovalState
from tools.orders import place_order


def pause(state: ApprovalState) -> dict[str, Any]:
    """Nothing but the interruption: this node runs again from its start when the answer comes."""
    answer = interrupt({"pending_id": state["pending_id"]})
    # Whatever else a thread is resumed with is no yes.
    return {"approval": answer if isinstance(answer, Approval) else None}


def submit(deps: CycleDeps) -> ApprovalNode:
    """The stored order, with the approval, at the desk: every gate runs again on what is true now."""

    def node(state: ApprovalState) -> dict[str, Any]:
        # The order of our own database, never one out of a checkpoint (docs/decisions/0003).
        pending = deps.stores.approvals.get(state["pending_id"])
        if pending is None:
            raise IntegrityError(f"the request {state['pending_id']} is gone", "Run `sage audit verify`.")
        decision, approval = state["decision"], state["approval"]
        deps.reconciler.reconcile(now=deps.clock.now())  # the person took longer than a comparison of the books lasts
        market = market_now(deps, [decision.candidate.symbol])
        placed = place_order(
            deps.desk,
            pending.intent,
            market=market,
            proposal=proposal_for(decision, observation_of(deps, decision.cycle_id), deps),
            approval=approval,
            cycle_id=decision.cycle_id,
        )
        return {"sent": [sent_of(decision, placed)]}

    return node


def explain(deps: CycleDeps) -> ApprovalNode:
    """What became of it, from the record alone: an answer must not wait for a model."""

    def node(state: ApprovalState) -> dict[str, Any]:
        decision = state["decision"]
        record_explanation(deps, decision, template(record_of(deps.stores, decision), Phase.AFTER))
        return {}

    return node


def remember(deps: CycleDeps) -> ApprovalNode:
    """The request is carried out; settled trades enter the memory."""

    def node(state: ApprovalState) -> dict[str, Any]:
        deps.stores.approvals.finish(state["pending_id"])
        remember_settled(deps)
        return {}

    return node
