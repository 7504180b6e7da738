"""The worst case: what the book would look like if everything that could fill against us did.

Computed once per case and read by every gate, so that all gates judge the same figures.

    price     what a share of this order may cost at worst: a buy its limit, or the ask moved by the policy's slippage;
              a sell the bid likewise or its limit, whichever is more. Never a price that a model or a text gave.
    expected  where the order would execute as things stand: its limit, its trigger, or the side of our quote it meets.
    position  held + all buys still open (or held - all sells still open) + this order. In-flight, pending-cancel and
              UNKNOWN orders count. Sells that have not filled make no room for buys, buys none for sells.
    value     holdings at the ask, open orders at the price that was reserved for them.

Worked: 50 AAPL held, ask 200, an open buy of 10 at 201, this order buys 20 at 202:
position after = 80 shares, value after = 50 x 200 + 10 x 201 + 20 x 202 = 16,050.

A figure that cannot be computed is None. An order reduces risk when it goes against the position and takes no more
than is left to close after everything already working in that direction: a sell of 30 with 50 held and 20 selling does,
a sell of 31 does not. The protective legs of a bracket do not count as selling: they are reduce-only themselves, and an
exit replaces them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import NamedTuple, TypeGuard

from domain.book import Book, Position
from domain.case import Case, MarketView, SymbolView
from domain.market import Instrument, Quote, Symbol
from domain.money import HUNDRED, ONE, ZERO
from domain.orders import Order, OrderIntent, OrderType, Side

LIMIT_TYPES = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
TRIGGER_TYPES = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
STOP_TYPES = TRIGGER_TYPES | {OrderType.TRAILING_STOP}
LARGEST = Decimal(10) ** 12
FINEST_FRACTION = Decimal("0.000000001")
NOTHING = SymbolView()

_SHOWN = Context(prec=9, rounding=ROUND_CEILING)
_DOWN = Context(prec=28, rounding=ROUND_FLOOR)


class Exposure(NamedTuple):
    """One symbol before this order. ``up`` is its signed value once only its buys have filled, ``down`` only its sells.

    ``legs`` is the open quantity of protective legs, which an exit replaces; of one bracket only one leg can fill.
    """

    held: Decimal | None
    buying: Decimal
    selling: Decimal
    legs: Decimal
    up: Decimal | None
    down: Decimal | None

    @property
    def worst(self) -> Decimal | None:
        """The largest absolute value the position can reach."""
        return None if self.up is None or self.down is None else max(self.up, -self.down)


FLAT = Exposure(ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)


class WorstCase(NamedTuple):
    """The figures that gates share. None means unknown; money in the account's currency, quantities in shares."""

    measurable: bool
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


def worst_case(case: Case, slippage: Decimal = ZERO, *, allow_fractional: bool = False) -> WorstCase:
    """All shared figures of ``case``; ``slippage`` is a fraction of the price, e.g. 0.002."""
    order, book = case.order, case.book
    view = case.market.symbols.get(order.symbol, NOTHING)
    quote = usable(view.quote)
    working = _by_symbol(book.open_orders)
    exposures = {
        symbol: _exposure(book.positions.get(symbol), working.get(symbol, ()), case.market, symbol, slippage)
        for symbol in dict.fromkeys((*book.positions, *working))
    }
    mine = exposures.get(order.symbol, FLAT)
    measurable = is_measurable(order)
    price = _price(order, quote, slippage) if measurable else None
    notional = None if price is None else order.qty * price
    closable = _closable(order.side, mine)
    after = _with_order(mine, order, notional)
    gross = _total(exposure.worst for exposure in exposures.values())
    fractions, step = _steps(view.instrument, allow_fractional)
    return WorstCase(
        measurable=measurable,
        instrument=view.instrument,
        quote=quote,
        price=price,
        expected=_expected(order, quote) if measurable else None,
        notional=notional,
        equity=book.account.equity if is_positive(book.account.equity) else None,
        held=mine.held,
        closable=closable,
        reduces_risk=measurable and ZERO < order.qty <= closable,
        step=step,
        fractions=fractions,
        qty_after=_largest_qty(after) if measurable else None,
        position_after=after.worst,
        gross_after=_replaced(gross, mine.worst, after.worst),
        net_after=_net({**exposures, order.symbol: after}.values()),
        reserved=_reserved(book, case.market, slippage, buys_only=True),
        working_value=_reserved(book, case.market, slippage, buys_only=False),
        positions_after=_count({**exposures, order.symbol: after}.values()),
        exposures=exposures,
    )


def is_finite(value: object) -> TypeGuard[Decimal]:
    """True for a Decimal that is a number, and for nothing else: no bool, int, float or text."""
    return isinstance(value, Decimal) and value.is_finite()


def is_positive(value: object) -> TypeGuard[Decimal]:
    """True for a finite Decimal above zero."""
    return is_finite(value) and value > ZERO


def is_plausible(value: object) -> TypeGuard[Decimal]:
    """True for a quantity or price one can calculate with: finite, positive and below 10^12."""
    return is_positive(value) and value < LARGEST


def is_measurable(order: OrderIntent) -> bool:
    """True when the order's own figures can be calculated with; asked before any arithmetic."""
    return (
        is_plausible(order.qty)
        and (is_plausible(order.limit_price) or (order.limit_price is None and order.type not in LIMIT_TYPES))
        and (is_plausible(order.trigger_price) or (order.trigger_price is None and order.type not in TRIGGER_TYPES))
    )


def usable(quote: Quote | None) -> Quote | None:
    """The quote, unless bid or ask is not finite and positive, or they cross."""
    if quote is None or not (is_plausible(quote.bid) and is_plausible(quote.ask)) or quote.bid > quote.ask:
        return None
    return quote


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """``part`` in percent of a positive ``whole``, to nine digits, rounded up so that no breach looks like a pass."""
    return _SHOWN.divide(part * HUNDRED, whole)


def whole_lots(quantity: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` at or below ``quantity``, never negative."""
    return max(ZERO, (quantity // step) * step)


def affordable(budget: Decimal, price: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that ``budget`` buys at a positive ``price``, never negative."""
    return whole_lots(_DOWN.divide(budget, price), step) if budget > ZERO else ZERO


def _price(order: OrderIntent | Order, quote: Quote | None, slippage: Decimal) -> Decimal | None:
    if order.type in LIMIT_TYPES and order.limit_price is not None:
        if order.side is Side.BUY or quote is None:
            return order.limit_price
        return max(order.limit_price, quote.bid)
    if quote is None:
        return None
    touch = quote.ask if order.side is Side.BUY else quote.bid
    if order.trigger_price is not None and order.trigger_price > touch:
        touch = order.trigger_price
    return touch * (ONE + slippage)


def _expected(order: OrderIntent, quote: Quote | None) -> Decimal | None:
    if order.limit_price is not None:
        return order.limit_price
    if order.trigger_price is not None:
        return order.trigger_price
    if quote is None:
        return None
    return quote.ask if order.side is Side.BUY else quote.bid


def _reserved_price(order: Order, market: MarketView, slippage: Decimal) -> Decimal | None:
    if order.reserved_price is not None:
        return order.reserved_price
    return _price(order, usable(market.symbols.get(order.symbol, NOTHING).quote), slippage)


def _by_symbol(orders: Iterable[Order]) -> dict[Symbol, list[Order]]:
    found: dict[Symbol, list[Order]] = {}
    for order in orders:
        if order.open_qty > ZERO:
            found.setdefault(order.symbol, []).append(order)
    return found


def _exposure(
    position: Position | None, orders: Iterable[Order], market: MarketView, symbol: Symbol, slippage: Decimal
) -> Exposure:
    held = ZERO if position is None else position.qty
    if not is_finite(held):
        return Exposure(None, ZERO, ZERO, ZERO, None, None)
    value = _holding_value(held, market.symbols.get(symbol, NOTHING))
    brackets = _brackets(orders)
    quantity, worth = {Side.BUY: ZERO, Side.SELL: ZERO}, {Side.BUY: value, Side.SELL: value}
    legs: dict[str | None, Decimal] = {}
    for order in orders:
        if is_protective(order, brackets):
            legs[order.parent_id] = max(legs.get(order.parent_id, ZERO), order.open_qty)
            continue
        quantity[order.side] += order.open_qty
        worth[order.side] = _with_open(worth[order.side], order, _reserved_price(order, market, slippage))
    free = sum(legs.values(), ZERO)
    return Exposure(held, quantity[Side.BUY], quantity[Side.SELL], free, worth[Side.BUY], worth[Side.SELL])


def _with_open(value: Decimal | None, order: Order, price: Decimal | None) -> Decimal | None:
    return None if value is None or price is None else value + order.side.sign * order.open_qty * price


def _brackets(orders: Iterable[Order]) -> frozenset[str]:
    return frozenset(order.parent_id for order in orders if order.parent_id is not None and order.type in STOP_TYPES)


def is_protective(order: Order, brackets: frozenset[str]) -> bool:
    """True for the resting legs of a bracket: reduce-only children of a parent that also has a stop among them."""
    return order.reduce_only and order.parent_id is not None and order.parent_id in brackets


def _holding_value(held: Decimal, view: SymbolView) -> Decimal | None:
    if held == ZERO:
        return ZERO
    quote = usable(view.quote)
    return None if quote is None else held * quote.ask


def _closable(side: Side, mine: Exposure) -> Decimal:
    if mine.held is None:
        return ZERO
    left = mine.held - mine.selling if side is Side.SELL else -mine.held - mine.buying
    return max(ZERO, left)


def _with_order(mine: Exposure, order: OrderIntent, notional: Decimal | None) -> Exposure:
    if mine.held is None or mine.up is None or mine.down is None or notional is None:
        return mine._replace(up=None, down=None)
    if order.side is Side.BUY:
        return mine._replace(buying=mine.buying + order.qty, up=mine.up + notional)
    return mine._replace(selling=mine.selling + order.qty, down=mine.down - notional)


def _largest_qty(after: Exposure) -> Decimal | None:
    if after.held is None or after.up is None:
        return None
    return max(after.held + after.buying, after.selling - after.held)


def _total(values: Iterable[Decimal | None]) -> Decimal | None:
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _replaced(total: Decimal | None, old: Decimal | None, new: Decimal | None) -> Decimal | None:
    return None if total is None or old is None or new is None else total - old + new


def _net(exposures: Iterable[Exposure]) -> Decimal | None:
    ups, downs = ZERO, ZERO
    for exposure in exposures:
        if exposure.up is None or exposure.down is None:
            return None
        ups, downs = ups + exposure.up, downs + exposure.down
    return max(abs(ups), abs(downs))


def _reserved(book: Book, market: MarketView, slippage: Decimal, *, buys_only: bool) -> Decimal | None:
    brackets = _brackets(book.open_orders)
    return _total(
        None if (price := _reserved_price(order, market, slippage)) is None else order.open_qty * price
        for order in book.open_orders
        if order.open_qty > ZERO and (order.side is Side.BUY or not buys_only) and not is_protective(order, brackets)
    )


def _count(exposures: Iterable[Exposure]) -> int:
    return sum(1 for exposure in exposures if exposure.held != ZERO or exposure.buying or exposure.selling)


def _steps(instrument: Instrument | None, allow_fractional: bool) -> tuple[bool, Decimal]:
    if instrument is None or not is_positive(instrument.lot):
        return False, ONE
    fractions = allow_fractional and instrument.fractionable and instrument.lot <= ONE
    if fractions and instrument.lot == ONE:
        return True, FINEST_FRACTION
    return fractions, instrument.lot if fractions else max(instrument.lot, ONE)
