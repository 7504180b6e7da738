"""One question of a conversation, in the thread of its chat.

    think -> look -> think -> ... -> say

``think`` is one call to a model, ``look`` one read-only tool; after ``MOST_LOOKS`` of them it has to answer. No node
can act, because the tools are those that the face hands in and none of them does. The thread keeps what was said, so
that a conversation goes on after a restart; what was looked at is forgotten with the question.
"""

from __future__ import annotations

from typing import Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graphs.nodes import talk
from graphs.state import ChatInput, ChatState

ChatGraph = CompiledStateGraph[ChatState, None, ChatInput, ChatState]


def after_think(state: ChatState) -> Literal["look", "say"]:
    """A look that is wanted is made; an answer, or that there is none, is said."""
    return "look" if state["reply"] is None else "say"


def build_chat(deps: talk.ChatDeps, checkpointer: BaseCheckpointSaver[str]) -> ChatGraph:
    """Compile the conversation."""
    graph = StateGraph(ChatState, input_schema=ChatInput, output_schema=ChatState)
    graph.add_node("think", talk.think(deps))
    graph.add_node("look", talk.look(deps))
    graph.add_node("say", talk.say)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", after_think)
    graph.add_edge("look", "think")
    graph.add_edge("say", END)
    return graph.compile(checkpointer=checkpointer)
