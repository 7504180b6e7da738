"""H3_calibration: outside paper mode a model decides alone only once its confidence has been calibrated.

Without a calibrated confidence the entry waits for a person. With one, it is held against ``min_confidence``: at 0.60,
a calibrated 0.60 passes and 0.59 does not, whatever the model said of itself. Language models state more confidence
than they have (Xiong et al., "Can LLMs Express Their Uncertainty?", ICLR 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case, Mode
from domain.money import ONE, ZERO
from domain.orders import Origin
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import OK, PASS, PASSED, Answer, Gate, Need, Reads, Scope, at_least, denied
from policies.gates.model.record import asks, unrecorded
from policies.measures.worst_case import WorstCase, is_finite

AGENT = Origin.AGENT
PAPER = Mode.PAPER
UNCALIBRATED = ReasonCode.UNCALIBRATED
CONFIDENCE_TOO_LOW = ReasonCode.CONFIDENCE_TOO_LOW


@dataclass(frozen=True, slots=True)
class CalibrationLimits:
    """A flag, and a share of one; without the share any calibrated confidence will do."""

    require_calibration: bool
    min_confidence: Decimal | None = None


def check(case: Case, worst: WorstCase, limits: CalibrationLimits) -> Answer:
    """PASS for what has proven itself, NEED_APPROVAL for what has not."""
    lowest = limits.min_confidence
    if not limits.require_calibration:
        return PASSED, lowest, None, None
    if case.proposal is None or case.order.origin is not AGENT:
        return unrecorded("H3_calibration", case, lowest)
    calibrated = case.proposal.calibrated
    if case.control.mode == PAPER:  # paper is where a model earns its calibration
        return Verdict("H3_calibration", OK, PASS, lowest, calibrated, note="paper mode")
    if calibrated is None:
        return asks("H3_calibration", UNCALIBRATED, case, lowest)
    if not is_finite(calibrated) or not ZERO <= calibrated <= ONE:
        return denied("H3_calibration", ReasonCode.CONFIDENCE_TOO_LOW, lowest, note="no share of one")
    if lowest is None:
        return PASSED, None, calibrated, None
    return at_least("H3_calibration", CONFIDENCE_TOO_LOW, lowest, calibrated)


NEEDS: tuple[Need, ...] = ("proposal", "control", "approval")
GATE = Gate(
    "H3_calibration",
    "calibrated confidence",
    Scope.NEW_EXPOSURE,
    NEEDS,
    CalibrationLimits,
    check,
    "ratio",
    reads=Reads.SUBJECT,
)
