"""D2 margin: maintenance margin after all that is open and this order is at most a share of equity.

    margin of the account + sum of (value x margin rate) over open orders that open something, and this order

Equity 100,000, ``max_margin_use_pct`` 50, 40,000 in use already: at a rate of 30 % an order of 33,333.33 takes
9,999.999 and passes, one of 33,333.34 does not. A rate that is unknown counts as 100 %. All open buys count, and open
sells of a symbol once together they exceed the holding; what a protective leg sells takes no margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case, SymbolView
from domain.market import Instrument
from domain.money import ONE, ZERO
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Need, Scope, denied
from policies.gates.caps import fits, of_equity
from policies.measures.worst_case import NOTHING, Exposure, Holdings, WorstCase, is_finite, is_positive, usable

MARGIN = ReasonCode.MARGIN


@dataclass(frozen=True, slots=True)
class MarginLimits:
    """In percent of equity."""

    max_margin_use_pct: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: MarginLimits) -> Answer:
    """PASS while the margin stays within its share."""
    cap, in_use = limits.max_margin_use_pct, case.book.account.maintenance_margin
    if not is_finite(in_use) or in_use < ZERO:
        return denied("D2", ReasonCode.MARGIN_UNKNOWN, cap)
    if worst.notional is None or worst.price is None:
        return denied("D2", ReasonCode.PRICE_UNKNOWN, cap)
    rate, working = _rate(worst.instrument), worst.holdings.once(_working)
    if working is None:
        return denied("D2", ReasonCode.MARGIN_UNKNOWN, cap)
    part = worst.notional * rate
    total = in_use + working + part
    found = None if worst.equity is None else fits(cap, total, worst.equity)
    if found is not None:
        return found
    return of_equity("D2", MARGIN, cap, total, part, worst.price * rate, worst, limits.oversize)


def _rate(instrument: Instrument | None) -> Decimal:
    rate = None if instrument is None else instrument.margin_rate
    return rate if is_positive(rate) else ONE


def _working(book: Holdings) -> Decimal | None:
    """What all open orders that enlarge a position take; None where it cannot be told of one."""
    total = ZERO
    for symbol, exposure in book.exposures.items():
        if exposure.held is None:
            return None
        if exposure.buying == ZERO == exposure.selling:
            continue
        view = book.market.symbols.get(symbol, NOTHING)
        opening = _opening(exposure, exposure.held, view)
        if opening is None:
            return None
        total += opening * _rate(view.instrument)
    return total


def _opening(exposure: Exposure, held: Decimal, view: SymbolView) -> Decimal | None:
    """The value of a symbol's open orders that enlarge its position; None where it cannot be told."""
    _, _, selling, _, up, down, _ = exposure
    quote = None if held == ZERO else usable(view.quote)
    value = ZERO if held == ZERO else None if quote is None else held * quote.ask
    if value is None or up is None or down is None:
        return None
    sold = value - down if selling > max(held, ZERO) else ZERO
    return up - value + sold


NEEDS: tuple[Need, ...] = ("account", "orders", "positions", "quote", "instrument")
GATE = Gate("D2", "margin", Scope.NEW_EXPOSURE, NEEDS, MarginLimits, check, "pct")
