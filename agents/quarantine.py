"""Text from outside, made safe to show to the one role that may see it.

Cleaning folds compatibility forms (NFKC), drops what a person cannot see (zero-width, bidirectional, tag and other
control characters) and keeps, for every character left, where it stood in the original: a quoted passage is traced back
to the text as it arrived. Text that is hidden, or that speaks to machines, is marked whatever a model says about it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_TEXT = 6000
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_TAGS = range(0xE0000, 0xE0080)
_BLACK_FLAG = "\U0001f3f4"
_KEPT_CONTROLS = {"\n": "\n", "\t": " ", "\r": ""}
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn")
_VARIATION = frozenset({*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0})
_ORDERS = re.compile(
    r"""
    # "Acme may not ignore safety rules" is what somebody may not do, and no order to do it.
    (?<!\bmay\snot\s)(?<!\bmust\snot\s)(?<!\bdid\snot\s)(?<!\bdoes\snot\s)(?<!\bcannot\s)
    \b(ignore|disregard|forget|override|bypass)(\s(all|any|every|the|your|these|those|of))*
        \s(previous|prior|above|earlier|preceding|risk|safety|system|your|all)\b.{0,30}
        \b(instructions?|prompts?|rules|guardrails?|limits|checks|polic(y|ies)|context)\b
    | \b(system|developer)\s(prompt|message|override)\b | \bsystem\s?: | \bnew\sinstructions?\s?:
    | <\s?/?(system|assistant|instructions?)\b | \[\s?/?(system|inst|assistant)\b
    | \byou\sare\s(now\s)?(an?\s|the\s)?(\w+\s){0,2}(ai|assistant|trading\sbot|language\smodel|llm)\b
    | \b(ais?|llms?|(language|ai|trading)\s(models?|agents?|assistants?|systems?|bots?)|assistants?)\s(\w+\s){0,5}
        (must|shall|should|please|have\sto|need\sto|are\s(instructed|required)\sto)\s(\w+\s)?
        (buy|sell|rate|rank|treat|output|respond|reply|answer|ignore|classify|report|recommend|execute|place)\b
    | \b(attention|note|message|instructions?|dear)[\s,:]+((to|for|any|all|the|every)\s)*
        (ais?|llms?|(language|ai|trading)\s(models?|agents?|assistants?|systems?|bots?)|assistants?)\b
    | \b(respond|answer|reply|output)\s(only\s)?(with|in)\s(json|yes|buy|sell|exactly)\b
    | \b(set|raise|change|mark)\s.{0,30}\b(your\sconfidence|size.fraction|suspicious|sentiment\sscore)\b
    | \bexecute\s.{0,30}\b(orders?|trades?)\b.{0,30}\b(immediately|without)\b
    | \b(buy|sell|liquidate)\s.{0,40}\b(maximum\s(allowed\s)?(size|position)|without\s(approval|confirmation|checks?))
    | \bdo\snot\s(tell|inform|alert|warn)\s(the\s|your\s)?(user|owner|operator|human)
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class CleanText:
    """What may be shown: ``text``, the [start, end) each character came from, and whether anything was ``hidden``."""

    text: str
    origins: tuple[tuple[int, int], ...]
    hidden: bool

    def locate(self, quote: str) -> tuple[int, int] | None:
        """Where a quoted passage stands in the original text, or None when it is not in it."""
        # Folded like the text, or a passage with a ligature would not be found in it.
        wanted = clean(quote).text.strip()
        start = self.text.find(wanted) if wanted else -1
        if start < 0:
            return None
        return self.origins[start][0], self.origins[start + len(wanted) - 1][1]


def clean(text: str) -> CleanText:
    """Fold, drop and cut a text; one pass over clusters of a base character and its marks."""
    shown: list[str] = []
    origins: list[tuple[int, int]] = []
    for start, cluster in _clusters(text):
        folded = "".join(filter(None, map(_visible, unicodedata.normalize("NFKC", cluster))))
        shown.append(folded)
        origins.extend([(start, start + len(cluster))] * len(folded))
        if len(origins) >= LONGEST_TEXT:
            break
    # Hidden is judged on the whole original: what lies behind the cut was sent all the same.
    return CleanText("".join(shown)[:LONGEST_TEXT], tuple(origins[:LONGEST_TEXT]), hides_text(text))


_MARKERS = re.compile(
    r"<\s*/?\s*(text_from_outside|symbols|evidence|findings|candidate|plan|advice|inspection|record|facts|system|user|"
    r"assistant)\s*>",
    re.IGNORECASE,
)
"""Names of our slots, and of the speakers a model knows, written as markers."""


def hides_text(text: str) -> bool:
    """True for direction overrides, and for tag characters outside the flags of England, Scotland and Wales."""
    if any(char in _BIDI for char in text):
        return True
    in_flag = False
    for char in text:
        if ord(char) in _TAGS:
            if not in_flag:
                return True
        else:
            in_flag = char == _BLACK_FLAG
    return False


def addresses_machines(text: str) -> bool:
    """Whether a cleaned text speaks to models, gives their reader orders, or writes the markers of one of our slots."""
    # On one line, since an order may be broken over several.
    return _ORDERS.search(" ".join(text.split())) is not None or _MARKERS.search(text) is not None


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for end in range(1, len(text) + 1):
        # Stacked marks may go on for ever, and a cluster is traced back as one place.
        longest = end - start >= 16
        if end == len(text) or longest or not unicodedata.combining(text[end]):
            yield start, text[start:end]
            start = end


def _visible(char: str) -> str:
    if char in _KEPT_CONTROLS:
        return _KEPT_CONTROLS[char]
    if ord(char) in _VARIATION or unicodedata.category(char) in _INVISIBLE:
        return ""
    return " " if unicodedata.category(char) in ("Zs", "Zl", "Zp") else char
