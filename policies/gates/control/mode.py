"""A2 mode: what the autonomy ladder allows without a person.

Two modes count, the one in force and the one the policy sets as its ceiling, and both must agree: off and observe send
nothing but what a person closes by hand; paper sends only to a paper account; approve needs a person's approval for
every order that does not provably reduce risk; auto does not. Above
``approval_required_above_notional`` an entry needs approval in any mode: with 8,000 an order of 8,000.00 passes and
one of 8,000.01 waits, and so does what one of the roles wants a person to see. Whether an approval that came with the
order is any good is for A10 to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case, Mode
from domain.orders import Origin
from domain.verdicts import Outcome, Verdict
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Scope, denied
from policies.measures.worst_case import WorstCase

NOTIONAL_NEEDS_APPROVAL = ReasonCode.NOTIONAL_NEEDS_APPROVAL
NEED_APPROVAL = Outcome.NEED_APPROVAL
MANUAL = Origin.MANUAL
FLATTEN = Origin.FLATTEN
PAPER = Mode.PAPER
APPROVE = Mode.APPROVE
APPROVAL_REQUIRED = ReasonCode.APPROVAL_REQUIRED
AUTO = Mode.AUTO
SENDS_NOTHING = frozenset({Mode.OFF, Mode.OBSERVE})


@dataclass(frozen=True, slots=True)
class ModeLimits:
    """``mode`` is the highest the policy allows; the threshold is in account currency."""

    mode: Mode = Mode.AUTO
    approval_required_above_notional: Decimal | None = None


def check(case: Case, worst: WorstCase, limits: ModeLimits) -> Answer:
    """DENY, NEED_APPROVAL or PASS by mode and size."""
    shown = case.control.mode
    if shown is not AUTO or limits.mode is not AUTO:
        objection = _below_auto(case, worst, (Mode(shown), limits.mode))
        if objection is not None:
            return objection
    if case.approval is not None:
        return PASSED, limits.mode, shown, None
    # What is not known to need nobody waits for somebody.
    if case.proposal is not None and case.proposal.needs_approval is not False:
        return Verdict(
            "A2", ReasonCode.APPROVAL_REQUIRED, Outcome.NEED_APPROVAL, limits.mode, shown, note="a role asks"
        )
    threshold = limits.approval_required_above_notional
    if threshold is None or worst.reduces_risk:
        return PASSED, limits.mode, shown, None
    if worst.notional is None:
        return denied("A2", ReasonCode.PRICE_UNKNOWN, threshold)
    margin = threshold - worst.notional
    if margin >= 0:
        return PASSED, threshold, worst.notional, margin
    code = NOTIONAL_NEEDS_APPROVAL
    return Verdict("A2", code, NEED_APPROVAL, threshold, worst.notional, margin)


def _below_auto(case: Case, worst: WorstCase, modes: tuple[Mode, Mode]) -> Verdict | None:
    """What the lower of both modes has against any order at all."""
    shown, ceiling = case.control.mode, modes[1]
    by_hand = worst.reduces_risk and case.order.origin in (MANUAL, FLATTEN)
    if (modes[0] in SENDS_NOTHING or ceiling in SENDS_NOTHING) and not by_hand:
        return denied("A2", ReasonCode.MODE_FORBIDS_ORDERS, ceiling, shown)
    if PAPER in modes and case.book.account.paper is not True:
        return denied("A2", ReasonCode.NOT_A_PAPER_ACCOUNT, ceiling, shown)
    if APPROVE in modes and case.approval is None and not worst.reduces_risk:
        return Verdict("A2", APPROVAL_REQUIRED, NEED_APPROVAL, ceiling, shown)
    return None


GATE = Gate("A2", "mode", Scope.ALWAYS, ("control", "account", "approval"), ModeLimits, check, "USD")
