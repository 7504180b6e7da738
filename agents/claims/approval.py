"""What a clause says of a person's approval, held against who asked for one and whether anybody waits for it.

A role or a gate that wants a person says so of any order of this size; whether one is asked is decided by the end. Of
a trade that a second gate refused, "its size needs approval" is true and "it waits for approval" is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from agents.claims.figures import ClaimFault
from agents.claims.lexicon import NEGATION
from agents.claims.meaning import words
from agents.claims.scope import apart, denies_next, negations, phrase
from agents.record import Record
from domain.decisions import Ruling
from domain.verdicts import Outcome

_TERMS = (r"approval", r"approves?", r"(?:(?:an?|any|no|the|that) )?person(?:'s)?", r"human", r"owner(?:'s)?")
_PERSON = words(*_TERMS)
_ASKS = words(
    r"need(?:s|ed|ing)?(?: not)?", r"requir(?:e[sd]?|ing)", r"waits?", r"waiting", r"awaits?", r"asks?",
    r"must(?: not)?", r"goes to", r"has to", r"pending", r"subject to",
    # Of what "is still without approval" nobody says that it needs none.
    rf"(?<!\bis )(?<!still )(?<!remains )without(?= (?:[\w']+ ){{0,2}}?(?:{'|'.join(_TERMS)})\b)",
    rf"sen(?:t|ds?|ding)(?: \w+){{0,2}} to(?= (?:\w+ )?(?:{'|'.join(_TERMS)})\b)", r"next step is for",
)  # fmt: skip
_AWAITS = words(r"waits?", r"waiting", r"awaits?", r"pending", r"goes to", r"next step is for")
_HELD = re.compile(
    r"\b(?:sent|placed|submitted|taken|done|happens?|go(?:es)?|moves?)\b[^,]*\b(?P<until>until|unless|before)"
    rf"(?: \w+)? (?:{'|'.join(_TERMS)})\b",
    re.IGNORECASE,
)
_BY_ROLE = re.compile(r"\b(?:inspector|gates?)\b", re.IGNORECASE)
_AS_REASON = words(r"inspector", r"gates?", r"object(?:s|ed)", r"(?:this|that|its|such a) size", r"would have")
_OTHERS = words(
    r"(?:larger|bigger|greater|other) (?:orders|trades|sizes)", r"(?:orders|trades) (?:above|over|beyond|larger|bigger)"
)


class _Claim(NamedTuple):
    """That a person is asked for, or is not.

    ``by_role``    the inspector or the gates are said to ask, or not to
    ``as_reason``  it is why somebody objected, or holds of every order like it, and tells nothing of what comes next
    """

    demanded: bool
    by_role: bool
    as_reason: bool


def faults_of_approval(clause: str, record: Record) -> Iterator[ClaimFault]:
    """What is wrong with what one clause says of approval."""
    evaluation = record.evaluation
    needed = record.decision.needs_approval or (evaluation is not None and evaluation.outcome is Outcome.NEED_APPROVAL)
    if any(_is_false(claim, record, needed=needed) for claim in _claims(clause)):
        yield ClaimFault("approval", "a person is asked" if needed else "no person is asked")


def _is_false(claim: _Claim, record: Record, *, needed: bool) -> bool:
    if claim.demanded:
        return not needed and not (claim.as_reason and _wished(record))
    # That the inspector or a gate asked for nobody is theirs to have said, whoever else did ask.
    return needed and not claim.by_role


def _wished(record: Record) -> bool:
    """Whether the inspector or a gate wanted a person, whatever came of it."""
    inspection, evaluation = record.decision.inspection, record.evaluation
    by_gate = evaluation is not None and any(each.outcome is Outcome.NEED_APPROVAL for each in evaluation.verdicts)
    return by_gate or (inspection is not None and inspection.ruling is Ruling.ASK)


def _claims(clause: str) -> Iterator[_Claim]:
    held = _HELD.search(clause)
    if held is not None:
        # "Nothing is sent until a person approves" demands by its negation.
        if NEGATION.search(clause, 0, held.start("until")):
            yield _Claim(demanded=True, by_role=False, as_reason=False)
        return
    asks = list(_ASKS.finditer(clause))
    for person in _PERSON.finditer(clause):
        near = [each for each in asks if not apart(clause, *_between(each, person))]
        if near:
            yield from _claim(clause, min(near, key=lambda each: _gap(each, person)), person)


def _claim(clause: str, ask: re.Match[str], person: re.Match[str]) -> Iterator[_Claim]:
    start, end = min(ask.start(), person.start()), max(ask.end(), person.end())
    around = phrase(clause, start, end)
    if not _OTHERS.search(around):
        # "It cannot go ahead without approval" denies twice and so demands; "without approval it cannot" does too.
        said = negations(clause, start, end) + (_opens(clause, ask) and denies_next(clause, person.end()))
        demanded = said % 2 == 0
        as_reason = _AS_REASON.search(clause, 0, end) is not None and _AWAITS.search(clause, start, end) is None
        yield _Claim(demanded, _BY_ROLE.search(around) is not None, as_reason)


def _opens(clause: str, ask: re.Match[str]) -> bool:
    return ask[0].lower() == "without" and not clause[: ask.start()].strip(" ,")


def _between(ask: re.Match[str], person: re.Match[str]) -> tuple[int, int]:
    first, second = sorted((ask, person), key=lambda each: each.start())
    return min(first.end(), second.start()), second.start()


def _gap(ask: re.Match[str], person: re.Match[str]) -> int:
    first, second = _between(ask, person)
    return second - first
