"""Conversation over the records: a question in words becomes one of the read-only views, and nothing else.

No model is asked and nothing can be changed from here; whatever is not understood gets the list of what is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from domain.market import Symbol

Topic = Literal[
    "status", "positions", "orders", "trades", "balance", "pnl", "risk", "limits", "pending", "people", "experiments",
    "chart", "explain", "help", "bye",
]  # fmt: skip

_WORDS: tuple[tuple[Topic, str], ...] = (
    # The first that fits counts: `why was my order not filled?` asks for a reason and not for orders.
    ("bye", r"\b(quit|exit|bye)\b"),
    ("explain", r"\b(why|explain|reason|because|how come|what happened)\b"),
    ("chart", r"\b(charts?|pictures?|graphs?|plot|draw)\b"),
    ("people", r"\b(people|persons?|roles?|owners?|who (may|can|am|is allowed)|whoami)\b"),
    ("experiments", r"\b(backtest\w*|experiments?)\b"),
    ("pending", r"\b(pending|waiting|waits|approv\w*|decide)\b"),
    ("balance", r"\b(balances?|cash|buying power|account)\b"),
    ("pnl", r"\b(pnl|p&l|profit|loss|losses|earned|equity|drawdown|money)\b"),
    ("positions", r"\b(position|positions|holding|holdings|hold|own|portfolio)\b"),
    ("trades", r"\b(trades?|round trips?|closed)\b"),
    ("orders", r"\b(orders?|fills?|sent|filled)\b"),
    ("limits", r"\b(limits?|policy|allowed)\b"),
    ("risk", r"\b(risk|room|headroom|exposure|gates?)\b"),
    ("status", r"\b(status|state|mode|running|paused|killed|alive)\b"),
)
_CHARTS = (
    ("EXPOSURE", r"\b(exposure|positions?|holdings?|portfolio)\b"),
    ("GATES", r"\b(gates?|room|headroom|limits?|risk)\b"),
)
"""Kinds of picture by their usual words; any other question for one is about the equity."""
_ID = re.compile(r"\b(?:cyc|cand|dec|ord|apr|trd|trade)-[a-z2-7]{6,}\b")


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: a topic, and the id, symbol or kind of picture it is about (``last`` where none was named)."""

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
    if topic == "chart":
        kind = next((name for name, pattern in _CHARTS if re.search(pattern, lowered)), "EQUITY")
        return Question("chart", symbol or kind)
    if topic == "explain" or (symbol is not None and topic in (None, "trades", "orders")):
        return Question("explain", symbol or "last")
    return Question(topic or "help")


HELP = (
    "I answer from the records: ask for status, positions, orders, trades, balance, profit and loss, risk, limits, "
    "what waits for you, who may do what, a chart of equity, exposure, gates or a symbol, or why something was "
    "decided, for example `why KORVA?`. I cannot change anything; `quit` ends."
)
