"""The oversight cycle: one run from market to explanation.

    read_news -> observe -> screen -> monitor -+-> review (one branch an entry) -+-> gate -> park -> submit
                                               +-> exit_by_rule -----------------+            |        |
                                                                         remember <- explain <-+--------+

Reviewing means advise -> inspect -> decide, see ``nodes/review.py``. A decision that needs a person is parked and goes
on in ``approval.py``; the cycle does not wait for it.
"""

from __future__ import annotations

from typing import Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from domain.signals import CandidateKind
from domain.verdicts import Outcome
from graphs.deps import CycleDeps
from graphs.nodes import desk, observe, outcome, read_news, review, screen
from graphs.state import CycleInput, CycleState

OversightGraph = CompiledStateGraph[CycleState, None, CycleInput, CycleState]


def fan_out(state: CycleState) -> list[Send | Literal["exit_by_rule"]]:
    """One review branch for every entry; exits never wait for a model."""
    shared = {"cycle_id": state["cycle_id"], "as_of": state["as_of"], "monitor": state["monitor"]}
    entries = [c for c in state["candidates"] if c.kind is CandidateKind.ENTRY]
    # exit_by_rule always: with no target at all a cycle without entries would end before the gates.
    return [*(Send("review", {**shared, "candidate": candidate}) for candidate in entries), "exit_by_rule"]


def after_gate(state: CycleState) -> Literal["park", "submit", "explain"]:
    """Park first what needs a person, then send; nothing allowed means straight to the explanation."""
    waits = any(ruled.outcome is Outcome.NEED_APPROVAL for ruled in state["ruled"])
    return "park" if waits else after_park(state)


def after_park(state: CycleState) -> Literal["submit", "explain"]:
    """Send what needs nobody."""
    outcomes = {ruled.outcome for ruled in state["ruled"]}
    return "submit" if outcomes & {Outcome.PASS, Outcome.REDUCE} else "explain"


def build_oversight(deps: CycleDeps, checkpointer: BaseCheckpointSaver[str] | None = None) -> OversightGraph:
    """Compile the cycle over its ports."""
    graph = StateGraph(CycleState, input_schema=CycleInput, output_schema=CycleState)
    graph.add_node("read_news", read_news.read_news(deps))
    graph.add_node("observe", observe.observe(deps))
    graph.add_node("screen", screen.screen(deps))
    graph.add_node("monitor", screen.monitor(deps))
    graph.add_node("review", review.review(deps))
    graph.add_node("exit_by_rule", screen.exit_by_rule(deps))
    graph.add_node("gate", desk.gate(deps))
    graph.add_node("park", desk.park(deps))
    graph.add_node("submit", desk.submit(deps))
    graph.add_node("explain", outcome.explain(deps))
    graph.add_node("remember", outcome.remember(deps))

    graph.add_edge(START, "read_news")
    graph.add_edge("read_news", "observe")
    graph.add_edge("observe", "screen")
    graph.add_edge("screen", "monitor")
    # Named here: from a list of Sends langgraph cannot read the targets.
    graph.add_conditional_edges("monitor", fan_out, ["review", "exit_by_rule"])
    # Both paths are one step long, so `gate` runs once; were one longer, it would need `defer`.
    graph.add_edge("review", "gate")
    graph.add_edge("exit_by_rule", "gate")
    graph.add_conditional_edges("gate", after_gate)
    graph.add_conditional_edges("park", after_park)
    graph.add_edge("submit", "explain")
    graph.add_edge("explain", "remember")
    graph.add_edge("remember", END)
    return graph.compile(checkpointer=checkpointer)
