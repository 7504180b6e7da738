"""Evaluation: every gate looks at the case, every verdict is kept, and the hardest answer wins.

    DENY > NEED_APPROVAL > REDUCE > PASS

A gate that raises, or answers with anything but a verdict, has denied. Where gates ask for a smaller order, all of them
look again at the smallest quantity on offer: it must pass, or need nothing but an approval, else the order is denied.
An approval of the larger order does not count for the smaller one: where that needs one too, a person is asked again.

Gates of scope NEW_EXPOSURE step aside for an order that provably reduces risk (``worst_case``). So a sell of 80 with 50
held, which they would judge as a short sale, is first cut to 50 by the gates that always stand, and then is an exit.

Whoever asks about many orders on one snapshot passes a ``Standing`` along, so that what no order changes is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from domain.case import Case
from domain.money import ZERO
from domain.verdicts import Evaluation, Outcome, Verdict
from policies.answers import GroupAnswer, Objection, ask, attempt, failed
from policies.codes import ReasonCode
from policies.measures.standing import Standing
from policies.measures.worst_case import WorstCase, worst_case
from policies.policy import Policy

PASS, REDUCE, DENY = Outcome.PASS, Outcome.REDUCE, Outcome.DENY
HARDNESS = {Outcome.PASS: 0, Outcome.REDUCE: 1, Outcome.NEED_APPROVAL: 2, Outcome.DENY: 3}


class Round(NamedTuple):
    """What all gates said about one quantity. ``refused``: denied by a gate that stands before exits too.

    ``smallest`` is what they would cut it to. Where the gates that stand before exits cut it to no more than closes the
    position, the others have no say: it is an exit then.
    """

    verdicts: tuple[Verdict, ...]
    outcome: Outcome
    refused: bool
    reduces_risk: bool
    smallest: Decimal | None
    becomes_exit: bool = False


Look = Callable[[Case], Round]
"""Shows a case to all gates."""


def evaluate(case: Case, policy: Policy, standing: Standing | None = None) -> Evaluation:
    """All gates of ``policy`` on ``case``. Never raises for what a case contains.

    A ``standing`` of another snapshot or policy than these is put aside: it saves work and changes no verdict.
    """
    if standing is None or not standing.holds(case, policy):
        standing = Standing(case, policy)
    return evaluated(case, partial(all_gates, standing=standing), policy)


def evaluated(case: Case, look: Look, policy: Policy) -> Evaluation:
    """The same by another ``look``: whoever asks about many quantities of one order passes one that remembers."""
    asked = look(case)
    if asked.outcome is PASS:
        return Evaluation(PASS, case.order.qty, (), asked.verdicts, policy.digest)
    # Cut to what closes the position it is another order, before which fewer gates stand.
    if asked.smallest is None or (asked.refused and not asked.becomes_exit):
        qty = case.order.qty if asked.outcome is not DENY else ZERO
        return Evaluation(asked.outcome, qty, _codes(asked.verdicts), asked.verdicts, policy.digest)
    return _reduced(asked, look(in_quantity(case, asked.smallest)), policy)


def in_quantity(case: Case, qty: Decimal) -> Case:
    """The same order in another quantity; a person's yes was to the first one alone, and is none to this (I-43)."""
    approval = case.approval if qty == case.order.qty else None
    return replace(case, order=replace(case.order, qty=qty), approval=approval)


def _reduced(asked: Round, cut: Round, policy: Policy) -> Evaluation:
    """Both rounds in one: the smaller quantity where it passed, else a denial with the harder verdict of each gate."""
    pairs = tuple(zip(asked.verdicts, cut.verdicts, strict=True))
    # A denial of the larger order lapses only where the cut made an exit of it (I-09).
    lifted = asked.outcome is not Outcome.DENY or cut.reduces_risk
    if asked.smallest is not None and lifted and cut.outcome in (Outcome.PASS, Outcome.NEED_APPROVAL):
        # A gate that cut passes the smaller order; its cut is what has to be shown (I-10).
        verdicts = tuple(first if first.outcome is Outcome.REDUCE else second for first, second in pairs)
        outcome = Outcome.REDUCE if cut.outcome is Outcome.PASS else Outcome.NEED_APPROVAL
        return Evaluation(outcome, asked.smallest, _codes(verdicts), verdicts, policy.digest)
    verdicts = tuple(max(pair, key=lambda verdict: HARDNESS[verdict.outcome]) for pair in pairs)
    codes = (*_codes(verdicts), ReasonCode.REDUCTION_FAILED)
    return Evaluation(Outcome.DENY, ZERO, codes, verdicts, policy.digest)


def all_gates(case: Case, standing: Standing) -> Round:
    """One look of every gate, those included that have looked at this snapshot or subject before."""
    policy = standing.policy
    measured = attempt(_measured, case, standing)
    if isinstance(measured, Exception):  # an order whose figures cannot be computed is stopped by every gate
        verdicts = tuple(failed(gate, measured) for gate in policy.gates)
        return _weighed(verdicts, tuple(zip(verdicts, policy.gates, strict=True)), False, ZERO)
    worst, (nothing, subject) = measured
    groups = policy.leaving if worst.reduces_risk else policy.entering
    said = ask(groups.order, case, worst, case.order.qty)
    objections = nothing.objections + subject.objections + said.objections
    # Between them the three groups and those aside hold every gate, so no place is left without a verdict.
    verdicts = groups.in_order([*nothing.verdicts, *subject.verdicts, *said.verdicts, *groups.aside])
    if not objections and policy.gates:
        return Round(verdicts, PASS, False, worst.reduces_risk, None)
    return _weighed(verdicts, objections, worst.reduces_risk, worst.closable)


def _measured(case: Case, standing: Standing) -> tuple[WorstCase, tuple[GroupAnswer, GroupAnswer]]:
    policy = standing.policy
    worst = worst_case(case, policy.slippage, allow_fractional=policy.allow_fractional, holdings=standing.holdings)
    return worst, standing.about(case, worst)


def _weighed(
    verdicts: tuple[Verdict, ...], objections: Sequence[Objection], reduces_risk: bool, closable: Decimal
) -> Round:
    """The hardest answer of all; a policy without gates denies, because nobody has looked."""
    if not objections:
        return Round(verdicts, DENY, True, reduces_risk, None)
    outcome, refused = PASS, False
    cuts: list[Decimal] = []
    exit_cuts: list[Decimal] = []
    for verdict, gate in objections:
        found = verdict.outcome
        if HARDNESS[found] > HARDNESS[outcome]:
            outcome = found
        # Only these still stand before an exit that a cut may make of the order.
        if found is DENY and not gate.exempts_exits:
            refused = True
        if found is REDUCE and verdict.quantity is not None:
            (cuts if gate.exempts_exits else exit_cuts).append(verdict.quantity)
    if exit_cuts and min(exit_cuts) <= closable:
        return Round(verdicts, outcome, refused, reduces_risk, min(exit_cuts), becomes_exit=True)
    return Round(verdicts, outcome, refused, reduces_risk, min((*cuts, *exit_cuts), default=None))


def _codes(verdicts: tuple[Verdict, ...]) -> tuple[str, ...]:
    # A dict and no set: the order of the codes is part of the recorded bytes (I-08).
    return tuple(dict.fromkeys(verdict.code for verdict in verdicts if verdict.outcome is not PASS))
