"""Talking: a question in words, answered from the records by a model with read-only tools, or by rules without one.

    question -> the chat's thread (think, look, think, ..., say) -> sentences with figures, what was looked at, cards
                     | nobody can be asked, or nothing usable came back
                     +-> the view that the words themselves name, as conversing.py finds it

One question of a chat at a time; the thread is kept under the chat's name, so that the talk goes on after a restart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver

from agents.chat import LONGEST_QUESTION
from agents.slots import index
from domain.conversation import Card, Look, Reply
from domain.decisions import Statement
from domain.errors import UsageError
from domain.ids import CycleId, derive
from domain.record.rendering import render
from graphs.chat import ChatGraph, build_chat
from graphs.nodes.talk import MOST_LOOKS, ChatDeps
from graphs.state import ChatInput, ChatState
from interfaces.runtime import Runtime
from interfaces.telling.conversation.conversing import understood
from interfaces.telling.conversation.lookups import tools_of
from interfaces.views.chat import CardView, ChatView

RULES = "rules"
# A look is two steps, thinking and looking; the rest is the way in and out.
STEPS = 2 * MOST_LOOKS + 5
KEPT_QUESTIONS = 20
"""After so many the thread begins anew with what it remembers: a checkpoint for each would only be kept, never read."""
COMMANDS: Mapping[str, tuple[str, str]] = {
    "pause": ("sage pause", "sage pause symbol"),
    "resume": ("sage resume", "sage resume symbol"),
    "cancel": ("sage orders", "sage orders cancel"),
    "flatten": ("sage flatten", "sage flatten"),
    "kill": ("sage kill", "sage kill"),
    "cycle": ("sage cycle", "sage cycle --symbols"),
}
"""What a person types for each effect of a card, without words and with some."""
Progress = Callable[[str], None]


class Talker:
    """The conversations of one start."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._graph: ChatGraph | None = None
        self._busy = threading.Lock()
        self._chats: dict[str, threading.Lock] = {}

    def ask(self, chat: str, question: str, progress: Progress) -> ChatView:
        """One question of a chat; ``progress`` hears what is looked at while it goes on."""
        text = question.strip()
        if not text:
            raise UsageError("that was no question", "Ask for example: how is my day?")
        with self._turn_of(chat):
            if self._runtime.deps.asker.line("chat")[0].name == RULES:
                return self._by_rule(text, RULES)
            state = self._talk(chat, text[:LONGEST_QUESTION], progress)
        reply = state["reply"]
        if reply is None or not (reply.statements or reply.cards):
            return self._by_rule(text, reply.source if reply is not None else "nobody")
        return answered(reply, state["looks"])

    def _talk(self, chat: str, text: str, progress: Progress) -> ChatState:
        graph, config = self._compiled(), config_of(chat)
        number = begun_anew(graph, config)
        start = ChatInput(
            turn_id=CycleId(derive("talk", chat, number, self._runtime.deps.clock.now(), text)),
            question=text,
            looks=[],
            wanted=[],
            reply=None,
        )
        # One checkpoint a question: one that a crash cuts off is asked again by the person, and pays no answer twice.
        for update in graph.stream(start, config, stream_mode="updates", durability="exit"):
            for line in looked_now(update):
                progress(line)
        state: Any = graph.get_state(config).values
        return state  # type: ignore[no-any-return]  # langgraph types its values as a plain dict

    def _by_rule(self, text: str, source: str) -> ChatView:
        question = understood(text, self._runtime.deps.market.symbols())
        return ChatView((), (), (), source, question.topic, question.about)

    def _compiled(self) -> ChatGraph:
        with self._busy:
            if self._graph is None:
                saver = self._runtime.approval.checkpointer
                if not isinstance(saver, BaseCheckpointSaver):
                    raise RuntimeError("the graphs are compiled without a place for checkpoints")
                symbols = frozenset(self._runtime.deps.market.symbols())
                # A person does not stand behind the candidates of a cycle.
                asker = replace(self._runtime.deps.asker, at_once=nullcontext())
                deps = ChatDeps(asker, tools_of(self._runtime), symbols)
                self._graph = build_chat(deps, saver)
            return self._graph

    def _turn_of(self, chat: str) -> threading.Lock:
        with self._busy:
            # One lock a chat for good: only people with a role get here, and those are few.
            return self._chats.setdefault(chat, threading.Lock())


def config_of(chat: str) -> RunnableConfig:
    """The thread of a chat, bounded in steps."""
    # Threads of cycles and requests lie in the same place: the prefix keeps the name of a chat from meeting theirs.
    return {"configurable": {"thread_id": f"chat:{chat}"}, "recursion_limit": STEPS}


def begun_anew(graph: ChatGraph, config: RunnableConfig) -> int:
    """How many checkpoints the thread has; from ``KEPT_QUESTIONS`` on it begins anew with what it remembers."""
    saver = graph.checkpointer
    if not isinstance(saver, BaseCheckpointSaver):
        return 0
    count = sum(1 for _ in saver.list(config, limit=KEPT_QUESTIONS))
    if count >= KEPT_QUESTIONS:
        earlier = graph.get_state(config).values.get("earlier", [])
        saver.delete_thread(config["configurable"]["thread_id"])
        graph.update_state(config, {"earlier": earlier}, as_node="say")
    return count


def looked_now(update: Mapping[str, Any]) -> tuple[str, ...]:
    """What the newest step has looked at."""
    looks = (update.get("look") or {}).get("looks", ())
    return (f"looked at {look_words(looks[-1])}",) if looks else ()


def look_words(look: Look) -> str:
    """``explain NIMBO``."""
    return " ".join((look.tool, *look.words))


def answered(reply: Reply, looks: list[Look]) -> ChatView:
    """The answer with its figures, what was looked at, and the cards with the command each stands for."""
    known = index(item for look in looks for item in look.items)
    lines = tuple(render(each, known) for each in reply.statements)
    return ChatView(
        lines,
        tuple(look_words(look) for look in looks),
        tuple(card_view(card, render(Statement(card.why), known)) for card in reply.cards),
        reply.source,
    )


def card_view(card: Card, why: str) -> CardView:
    """A card for people."""
    bare, named = COMMANDS[card.effect]
    return CardView(card.effect, tuple(card.words), why, " ".join((named if card.words else bare, *card.words)))
