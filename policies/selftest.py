"""The self-test: each enforced gate is shown one order it must stop. A gate that lets its order through stops trading.

Run at every start and before every resume. The orders go through ``evaluate`` like any other, so that the whole chain
is tested: the gate's own verdict must not be a pass, must not be a failure of the gate, and the outcome must follow it.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.case import Case
from domain.verdicts import Outcome
from policies.breaches import BREACHES, good_case
from policies.codes import ReasonCode
from policies.evaluate import evaluate
from policies.policy import Policy


class SelfTestResult(NamedTuple):
    """What one gate did with its order: its reason ``code``, and in ``note`` what is wrong or why nothing was tried."""

    gate: str
    ok: bool
    code: str
    note: str = ""


def run_self_test(policy: Policy) -> tuple[SelfTestResult, ...]:
    """One result for each gate the policy enforces; trading needs all of them to be ok."""
    good = good_case(policy)
    return tuple(_test(gate, good, policy) for gate in policy.enforced)


def _test(gate: str, good: Case, policy: Policy) -> SelfTestResult:
    breach = BREACHES.get(gate)
    if breach is None:
        return SelfTestResult(gate, False, "", "no must-block order is defined for this gate")
    case = breach(good, policy.limits)
    if case is None:
        return SelfTestResult(gate, True, ReasonCode.OK, "the policy leaves this gate nothing to stop")
    evaluation = evaluate(case, policy)
    verdict = next(verdict for verdict in evaluation.verdicts if verdict.gate == gate)
    # A gate that fails denies, and would pass here for one that stops its order.
    if verdict.code == ReasonCode.GATE_ERROR:
        return SelfTestResult(gate, False, verdict.code, verdict.note)
    stopped = verdict.outcome is not Outcome.PASS and evaluation.outcome is not Outcome.PASS
    return SelfTestResult(gate, stopped, verdict.code, "" if stopped else "let its must-block order through")
