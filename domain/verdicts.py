"""What a gate answers: a value with the limit, the measured figure and the margin left, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """The four answers, from mildest to hardest."""

    PASS = "PASS"
    REDUCE = "REDUCE"
    NEED_APPROVAL = "NEED_APPROVAL"
    DENY = "DENY"


Figure = Decimal | int | str | bool | None


class Verdict(NamedTuple):
    """One gate's answer. ``margin`` is what is left before the limit, in the unit of ``limit``; negative is a breach.

    ``quantity`` is the largest that would pass, where the gate can tell. A NamedTuple because one is made for every
    gate of every order, and this is the cheapest immutable record Python has.
    """

    gate: str
    code: str
    outcome: Outcome
    limit: Figure = None
    value: Figure = None
    margin: Decimal | None = None
    quantity: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All verdicts on one order. ``codes`` names what did not pass; ``final_qty`` is 0 for a denial."""

    outcome: Outcome
    final_qty: Decimal
    codes: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    policy_digest: str
