"""B10_leverage leveraged funds: no entries into a fund that multiplies or inverts what it follows, unless allowed.

Such a fund is set back every day: with 2, an index that falls by 10 % and then rises by 11.11 % is where it was, and
the fund stands at 0.80 x 1.2222 = 97.8 %. A fund with leverage 1 passes, one with 2 or -1 does not, and neither does
one whose leverage no source tells. Shares are not funds and are not looked at, unless their source gives them leverage.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case
from domain.market import AssetClass
from domain.money import ONE
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Reads, Scope, denied
from policies.measures.worst_case import WorstCase, is_finite

ETF = AssetClass.ETF


@dataclass(frozen=True, slots=True)
class LeveragedFundLimits:
    """False looks at every fund."""

    allow_leveraged_funds: bool


def check(case: Case, worst: WorstCase, limits: LeveragedFundLimits) -> Answer:
    """DENY a fund that is not plain."""
    if limits.allow_leveraged_funds:
        return NO_OBJECTION
    instrument = worst.instrument
    # Some sources call every fund an equity; one that tells its leverage gives itself away.
    if instrument is None or (instrument.asset_class is not ETF and instrument.leverage is None):
        return NO_OBJECTION
    if not is_finite(instrument.leverage):
        return denied("B10_leverage", ReasonCode.LEVERAGE_UNKNOWN, ONE)
    if instrument.leverage != ONE:
        return denied("B10_leverage", ReasonCode.LEVERAGED_FUND, ONE, instrument.leverage)
    return PASSED, ONE, instrument.leverage, None


NAME = "leveraged funds"
GATE = Gate(
    "B10_leverage", NAME, Scope.NEW_EXPOSURE, ("leverage",), LeveragedFundLimits, check, "ratio", reads=Reads.SUBJECT
)
