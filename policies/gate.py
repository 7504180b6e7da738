"""What a gate is: one small pure function over values, with an id, a scope, its inputs and its limits.

    check(case, worst, limits) -> Answer

A gate that objects answers with a ``Verdict``. One that does not says only what it has measured, ``(PASSED, limit,
value, margin)``, None where there is nothing to measure: a hundred gates pass for one that objects, and the verdict
that says so in full is made of these figures for all of them together (``policies/answers.py``).

The fields of a gate's limits dataclass carry the names of the policy's limits. A field without default must be set in
the policy for the gate to be enforced; a field with one refines a gate that always runs. ``bind`` reads the policy
once, so that an evaluation looks nothing up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
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
Measured = tuple[_Passed, Figure, Figure, Decimal | None]
"""No objection: the limit, the value and the margin."""

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

NO_OBJECTION: Measured = (PASSED, None, None, None)
"""The answer of a gate that has measured nothing."""


class Reads(StrEnum):
    """What a gate reads of the order, besides the book, the market, the clock and the control plane.

    NOTHING: it answers once for all orders on one snapshot, and again only for another one. SUBJECT: who asks for what,
    when and for how long (symbol, side, origin, strategy, the proposal and the approval, whether the order reduces
    risk, ...), but neither quantity nor price; once for all of these. ORDER: all of it.

    Gates are not shown the rest (``policies/measures/standing.py``): one that asks for it fails, and has denied.
    """

    NOTHING = "nothing"
    SUBJECT = "subject"
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
    """Gates that are asked together: how, which, and the name of each."""

    checks: tuple[tuple[Check, Any], ...]
    gates: tuple[BoundGate, ...]
    names: tuple[str, ...]


class Groups(NamedTuple):
    """All gates of a policy by what they read; ``aside`` are the exemptions of those that do not look.

    ``in_order`` puts the verdicts of all of them, in the order of these fields, into the order of the policy.
    """

    nothing: Group
    subject: Group
    order: Group
    aside: tuple[Verdict, ...]
    in_order: Callable[[Sequence[Verdict]], tuple[Verdict, ...]]


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
    _, limit, value, margin = answer
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
