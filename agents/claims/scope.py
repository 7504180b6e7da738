"""How far a negation reaches: over its own phrase, not over the whole sentence.

    "sent it to a person, without making it smaller"      denies the smaller size, not the person
    "with no warning raised, the inspector blocked it"    denies a warning, not the block
    "did not block, cut or delay it"                      denies all three

A negation speaks of what follows it, up to the end of its phrase: a comma that neither continues a list of alternatives
nor opens an aside, a reason, or an "and" after which another statement begins. Where that is unclear it reaches on, for
what is taken as denied is objected to less often than what is taken as said.
"""

from __future__ import annotations

import re

from agents.claims.lexicon import NEGATION

_WORD = r"[\w'-]+"
_SUBJECT = r"(?:the|an?|it|its|this|that|they|each|every|one|no|nothing|nobody)\b"
_LIST = rf"(?:,? (?:or|nor)\b|(?! {_SUBJECT})(?:(?: {_WORD}){{1,4}},)*(?: {_WORD}){{1,4}},? (?:or|nor)\b)"
_COMMA = rf",(?!{_LIST})"
_REASON = r"\b(?:because|although|whereas|while)\b|\s[-\u2013\u2014]\s|[()]"
_VERB = r"(?:[\w-]+(?:s|ed)|let|left|went|sent|made|took|must|will|can|may)\b"
_ENDS = re.compile(rf"{_COMMA}|{_REASON}|\band (?={_SUBJECT}|{_VERB})", re.IGNORECASE)
_ENDS_OF_SUBJECT = re.compile(rf"{_COMMA}|{_REASON}|\band (?={_SUBJECT})", re.IGNORECASE)
"""Of "nothing was sent and filled" the same nothing is the subject of both."""

_ASIDE = re.compile(
    r", (?:however|though|therefore|then|too|for now|so far|at present|as yet|in the end|(?:not )?even(?: \w+){1,3}),",
    re.IGNORECASE,
)
_NOTHING = re.compile(r" (?:nothing|nobody|no one|none)(?: at all| else)?(?:\W*$|,| (?:and|or|of)\b)", re.IGNORECASE)
"""After a verb: what "blocked nothing" says was not done."""
_ASIDE_OF_VERB = re.compile(r"^,[^,]*,")
_ASIDE_OF_SUBJECT = re.compile(rf"^(?: \w+)?,[^,]*,|^ \w+,(?! {_SUBJECT})")


def negations(clause: str, start: int, end: int | None = None) -> int:
    """How many negations stand in a claim, or before it and reach as far as its ``start``."""
    reaching = [
        found[0].lower()
        for found in NEGATION.finditer(clause, 0, start if end is None else end)
        if found.start() >= start or _reaches(clause, found, start)
    ]
    # "Neither the one nor the other" and "not this, nor that" deny once.
    return sum(word != "nor" for word in reaching) or min(1, len(reaching))


def denied(clause: str, start: int, end: int | None = None) -> bool:
    """Whether what stands from ``start`` to ``end`` is said not to be."""
    return negations(clause, start) > 0 or (end is not None and _NOTHING.match(clause, end) is not None)


def apart(clause: str, first: int, second: int) -> bool:
    """Whether a phrase ends between two places, so that no claim holds both."""
    return _ends(_ENDS, _without_asides(clause), first, second)


def denies_next(clause: str, end: int) -> bool:
    """Whether the statement that an opening phrase leads up to is a denial."""
    after = clause[end:].lstrip(" ,")
    stop = _ENDS.search(after)
    return NEGATION.search(after, 0, stop.start() if stop else len(after)) is not None


def phrase(clause: str, start: int, end: int) -> str:
    """The phrase around a claim."""
    bare = _without_asides(clause)
    begin = max((found.end() for found in _ENDS.finditer(bare) if found.start() < start), default=0)
    after = _ENDS.search(bare, end)
    return clause[begin : after.start() if after else len(clause)]


def _reaches(clause: str, negation: re.Match[str], place: int) -> bool:
    is_subject = not clause[: negation.start()].strip()
    aside = _ASIDE_OF_SUBJECT if is_subject else _ASIDE_OF_VERB
    between = clause[: negation.end()] + aside.sub(_blank, clause[negation.end() : place])
    bare = _without_asides(between + clause[place:])
    return not _ends(_ENDS_OF_SUBJECT if is_subject else _ENDS, bare, negation.end(), place)


def _ends(ends: re.Pattern[str], clause: str, first: int, second: int) -> bool:
    # What follows decides about a comma and an "and", so the search must see beyond ``second``.
    return any(found.start() < second for found in ends.finditer(clause, first))


def _without_asides(clause: str) -> str:
    return _ASIDE.sub(_blank, clause)


def _blank(found: re.Match[str]) -> str:
    # Places in the clause stay what they were.
    return " " * len(found[0])
