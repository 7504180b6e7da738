"""The thread of one decision that waits for a person.

    pause -> submit -> explain -> remember

``pause`` does nothing but interrupt. The answer is claimed in our own database before this thread is resumed, because
a resumed thread alone cannot tell a first yes from a second one; ``submit`` runs every gate again.
"""

from __future__ import annotations

from typing import Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graphs.deps import CycleDeps
from graphs.nodes import approval
from graphs.state import ApprovalInput, ApprovalState

ApprovalGraph = CompiledStateGraph[ApprovalState, None, ApprovalInput, ApprovalState]


def after_pause(state: ApprovalState) -> Literal["submit", "explain"]:
    """A yes goes to the desk, a no straight to the explanation."""
    return "submit" if state["approval"] is not None else "explain"


def build_approval(deps: CycleDeps, checkpointer: BaseCheckpointSaver[str]) -> ApprovalGraph:
    """Compile the approval thread; it cannot work without a checkpointer."""
    graph = StateGraph(ApprovalState, input_schema=ApprovalInput, output_schema=ApprovalState)
    graph.add_node("pause", approval.pause)
    graph.add_node("submit", approval.submit(deps))
    graph.add_node("explain", approval.explain(deps))
    graph.add_node("remember", approval.remember(deps))
    graph.add_edge(START, "pause")
    # langgraph reads the targets from the Literal that the function returns.
    graph.add_conditional_edges("pause", after_pause)
    graph.add_edge("submit", "explain")
    graph.add_edge("explain", "remember")
    graph.add_edge("remember", END)
    return graph.compile(checkpointer=checkpointer)
