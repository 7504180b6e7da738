"""C6 net exposure and C10 beta exposure: longs minus shorts in the worst case, either way, at most a share of equity.

C6: equity 100,000 and 80 %: longs of 90,000 against shorts of 10,000 are 80,000 net and pass; 80,000.01 do not. Open
orders count on the side that makes it worse.

C10 weighs each position with its beta, so that the figure is what the book gains or loses with the index. Equity
100,000 and 100 %: with 50,000 held at a beta of 1.2 (60,000), an order at a beta of 2 passes up to 20,000.00. Where a
beta is negative the side that makes it worse is the other one. A position whose beta nobody knows denies.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from domain.case import Case
from domain.money import ZERO
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Need, Scope, denied
from policies.gates.caps import fits, in_percent, of_equity
from policies.measures.worst_case import NOTHING, Holdings, WorstCase, is_finite

EXPOSURE_UNKNOWN = ReasonCode.EXPOSURE_UNKNOWN
BETA_UNKNOWN = ReasonCode.BETA_UNKNOWN
NET, BETA, UNKNOWN = ReasonCode.NET_EXPOSURE, ReasonCode.BETA_EXPOSURE, ReasonCode.EXPOSURE_UNKNOWN


@dataclass(frozen=True, slots=True)
class NetLimits:
    """In percent of equity."""

    max_net_exposure_pct: Decimal
    oversize: str = OVERSIZE_DENY


@dataclass(frozen=True, slots=True)
class BetaLimits:
    """In percent of equity."""

    max_beta_exposure_pct: Decimal
    oversize: str = OVERSIZE_DENY


class Swing(NamedTuple):
    """The book before this order in beta-weighted money: the most it can be long, and (below zero) short."""

    longest: Decimal
    shortest: Decimal


def check(case: Case, worst: WorstCase, limits: NetLimits) -> Answer:
    """PASS up to the share of equity."""
    return in_percent("C6", NET, limits.max_net_exposure_pct, worst.net_after, worst, limits.oversize, UNKNOWN)


def check_beta(case: Case, worst: WorstCase, limits: BetaLimits) -> Answer:
    """PASS up to the share of equity."""
    cap, swing, beta = limits.max_beta_exposure_pct, worst.holdings.once(_swing), worst.view.beta
    if isinstance(swing, ReasonCode):
        return denied("C10", swing, cap)
    if not is_finite(beta):
        return denied("C10", ReasonCode.BETA_UNKNOWN, cap)
    if worst.notional is None or worst.price is None:
        return denied("C10", ReasonCode.PRICE_UNKNOWN, cap)
    weight = abs(beta)
    part = worst.notional * weight
    with_it, against_it = swing.longest, -swing.shortest
    if worst.buys != (beta >= ZERO):
        with_it, against_it = against_it, with_it
    total = max(with_it + part, against_it)
    found = None if worst.equity is None else fits(cap, total, worst.equity)
    if found is not None:
        return found
    code, each, before = BETA, worst.price * weight, max(with_it, against_it)
    return of_equity("C10", code, cap, total, part, each, worst, limits.oversize, before)


def _swing(book: Holdings) -> Swing | ReasonCode:
    """Of the whole book; what is not known of the first symbol of which something is not."""
    longest = shortest = ZERO
    for symbol, (_, _, _, _, up, down, _) in book.exposures.items():
        if up is None or down is None:
            return EXPOSURE_UNKNOWN
        if up == ZERO == down:
            continue
        beta = book.market.symbols.get(symbol, NOTHING).beta
        if not is_finite(beta):
            return BETA_UNKNOWN
        bought, sold = beta * up, beta * down
        if bought < sold:
            bought, sold = sold, bought
        longest, shortest = longest + bought, shortest + sold
    return Swing(longest, shortest)


NEEDS: tuple[Need, ...] = ("positions", "orders", "quote", "account")
GATE = Gate("C6", "net exposure", Scope.NEW_EXPOSURE, NEEDS, NetLimits, check, "pct")
BETA_GATE = Gate(
    "C10", "beta-weighted exposure", Scope.NEW_EXPOSURE, (*NEEDS, "returns", "index"), BetaLimits, check_beta, "pct"
)
