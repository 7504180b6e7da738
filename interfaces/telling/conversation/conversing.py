"""Conversation over the records: a question in words becomes one of the read-only views, and nothing else.

    how much did I lose on NIMBO?            pnl NIMBO
    what happens if I buy 100 NIMBO?         whatif buy NIMBO 100
    what is the weather?                     help

No model is asked and nothing can be changed from here; whatever is not understood gets the list of what is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.market import Symbol
from interfaces.telling.conversation.wordings import (
    ACRONYMS,
    ALSO_WORDS,
    BUY,
    CHARTS,
    GAIN,
    HELD,
    IF,
    LAST,
    NOT,
    PERIODS,
    SELL,
    TOPICS,
    TRADE,
    WHICH,
    WHY,
    Topic,
    folded,
    words,
)
from interfaces.views.plain import clean

LONGEST = 2_000
FEW = 2
"""Of so few words each may be a symbol, however it is spelled."""
_ID = re.compile(r"\b(?:cyc|cand|dec|ord|apr|trd|trade)-[a-z2-7]{6,}\b")
_NAME = re.compile(r"[A-Z][A-Z0-9./-]{1,9}", re.ASCII)
# Of `1.000` nobody knows whether it is a thousand or one: where a point parts thousands, it has three digits behind it.
_QUANTITY = re.compile(r"\d{1,12}(?:\.(?!\d{3}$)\d{1,9})?", re.ASCII)
_GAINED, _HELD = words(*GAIN), words(*HELD)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: a topic, and the id, symbol, period, order or kind of picture it is about.

    ``last`` where none was named; of ``whatif`` empty where side, symbol or quantity is missing.
    """

    topic: Topic
    about: str = "last"


def understood(text: str, symbols: tuple[Symbol, ...]) -> Question:
    """The question in ``text``: ids and known symbols are found as whole words, topics by their usual words."""
    line = clean(text[:LONGEST], LONGEST)
    asked = folded(line)
    named = _ID.search(asked)
    if named is not None:
        return Question("explain", named.group())
    tokens = tuple(word.strip("?¿!¡.,:;'\"()[]*_`«»„“”$") for word in re.split(r"[\s<>|/]+", line))
    symbol = known_symbol(tokens, symbols)
    side = "buy" if BUY.search(asked) else "sell" if SELL.search(asked) else ""
    if side and IF.search(asked) and not WHY.search(asked):
        return Question("whatif", dry_run(side, symbol or stranger(tokens, line), tokens))
    found = (name for name, pattern in TOPICS if pattern.search(asked))
    # A farewell is short: who asks whether to exit a position is not leaving.
    topic = next((name for name in found if name != "bye" or len(tokens) <= FEW), None)
    if topic is None and side and (BUY.match(asked) or SELL.match(asked)):
        return Question("help")  # a wish, which is what the help says that nothing comes of
    # In capitals and no symbol of this market: whoever answers says so, rather than to tell of another thing.
    about = symbol or (stranger(tokens, line) if topic in ("explain", "pnl") else None)
    return narrowed(topic, about, asked, side)


def narrowed(topic: Topic | None, about: str | None, asked: str, side: str) -> Question:
    """The topic by what else the question says."""
    if topic == "chart":
        kind = next((name for name, pattern in CHARTS if pattern.search(asked)), "EQUITY")
        return Question("chart", about or kind)
    if topic == "explain":
        refused = NOT.search(asked) and (side or TRADE.search(asked) or len(asked.split()) <= FEW + 1)
        return Question("whynot" if refused and (about or side) else "explain", about or "last")
    if topic == "pnl" and about is None and _GAINED.search(asked) and WHICH.search(asked):
        return Question("positions") if _HELD.search(asked) else Question("performance", period(asked) or "total")
    if topic == "pnl":
        return Question("pnl", about or period(asked) or "last")
    if about is not None and topic in (None, "trades", "orders"):
        return Question("explain", about)
    return Question(topic or "help")


def known_symbol(tokens: tuple[str, ...], symbols: tuple[Symbol, ...]) -> Symbol | None:
    """The first symbol that is named: as it is spelled, else in small letters where it is no word of a question."""
    known = set(symbols)
    few = len(tokens) <= FEW
    exact = (each for each in tokens if each in known and (few or each not in ("A", "I")))
    loose = (each.upper() for each in tokens if few or (each.upper() not in ALSO_WORDS and len(each) > 1))
    found = next(exact, None) or next((each for each in loose if each in known), None)
    return None if found is None else Symbol(found)


def stranger(tokens: tuple[str, ...], line: str) -> str | None:
    """A word in capitals among others that are not: meant as a symbol, and none of this market."""
    if line.upper() == line:
        return None
    return next((each for each in tokens if _NAME.fullmatch(each) and each not in ACRONYMS | ALSO_WORDS), None)


def dry_run(side: str, symbol: str | None, tokens: tuple[str, ...]) -> str:
    """``buy NIMBO 100``; empty where it takes a guess to know."""
    quantities = [each for each in tokens if any(map(str.isdigit, each))]
    if symbol is None or len(quantities) != 1 or not _QUANTITY.fullmatch(quantities[0]):
        return ""
    return f"{side} {symbol} {quantities[0]}"


def period(asked: str) -> str | None:
    """The period that is named, as ``sage pnl`` calls it; of today None, which is what is shown without a word."""
    for name, longer, pattern in PERIODS:
        if pattern.search(asked):
            found = longer if LAST.search(asked) else name
            return None if found == "day" else found
    return None


EXAMPLES = (
    "am I paused?", "what do I hold?", "what waits for me?", "how much cash have I?", "what did I make today?",
    "how much did I lose on KORVA this month?", "why KORVA?", "why did you not buy KORVA?", "what if I buy 10 KORVA?",
    "show the orders", "show the trades", "which limits are there?", "how much room is left?", "what is my win rate?",
    "who may approve?", "which backtests were run?", "draw a chart of KORVA",
)  # fmt: skip
ASKABLE = (
    "I answer from the records and cannot change anything. In English, German, Spanish or Russian, ask for example:",
    " · ".join(EXAMPLES),
)
HELP = (*ASKABLE, "`quit` ends.")
NO_ORDER = ("an order to ask about has a side, a symbol and a quantity", "Ask for example: what if I buy 10 KORVA?")
