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
from policies.worst_case import is_finite, is_positive, worst_case

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
    """One look of every gate. This loop is run for every order, so a gate that passes costs it three comparisons."""
    try:
        worst = worst_case(case, policy.slippage, allow_fractional=policy.allow_fractional)
    except Exception as error:  # noqa: BLE001 an order whose figures cannot be computed is stopped by every gate
        return _unmeasured(policy, error)
    reduces_risk = worst.reduces_risk
    verdicts: list[Verdict] = []
    objections: list[tuple[Verdict, BoundGate]] = []
    for gate in policy.gates:
        gate_id, exempts_exits, check, limits, exemption = gate
        if exempts_exits and reduces_risk:
            verdicts.append(exemption)
            continue
        try:
            verdict = check(case, worst, limits)
        except Exception as error:  # noqa: BLE001 a gate that fails, for whatever reason, has denied
            verdict = _failed(gate, error)
        if type(verdict) is not Verdict or verdict[2] is not PASS or verdict[0] != gate_id:
            verdict = _legible(verdict if _is_an_answer(verdict, gate, case) else _wrong(gate, verdict))
            objections.append((verdict, gate))
        verdicts.append(verdict)
    return _weighed(tuple(verdicts), objections, reduces_risk)


def _unmeasured(policy: Policy, error: Exception) -> Round:
    verdicts = tuple(_legible(_failed(gate, error)) for gate in policy.gates)
    return _weighed(verdicts, list(zip(verdicts, policy.gates, strict=True)), reduces_risk=False)


def _weighed(verdicts: tuple[Verdict, ...], objections: list[tuple[Verdict, BoundGate]], reduces_risk: bool) -> Round:
    """The hardest answer of all; a policy without gates denies, because nobody has looked."""
    if not verdicts:
        return Round((), DENY, True, reduces_risk, None)
    outcome, refused, smallest = PASS, False, None
    for verdict, gate in objections:
        found = verdict.outcome
        if HARDNESS[found] > HARDNESS[outcome]:
            outcome = found
        if found is DENY and not gate.exempts_exits:
            refused = True
        if found is REDUCE and verdict.quantity is not None:
            smallest = verdict.quantity if smallest is None else min(smallest, verdict.quantity)
    return Round(verdicts, outcome, refused, reduces_risk, smallest)


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


def _failed(gate: BoundGate, error: Exception) -> Verdict:
    return Verdict(gate.id, ReasonCode.GATE_ERROR, DENY, note=f"{type(error).__name__}: {error}")


def _wrong(gate: BoundGate, answer: object) -> Verdict:
    return Verdict(gate.id, ReasonCode.GATE_ERROR, DENY, note=f"answered {answer!r}")


def _codes(verdicts: tuple[Verdict, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(verdict.code for verdict in verdicts if verdict.outcome is not PASS))
