"""Sizes by the step they are said of: "200 shares after the advisor" is false of 200 shares that were proposed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from agents.claims.figures import ClaimFault, Number, numbers_in
from domain.evidence import Evidence

_NEAR = r"(?:\s+(?:it|the|full|to|for|of|up|only|still|size|trade|at|whole|left|with))*\s*$"
_BEFORE = (
    (r"proposed(?: (?:buying|selling|to buy|to sell|a (?:purchase|sale) of))?|proposal was(?: for| to buy| to sell)?",
     ("size.proposed", "plan.qty")),
    (r"full(?: size)?", ("size.proposed", "plan.qty", "size.decided")),
    (r"advisor (?:left|wanted|asked|advised|allowed)", ("size.advised",)),
    (r"inspector(?: (?:left|wanted|allowed|cut|shrank|reduced))?", ("size.inspected", "size.decided")),
    (r"gates?\b(?:(?!advisor|inspector|roles|decision)[^;.])* left", ("size.gated",)),
    (r"inspector\b(?:(?!advisor|roles|decision)[^;.])* left", ("size.inspected", "size.decided")),
    (r"(?:decision|decided)(?: (?!from|proposed|of)\w+){0,4}", ("size.decided",)),
    (r"roles (?:left|agreed on)", ("size.decided",)),
    (r"after the gates|gates (?:passed|left|allowed|cut)", ("size.gated",)),
    (r"order", ("order.qty", "size.gated", "size.decided")),
)  # fmt: skip
_AFTER = (
    (r"(?:were |was )?proposed", ("size.proposed", "plan.qty")),
    (r"after the (?:risk )?advisor", ("size.advised",)),
    (r"after the (?:risk )?inspector", ("size.inspected",)),
    (r"(?:were |was )?decided", ("size.decided",)),
    (r"after the gates", ("size.gated",)),
    (r"(?:were|was|have been) filled", ("fill.qty",)),
)
_STEPS_BEFORE = tuple((re.compile(rf"\b(?:{words}){_NEAR}", re.IGNORECASE), names) for words, names in _BEFORE)
_STEPS_AFTER = tuple((re.compile(rf"\s*(?:{words})\b", re.IGNORECASE), names) for words, names in _AFTER)
_FROM_TO = (
    re.compile(r"\bfrom (?P<first>[\d,.]+)(?: shares)? to (?P<second>[\d,.]+) shares\b"),
    re.compile(r"(?P<second>[\d,.]+) shares (?:are left )?of the (?:proposed )?(?P<first>[\d,.]+) shares\b"),
)
_CUT = re.compile(r"\b(?:cut|reduced|smaller|shrank|shrunk|trimmed|lowered)\b", re.IGNORECASE)


def faults_of_sizes(sentence: str, known: Mapping[str, Evidence]) -> Iterator[ClaimFault]:
    """Numbers of shares that are not those of the step they are said of."""
    begin = 0
    for number in numbers_in(sentence):
        if number.unit == "shares":
            before, after = sentence[begin : number.start], sentence[number.end :]
            if _of_another_step(number, _step(before, after), known):
                yield ClaimFault("size", f"{number.text} is the size of another step")
        begin = number.end
    for pattern in _FROM_TO:
        found = pattern.search(sentence)
        if found is not None and _CUT.search(sentence[: found.start()]) and not _falls(found):
            yield ClaimFault("size", "that is no cut")


def _step(before: str, after: str) -> tuple[str, ...]:
    """The references a number of shares may have, where its step is named right after or right before it."""
    for pattern, names in _STEPS_AFTER:
        if pattern.match(after):
            return names
    return next((names for pattern, names in _STEPS_BEFORE if pattern.search(before)), ())


def _of_another_step(number: Number, names: tuple[str, ...], known: Mapping[str, Evidence]) -> bool:
    values = [item.value for ref, item in known.items() if ref.partition("@")[0] in names]
    return bool(values) and number.value not in values


def _falls(found: re.Match[str]) -> bool:
    first, second = (Decimal(found[name].replace(",", "").rstrip(".")) for name in ("first", "second"))
    return second < first
