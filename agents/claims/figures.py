"""Numbers in a shown sentence, each held against the figures of the record: value, unit, sign, name and order.

A number is true when a figure of the record, rounded to as many decimals as are shown, has this value and this unit.
Named figures must be of that name: of a stop of 96.50 and a target of 111.50, "stop at 111.50" is false although both
numbers are on record. Worked: "a rise of 7.25 %" over ``ret5 = -7.2467`` is true in value only with the other sign and
is told as a fault of the sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from agents.claims.lexicon import BETWEEN, DIRECTED, DOWN, HIGHER, LOWER, NEGATION, NOUNS, UP, Noun
from domain.evidence import Evidence, Value

_UNITS = {
    "USD": "USD",
    "$": "USD",
    "%": "pct",
    "shares": "shares",
    "share": "shares",
    "h": "hours",
    "s": "seconds",
    "days": "days",
}
_WORDED = {
    "percent": "pct",
    "dollars": "USD",
    "hours": "hours",
    "hour": "hours",
    "seconds": "seconds",
    "minutes": "minutes",
    "weeks": "weeks",
}
_WITHOUT_SUFFIX = frozenset({"ratio", "points", "count"})
_NUMBER = re.compile(
    r"(?P<money>\$)?(?<![\w.,])(?P<value>[-\u2212+]?\d[\d,]*(?:\.\d+)?)"
    r"(?:\s?(?P<unit>USD|\$|%|shares?|h|s|days|percent|dollars|hours?|seconds|minutes|weeks)(?![\w]))?"
)
_AND = re.compile(r"\s*(?:,|and|or)\s*")
_PLURAL = re.compile(rf"\b(?:averages|prices|highs|lows|returns)\b{BETWEEN}$", re.IGNORECASE)
_HALF = Decimal("0.5")
_SPAN = 60
"""Characters before a number in which its name or its direction may stand."""


class Number(NamedTuple):
    """A number as shown: ``unit`` empty where none is written, ``start`` and ``end`` its place in the sentence."""

    value: Decimal
    decimals: int
    unit: str
    start: int
    end: int
    text: str


class ClaimFault(NamedTuple):
    """A claim that the record does not bear out: of what kind, and in what words."""

    kind: str
    what: str


def numbers_in(sentence: str) -> tuple[Number, ...]:
    """Every number of a sentence with its unit."""
    return tuple(map(_number, _NUMBER.finditer(sentence)))


def _number(found: re.Match[str]) -> Number:
    digits = found["value"].replace(",", "").replace("\u2212", "-")
    unit = found["unit"] or ("USD" if found["money"] else "")
    named = _UNITS.get(unit) or _WORDED.get(unit, "")
    decimals = len(digits.partition(".")[2])
    return Number(Decimal(digits), decimals, named, found.start(), found.end(), found[0])


def quotations(known: Mapping[str, Evidence]) -> tuple[str, ...]:
    """Texts of the record that hold a digit; the longest first, as a short one may be part of a longer one."""
    texts = {e.value for e in known.values() if isinstance(e.value, str) and len(e.value) > 1}
    return tuple(sorted((text for text in texts if any(map(str.isdigit, text))), key=len, reverse=True))


def masked(sentence: str, quoted: Sequence[str]) -> str:
    """The sentence without what it quotes from texts of the record: figures inside a quotation are no claims."""
    for text in quoted:
        if text in sentence:
            sentence = sentence.replace(text, "\u2026" * len(text))
    return sentence


def faults_of_figures(sentence: str, known: Mapping[str, Evidence], quoted: Sequence[str]) -> Iterator[ClaimFault]:
    """What is wrong with the numbers of one sentence; ``quoted`` are the ``quotations`` of what is known."""
    bare = masked(sentence, quoted)
    found, families = numbers_in(bare), None
    for place, number in enumerate(found):
        begin = found[place - 1].end if place else 0
        before = bare[max(begin, number.start - _SPAN) : number.start]
        # "averages of 126.83 and 133.09" names both numbers by one noun
        inherited = families if _AND.fullmatch(before) else None
        fault = _fault(number, before, known, inherited)
        families = _named(before) if _PLURAL.search(before) else inherited
        if fault is not None:
            yield fault
    yield from _out_of_order(bare, found, known)


def _fault(
    number: Number, before: str, known: Mapping[str, Evidence], inherited: tuple[str, ...] | None
) -> ClaimFault | None:
    refs = _meant(number, known)
    if not refs and _goes(DOWN, before):
        refs = [ref for ref in _meant(_turned(number), known) if _directed(ref)]
        if refs:
            return None
    if not refs:
        return _unmatched(number, known)
    families = _named(before) or inherited
    if (
        families is not None
        and _measured_so(number, families, known)
        and not any(ref.startswith(families) for ref in refs)
    ):
        return ClaimFault("name", f"{number.text} is not what the sentence calls it")
    if all(_directed(ref) for ref in refs) and number.value != 0:
        wrong = _goes(UP, before) if number.value < 0 else _goes(DOWN, before)
        if wrong:
            return ClaimFault("direction", f"{number.text} went the other way")
    return None


def _measured_so(number: Number, families: tuple[str, ...], known: Mapping[str, Evidence]) -> bool:
    """Whether what a noun means is told in this number's unit: a gap "between bid and ask of 0.59 %" is no ask."""
    units = {item.unit for ref, item in known.items() if ref.startswith(families)}
    return not units or number.unit in units or (not number.unit and bool(units & _WITHOUT_SUFFIX))


def _unmatched(number: Number, known: Mapping[str, Evidence]) -> ClaimFault:
    if _meant(number, known, any_unit=True):
        return ClaimFault("unit", f"{number.text} is on record in another unit")
    if _meant(_turned(number), known):
        return ClaimFault("sign", f"{number.text} is on record with the other sign")
    return ClaimFault("number", f"{number.text} is not on record")


def _meant(number: Number, known: Mapping[str, Evidence], *, any_unit: bool = False) -> list[str]:
    """References whose figure this number can be."""
    off = _HALF.scaleb(-number.decimals)
    units = _WITHOUT_SUFFIX | {""} if not number.unit else {number.unit}
    return [
        ref for ref, item in known.items() if (any_unit or item.unit in units) and _is(number.value, item.value, off)
    ]


def _is(number: Decimal, value: Value, off: Decimal) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return False
    # Inclusive: 0.125 may be shown as 0.12 or 0.13, whichever way it was rounded.
    return abs(value - number) <= off


def _turned(number: Number) -> Number:
    return number._replace(value=-number.value)


@lru_cache(maxsize=1024)
def _named(before: str) -> tuple[str, ...] | None:
    """The references that the noun right before a number may mean; None where there is no such noun.

    Of the words alone, and the same few words stand before most figures: forty patterns need not look at them again.
    """
    return next((families for pattern, families in _NAMES if pattern.search(before)), None)


_NAMES = tuple((re.compile(rf"\b(?:{noun.pattern})\b{BETWEEN}$", re.IGNORECASE), noun.families) for noun in NOUNS)


def _goes(words: str, before: str) -> bool:
    return re.search(rf"\b(?:{words})\b{BETWEEN}$", before, re.IGNORECASE) is not None


def _directed(ref: str) -> bool:
    return ref.startswith(DIRECTED)


_HIGHER, _LOWER = (re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for words in (HIGHER, LOWER))


def _out_of_order(bare: str, found: Sequence[Number], known: Mapping[str, Evidence]) -> Iterator[ClaimFault]:
    """The claim "the ask of 101.52 USD is below the average of 99.10 USD" is one about order."""
    subject: Number | None = None
    for first, second in pairwise(found):
        between = bare[first.end : second.start]
        higher, lower = _HIGHER.search(between), _LOWER.search(between)
        word = higher or lower
        if word is None or (higher and lower) or NEGATION.search(between):
            subject = None
            continue
        subject = _subject(between[: word.start()], subject or first, known)
        if subject is None or subject.unit != second.unit:
            continue
        if subject.value <= second.value if higher else subject.value >= second.value:
            yield ClaimFault("order", f"{subject.text} is not {word[0].lower()} {second.text}")


def _subject(words: str, present: Number, known: Mapping[str, Evidence]) -> Number | None:
    """The number a comparison is about: the one before it, unless another figure is named in between."""
    for noun in NOUNS:
        if re.search(rf"\b(?:{noun.pattern})\b", words, re.IGNORECASE):
            return _only(noun, known)
    return present if _BY_THE_WAY.fullmatch(words) else None


def _only(noun: Noun, known: Mapping[str, Evidence]) -> Number | None:
    """The figure a noun stands for, where there is exactly one."""
    fits = [item for ref, item in known.items() if ref.startswith(noun.families)]
    values = [(item.value, item.unit) for item in fits if isinstance(item.value, Decimal)]
    if len(values) != 1:
        return None
    value, unit = values[0]
    return Number(value, 0, unit, 0, 0, f"what the sentence names, {value},")


_BY_THE_WAY = re.compile(r"[\s,]*(?:(?:and|is|was|still|lies|stands|holds|which|that|also|well|just|far|both)[\s,]*)*")
"""Words between a number and a comparison that leave the number its subject."""
