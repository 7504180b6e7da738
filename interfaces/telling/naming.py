"""A name that does not exist is told as such, with the nearest that do: most are misspelt.

there is no symbol NIMOB in this market; the nearest is NIMBO. There are CALDO, DRAVE, GLIMR, HEXAR, KORVA, ...
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from domain.errors import DataQualityError, RetryableError, UsageError
from domain.market import Symbol
from domain.ports import Market

MOST_NEAR, MOST_LISTED, FEW = 3, 24, 5


def check_symbol(market: Market, symbol: Symbol) -> None:
    """Raise UsageError where this market has no such symbol; one that does not answer is not judged."""
    try:
        if market.instrument(symbol) is not None:
            return
        known = market.symbols()
    except (RetryableError, DataQualityError):
        return  # whoever asks for a quote next says what is wrong
    if symbol not in known:
        raise UsageError(f"there is no symbol {symbol} in this market{nearest(symbol, known)}", listed(known))


def nearest(name: str, known: Sequence[str]) -> str:
    """``; the nearest is NIMBO``, to stand behind a sentence; empty where nothing is like it."""
    near = get_close_matches(name.upper(), known, n=MOST_NEAR)
    if not near:
        return ""
    return f"; the nearest {'is' if len(near) == 1 else 'are'} {', '.join(near)}"


def nearest_symbol(market: Market, name: str) -> str:
    """The same among the symbols of a market, for a word that may stand for anything; empty where it is one of them."""
    try:
        known = market.symbols()
    except (RetryableError, DataQualityError):
        return ""  # what is on record is told with the market away
    return "" if name.upper() in known else nearest(name, known)


def listed(known: Sequence[str]) -> str:
    """Which there are; of very many a few, because who has spelt one wrong needs no book."""
    if not known:
        return "This market lists none: name them in SAGE_UNIVERSE."
    if len(known) <= MOST_LISTED:
        return f"There are {', '.join(known)}."
    return f"There are {len(known):,}, such as {', '.join(known[:FEW])}."
