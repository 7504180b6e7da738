"""Conversation over the records: a question in words becomes one of the read-only views, and nothing else.

No model is asked and nothing can be changed from here; whatever is not understood gets the list of what is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from domain.market import Symbol

Topic = Literal[
    "status", "positions", "orders", "trades", "pnl", "risk", "limits", "pending", "experiments", "explain", "help",
    "bye",
]  # fmt: skip

_WORDS: tuple[tuple[Topic, str], ...] = (
    # The first that fits counts: `why was my order not filled?` asks for a reason and not for orders.
    ("bye", r"\b(quit|exit|bye)\b"),
    ("explain", r"\b(why|explain|reason|because|how come|what happened)\b"),
    ("experiments", r"\b(backtest\w*|experiments?)\b"),
    ("pending", r"\b(pending|waiting|waits|approv\w*|decide)\b"),
    ("pnl", r"\b(pnl|p&l|profit|loss|losses|earned|equity|drawdown|money)\b"),
    ("positions", r"\b(position|positions|holding|holdings|hold|own|portfolio)\b"),
    ("trades", r"\b(trades?|round trips?|closed)\b"),
    ("orders", r"\b(orders?|fills?|sent|filled)\b"),
    ("limits", r"\b(limits?|policy|allowed)\b"),
    ("risk", r"\b(risk|room|headroom|exposure|gates?)\b"),
    ("status", r"\b(status|state|mode|running|paused|killed|alive)\b"),
)
_ID = re.compile(r"\b(?:cyc|cand|dec|ord|apr|trd|trade)-[a-z2-7]{6,}\b")


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: a topic, and the id or symbol it is about (``last`` where none was named)."""

    topic: Topic
    about: str = "last"


def understood(text: str, symbols: tuple[Symbol, ...]) -> Question:
    """The question in ``text``: ids and known symbols are found as whole words, topics by their usual words."""
    lowered = text.lower()
    named = _ID.search(lowered)
    words = {word.strip("?.,!:;'\"()").upper() for word in text.split()}
    symbol = next((each for each in symbols if each in words), None)
    topic = next((name for name, pattern in _WORDS if re.search(pattern, lowered)), None)
    if named is not None:
        return Question("explain", named.group())
    if topic == "explain" or (symbol is not None and topic in (None, "trades", "orders")):
        return Question("explain", symbol or "last")
    return Question(topic or "help")


HELP = (
    "I answer from the records: ask for status, positions, orders, trades, profit and loss, risk, limits, what waits "
    "for you, or why something was decided, for example `why KORVA?`. I cannot change anything; `quit` ends."
)
