"""The talker: answers a person from the records, with read-only tools and nothing that acts.

    question, tools, what was looked at so far -> one move: another look, or the answer with references

The move is a document of a closed shape. A tool that is not on the list, a reference that no look has found, a figure
written by hand, a repeated look: each is a bad answer, which gets its one repair turn and then counts as none. Nothing
that a question or a record says can add a tool, because the list is code's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.ask import Asker
from agents.llm import BadAnswer
from agents.outputs import ChatOutput
from agents.slots import encode, evidence_lines, index
from domain.conversation import Card, Exchange, Look, Reply
from domain.decisions import Statement
from domain.evidence import Evidence
from domain.ids import CycleId
from domain.record.rendering import check, refs_in

LONGEST_QUESTION = 2000
MOST_EARLIER = 6
_CAPITALS = re.compile(r"[A-Z][A-Z0-9]*(?:[.\-][A-Z0-9]+)*", re.ASCII)
_SLOT = re.compile(r"\{[^{}]*\}")
_WORD = re.compile(r"[A-Za-z0-9.\-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ToolLine:
    """A tool as the talker is shown it: ``explain ID``, and what it finds."""

    name: str
    words: str
    finds: str


@dataclass(frozen=True, slots=True)
class WantedLook:
    """A look that the talker asks for."""

    tool: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChatQuestion:
    """One question on its way: its id, what was talked about before, what was looked at, how many looks are left."""

    turn_id: CycleId
    question: str
    earlier: Sequence[Exchange]
    looks: Sequence[Look]
    left: int
    symbols: frozenset[str] = frozenset()
    """What the market knows: a sentence that names one may not show the figures of another."""


def think(asker: Asker, asked: ChatQuestion, tools: Sequence[ToolLine]) -> WantedLook | Reply:
    """One move; raises NoAnswer, BadAnswer or WrongSetup where nobody brings a usable one."""
    items = [item for look in asked.looks for item in look.items]
    variables = {
        "turns": str(asked.left),
        "tools": "\n".join(encode({"tool": each.name, "words": each.words, "finds": each.finds}) for each in tools),
        "earlier": "\n".join(
            encode({"asked": each.asked, "answered": each.answered}) for each in asked.earlier[-MOST_EARLIER:]
        ),
        "looked": "\n".join(
            encode({"tool": each.tool, "words": each.words, "found": each.fault or len(each.items)})
            for each in asked.looks
        ),
        "facts": evidence_lines(items, asker.clock.now()),
        "question": encode(asked.question[:LONGEST_QUESTION]),
    }

    def read(output: ChatOutput, source: str, _repaired: bool) -> WantedLook | Reply:
        return wanted(output, asked, tools) if output.move == "look" else reply(output, asked, source)

    return asker.ask("chat", asked.turn_id, asked.turn_id, variables, read).value


def wanted(output: ChatOutput, asked: ChatQuestion, tools: Sequence[ToolLine]) -> WantedLook:
    """A look that may be made."""
    if output.tool is None or output.tool not in {each.name for each in tools}:
        raise BadAnswer("schema", f"there is no tool called {output.tool!a}")
    if asked.left < 1:
        raise BadAnswer("schema", "no look is left: answer with what was found")
    words = tuple(output.words)
    if any((each.tool, tuple(each.words)) == (output.tool, words) for each in asked.looks):
        raise BadAnswer("schema", "this was looked at already: use what it found")
    return WantedLook(output.tool, words)


def reply(output: ChatOutput, asked: ChatQuestion, source: str) -> Reply:
    """An answer whose every figure is a reference to something found."""
    known = index(item for look in asked.looks for item in look.items)
    statements = tuple(Statement(each.text, each.weight) for each in output.statements)
    cards = tuple(Card(each.effect, tuple(each.words), each.why) for each in output.cards)
    if any(not _WORD.fullmatch(word) for card in cards for word in card.words):
        raise BadAnswer("schema", "the words of a card are a symbol or an id")
    for statement in (*statements, *(Statement(card.why) for card in cards)):
        fault = check(statement, known, any_script=True)
        if fault is not None:
            # A fault quotes what the model wrote, and goes into the repair turn.
            shown = fault if fault.isascii() else "unknown reference"
            raise BadAnswer(
                "unknown_reference" if fault.startswith("unknown") else "statement",
                f"a sentence may not be shown: {shown}",
            )
        if misnamed(statement.text, known, asked.symbols):
            raise BadAnswer("wrong_symbol", "a sentence names one symbol and shows the figures of another")
    return Reply(statements, cards, source)


def misnamed(text: str, known: Mapping[str, Evidence], symbols: frozenset[str]) -> bool:
    """Whether a sentence speaks of some symbols and shows a figure of one that is not among them."""
    shown = [known[ref] for ref in refs_in(text)]
    spoken = {word for word in _CAPITALS.findall(_SLOT.sub(" ", text)) if word in symbols}
    spoken |= {item.value for item in shown if isinstance(item.value, str) and item.value in symbols}
    return bool(spoken) and any(item.symbol is not None and item.symbol not in spoken for item in shown)
