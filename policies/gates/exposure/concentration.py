"""C8 sector and C9 cluster: everything that falls together, in the worst case, is at most a share of equity.

C8: equity 100,000 and 30 %: with 25,000 in technology an order of 5,000.00 in technology passes, one of 5,000.01 does
not. An instrument without sector is not entered, and a holding without sector counts to every sector. Industries and
themes are told by no source, which ``sage doctor`` says; what moves together counts together by C9, whatever its name.

C9 counts by movement instead of by name: all symbols whose daily returns correlate with those of the order's symbol by
more than ``cluster_correlation``. With 0.7, 20,000 held at a correlation of 0.71 count and those at 0.70 do not, so
that 30 % leave 10,000.00 for the order. Longs and shorts add up. A holding whose correlation nobody knows denies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial

from domain.case import Case
from domain.market import Symbol
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Need, Scope, denied
from policies.gates.caps import in_percent
from policies.gates.returns import correlations
from policies.measures.worst_case import NOTHING, Holdings, WorstCase

CORRELATION_UNKNOWN = ReasonCode.CORRELATION_UNKNOWN
CORRELATED = Decimal("0.7")
SECTOR, CLUSTER, UNKNOWN = ReasonCode.SECTOR_EXPOSURE, ReasonCode.CLUSTER_EXPOSURE, ReasonCode.EXPOSURE_UNKNOWN


@dataclass(frozen=True, slots=True)
class SectorLimits:
    """In percent of equity."""

    max_sector_pct_equity: Decimal
    oversize: str = OVERSIZE_DENY


@dataclass(frozen=True, slots=True)
class ClusterLimits:
    """In percent of equity; a correlation from -1 to 1, above which two symbols count as one."""

    max_cluster_pct_equity: Decimal
    cluster_correlation: Decimal = CORRELATED
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: SectorLimits) -> Answer:
    """PASS up to the share of equity."""
    cap = limits.max_sector_pct_equity
    if worst.instrument is None or not worst.instrument.sector:
        return denied("C8", ReasonCode.SECTOR_UNKNOWN, cap)
    others = worst.holdings.seen(_same_sector, case.order.symbol)
    total = None if others is None or worst.position_after is None else worst.position_after + others
    return in_percent("C8", SECTOR, cap, total, worst, limits.oversize, UNKNOWN)


def check_cluster(case: Case, worst: WorstCase, limits: ClusterLimits) -> Answer:
    """PASS up to the share of equity."""
    cap = limits.max_cluster_pct_equity
    others = worst.holdings.seen(_together(limits.cluster_correlation), case.order.symbol)
    if isinstance(others, ReasonCode):
        return denied("C9", others, cap)
    total = None if others is None or worst.position_after is None else worst.position_after + others
    return in_percent("C9", CLUSTER, cap, total, worst, limits.oversize, UNKNOWN, beside_others=True)


def _same_sector(book: Holdings, mine: Symbol) -> Decimal | None:
    """What all but ``mine`` may be worth in its sector, those of an unknown one included; None where nobody knows."""
    own = book.market.symbols.get(mine, NOTHING).instrument
    sector, total = None if own is None else own.sector, ZERO
    for symbol, exposure in book.exposures.items():
        worst = exposure.worst
        if symbol == mine or worst == ZERO:
            continue
        instrument = book.market.symbols.get(symbol, NOTHING).instrument
        theirs = None if instrument is None else instrument.sector
        if not theirs or theirs == sector:
            if worst is None:
                return None
            total += worst
    return total


@cache
def _together(least: Decimal) -> Callable[[Holdings, Symbol], Decimal | ReasonCode | None]:
    """The measure of what moves with a symbol by more than ``least``; the same one for the same limit."""
    # Cached, since holdings keep answers by the measure itself: a new partial would never find one.
    return partial(_moving, least)


def _moving(least: Decimal, book: Holdings, mine: Symbol) -> Decimal | ReasonCode | None:
    """What all that moves with ``mine`` may be worth, None where nobody knows; a code where what moves is unknown."""
    others = [
        (symbol, worst)
        for symbol, exposure in book.exposures.items()
        if symbol != mine and (worst := exposure.worst) != ZERO
    ]
    rhos = correlations(book.market.symbols, mine, [symbol for symbol, _ in others])
    if rhos is None:
        return CORRELATION_UNKNOWN
    total = ZERO
    for (_, worst), rho in zip(others, rhos, strict=True):
        if rho > least:
            if worst is None:
                return None
            total += worst
    return total


NEEDS: tuple[Need, ...] = ("positions", "orders", "quote", "account")
GATE = Gate("C8", "sector exposure", Scope.NEW_EXPOSURE, (*NEEDS, "sector"), SectorLimits, check, "pct")
CLUSTER_GATE = Gate(
    "C9", "correlated cluster", Scope.NEW_EXPOSURE, (*NEEDS, "returns"), ClusterLimits, check_cluster, "pct"
)
