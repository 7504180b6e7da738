"""The nodes of a conversation: one move of the talker, one look, and the answer for the thread to remember."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from agents import chat
from agents.ask import Asker
from agents.llm import UNANSWERED, reason_of
from agents.slots import index
from domain.conversation import Exchange, Look, Reply
from domain.errors import OversightError
from domain.evidence import Evidence
from domain.ids import Ref
from domain.record.rendering import render
from graphs.state import ChatState

MOST_LOOKS = 4
LONGEST_KEPT = 600
Words = tuple[str, ...]


class ChatTool(NamedTuple):
    """A read-only tool: how it is shown, and what it finds; an OversightError of it is told to the model."""

    line: chat.ToolLine
    find: Callable[[Words], Sequence[Evidence]]


class ChatDeps(NamedTuple):
    """What a conversation works with."""

    asker: Asker
    tools: Mapping[str, ChatTool]
    symbols: frozenset[str] = frozenset()


class ChatNode(Protocol):
    """A node of a chat's thread."""

    def __call__(self, state: ChatState) -> dict[str, Any]:
        """Run on the state as it is."""
        ...


def think(deps: ChatDeps) -> ChatNode:
    """The next move; whoever cannot be asked leaves an empty reply, whose source says why."""

    def node(state: ChatState) -> dict[str, Any]:
        looks = state["looks"]
        left = MOST_LOOKS - len(looks)
        asked = chat.ChatQuestion(state["turn_id"], state["question"], state["earlier"], looks, left, deps.symbols)
        try:
            move = chat.think(deps.asker, asked, [tool.line for tool in deps.tools.values()])
        except UNANSWERED as error:
            move = Reply((), (), f"nobody:{reason_of(error)}")
        if isinstance(move, chat.WantedLook):
            return {"wanted": [move.tool, *move.words], "reply": None}
        return {"reply": move}

    return node


def look(deps: ChatDeps) -> ChatNode:
    """What the tool finds, or the line that says why it finds nothing."""

    def node(state: ChatState) -> dict[str, Any]:
        name, *words = state["wanted"]
        try:
            items = apart(deps.tools[name].find(tuple(words)), sum(each.tool == name for each in state["looks"]))
            found = Look(name, tuple(words), items)
        except OversightError as error:
            found = Look(name, tuple(words), fault=error.what)
        return {"looks": [*state["looks"], found]}

    return node


def apart(items: Sequence[Evidence], before: int) -> tuple[Evidence, ...]:
    """The figures of a second look with the same tool under names of their own: ``explain.1`` -> ``explain_2.1``."""
    if before == 0:
        return tuple(items)
    return tuple(replace(each, ref=Ref(f"{head}_{before + 1}{dot}{rest}")) for each in items
                 for head, dot, rest in [each.ref.partition(".")])  # fmt: skip


def say(state: ChatState) -> dict[str, Any]:
    """The answer with its figures, kept for the next question."""
    reply = state["reply"]
    known = index(item for look in state["looks"] for item in look.items)
    text = " ".join(render(each, known) for each in reply.statements) if reply is not None else ""
    if not text:
        return {}
    kept = Exchange(state["question"][:LONGEST_KEPT], text[:LONGEST_KEPT])
    return {"earlier": [kept]}
