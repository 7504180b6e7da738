"""The canonical text of a case. Its market and its book are long, and the orders of a cycle share them: made once each.

Worked: the market of fifty symbols, with the correlations of each to the others, is nine tenths of a case.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from functools import lru_cache
from typing import NamedTuple

from domain.book import Book
from domain.case import Case, MarketView
from domain.record.canonical import canonical_json, joined_text
from domain.record.identity import Itself

PARTS = ("market", "book")
_OWN = tuple(field.name for field in fields(Case) if field.name not in PARTS)


class Part(NamedTuple):
    """A part of a case as text, and the digest it is found by."""

    digest: str
    text: str


def parts_of(case: Case) -> dict[str, Part]:
    """The shared parts by name."""
    return {name: _part(Itself(getattr(case, name))) for name in PARTS}


def own_texts(case: Case) -> dict[str, str]:
    """The text of every other field by its name."""
    return {name: canonical_json(getattr(case, name)) for name in _OWN}


def case_digest(case: Case) -> str:
    """As ``digest`` of the whole case."""
    return text_digest(joined_text({**own_texts(case), **{name: part.text for name, part in parts_of(case).items()}}))


def text_digest(text: str) -> str:
    """SHA-256 of a canonical text, in lower-case hex."""
    return hashlib.sha256(text.encode()).hexdigest()


# The newest few: an order is judged by those of its own moment, and a market is too large to be kept for long.
@lru_cache(maxsize=8)
def _part(known: Itself[Book | MarketView]) -> Part:
    text = canonical_json(known.value)
    return Part(text_digest(text), text)
