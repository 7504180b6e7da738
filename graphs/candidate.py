"""The review of one candidate: three roles, each of which can only tighten what the one before left.

    advise -> inspect -> decide

One branch runs for every entry, in parallel. It keeps no checkpoint of its own: the journal of model calls already
makes sure that a finished call is never paid twice when a branch runs again.
"""

from __future__ import annotations

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graphs.deps import CycleDeps
from graphs.nodes import review
from graphs.state import CandidateInput, CandidateOutput, CandidateState

ReviewGraph = CompiledStateGraph[CandidateState, None, CandidateInput, CandidateOutput]


def build_candidate_review(deps: CycleDeps) -> ReviewGraph:
    """Compile the review branch."""
    graph = StateGraph(CandidateState, input_schema=CandidateInput, output_schema=CandidateOutput)
    graph.add_node("advise", review.advise(deps))
    graph.add_node("inspect", review.inspect(deps))
    graph.add_node("decide", review.decide(deps))
    graph.add_edge(START, "advise")
    graph.add_edge("advise", "inspect")
    graph.add_edge("inspect", "decide")
    graph.add_edge("decide", END)
    return graph.compile(checkpointer=False)
