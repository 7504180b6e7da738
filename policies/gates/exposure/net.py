"""C6 net exposure: longs minus shorts in the worst case, either way, at most a share of equity.

Equity 100,000 and 80 %: longs of 90,000 against shorts of 10,000 are 80,000 net and pass; 80,000.01 do not. Open orders
count on the side that makes it worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Gate, Scope
from policies.gates.caps import in_percent
from policies.worst_case import WorstCase


@dataclass(frozen=True, slots=True)
class NetLimits:
    """In percent of equity."""

    max_net_exposure_pct: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: NetLimits) -> Verdict:
    """PASS up to the share of equity."""
    cap, unknown = limits.max_net_exposure_pct, ReasonCode.EXPOSURE_UNKNOWN
    return in_percent("C6", ReasonCode.NET_EXPOSURE, cap, worst.net_after, worst, limits.oversize, unknown)


GATE = Gate(
    "C6", "net exposure", Scope.NEW_EXPOSURE, ("positions", "orders", "quote", "account"), NetLimits, check, "pct"
)
