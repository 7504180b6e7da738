"""D2 margin: maintenance margin after all that is open and this order is at most a share of equity.

    margin of the account + sum of (value x margin rate) over open orders that open something, and this order

Equity 100,000, ``max_margin_use_pct`` 50, 40,000 in use already: at a rate of 30 % an order of 33,333.33 takes
9,999.999 and passes, one of 33,333.34 does not. A rate that is unknown counts as 100 %. All open buys count, and open
sells of a symbol once together they exceed the holding; what a protective leg sells takes no margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.market import Instrument, Symbol
from domain.money import ONE, ZERO
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Need, Scope, denied
from policies.gates.caps import fits, of_equity
from policies.measures.holdings import sum_of
from policies.measures.worst_case import FLAT, NOTHING, Exposure, Holdings, WorstCase, is_finite, is_positive, usable

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
    rate, working = _rate(worst.instrument), _working(worst.holdings, case.order.symbol)
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


def _working(book: Holdings, mine: Symbol) -> Decimal | None:
    others, own = book.beside(_working_beside, mine), book.own(_working_in, mine)
    return None if others is None or own is None else others + own


def _working_beside(book: Holdings, mine: Symbol) -> Decimal | None:
    return sum_of(book.others(_working_in, mine))


def _working_in(book: Holdings, symbol: Symbol) -> Decimal | None:
    view = book.market.symbols.get(symbol, NOTHING)
    quote = usable(view.quote)
    opening = _opening(book.exposures.get(symbol, FLAT), None if quote is None else quote.ask)
    return None if opening is None else opening * _rate(view.instrument)


def _opening(exposure: Exposure, ask: Decimal | None) -> Decimal | None:
    """The value of open orders that enlarge a position; None where it cannot be told."""
    held, buying, selling, _, up, down, _ = exposure
    if held is None:
        return None
    if buying == ZERO and selling == ZERO:
        return ZERO
    value = ZERO if held == ZERO else None if ask is None else held * ask
    if value is None or up is None or down is None:
        return None
    sold = value - down if selling > max(held, ZERO) else ZERO
    return up - value + sold


NEEDS: tuple[Need, ...] = ("account", "orders", "positions", "quote", "instrument")
GATE = Gate("D2", "margin", Scope.NEW_EXPOSURE, NEEDS, MarginLimits, check, "pct")
