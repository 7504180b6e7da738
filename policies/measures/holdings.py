"""The book before any order is asked about: what is held, what still works, and what both are worth at worst.

They are the same for every order on one snapshot, and so is whatever a gate makes of them:

    once(measure)             of the whole book
    seen(measure, symbol)     of the book as one symbol sees it, or of all the others

Holdings are valued at the ask, open orders at the price that was reserved for them. What is not finite and positive is
unknown: a price becomes None, and an open quantity ``LARGEST`` shares at no price, so that whoever needs either has no
figure, and nothing of that direction is left to close.

Protective legs do not count as selling and reserve nothing: they are reduce-only themselves, and an exit replaces them.
A reduce-only order is one while a stop of the same symbol and parent is open as well, or where it carries both exits of
a pair. Once that stop has filled, nothing cancels the target beside it, and it is an order like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from domain.book import Book, Position
from domain.case import MarketView, SymbolView
from domain.ids import ClientOrderId, DecisionId
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import Order, OrderClass, OrderStatus
from policies.measures.figures import (
    BUY,
    LARGEST,
    LIMIT,
    NOTHING,
    STOP_TYPES,
    is_finite,
    is_measurable,
    is_plausible,
    usable,
    worst_price,
)

T = TypeVar("T")
_OCO, _DENIED = OrderClass.OCO, OrderStatus.DENIED
# None is an answer of many measures, so what is not there yet needs a value of its own.
_MISSING = object()
_UP = 4  # from here on an Exposure tells what it is worth


class Exposure(NamedTuple):
    """One symbol before this order. ``up`` is its signed value once only its buys have filled, ``down`` only its sells.

    ``legs`` is the open quantity of protective legs, which an exit replaces; of one bracket only one leg can fill.
    ``worst`` is the largest absolute value the position can reach.
    """

    held: Decimal | None
    buying: Decimal
    selling: Decimal
    legs: Decimal
    up: Decimal | None
    down: Decimal | None
    worst: Decimal | None


FLAT = Exposure(ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)
UNKNOWN = Exposure(None, ZERO, ZERO, ZERO, None, None, None)


class Working(NamedTuple):
    """An order that may still fill: how much of it, its reserved price where it is known, and whether it protects."""

    order: Order
    qty: Decimal
    price: Decimal | None
    is_leg: bool


class SentOrders(NamedTuple):
    """Recent orders and then the open ones beside them, without what a gate refused and without protective legs, which
    nobody sent; and the decision and the symbol of each, to look for without looking at all of them.
    """

    recent: tuple[Order, ...]
    open: tuple[Order, ...]
    decisions: tuple[DecisionId, ...]
    symbols: tuple[Symbol, ...]

    @property
    def orders(self) -> tuple[Order, ...]:
        """All of them, each once."""
        return self.recent + self.open


class Holdings:
    """The book before any order is asked about; nothing in it knows of one.

    ``gross`` sums the worst of every symbol, ``ups`` and ``downs`` its two signed values, ``taken`` counts symbols held
    or being opened; ``reserved`` is what open buys need, ``working_value`` what all open orders are worth.
    """

    __slots__ = (
        "_once", "_seen", "book", "by_symbol", "downs", "exposures", "gross", "market", "reserved",
        "slippage", "taken", "ups", "working", "working_value",
    )  # fmt: skip

    def __init__(
        self,
        book: Book,
        market: MarketView,
        slippage: Decimal,
        working: tuple[Working, ...],
        by_symbol: Mapping[Symbol, Sequence[Working]],
        exposures: Mapping[Symbol, Exposure],
    ) -> None:
        self.book, self.market, self.slippage = book, market, slippage
        self.working, self.by_symbol, self.exposures = working, by_symbol, exposures
        gross, ups, downs, taken = _totals(exposures.values())
        self.gross: Decimal | None = gross
        self.ups: Decimal | None = ups
        self.downs: Decimal | None = downs
        self.taken: int = taken
        self.reserved, self.working_value = _reserved(working)
        self._once: dict[Hashable, Any] = {}
        self._seen: dict[Symbol, dict[Hashable, Any]] = {}

    def once(self, measure: Callable[[Holdings], T]) -> T:
        """What ``measure`` makes of the book: worked out for the first order that asks, the same for all that follow.

        It is given these holdings, and so it cannot depend on anything of the order.
        """
        found: Any = self._once.get(measure, _MISSING)
        if found is _MISSING:
            found = self._once[measure] = measure(self)
        return found  # type: ignore[no-any-return]

    def seen(self, measure: Callable[[Holdings, Symbol], T], symbol: Symbol) -> T:
        """What ``measure`` makes of the book as one symbol sees it."""
        known = self._seen.get(symbol)
        if known is None:
            known = self._seen[symbol] = {}
        found: Any = known.get(measure, _MISSING)
        if found is _MISSING:
            found = known[measure] = measure(self, symbol)
        return found  # type: ignore[no-any-return]


def holdings_of(book: Book, market: MarketView, slippage: Decimal = ZERO) -> Holdings:
    """Everything that the book shows by itself; ``slippage`` is a fraction of the price, e.g. 0.002."""
    working = _working(book.open_orders, market, slippage)
    by_symbol: dict[Symbol, list[Working]] = {}
    for found in working:
        by_symbol.setdefault(found.order.symbol, []).append(found)
    exposures = {
        symbol: _exposure(position, market, symbol, by_symbol.get(symbol, ()))
        for symbol, position in book.positions.items()
    }
    for symbol, orders in by_symbol.items():
        if symbol not in exposures:
            exposures[symbol] = _exposure(None, market, symbol, orders)
    return Holdings(book, market, slippage, working, by_symbol, exposures)


def sent(holdings: Holdings) -> SentOrders:
    """The orders that were sent."""
    book = holdings.book
    known = {order.client_order_id: order for order in (*book.recent_orders, *book.open_orders)}
    recent = {order.client_order_id for order in book.recent_orders}
    orders = [order for order in known.values() if order.status is not _DENIED and order.parent_id is None]
    return SentOrders(
        tuple(order for order in orders if order.client_order_id in recent),
        tuple(order for order in orders if order.client_order_id not in recent),
        tuple(order.decision_id for order in orders),
        tuple(order.symbol for order in orders),
    )


def is_taken(exposure: Exposure) -> bool:
    """True for a symbol that is held or being opened."""
    return exposure.held != ZERO or exposure.buying != ZERO or exposure.selling != ZERO


def _working(orders: Iterable[Order], market: MarketView, slippage: Decimal) -> tuple[Working, ...]:
    """Open orders with their prices; a protective leg reserves nothing, so its prices are not even looked at."""
    open_now = [(order, qty) for order in orders if (qty := _open_qty(order)) > ZERO]
    stops = {(o.symbol, o.parent_id) for o, _ in open_now if o.parent_id is not None and o.type in STOP_TYPES}
    legs = [_protects(order, stops) for order, _ in open_now]
    return tuple(
        Working(order, qty, None if leg or qty >= LARGEST else _reserved_price(order, market, slippage), leg)
        for (order, qty), leg in zip(open_now, legs, strict=True)
    )


def _open_qty(order: Order) -> Decimal:
    """What may still fill: nothing beyond its quantity, and ``LARGEST`` where the order's own figures are nonsense."""
    # In flight, being cancelled and of unknown fate are open as well (I-03).
    if not order.status.is_open:
        return ZERO
    if not (is_plausible(order.qty) and is_finite(order.filled_qty) and order.filled_qty >= ZERO):
        return LARGEST
    return order.qty - order.filled_qty


def _protects(order: Order, stops: Container[tuple[Symbol, ClientOrderId]]) -> bool:
    """True for a leg; ``stops`` are the symbol and the parent of every stop that is open."""
    if not order.reduce_only or order.order_class is _OCO:
        return order.reduce_only
    return order.parent_id is not None and (order.symbol, order.parent_id) in stops


def _reserved_price(order: Order, market: MarketView, slippage: Decimal) -> Decimal | None:
    if order.reserved_price is not None:
        return order.reserved_price if is_plausible(order.reserved_price) else None
    if not is_measurable(order):
        return None
    if order.type is LIMIT and order.side is BUY and order.limit_price is not None:
        return order.limit_price
    return worst_price(order, usable(market.symbols.get(order.symbol, NOTHING).quote), slippage)


def _exposure(position: Position | None, market: MarketView, symbol: Symbol, orders: Sequence[Working]) -> Exposure:
    before = FLAT if position is None else _held(position, market.symbols.get(symbol, NOTHING))
    return _with_working(before, orders) if orders else before


def _held(position: Position, view: SymbolView) -> Exposure:
    """A holding with nothing working, at the ask."""
    held = position.qty
    if not is_finite(held):
        return UNKNOWN
    quote = None if held == ZERO else usable(view.quote)
    value = ZERO if held == ZERO else None if quote is None else held * quote.ask
    return Exposure(held, ZERO, ZERO, ZERO, value, value, None if value is None else abs(value))


def _with_working(before: Exposure, orders: Iterable[Working]) -> Exposure:
    """The same symbol with its open orders."""
    if before.held is None:
        return before
    buying, selling, up, down = ZERO, ZERO, before.up, before.down
    legs: dict[str, Decimal] = {}
    for order, qty, price, is_leg in orders:
        if is_leg:
            group = order.parent_id or order.client_order_id
            # Of one bracket only one leg can fill, so the larger counts and not both.
            legs[group] = max(legs.get(group, ZERO), qty if qty < LARGEST else ZERO)
        elif order.side is BUY:
            buying, up = buying + qty, None if up is None or price is None else up + qty * price
        else:
            # Whatever is neither a buy nor a sell has no sign, and raises: nobody knows what it would do.
            sign = order.side.sign
            worth = None if price is None else sign * qty * price
            selling, down = selling + qty, None if down is None or worth is None else down + worth
    # Each side by itself: a sell that has not filled makes no room for a buy (I-11).
    worst = None if up is None or down is None else max(up, -down)
    return Exposure(before.held, buying, selling, sum(legs.values(), ZERO), up, down, worst)


def _totals(exposures: Iterable[Exposure]) -> tuple[Decimal | None, Decimal | None, Decimal | None, int]:
    """Gross, ups and downs of all symbols, None where one is unknown, and how many are taken."""
    gross, ups, downs, taken, known = ZERO, ZERO, ZERO, 0, True
    for held, buying, selling, _, up, down, worst in exposures:
        if held != ZERO or buying != ZERO or selling != ZERO:
            taken += 1
        if up is None or down is None or worst is None:
            known = False
        elif known:
            gross, ups, downs = gross + worst, ups + up, downs + down
    return (gross, ups, downs, taken) if known else (*_apart(exposures), taken)


def _apart(exposures: Iterable[Exposure]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Each of the three by itself, where not all are known."""
    found = [each[_UP:] for each in exposures]
    ups, downs, gross = (sum_of([each[place] for each in found]) for place in range(3))
    return gross, ups, downs


def _reserved(working: Iterable[Working]) -> tuple[Decimal | None, Decimal | None]:
    """What open buys need, and what all open orders are worth."""
    worth = [(order, None if price is None else qty * price) for order, qty, price, is_leg in working if not is_leg]
    return sum_of([value for order, value in worth if order.side is BUY]), sum_of([value for _, value in worth])


def sum_of(values: Sequence[Decimal | None]) -> Decimal | None:
    """The sum, None where one of them is."""
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total
