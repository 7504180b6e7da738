"""Blind mode: a model is asked about names, years and prices that are not the true ones, and its answer is put back.

    NIMBO -> ZUVEK      Nimbor Systems -> Company ZUVEK      2026 -> 2019      203.71 USD -> 339.18 USD
    in March -> in September      Q3 -> Q1      the third quarter -> the first quarter

Whoever only remembers what became of a company in some year has nothing to go by then; whoever reads the evidence has
all of it, because every amount of money is moved by one factor and shares, percentages and ages stay as they are. The
same seed masks in the same way. What the answer cites, copies or prices is unmasked before anybody reads it.

Months and quarters move by the same number of quarters, so that their distances stay. What could not be put back for
sure stays as it is: "may" and "march" are words too, and count as months beside a word or a number of a date only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from agents.llm import LanguageModel, ModelReply, ModelRequest, Sampling
from domain.record.canonical import decimal_text

_SYMBOLS = re.compile(r'@([A-Z0-9./-]{1,15})(?=["}\s,])|^Symbol: (\S+)$|"symbol":"([A-Z0-9./-]{1,15})"', re.MULTILINE)
_LISTED = re.compile(r"^<symbols>\n\[(.*)\]\n</symbols>$", re.MULTILINE)
_MONEY = re.compile(r'("unit":"USD","value":")(-?\d+(?:\.\d+)?)(")')
_PRICE = re.compile(r'("reference_price"\s*:\s*)(\d+(?:\.\d+)?)')
_YEAR = re.compile(r"(?<![\d.])(19[5-9]\d|20[0-9]\d)(?![\d.])")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_SHORT = tuple(name[:3] for name in _MONTHS)
_DOUBTFUL = frozenset({"March", "May"})
_ORDINALS = ("first", "second", "third", "fourth")
_BEGINS = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"  # a word of its own, also behind the ``\n`` of a JSON string
_MONTH = re.compile(
    rf"(?P<led>{_BEGINS}(?:(?i:in|of|since|until|by|from|to|and|for|on|through|during|before|after|early|late|mid|last"
    rf"|next|this|each|every)|\d+(?:st|nd|rd|th)?)[ -])?{_BEGINS}(?P<name>{'|'.join((*_MONTHS, *_SHORT))})"
    rf"(?![A-Za-z0-9])(?=(?P<day>\.? \d)?)"
)
_QUARTER = re.compile(rf"{_BEGINS}Q([1-4])(?![A-Za-z0-9])")
_NTH_QUARTER = re.compile(
    rf"{_BEGINS}({'|'.join((*_ORDINALS, *map(str.title, _ORDINALS)))})"
    # How many they are says nothing of when.
    r"(?=[ -]quarter(?! in a row| running))"
)
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

    @property
    def quarters(self) -> int:
        """How far months and quarters are moved round the year: one to three quarters."""
        return 1 + self._drawn("quarters") % 3

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
    # Companies first: a symbol may be a word of a company's name.
    return {**companies, **symbols}


def masked(text: str, pairs: Mapping[str, str], mask: Mask) -> str:
    """The text as the model is shown it."""
    for true, other in pairs.items():
        text = _word(true).sub(other, text)
    text = _MONEY.sub(lambda found: f"{found[1]}{_moved(found[2], lambda value: value * mask.factor)}{found[3]}", text)
    return _YEAR.sub(lambda found: str(int(found[1]) - mask.years), _turned(text, mask.quarters))


def unmasked(text: str, pairs: Mapping[str, str], mask: Mask) -> str:
    """An answer with the true names, years and price."""
    for true, other in pairs.items():
        # A replacement is a template to `re`, in which a backslash means something else.
        text = _word(other).sub(true.replace("\\", r"\\"), text)
    text = _PRICE.sub(lambda found: f"{found[1]}{_moved(found[2], lambda value: value / mask.factor)}", text)
    return _YEAR.sub(lambda found: str(int(found[1]) + mask.years), _turned(text, -mask.quarters))


def _turned(text: str, quarters: int) -> str:
    """The text with its months and quarters so many quarters later; so many earlier takes it back."""
    text = _MONTH.sub(lambda found: f"{found['led'] or ''}{_month(found, quarters)}", text)
    text = _QUARTER.sub(lambda found: f"Q{(int(found[1]) - 1 + quarters) % 4 + 1}", text)
    return _NTH_QUARTER.sub(lambda found: _ordinal(found[1], quarters), text)


def _month(found: re.Match[str], quarters: int) -> str:
    """Another month in place of this one, or the same where one of the two may be no month at all."""
    name, dated = found["name"], found["led"] is not None or found["day"] is not None
    forms = _MONTHS if name in _MONTHS else _SHORT
    other = forms[(forms.index(name) + 3 * quarters) % len(forms)]
    if forms is _SHORT:
        # "Jan" is a name, and "May" behind a short form could be either form when it is put back.
        return other if found["day"] is not None and other != "May" else name
    return other if dated or not _DOUBTFUL & {name, other} else name


def _ordinal(word: str, quarters: int) -> str:
    other = _ORDINALS[(_ORDINALS.index(word.lower()) + quarters) % len(_ORDINALS)]
    return other.title() if word[0].isupper() else other


def _word(name: str) -> re.Pattern[str]:
    """The name as a word of its own, also behind the ``\\n`` of a JSON string."""
    return re.compile(rf"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])){re.escape(name)}(?![A-Za-z0-9])")


def _moved(text: str, move: Callable[[Decimal], Decimal]) -> str:
    return decimal_text(round(move(Decimal(text)), _PLACES))
