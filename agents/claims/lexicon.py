"""Words of explanations and what they stand for. Only words that are told apart without doubt are here.

A noun names the figures it may be followed by, as beginnings of references: "stop at 96.50 USD" is a claim about
``plan.stop`` or ``position.stop``, and 96.50 must be the value of one of them.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Noun(NamedTuple):
    """A word for a figure, and the references it may mean."""

    pattern: str
    families: tuple[str, ...]


# The first that fits counts, so longer names stand before the words they end in.
NOUNS: tuple[Noun, ...] = (
    Noun(r"stop(?:[ -]loss)?", ("plan.stop", "position.stop", "order.stop")),
    Noun(r"target", ("plan.target", "position.target")),
    Noun(r"ask", ("quote.ask",)),
    Noun(r"bid", ("quote.bid",)),
    Noun(r"spread", ("quote.spread", "gate.E")),
    Noun(r"last close", ("close",)),
    Noun(r"commission", ("fill.commission",)),
    Noun(r"RSI|relative strength", ("rsi14",)),
    Noun(r"MACD(?: histogram)?|momentum histogram", ("macd",)),
    Noun(r"ADX|trend strength", ("adx14",)),
    Noun(r"ATR|average range|daily range|(?:ordinary )?daily movement", ("atr14",)),
    Noun(r"stochastic", ("stoch14",)),
    Noun(r"confidence", ("advice.confidence", "signal.confidence", "gate.")),
    Noun(r"drawdown", ("book.drawdown", "gate.")),
    Noun(r"signal score|combined signal", ("signal.score",)),
    Noun(r"score of texts|texts? score", ("text.score",)),
    Noun(r"score", ("signal.score", "text.score", "gate.")),
    Noun(r"it measured", ("gate.", "quote.spread", "quote.age", "event.", "book.", "vol", "atr")),
    Noun(r"reward[ -]to[ -]risk|reward[ -]risk", ("plan.reward_risk", "gate.")),
    Noun(r"volume", ("volume_ratio",)),
    Noun(r"margin", ("gate.",)),
    Noun(r"limit of|(?<!limit, )value of", ("gate.", "order.limit", "plan.notional")),
    Noun(r"limit|value", ("gate.", "order.limit")),
    Noun(r"close", ("close",)),
    Noun(r"(?:short|shorter|twenty-day) average", ("sma20", "ema12")),
    Noun(r"(?:long|longer|fifty-day) (?:average|one)", ("sma50",)),
    Noun(r"fast average", ("ema12",)),
    Noun(r"averages?|average prices?", ("sma", "ema")),
    Noun(r"(?:earlier |recent )?highs?", ("high",)),
    Noun(r"(?:earlier |recent )?lows?", ("low",)),
    Noun(r"volatility", ("vol20", "gate.")),
    Noun(r"last return|return of the day", ("ret1",)),
    Noun(r"recent return|(?:return|that) of the week", ("ret5",)),
    Noun(r"longer return|(?:return|that) of the month", ("ret20",)),
    Noun(r"over the (?:last )?month it (?:rose|fell|was up|was down|gained|lost|climbed|dropped)", ("ret20",)),
    Noun(r"cash", ("book.cash", "book.buying", "gate.")),
    Noun(r"worth", ("plan.notional", "position.", "gate.", "book.")),
    Noun(r"range", ("atr14",)),
    Noun(r"filled at", ("fill.price",)),
    Noun(r"at about|entry", ("plan.entry", "quote.", "advice.", "order.limit")),
)
BETWEEN = (
    r"(?:\s+(?:of|at|is|was|are|stands|stood|near|about|only|just|around|to|by|with|a|an|the|price|prices|reading|"
    r"level|now|currently|still|its|against|usual|holds|in|on|due))*[:,]?\s*"
)
"""What may stand between a noun and its figure."""

UP = (
    r"rise|rises|rose|risen|up|gain|gained|gains|advance|advanced|rally|rallied|climb|climbed|increase|increased|"
    r"jump|jumped|surged?"
)
DOWN = r"fall|falls|fell|fallen|down|drop|dropped|drops|decline|declined|slide|slid|decrease|decreased|lost|plunged?"
DIRECTED = ("ret1", "ret5", "ret20", "book.day_pnl", "position.pnl", "memory.mean_return")
"""Figures whose sign is a direction."""

HIGHER = r"above|higher than|beyond|exceeds|exceeding|greater than"
LOWER = r"below|lower than|beneath|under|less than"
NEGATION = re.compile(
    r"\b(?:no(?! doubt)|not(?! (?:only|just|merely|least)\b)|nothing|none|never|neither|nor|without|nobody|cannot|"
    r"yet to)\b|n't\b",
    re.IGNORECASE,
)

ACRONYMS = frozenset({
    "ADX", "AI", "API", "ATH", "ATR", "BB", "CEO", "CFO", "CPI", "DI", "EMA", "EPS", "ET", "ETF", "EU", "FDA", "FED",
    "FOMC", "FX", "GAAP", "GDP", "GTC", "HALTED", "ID", "IPO", "LLM", "MACD", "NAV", "NYSE", "NASDAQ", "OBV", "OCO",
    "OK", "OTO", "PE", "PM", "AM", "RSI", "SEC", "SMA", "TWAP", "UK", "US", "USA", "USD", "UTC", "VAR", "VWAP",
    "YTD",
})  # fmt: skip
"""Capitals that are no symbols."""

TIMES = re.compile(
    r"\b(?:yesterday|tomorrow|noon|midnight|tonight|this (?:morning|afternoon|evening)|\w+ (?:seconds?|minutes?|hours?|"
    r"days?|weeks?|months?|years?) ago|\d{1,2}:\d{2}|(?:in|since) (?:19|20)\d\d|in (?:march|may)|"
    r"(?:last|next|this) (?:week|month|quarter|year)|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"january|february|april|june|july|august|september|october|november|december)s?\b",
    re.IGNORECASE,
)
"""Words that date something; a record rarely holds one, and then as a text."""
