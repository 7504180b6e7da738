"""What the gates have against an order, in one sentence: the first reason in words, and how many more there are.

    the gates refuse it: an entry without a protective stop (B8 protective stop), and 2 more gates
    no VERDA is held: to sell it would be a short sale, which the policy does not allow (D3 short sale, allow_short)

Where the policy allows no short sale and nothing of the holding is left to sell, that alone is the answer: whatever
else objects asks about an entry, and nobody wanted one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from domain.money import ZERO
from domain.orders import OrderIntent
from domain.verdicts import Figure, Outcome
from policies.codes import ReasonCode, meaning_of
from policies.gates.catalogue import BY_ID

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


class Objection(Protocol):
    """What a verdict and its view have in common."""

    @property
    def gate(self) -> str:
        """The gate's id."""

    @property
    def code(self) -> str:
        """Its reason code."""

    @property
    def outcome(self) -> Outcome:
        """What it answered."""

    @property
    def limit(self) -> Figure:
        """Where it draws the line."""


class Refusal(NamedTuple):
    """The sentence, empty where nothing objected; ``alone`` where the other objections add nothing to it."""

    sentence: str
    alone: bool = False


def refusal(objections: Sequence[Objection], intent: OrderIntent | None = None) -> Refusal:
    """The hardest objection in words; ``intent`` is the order, where there is one to speak of."""
    short = next((each for each in objections if each.code == ReasonCode.SHORT_FORBIDDEN), None)
    if short is not None and short.limit == ZERO and intent is not None and not intent.reduce_only:
        told = f"no {intent.symbol} is held: to sell it would be a short sale, which the policy does not allow"
        return Refusal(f"{told} ({named_gate(short.gate)}, allow_short)", alone=True)
    hardest = hardest_of(objections)
    return Refusal("" if hardest is None else f"{_SAID[hardest]}: {reason(objections, hardest)}")


def hardest_of(objections: Sequence[Objection]) -> Outcome | None:
    """The hardest answer there is; None where nothing objected."""
    return next((outcome for outcome in HARDEST if any(each.outcome is outcome for each in objections)), None)


def reason(objections: Sequence[Objection], outcome: Outcome) -> str:
    """The first reason for that answer, and how many other gates gave it too."""
    given = [each for each in objections if each.outcome is outcome]
    if not given:
        return "its reason is not on record"
    first, *more = given
    behind = f", and {len(more)} more gate{'s' if len(more) > 1 else ''}" if more else ""
    return f"{meaning(first.code)} ({named_gate(first.gate)}){behind}"


def meaning(code: str) -> str:
    """What a reason code means, as it stands within a sentence."""
    told = meaning_of(code).rstrip(".")
    return f"{told[:1].lower()}{told[1:]}"


def named_gate(gate: str) -> str:
    """``A5 release``; a gate that is no longer in the catalogue keeps its bare id."""
    known = BY_ID.get(gate)
    return gate if known is None else f"{gate} {known.name}"
