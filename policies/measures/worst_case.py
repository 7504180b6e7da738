"""The worst case: what the book would look like if everything that could fill against us did.

Computed once per case and read by every gate, so that all gates judge the same figures. What the book shows before any
order is asked about are its ``Holdings``, which are the same for every order on one snapshot.

    price     what a share of this order may cost at worst: a buy its limit, or the ask moved by the policy's slippage;
              a sell the bid likewise or its limit, whichever is more. Never a price that a model or a text gave.
    expected  where the order would execute at worst as things stand: its limit, its trigger, or the side of our quote
              that it meets, moved against us by the policy's slippage.
    position  held + all buys still open (or held - all sells still open) + this order. In-flight, pending-cancel and
              UNKNOWN orders count. Sells that have not filled make no room for buys, buys none for sells.

Worked: 50 AAPL held, ask 200, an open buy of 10 at 201, this order buys 20 at 202:
position after = 80 shares, value after = 50 x 200 + 10 x 201 + 20 x 202 = 16,050.

A figure that cannot be computed is None. An order reduces risk when it goes against the position and takes no more
than is left to close after everything already working in that direction: a sell of 30 with 50 held and 20 selling does,
a sell of 31 does not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from domain.case import Case, SymbolView
from domain.market import Instrument, Quote, Symbol
from domain.money import ONE, ZERO
from domain.orders import OrderIntent
from policies.measures.figures import (
    BUY,
    LARGEST,
    LIMIT_TYPES,
    NOTHING,
    SELL,
    STOP_TYPES,
    TRIGGER_TYPES,
    affordable,
    is_finite,
    is_measurable,
    is_plausible,
    is_positive,
    percent,
    rounded_up,
    usable,
    whole_lots,
    worst_price,
)
from policies.measures.holdings import FLAT, Exposure, Holdings, Working, holdings_of, is_taken

__all__ = (
    "BUY", "FLAT", "LARGEST", "LIMIT_TYPES", "NOTHING", "SELL", "STOP_TYPES", "TRIGGER_TYPES", "Exposure", "Holdings",
    "Working", "WorstCase", "affordable", "holdings_of", "is_finite", "is_plausible", "is_positive", "percent",
    "rounded_up", "usable", "whole_lots", "worst_case",
)  # fmt: skip

T = TypeVar("T")
FINEST_FRACTION = Decimal("0.000000001")


class WorstCase(NamedTuple):
    """The figures that gates share. None means unknown; money in the account's currency, quantities in shares.

    ``before`` is the most the symbol can be worth without the order; ``known`` is what gates have worked out together.
    A NamedTuple, because one is made for every order and a frozen dataclass takes four times as long to make.
    """

    measurable: bool
    view: SymbolView
    instrument: Instrument | None
    quote: Quote | None
    price: Decimal | None
    expected: Decimal | None
    notional: Decimal | None
    equity: Decimal | None
    held: Decimal | None
    closable: Decimal
    reduces_risk: bool
    step: Decimal
    fractions: bool
    qty_after: Decimal | None
    position_after: Decimal | None
    gross_after: Decimal | None
    net_after: Decimal | None
    reserved: Decimal | None
    working_value: Decimal | None
    positions_after: int
    exposures: Mapping[Symbol, Exposure]
    buys: bool
    mine: Exposure
    before: Decimal | None
    holdings: Holdings
    known: dict[Hashable, Any]

    def once(self, measure: Callable[[Case, WorstCase], T], case: Case) -> T:
        """What ``measure`` makes of this order, worked out for the first of the gates that share it."""
        known = self.known
        found: Any = known.get(measure, NOTHING)
        if found is NOTHING:
            found = known[measure] = measure(case, self)
        return found  # type: ignore[no-any-return]


def worst_case(
    case: Case, slippage: Decimal = ZERO, *, allow_fractional: bool = False, holdings: Holdings | None = None
) -> WorstCase:
    """All shared figures of ``case``; ``holdings``, where they are known already, are of its book and market."""
    if holdings is None:
        holdings = holdings_of(case.book, case.market, slippage)
    order, exposures = case.order, holdings.exposures
    view, mine = case.market.symbols.get(order.symbol, NOTHING), exposures.get(order.symbol, FLAT)
    quote, equity, buys = usable(view.quote), case.book.account.equity, order.side is BUY
    measurable = is_measurable(order)
    price = worst_price(order, quote, slippage) if measurable else None
    notional = None if price is None else order.qty * price
    closable = _closable(mine, sells=order.side is SELL)
    qty_after, position_after, gross, net, taken = _after(holdings, mine, order.qty, notional, buys=buys)
    fractions, step = _steps(view.instrument, allow_fractional)
    return WorstCase(
        measurable, view, view.instrument, quote, price,
        _expected(order, quote, slippage, buys=buys) if measurable else None, notional,
        equity if is_positive(equity) else None, mine.held, closable, measurable and ZERO < order.qty <= closable, step,
        fractions, qty_after if measurable else None, position_after, gross, net, holdings.reserved,
        holdings.working_value, taken, exposures, buys, mine, mine.worst, holdings, {},
    )  # fmt: skip


def _expected(order: OrderIntent, quote: Quote | None, slippage: Decimal, *, buys: bool) -> Decimal | None:
    if order.limit_price is not None:
        return order.limit_price
    if order.trigger_price is not None:
        return order.trigger_price
    if quote is None:
        return None
    return quote.ask * (ONE + slippage) if buys else quote.bid * (ONE - slippage)


def _closable(mine: Exposure, *, sells: bool) -> Decimal:
    if mine.held is None:
        return ZERO
    # Of what is held alone: what is still being bought cannot be sold yet.
    left = mine.held - mine.selling if sells else -mine.held - mine.buying
    return max(ZERO, left)


def _after(
    holdings: Holdings, mine: Exposure, qty: Decimal, notional: Decimal | None, *, buys: bool
) -> tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None, int]:
    """Shares and worth of the symbol at worst once the order has filled, gross and net of the book, symbols taken."""
    held, buying, selling, _, up, down, before = mine
    gross, ups, downs = holdings.gross, holdings.ups, holdings.downs
    if held is None or up is None or down is None or before is None or notional is None:
        return None, None, None, None, holdings.taken
    # What is held or being opened is taken already, and the order takes what is not.
    taken = holdings.taken if is_taken(mine) else holdings.taken + 1
    if buys:
        up, buying = up + notional, buying + qty
    else:
        down, selling = down - notional, selling + qty
    worst, most = max(up, -down), max(held + buying, selling - held)
    # LARGEST stands for an open quantity that nobody can tell.
    shares = most if most < LARGEST else None
    if gross is None or ups is None or downs is None:
        return shares, worst, None, None, taken
    net = max(abs(ups + notional), abs(downs)) if buys else max(abs(ups), abs(downs - notional))
    return shares, worst, gross - before + worst, net, taken


def _steps(instrument: Instrument | None, allow_fractional: bool) -> tuple[bool, Decimal]:
    if instrument is None or not is_positive(instrument.lot):
        return False, ONE
    fractions = allow_fractional and instrument.fractionable and instrument.lot <= ONE
    if fractions and instrument.lot == ONE:
        return True, FINEST_FRACTION
    return fractions, instrument.lot if fractions else max(instrument.lot, ONE)
