"""What a gate answers: a value with the limit, the measured figure and the margin left, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol


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


class Record(Protocol):
    """Answers that are kept as gates gave them."""

    def verdicts(self) -> tuple[Verdict, ...]:
        """The same answers in full: nothing is measured again."""
        ...


class _Told:
    """The field ``verdicts``: a record that was kept there is told in full when somebody first reads it."""

    def __get__(self, evaluation: Evaluation, owner: type[Evaluation]) -> tuple[Verdict, ...]:
        kept: tuple[Verdict, ...] | Record = evaluation.__dict__["verdicts"]
        if isinstance(kept, tuple):
            return kept
        told = evaluation.__dict__["verdicts"] = kept.verdicts()
        return told

    def __set__(self, evaluation: Evaluation, verdicts: tuple[Verdict, ...]) -> None:
        # A checkpoint brings its tuples back as lists.
        evaluation.__dict__["verdicts"] = tuple(verdicts)


@dataclass(frozen=True)
class Evaluation:
    """All verdicts on one order. ``codes`` names what did not pass; ``final_qty`` is 0 for a denial."""

    outcome: Outcome
    final_qty: Decimal
    codes: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    policy_digest: str

    def __getstate__(self) -> dict[str, object]:
        """What is copied or put away are the verdicts, never a record that somebody would have to be able to tell."""
        return {**self.__dict__, "verdicts": self.verdicts}


# After the fact, because a dataclass would take the descriptor for a default.
Evaluation.verdicts = _Told()  # type: ignore[assignment]


def evaluated(outcome: Outcome, final_qty: Decimal, record: Record, policy_digest: str) -> Evaluation:
    """The evaluation of an order that nobody objects to, with its verdicts on record."""
    found = object.__new__(Evaluation)
    found.__dict__.update(outcome=outcome, final_qty=final_qty, codes=(), verdicts=record, policy_digest=policy_digest)
    return found
