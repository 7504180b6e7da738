"""C12 heat: what is lost if every stop is hit at once, at most ``max_heat_pct`` percent of equity.

    position     its value at the ask less what is left of it at its stop; all of it where a long has no stop
    open entry   what was reserved for it less what is left at its stop; all of it where a buy has none
    this order   likewise

Equity 100,000 and 6 %: 100 held at an ask of 200 with a stop at 170 (3,000) and an open buy of 100 at 150 with a stop
at 130 (2,000) leave 1,000: a buy at 200 with a stop at 190 passes up to 100 shares.

A stop on the wrong side of the price protects nothing and counts as none. What a short without stop can lose nobody
knows, so it denies. Orders that only close count for nothing, and make no room either: they have not filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.case import Case
from domain.market import Quote, Symbol
from domain.money import ZERO
from domain.orders import Order, Side
from policies.codes import ReasonCode
from policies.gate import OVERSIZE_DENY, Answer, Gate, Need, Scope, denied
from policies.gates.caps import fits, of_equity
from policies.measures.worst_case import (
    BUY,
    NOTHING,
    SELL,
    Exposure,
    Holdings,
    Working,
    WorstCase,
    is_plausible,
    usable,
)

CODE, UNKNOWN = ReasonCode.HEAT, ReasonCode.HEAT_UNKNOWN


@dataclass(frozen=True, slots=True)
class HeatLimits:
    """In percent of equity."""

    max_heat_pct: Decimal
    oversize: str = OVERSIZE_DENY


def check(case: Case, worst: WorstCase, limits: HeatLimits) -> Answer:
    """PASS up to the share of equity."""
    cap, each = limits.max_heat_pct, _each(case, worst)
    if each is None:
        return denied("C12", UNKNOWN, cap, note="this order")
    losses = worst.holdings.once(_losses)
    if not isinstance(losses, Decimal):
        return denied("C12", UNKNOWN, cap, note=losses)
    part = case.order.qty * each
    total = losses + part
    found = None if worst.equity is None else fits(cap, total, worst.equity)
    if found is not None:
        return found
    return of_equity("C12", CODE, cap, total, part, each, worst, limits.oversize)


def _each(case: Case, worst: WorstCase) -> Decimal | None:
    """The loss of one share of this order at its stop."""
    stop = case.order.stop_loss
    if worst.buys:
        price = worst.price
        return price - stop if price is not None and is_plausible(stop) and stop < price else price
    # A short is entered where it would execute, which is never better than its worst price.
    price = worst.expected
    return stop - price if price is not None and is_plausible(stop) and stop > price else None


def _losses(book: Holdings) -> Decimal | Symbol:
    """What all that is held and working can lose; the first symbol of which nobody knows."""
    total = ZERO
    for symbol, exposure in book.exposures.items():
        loss = _loss(book, symbol, exposure)
        if loss is None:
            return symbol
        total += loss
    return total


def _loss(book: Holdings, symbol: Symbol, exposure: Exposure) -> Decimal | None:
    held, buying, selling, _, up, down, _ = exposure
    if held is None or up is None or down is None:
        return None
    if buying == ZERO == selling:
        return _held_loss(book, symbol, held, up)
    value = up if buying == ZERO else down if selling == ZERO else _at_the_ask(book, symbol, held)
    loss = None if value is None else _held_loss(book, symbol, held, value)
    if value is None or loss is None:
        return None
    if buying > max(ZERO, -held):
        loss += up - value - _left_at_stops(book, symbol)
    if selling > max(ZERO, held):
        shorts = _short_losses(book, symbol)
        return None if shorts is None else loss + shorts
    return loss


def _at_the_ask(book: Holdings, symbol: Symbol, held: Decimal) -> Decimal | None:
    quote = _quote(book, symbol)
    return held * quote.ask if quote is not None else ZERO if held == ZERO else None


def _held_loss(book: Holdings, symbol: Symbol, held: Decimal, value: Decimal) -> Decimal | None:
    if held == ZERO:
        return ZERO
    position = book.book.positions.get(symbol)
    stop = None if position is None else position.stop_loss
    loss = value - held * stop if is_plausible(stop) else ZERO
    if loss > ZERO:
        return loss
    return value if held > ZERO else None


def _left_at_stops(book: Holdings, symbol: Symbol) -> Decimal:
    left = ZERO
    for order, qty, _, _ in _entries(book, symbol, BUY):
        stop, price = order.stop_loss, _lowest(order)
        if price is not None and is_plausible(stop) and stop < price:
            left += qty * stop
    return left


def _lowest(order: Order) -> Decimal | None:
    """A price that the worth of an open buy is never below; its stop has to lie under it."""
    for price in (order.reserved_price, order.limit_price, order.trigger_price):
        if price is not None:
            return price
    return None


def _short_losses(book: Holdings, symbol: Symbol) -> Decimal | None:
    loss, quote = ZERO, _quote(book, symbol)
    for order, qty, _, _ in _entries(book, symbol, SELL):
        price = order.trigger_price if order.limit_price is None else order.limit_price
        if price is None:
            price = None if quote is None else quote.bid
        if not (is_plausible(price) and is_plausible(order.stop_loss)) or order.stop_loss <= price:
            return None
        loss += qty * (order.stop_loss - price)
    return loss


def _entries(book: Holdings, symbol: Symbol, side: Side) -> list[Working]:
    return [
        found for found in book.by_symbol.get(symbol, ()) if found.order.side is side and not found.order.reduce_only
    ]


def _quote(book: Holdings, symbol: Symbol) -> Quote | None:
    return usable(book.market.symbols.get(symbol, NOTHING).quote)


NEEDS: tuple[Need, ...] = ("positions", "orders", "quote", "account")
GATE = Gate("C12", "heat", Scope.NEW_EXPOSURE, NEEDS, HeatLimits, check, "pct")
