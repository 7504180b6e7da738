"""C8 sector: all positions and open orders of one sector in the worst case, at most a share of equity.

Equity 100,000 and 30 %: with 25,000 in technology an order of 5,000.00 in technology passes, one of 5,000.01 does not.
An instrument without sector is not entered, and a holding without sector counts to every sector.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.market import Symbol
from domain.money import ZERO
from domain.verdicts import Verdict
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Gate, Need, Scope, denied
from policies.gates.caps import in_percent
from policies.worst_case import NOTHING, WorstCase


@dataclass(frozen=True, slots=True)
class SectorLimits:
    """In percent of equity."""

    max_sector_pct_equity: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: SectorLimits) -> Verdict:
    """PASS up to the share of equity."""
    cap = limits.max_sector_pct_equity
    sector = None if worst.instrument is None else worst.instrument.sector
    if not sector:
        return denied("C8", ReasonCode.SECTOR_UNKNOWN, cap)
    total, unknown = _total(case, worst, sector), ReasonCode.EXPOSURE_UNKNOWN
    return in_percent("C8", ReasonCode.SECTOR_EXPOSURE, cap, total, worst, limits.oversize, unknown)


def _total(case: Case, worst: WorstCase, sector: str) -> Decimal | None:
    total = worst.position_after
    for symbol in _others(case, worst, sector):
        value = worst.exposures[symbol].worst
        if total is None or value is None:
            return None
        total += value
    return total


def _others(case: Case, worst: WorstCase, sector: str) -> Iterable[Symbol]:
    for symbol, exposure in worst.exposures.items():
        instrument = case.market.symbols.get(symbol, NOTHING).instrument
        theirs = None if instrument is None else instrument.sector
        if symbol != case.order.symbol and exposure.worst != ZERO and (not theirs or theirs == sector):
            yield symbol


NEEDS: tuple[Need, ...] = ("positions", "orders", "quote", "account", "sector")
GATE = Gate("C8", "sector exposure", Scope.NEW_EXPOSURE, NEEDS, SectorLimits, check, "pct")
