"""Blind mode: a model is asked about names, years and prices that are not the true ones, and its answer is put back.

    NIMBO -> ZUVEK      Nimbor Systems -> Company ZUVEK      2026 -> 2019      203.71 USD -> 339.18 USD

Whoever only remembers what became of a company in some year has nothing to go by then; whoever reads the evidence has
all of it, because every amount of money is moved by one factor and shares, percentages and ages stay as they are. The
same seed masks in the same way. What the answer cites, copies or prices is unmasked before anybody reads it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from agents.llm import LanguageModel, ModelReply, ModelRequest, Sampling
from domain.canonical import decimal_text

_SYMBOLS = re.compile(r'@([A-Z0-9./-]{1,15})(?=["}\s,])|^Symbol: (\S+)$|"symbol":"([A-Z0-9./-]{1,15})"', re.MULTILINE)
_LISTED = re.compile(r"^<symbols>\n\[(.*)\]\n</symbols>$", re.MULTILINE)
_MONEY = re.compile(r'("unit":"USD","value":")(-?\d+(?:\.\d+)?)(")')
_PRICE = re.compile(r'("reference_price"\s*:\s*)(\d+(?:\.\d+)?)')
_YEAR = re.compile(r"(?<![\d.])(19[5-9]\d|20[0-9]\d)(?![\d.])")
_CONSONANTS, _VOWELS = "BDFGKLMNPRSTVZ", "AEIOU"
_PLACES = 4


@dataclass(frozen=True, slots=True)
class Mask:
    """How one seed masks. ``names`` are company names by symbol, for texts from outside."""

    seed: int
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def factor(self) -> Decimal:
        """What amounts of money are moved by: 0.55 to 0.85, or 1.20 to 2.20."""
        drawn = self._drawn("price") % 131
        return Decimal(55 + drawn if drawn <= 30 else 89 + drawn) / 100 + Decimal("0.003")

    @property
    def years(self) -> int:
        """How far years are moved into the past."""
        return 3 + self._drawn("years") % 7

    def symbol(self, true: str, taken: str) -> str:
        """The name that stands for a symbol, one that does not occur in the text."""
        for attempt in range(100):
            drawn = self._drawn(f"symbol {true} {attempt}")
            made = "".join(_letters(drawn))
            if made not in taken:
                return made
        raise AssertionError("a hundred names of five letters all occur in one text")

    def _drawn(self, what: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed} {what}".encode()).digest()[:8], "big")


def _letters(drawn: int) -> Iterator[str]:
    for place in range(5):
        letters = _VOWELS if place % 2 else _CONSONANTS
        drawn, rest = divmod(drawn, len(letters))
        yield letters[rest]


class Blinded:
    """A model behind a mask."""

    def __init__(self, inner: LanguageModel, mask: Mask) -> None:
        self._inner = inner
        self._mask = mask

    @property
    def name(self) -> str:
        """That of the model, marked."""
        return f"blind:{self._inner.name}"

    @property
    def sampling(self) -> Sampling:
        """That of the model."""
        return self._inner.sampling

    def complete(self, request: ModelRequest) -> ModelReply:
        """Ask about the masked evidence; the answer speaks of the true one again."""
        pairs = pairs_of(request.user, self._mask)
        reply = self._inner.complete(replace(request, user=masked(request.user, pairs, self._mask)))
        return replace(reply, text=unmasked(reply.text, pairs, self._mask))


def pairs_of(text: str, mask: Mask) -> dict[str, str]:
    """True names and what stands for them, companies before symbols."""
    found = {name for groups in _SYMBOLS.findall(text) for name in groups if name}
    listed = _LISTED.search(text)
    found |= set(re.findall(r'"([^"]+)"', listed.group(1))) if listed else set()
    symbols = {true: mask.symbol(true, text) for true in sorted(found)}
    companies = {mask.names[true]: f"Company {other}" for true, other in symbols.items() if true in mask.names}
    return {**companies, **symbols}


def masked(text: str, pairs: Mapping[str, str], mask: Mask) -> str:
    """The text as the model is shown it."""
    for true, other in pairs.items():
        text = _word(true).sub(other, text)
    text = _MONEY.sub(lambda found: f"{found[1]}{_moved(found[2], lambda value: value * mask.factor)}{found[3]}", text)
    return _YEAR.sub(lambda found: str(int(found[1]) - mask.years), text)


def unmasked(text: str, pairs: Mapping[str, str], mask: Mask) -> str:
    """An answer with the true names, years and price."""
    for true, other in pairs.items():
        text = _word(other).sub(true.replace("\\", r"\\"), text)
    text = _PRICE.sub(lambda found: f"{found[1]}{_moved(found[2], lambda value: value / mask.factor)}", text)
    return _YEAR.sub(lambda found: str(int(found[1]) + mask.years), text)


def _word(name: str) -> re.Pattern[str]:
    """The name as a word of its own, also behind the ``\\n`` of a JSON string."""
    return re.compile(rf"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])){re.escape(name)}(?![A-Za-z0-9])")


def _moved(text: str, move: Callable[[Decimal], Decimal]) -> str:
    return decimal_text(round(move(Decimal(text)), _PLACES))
