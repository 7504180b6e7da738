"""What the gates have against an order, in one sentence: the first reason in words, and how many more there are.

    the gates refuse it: an entry without a protective stop (protective stop, B8), and 2 more gates
    no VERDA is held: to sell it would be a short sale, which the policy does not allow (short sale, D3, allow_short)

Where the policy allows no short sale and nothing of the holding is left to sell, that alone is the answer: whatever
else objects asks about an entry, and nobody wanted one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.money import ZERO
from domain.orders import OrderIntent
from domain.verdicts import Outcome
from interfaces.telling.gates.gate_words import Spoken, beside, in_words
from interfaces.views.plain import counted
from policies.codes import ReasonCode

HARDEST = (Outcome.DENY, Outcome.NEED_APPROVAL, Outcome.REDUCE)
ANSWERED = {
    Outcome.PASS: "passed",
    Outcome.REDUCE: "cut",
    Outcome.NEED_APPROVAL: "asked",
    Outcome.DENY: "refused",
}
"""A gate's answer as people read it; scripts get the word of the contract."""
_SAID = {
    Outcome.DENY: "the gates refuse it",
    Outcome.NEED_APPROVAL: "the policy wants a person's yes",
    Outcome.REDUCE: "the gates cut it",
}


class Refusal(NamedTuple):
    """The sentence, empty where nothing objected; ``alone`` where the other objections add nothing to it."""

    sentence: str
    alone: bool = False


def refusal(objections: Sequence[Spoken], intent: OrderIntent | None = None) -> Refusal:
    """The hardest objection in words; ``intent`` is the order, where there is one to speak of."""
    short = next((each for each in objections if each.code == ReasonCode.SHORT_FORBIDDEN), None)
    if short is not None and short.limit == ZERO and intent is not None and not intent.reduce_only:
        told = f"no {intent.symbol} is held: to sell it would be a short sale, which the policy does not allow"
        return Refusal(f"{told} ({beside(short.gate)}, allow_short)", alone=True)
    hardest = hardest_of(objections)
    return Refusal("" if hardest is None else f"{_SAID[hardest]}: {reason(objections, hardest)}")


def hardest_of(objections: Sequence[Spoken]) -> Outcome | None:
    """The hardest answer there is; None where nothing objected."""
    return next((outcome for outcome in HARDEST if any(each.outcome is outcome for each in objections)), None)


def reason(objections: Sequence[Spoken], outcome: Outcome) -> str:
    """The first reason for that answer, and how many other gates gave it too."""
    given = [each for each in objections if each.outcome is outcome]
    if not given:
        return "its reason is not on record"
    first, *more = given
    behind = f", and {counted(len(more), 'more gate')}" if more else ""
    return f"{in_words(first)} ({beside(first.gate)}){behind}"
