"""Evaluation: every gate looks at the case, every verdict is kept, and the hardest answer wins.

    DENY > NEED_APPROVAL > REDUCE > PASS

A gate that raises, or answers with anything but a verdict, has denied. Where gates ask for a smaller order, all of them
look again at the smallest quantity on offer: it must pass, or need nothing but an approval, else the order is denied.

Gates of scope NEW_EXPOSURE step aside for an order that provably reduces risk (``worst_case``). So a sell of 80 with 50
held, which they would judge as a short sale, is first cut to 50 by the gates that always stand, and then is an exit.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from domain.case import Case
from domain.money import ZERO
from domain.verdicts import Evaluation, Figure, Outcome, Verdict
from policies.codes import ReasonCode
from policies.gate import BoundGate
from policies.policy import Policy
from policies.worst_case import WorstCase, is_finite, is_positive, worst_case

PASS, REDUCE, DENY = Outcome.PASS, Outcome.REDUCE, Outcome.DENY
HARDNESS = {Outcome.PASS: 0, Outcome.REDUCE: 1, Outcome.NEED_APPROVAL: 2, Outcome.DENY: 3}


class Round(NamedTuple):
    """What all gates said about one quantity. ``refused``: denied by a gate that stands before exits too."""

    verdicts: tuple[Verdict, ...]
    outcome: Outcome
    refused: bool
    reduces_risk: bool
    smallest: Decimal | None


def evaluate(case: Case, policy: Policy) -> Evaluation:
    """All gates of ``policy`` on ``case``. Never raises for what a case contains."""
    asked = _all_gates(case, policy)
    if asked.smallest is None or asked.refused:
        qty = case.order.qty if asked.outcome is not Outcome.DENY else ZERO
        return Evaluation(asked.outcome, qty, _codes(asked.verdicts), asked.verdicts, policy.digest)
    smaller = replace(case, order=replace(case.order, qty=asked.smallest))
    return _reduced(asked, _all_gates(smaller, policy), policy)


def _reduced(asked: Round, cut: Round, policy: Policy) -> Evaluation:
    """Both rounds in one: the smaller quantity where it passed, else a denial with the harder verdict of each gate."""
    pairs = tuple(zip(asked.verdicts, cut.verdicts, strict=True))
    lifted = asked.outcome is not Outcome.DENY or cut.reduces_risk
    if asked.smallest is not None and lifted and cut.outcome in (Outcome.PASS, Outcome.NEED_APPROVAL):
        verdicts = tuple(first if first.outcome is Outcome.REDUCE else second for first, second in pairs)
        outcome = Outcome.REDUCE if cut.outcome is Outcome.PASS else Outcome.NEED_APPROVAL
        return Evaluation(outcome, asked.smallest, _codes(verdicts), verdicts, policy.digest)
    verdicts = tuple(max(pair, key=lambda verdict: HARDNESS[verdict.outcome]) for pair in pairs)
    codes = (*_codes(verdicts), ReasonCode.REDUCTION_FAILED)
    return Evaluation(Outcome.DENY, ZERO, codes, verdicts, policy.digest)


def _all_gates(case: Case, policy: Policy) -> Round:
    worst: WorstCase | None = None
    verdicts: list[Verdict] = []
    for gate in policy.gates:
        try:
            if worst is None:
                worst = worst_case(case, policy.slippage, allow_fractional=policy.allow_fractional)
            if gate.exempts_exits and worst.reduces_risk:
                verdicts.append(gate.exemption)
                continue
            verdict = gate.check(case, worst, gate.limits)
            if not _is_an_answer(verdict, gate, case):
                verdict = _failed(gate, f"answered {verdict!r}")
        except Exception as error:  # noqa: BLE001 a gate that fails, for whatever reason, has denied
            verdict = _failed(gate, f"{type(error).__name__}: {error}")
        verdicts.append(verdict if verdict.outcome is PASS else _legible(verdict))
    return _counted(tuple(verdicts), policy, worst is not None and worst.reduces_risk)


def _is_an_answer(verdict: object, gate: BoundGate, case: Case) -> bool:
    """A gate cannot pass an order by answering True, or enlarge it by answering with a larger quantity."""
    if type(verdict) is not Verdict or verdict.gate != gate.id:
        return False
    if verdict.outcome is REDUCE:
        return is_positive(verdict.quantity) and verdict.quantity < case.order.qty
    return type(verdict.outcome) is Outcome


def _legible(verdict: Verdict) -> Verdict:
    """The verdict as it can be recorded: what is no figure, such as nonsense that was refused, becomes short text."""
    return verdict._replace(limit=_figure(verdict.limit), value=_figure(verdict.value), note=_text(verdict.note))


def _figure(value: object) -> Figure:
    if value is None or isinstance(value, int) or is_finite(value):
        return value
    return _text(value)


def _text(value: object) -> str:
    text = str(value)[:200]
    return text if text.isprintable() else ascii(text)


def _failed(gate: BoundGate, what: str) -> Verdict:
    return Verdict(gate.id, ReasonCode.GATE_ERROR, DENY, note=what)


def _counted(verdicts: tuple[Verdict, ...], policy: Policy, reduces_risk: bool) -> Round:
    """The hardest answer of all; a policy without gates denies, because nobody has looked."""
    outcome, refused, smallest = (PASS, False, None) if verdicts else (DENY, True, None)
    for verdict, gate in zip(verdicts, policy.gates, strict=True):
        found = verdict.outcome
        if found is PASS:
            continue
        if HARDNESS[found] > HARDNESS[outcome]:
            outcome = found
        if found is DENY and not gate.exempts_exits:
            refused = True
        if found is REDUCE and verdict.quantity is not None:
            smallest = verdict.quantity if smallest is None else min(smallest, verdict.quantity)
    return Round(verdicts, outcome, refused, reduces_risk, smallest)


def _codes(verdicts: tuple[Verdict, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(verdict.code for verdict in verdicts if verdict.outcome is not PASS))
