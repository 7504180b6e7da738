"""H4 disagreement: where the roles differ by more than ``max_disagreement``, a person decides.

    disagreement = max(|advised - inspected| / candidate, dispersion over repeated samples)

Code proposed 100, the advisor left 80 and the inspector 50: 0.30 passes at a limit of 0.30 and waits at 0.29. The
dispersion counts as nothing where a question was put once, and the roles put each question once today: it is judged
where a what-if case states it. A role that is missing denies.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.money import HUNDRED, ONE, ZERO
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import PASSED, Answer, Gate, Need, Reads, Scope, denied
from policies.gates.model.record import asks, unrecorded
from policies.measures.worst_case import WorstCase, is_finite, is_positive, percent

AGENT = Origin.AGENT
DISAGREEMENT = ReasonCode.DISAGREEMENT


@dataclass(frozen=True, slots=True)
class DisagreementLimits:
    """A share of one."""

    max_disagreement: Decimal


def check(case: Case, worst: WorstCase, limits: DisagreementLimits) -> Answer:
    """PASS up to the limit, NEED_APPROVAL beyond it."""
    limit, proposal = limits.max_disagreement, case.proposal
    if proposal is None or case.order.origin is not AGENT:
        return unrecorded("H4", case, limit)
    candidate, advised, inspected = proposal.candidate_qty, proposal.advised_qty, proposal.inspected_qty
    if not is_positive(candidate) or not is_finite(advised) or not is_finite(inspected):
        return denied("H4", ReasonCode.ROLE_MISSING, limit)
    dispersion = ZERO if proposal.dispersion is None else proposal.dispersion
    if not is_finite(dispersion) or not ZERO <= dispersion <= ONE:
        return denied("H4", ReasonCode.DISAGREEMENT, limit, note="the dispersion is no share of one")
    apart = max(percent(abs(advised - inspected), candidate) / HUNDRED, dispersion)
    if apart > limit:
        return asks("H4", DISAGREEMENT, case, limit, apart)
    return PASSED, limit, apart, limit - apart


NEEDS: tuple[Need, ...] = ("proposal", "approval")
GATE = Gate(
    "H4",
    "disagreement of the roles",
    Scope.NEW_EXPOSURE,
    NEEDS,
    DisagreementLimits,
    check,
    "ratio",
    reads=Reads.SUBJECT,
)
