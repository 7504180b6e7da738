"""The worst case: what the book would look like if everything that could fill against us did.

Computed once per case and read by every gate, so that all gates judge the same figures. What the book shows before any
order is asked about are its ``Holdings``: they are the same for every order on one snapshot, and so is whatever a gate
makes of them (``Holdings.once``).

    price     what a share of this order may cost at worst: a buy its limit, or the ask moved by the policy's slippage;
              a sell the bid likewise or its limit, whichever is more. Never a price that a model or a text gave.
    expected  where the order would execute at worst as things stand: its limit, its trigger, or the side of our quote
              that it meets, moved against us by the policy's slippage.
    position  held + all buys still open (or held - all sells still open) + this order. In-flight, pending-cancel and
              UNKNOWN orders count. Sells that have not filled make no room for buys, buys none for sells.
    value     holdings at the ask, open orders at the price that was reserved for them.

Worked: 50 AAPL held, ask 200, an open buy of 10 at 201, this order buys 20 at 202:
position after = 80 shares, value after = 50 x 200 + 10 x 201 + 20 x 202 = 16,050.

A figure that cannot be computed is None. An order reduces risk when it goes against the position and takes no more
than is left to close after everything already working in that direction: a sell of 30 with 50 held and 20 selling does,
a sell of 31 does not.

Protective legs do not count as selling and reserve nothing: they are reduce-only themselves, and an exit replaces them.
A reduce-only order is one while a stop of the same symbol and parent is open as well, or where it carries both exits of
a pair. Once that stop has filled, nothing cancels the target beside it, and it is an order like any other.

What is not finite and positive is unknown: a price becomes None, and an open quantity ``LARGEST`` shares at no price,
so that whoever needs either has no figure, and nothing of that direction is left to close.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any, NamedTuple, TypeGuard, TypeVar, TypeVarTuple

from domain.book import Book, Position
from domain.case import Case, MarketView, SymbolView
from domain.ids import ClientOrderId
from domain.market import Instrument, Quote, Symbol
from domain.money import HUNDRED, ONE, ZERO
from domain.orders import Order, OrderClass, OrderIntent, OrderType, Side

T = TypeVar("T")
About = TypeVarTuple("About")

LIMIT_TYPES = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
TRIGGER_TYPES = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
STOP_TYPES = TRIGGER_TYPES | {OrderType.TRAILING_STOP}
LARGEST = Decimal(10) ** 12
FINEST_FRACTION = Decimal("0.000000001")
NOTHING = SymbolView()

# Plain names, because an enum looks its members up slowly and these are asked for at every order.
BUY, SELL = Side.BUY, Side.SELL
_LIMIT = OrderType.LIMIT

_SHOWN = Context(prec=9, rounding=ROUND_CEILING)
_DOWN = Context(prec=28, rounding=ROUND_FLOOR)
rounded_up = _SHOWN.divide
"""A quotient to nine digits, rounded up, so that no breach looks like a pass."""


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
UNKNOWN = Exposure(None, ZERO, ZERO, ZERO, None, None)


class Working(NamedTuple):
    """An order that may still fill: how much of it, its reserved price where it is known, and whether it protects."""

    order: Order
    qty: Decimal
    price: Decimal | None
    is_leg: bool


class Holdings(NamedTuple):
    """The book before any order is asked about; nothing in it knows of one.

    ``gross`` sums the worst of every symbol, ``ups`` and ``downs`` its two signed values, ``taken`` counts symbols held
    or being opened; ``reserved`` is what open buys need, ``working_value`` what all open orders are worth.
    """

    book: Book
    market: MarketView
    slippage: Decimal
    working: tuple[Working, ...]
    exposures: Mapping[Symbol, Exposure]
    gross: Decimal | None
    ups: Decimal | None
    downs: Decimal | None
    taken: int
    reserved: Decimal | None
    working_value: Decimal | None
    known: dict[Hashable, Any]

    def once(self, measure: Callable[[Holdings, *About], T], *about: *About) -> T:
        """What ``measure`` makes of the book: worked out for the first order that asks, the same for all that follow.

        It is given these holdings and ``about``, and so it cannot depend on anything else of the order.
        """
        key = (measure, about)
        if key not in self.known:
            self.known[key] = measure(self, *about)
        found: T = self.known[key]
        return found


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
    buys: bool
    mine: Exposure
    holdings: Holdings
    known: dict[Hashable, Any]

    def once(self, measure: Callable[[Case, WorstCase], T], case: Case) -> T:
        """What ``measure`` makes of this order, worked out for the first of the gates that share it."""
        if measure not in self.known:
            self.known[measure] = measure(case, self)
        found: T = self.known[measure]
        return found


def holdings_of(book: Book, market: MarketView, slippage: Decimal = ZERO) -> Holdings:
    """Everything that the book shows by itself; ``slippage`` is a fraction of the price, e.g. 0.002."""
    working = _working(book, market, slippage)
    by_symbol: dict[Symbol, list[Working]] = {}
    for found in working:
        by_symbol.setdefault(found.order.symbol, []).append(found)
    views = market.symbols
    exposures = {symbol: _held(position, views.get(symbol, NOTHING)) for symbol, position in book.positions.items()}
    for symbol, orders in by_symbol.items():
        exposures[symbol] = _with_working(exposures.get(symbol, FLAT), orders)
    each = exposures.values()
    gross, ups, downs = _sum(one.worst for one in each), _sum(one.up for one in each), _sum(one.down for one in each)
    worth = [(order, None if price is None else qty * price) for order, qty, price, is_leg in working if not is_leg]
    reserved, value = _sum(value for order, value in worth if order.side is BUY), _sum(value for _, value in worth)
    taken = sum(map(_is_taken, each))
    return Holdings(book, market, slippage, working, exposures, gross, ups, downs, taken, reserved, value, {})


def _working(book: Book, market: MarketView, slippage: Decimal) -> tuple[Working, ...]:
    """Open orders with their prices; a protective leg reserves nothing, so its prices are not even looked at."""
    open_now = [(order, qty) for order in book.open_orders if (qty := _open_qty(order)) > ZERO]
    stops = {(o.symbol, o.parent_id) for o, _ in open_now if o.parent_id is not None and o.type in STOP_TYPES}
    legs = [_protects(order, stops) for order, _ in open_now]
    return tuple(
        Working(order, qty, None if leg or qty >= LARGEST else _reserved_price(order, market, slippage), leg)
        for (order, qty), leg in zip(open_now, legs, strict=True)
    )


def _open_qty(order: Order) -> Decimal:
    """What may still fill: nothing beyond its quantity, and ``LARGEST`` where the order's own figures are nonsense."""
    if not order.status.is_open:
        return ZERO
    if not (is_plausible(order.qty) and is_finite(order.filled_qty) and order.filled_qty >= ZERO):
        return LARGEST
    return order.open_qty


def _protects(order: Order, stops: Container[tuple[Symbol, ClientOrderId]]) -> bool:
    """True for a leg; ``stops`` are the symbol and the parent of every stop that is open."""
    if not order.reduce_only or order.order_class is OrderClass.OCO:
        return order.reduce_only
    return order.parent_id is not None and (order.symbol, order.parent_id) in stops


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
    price = _price(order, quote, slippage) if measurable else None
    notional = None if price is None else order.qty * price
    closable = _closable(mine, sells=order.side is SELL)
    after = _with_order(mine, order, notional, buys=buys)
    gross, net = _totals(holdings, mine, after, notional, buys=buys)
    fractions, step = _steps(view.instrument, allow_fractional)
    return WorstCase(
        measurable, view.instrument, quote, price,
        _expected(order, quote, slippage, buys=buys) if measurable else None, notional,
        equity if is_positive(equity) else None, mine.held, closable, measurable and ZERO < order.qty <= closable, step,
        fractions, _largest_qty(after) if measurable else None, after.worst, gross, net, holdings.reserved,
        holdings.working_value, holdings.taken - _is_taken(mine) + _is_taken(after), exposures, buys, mine, holdings,
        {},
    )  # fmt: skip


def is_finite(value: object) -> TypeGuard[Decimal]:
    """True for a Decimal that is a number, and for nothing else: no bool, int, float or text."""
    return isinstance(value, Decimal) and value.is_finite()


def is_positive(value: object) -> TypeGuard[Decimal]:
    """True for a finite Decimal above zero."""
    return isinstance(value, Decimal) and value.is_finite() and value > ZERO


def is_plausible(value: object) -> TypeGuard[Decimal]:
    """True for a quantity or price one can calculate with: finite, positive and below 10^12."""
    return isinstance(value, Decimal) and value.is_finite() and ZERO < value < LARGEST


def is_measurable(order: OrderIntent | Order) -> bool:
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
    return rounded_up(part * HUNDRED, whole)


def whole_lots(quantity: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` at or below ``quantity``, never negative."""
    return max(ZERO, (quantity // step) * step)


def affordable(budget: Decimal, price: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that ``budget`` buys at a positive ``price``, never negative."""
    return whole_lots(_DOWN.divide(budget, price), step) if budget > ZERO else ZERO


def _price(order: OrderIntent | Order, quote: Quote | None, slippage: Decimal) -> Decimal | None:
    buys, limit = order.side is BUY, order.limit_price
    if limit is not None and (order.type is _LIMIT or order.type in LIMIT_TYPES):
        if buys or quote is None:
            return limit
        return max(limit, quote.bid)
    if quote is None:
        return None
    touch = quote.ask if buys else quote.bid
    if order.trigger_price is not None and order.trigger_price > touch:
        touch = order.trigger_price
    return touch * (ONE + slippage)


def _expected(order: OrderIntent, quote: Quote | None, slippage: Decimal, *, buys: bool) -> Decimal | None:
    if order.limit_price is not None:
        return order.limit_price
    if order.trigger_price is not None:
        return order.trigger_price
    if quote is None:
        return None
    return quote.ask * (ONE + slippage) if buys else quote.bid * (ONE - slippage)


def _reserved_price(order: Order, market: MarketView, slippage: Decimal) -> Decimal | None:
    if order.reserved_price is not None:
        return order.reserved_price if is_plausible(order.reserved_price) else None
    if not is_measurable(order):
        return None
    if order.type is _LIMIT and order.side is BUY and order.limit_price is not None:
        return order.limit_price
    return _price(order, usable(market.symbols.get(order.symbol, NOTHING).quote), slippage)


def _held(position: Position, view: SymbolView) -> Exposure:
    """A holding with nothing working, at the ask."""
    held = position.qty
    if not is_finite(held):
        return UNKNOWN
    quote = None if held == ZERO else usable(view.quote)
    value = ZERO if held == ZERO else None if quote is None else held * quote.ask
    return Exposure(held, ZERO, ZERO, ZERO, value, value)


def _with_working(before: Exposure, orders: Iterable[Working]) -> Exposure:
    """The same symbol with its open orders."""
    if before.held is None:
        return before
    buying, selling, up, down = ZERO, ZERO, before.up, before.down
    legs: dict[str, Decimal] = {}
    for order, qty, price, is_leg in orders:
        if is_leg:
            group = order.parent_id or order.client_order_id
            legs[group] = max(legs.get(group, ZERO), qty if qty < LARGEST else ZERO)
        elif order.side is BUY:
            buying, up = buying + qty, None if up is None or price is None else up + qty * price
        else:
            # Whatever is neither a buy nor a sell has no sign, and raises: nobody knows what it would do.
            sign = order.side.sign
            worth = None if price is None else sign * qty * price
            selling, down = selling + qty, None if down is None or worth is None else down + worth
    return Exposure(before.held, buying, selling, sum(legs.values(), ZERO), up, down)


def _closable(mine: Exposure, *, sells: bool) -> Decimal:
    if mine.held is None:
        return ZERO
    left = mine.held - mine.selling if sells else -mine.held - mine.buying
    return max(ZERO, left)


def _with_order(mine: Exposure, order: OrderIntent, notional: Decimal | None, *, buys: bool) -> Exposure:
    held, buying, selling, legs, up, down = mine
    if held is None or up is None or down is None or notional is None:
        return Exposure(held, buying, selling, legs, None, None)
    if buys:
        buying, up = buying + order.qty, up + notional
    else:
        selling, down = selling + order.qty, down - notional
    return Exposure(held, buying, selling, legs, up, down)


def _largest_qty(after: Exposure) -> Decimal | None:
    if after.held is None or after.up is None:
        return None
    most = max(after.held + after.buying, after.selling - after.held)
    return most if most < LARGEST else None


def _totals(
    holdings: Holdings, mine: Exposure, after: Exposure, notional: Decimal | None, *, buys: bool
) -> tuple[Decimal | None, Decimal | None]:
    """Gross and net of the whole book with this symbol as it would be after the order."""
    gross, ups, downs, old, new = holdings.gross, holdings.ups, holdings.downs, mine.worst, after.worst
    if gross is None or ups is None or downs is None or old is None or new is None or notional is None:
        return None, None
    ups, downs = (ups + notional, downs) if buys else (ups, downs - notional)
    return gross - old + new, max(abs(ups), abs(downs))


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _is_taken(exposure: Exposure) -> bool:
    return exposure.held != ZERO or exposure.buying != ZERO or exposure.selling != ZERO


def _steps(instrument: Instrument | None, allow_fractional: bool) -> tuple[bool, Decimal]:
    if instrument is None or not is_positive(instrument.lot):
        return False, ONE
    fractions = allow_fractional and instrument.fractionable and instrument.lot <= ONE
    if fractions and instrument.lot == ONE:
        return True, FINEST_FRACTION
    return fractions, instrument.lot if fractions else max(instrument.lot, ONE)
