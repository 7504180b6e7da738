"""Figures for people: the one place where a reference in braces becomes a number with its unit.

A free-hand digit is a claim nobody can check, so ``check`` refuses a statement that has one outside a reference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

from domain.decisions import Statement
from domain.evidence import Evidence
from domain.record.canonical import decimal_text

_SLOT = re.compile(r"\{([^{}]*)\}")
_REF = re.compile(r"[a-zA-Z][a-zA-Z0-9_.]*(@[A-Z0-9./-]{1,15})?", re.ASCII)
_NUMBER_WORDS = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|"
    r"billions?|percent|dozens?|half|double|triple)\b",
    re.IGNORECASE,
)
_ASCII_CONTROL, _ASCII_DIGIT = re.compile(r"[\x00-\x1f\x7f]"), re.compile(r"[0-9]")
LONGEST_STATEMENT = 400


def refs_in(text: str) -> tuple[str, ...]:
    """The references a statement cites, in order of appearance."""
    return tuple(_SLOT.findall(text))


def check(statement: Statement, known: Mapping[str, Evidence], *, any_script: bool = False) -> str | None:
    """Why a statement may not be shown, or None: free-hand figures, unknown references, control characters, length.

    ``any_script`` is for talk in the language of a person; number words are known in English only.
    """
    text = statement.text
    if not text.strip() or len(text) > LONGEST_STATEMENT:
        return "empty or too long"
    bare = _SLOT.sub("", text)
    if "{" in bare or "}" in bare:
        return "stray brace"
    if _has(text, "C", _ASCII_CONTROL):
        return "control character"
    if not any_script and not text.isascii() and any(map(_of_another_script, text)):
        return "letter of another script"
    if _has(bare, "N", _ASCII_DIGIT) or _NUMBER_WORDS.search(bare):
        return "free-hand figure"
    for ref in refs_in(text):
        if not _REF.fullmatch(ref):
            return "malformed reference"
        if ref not in known:
            return f"unknown reference {ref}"
    return None


def _has(text: str, category: str, in_ascii: re.Pattern[str]) -> bool:
    """Whether a character of this kind is in the text; most texts are plain and need no look at each of them."""
    if text.isascii():
        return in_ascii.search(text) is not None
    return any(unicodedata.category(char)[0] == category for char in text)


def _of_another_script(char: str) -> bool:
    return char.isalpha() and not unicodedata.name(char, "").startswith("LATIN")


def render(statement: Statement, known: Mapping[str, Evidence]) -> str:
    """The sentence with every reference filled in; a reference that is gone shows as ``(not available)``."""
    return _SLOT.sub(lambda match: figure(known.get(match.group(1))), statement.text)


def figure(evidence: Evidence | None) -> str:
    """One figure with its unit, e.g. ``187.20 USD``, ``1.4 %``, ``25 shares``."""
    if evidence is None or evidence.value is None:
        return "(not available)"
    value = evidence.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    text = f"{value:,.2f}" if evidence.unit == "USD" else decimal_text(Decimal(value))
    return text + _SUFFIX.get(evidence.unit, "")


_SUFFIX = {"USD": " USD", "pct": " %", "shares": " shares", "hours": " h", "seconds": " s", "days": " days"}
