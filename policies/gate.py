"""What a gate is: one small pure function over values, with an id, a scope, its inputs and its limits.

    check(case, worst, limits) -> Answer

A gate that objects answers with a ``Verdict``. One that does not says only what it has measured, ``(PASSED, limit,
value, margin)``, as far as there is anything: a hundred gates pass for one that objects, and the verdict that says so
in full is made of the same figures when somebody reads it (``policies/answers.py``).

The fields of a gate's limits dataclass carry the names of the policy's limits. A field without default must be set in
the policy for the gate to be enforced; a field with one refines a gate that always runs. ``bind`` reads the policy
once, so that an evaluation looks nothing up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from domain.case import Case
from domain.market import MarketInput
from domain.money import ZERO
from domain.verdicts import Figure, Outcome, Verdict
from policies.codes import ReasonCode
from policies.measures.worst_case import WorstCase


class _Passed:
    """The first word of an answer without objection; nothing else is equal to it."""


PASSED = _Passed()
Measured = (
    tuple[_Passed]
    | tuple[_Passed, Figure]
    | tuple[_Passed, Figure, Figure]
    | tuple[_Passed, Figure, Figure, Decimal | None]
    | tuple[_Passed, Decimal, Decimal, Decimal, Callable[[Decimal, Decimal], Decimal]]
)
"""No objection: the limit, the value and the margin, as far as the gate has measured. Or the limit, two figures that
were compared with it exactly, and how they are shown as one value: a share, a root, which only reading it rounds."""

Answer = Measured | Verdict
Check = Callable[[Case, WorstCase, Any], Answer]
Need = Literal[
    MarketInput, "control", "account", "positions", "orders", "counters", "session", "broker_time", "approval",
    "proposal",
]  # fmt: skip
"""An input that some source must supply; ``policies/coverage.py`` names the gates whose inputs no source can."""

Unit = Literal["USD", "pct", "ratio", "shares", "count", "seconds", "hours", "days", "text"]

OVERSIZE_DENY, OVERSIZE_REDUCE = "deny", "reduce"
"""What a size gate does with an order that is too large: refuse it, or cut it to the largest quantity that passes."""


# Held as plain names because gates answer with them for every order, and an enum looks its members up slowly.
OK, PASS, DENY = ReasonCode.OK, Outcome.PASS, Outcome.DENY

_SHOWN_LATER = 4
_NOT_MEASURED: tuple[tuple[Any, ...], ...] = tuple((*[None] * (4 - measured), "") for measured in range(4))
_new_verdict: Callable[[type[Verdict], tuple[Any, ...]], Verdict] = tuple.__new__
"""The constructor of Verdict without its defaults, which cost as much again; what is not measured is put behind."""
NO_OBJECTION: tuple[_Passed] = (PASSED,)
"""The answer of a gate that has measured nothing."""


class Reads(StrEnum):
    """What a gate reads besides the account, its results, the market, the clock and the control plane.

    NOTHING more: it answers once for all orders on one snapshot, and again only for another one. SUBJECT: who asks for
    what (symbol, side, origin, strategy, currency, the proposal and the approval, and whether the order reduces risk);
    once for all quantities and prices. BOOK: positions, and the orders and counts that every order sent adds to; again
    after each of them. ORDER: the order itself, and the book with it.

    Gates are not shown the rest (``policies/measures/standing.py``): one that asks for it fails, and has denied.
    """

    NOTHING = "nothing"
    SUBJECT = "subject"
    BOOK = "book"
    ORDER = "order"


class Scope(StrEnum):
    """Whether a gate also stands before orders that provably reduce risk."""

    ALWAYS = "always"
    NEW_EXPOSURE = "new_exposure"


@dataclasses.dataclass(frozen=True, slots=True)
class NoLimits:
    """A gate with nothing to set: it always runs."""


class Gate(NamedTuple):
    """One entry of the catalogue."""

    id: str
    name: str
    scope: Scope
    needs: tuple[Need, ...]
    limits: type
    check: Check
    unit: Unit = "text"
    """Of the limit, value and margin of its verdicts, where they are numbers."""
    reads: Reads = Reads.ORDER


class BoundGate(NamedTuple):
    """A gate with the limits of one policy, and the answer it gives where it does not apply."""

    id: str
    exempts_exits: bool
    check: Check
    limits: Any
    exemption: Verdict
    reads: Reads = Reads.ORDER

    def verdict(self, case: Case, worst: WorstCase) -> Verdict:
        """The gate's answer in full."""
        return in_full(self.id, self.check(case, worst, self.limits))


class Group(NamedTuple):
    """Gates that are asked together: how, which, and each one's place among all gates of the policy."""

    checks: tuple[tuple[Check, Any], ...]
    gates: tuple[BoundGate, ...]
    places: tuple[int, ...]


class Groups(NamedTuple):
    """All gates of a policy by what they read; ``aside`` are the exemptions of those that do not look, with places."""

    nothing: Group
    subject: Group
    book: Group
    order: Group
    aside: tuple[tuple[int, Verdict], ...]


def bind(gate: Gate, values: Mapping[str, Any]) -> BoundGate | None:
    """The gate with its limits taken from ``values``; None when a limit it cannot do without is not set."""
    fields = dataclasses.fields(gate.limits)
    if any(field.name not in values and field.default is dataclasses.MISSING for field in fields):
        return None
    limits = gate.limits(**{field.name: values[field.name] for field in fields if field.name in values})
    exemption = Verdict(gate.id, ReasonCode.RISK_REDUCING, Outcome.PASS)
    return BoundGate(gate.id, gate.scope is Scope.NEW_EXPOSURE, gate.check, limits, exemption, gate.reads)


def in_full(gate: str, answer: Answer) -> Verdict:
    """The verdict of an answer: one without objection gets its gate, its code and its outcome."""
    if isinstance(answer, Verdict):
        return answer
    if len(answer) == 4:
        _, limit, value, margin = answer
        return _new_verdict(Verdict, (gate, OK, PASS, limit, value, margin, None, ""))
    figures: tuple[Any, ...] = answer[1:]
    if len(figures) == _SHOWN_LATER:
        cap, part, whole, shown = figures
        share = shown(part, whole)
        figures = cap, share, cap - share
    return _new_verdict(Verdict, (gate, OK, PASS, *figures, *_NOT_MEASURED[len(figures)]))


def passed(gate: str, limit: Figure = None, value: Figure = None, margin: Decimal | None = None) -> Verdict:
    """No objection, in full."""
    return Verdict(gate, OK, PASS, limit, value, margin)


def denied(gate: str, code: ReasonCode, limit: Figure = None, value: Figure = None, note: str = "") -> Verdict:
    """A refusal that no smaller quantity would lift, as far as the gate can tell."""
    return Verdict(gate, code, DENY, limit, value, None, None, note)


def at_most(gate: str, code: ReasonCode, limit: Decimal, value: Decimal) -> Answer:
    """PASS up to and including ``limit``."""
    margin = limit - value
    if margin >= ZERO:
        return PASSED, limit, value, margin
    return Verdict(gate, code, DENY, limit, value, margin)


def below(gate: str, code: ReasonCode, limit: Decimal, value: Decimal) -> Answer:
    """PASS while ``value`` has not reached ``limit``: a loss that equals its limit stops trading."""
    margin = limit - value
    if margin > ZERO:
        return PASSED, limit, value, margin
    return Verdict(gate, code, DENY, limit, value, margin)


def at_least(gate: str, code: ReasonCode, limit: Decimal, value: Decimal) -> Answer:
    """PASS from ``limit`` upwards."""
    margin = value - limit
    if margin >= ZERO:
        return PASSED, limit, value, margin
    return Verdict(gate, code, DENY, limit, value, margin)


def reduced(
    gate: str, code: ReasonCode, limit: Figure, value: Figure, margin: Decimal, quantity: Decimal, oversize: str
) -> Verdict:
    """REDUCE to ``quantity`` where the policy wants that, DENY where it does not or where nothing is left."""
    outcome = Outcome.REDUCE if oversize == OVERSIZE_REDUCE and quantity > 0 else DENY
    return Verdict(gate, code, outcome, limit, value, margin, quantity)
