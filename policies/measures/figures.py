"""Figures one may calculate with, and arithmetic that errs against us.

What is not finite and positive is unknown. A share of something is rounded up and a quantity down, so that no breach
looks like a pass and no quantity on offer is too large.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import TypeGuard

from domain.case import SymbolView
from domain.market import Quote
from domain.money import HUNDRED, ONE, ZERO
from domain.orders import Order, OrderIntent, OrderType, Side

LIMIT_TYPES = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
TRIGGER_TYPES = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
STOP_TYPES = TRIGGER_TYPES | {OrderType.TRAILING_STOP}
LARGEST = Decimal(10) ** 12
NOTHING = SymbolView()

# Plain names, because an enum looks its members up slowly and these are asked for at every order.
BUY, SELL = Side.BUY, Side.SELL
LIMIT, MARKET = OrderType.LIMIT, OrderType.MARKET

_SHOWN = Context(prec=9, rounding=ROUND_CEILING)
_DOWN = Context(prec=28, rounding=ROUND_FLOOR)
rounded_up = _SHOWN.divide
"""A quotient to nine digits, rounded up, so that no breach looks like a pass."""


def is_finite(value: object) -> TypeGuard[Decimal]:
    """True for a Decimal that is a number, and for nothing else: no bool, int, float or text."""
    return type(value) is Decimal and value.is_finite()


def is_positive(value: object) -> TypeGuard[Decimal]:
    """True for a finite Decimal above zero."""
    return type(value) is Decimal and value.is_finite() and value > ZERO


def is_plausible(value: object) -> TypeGuard[Decimal]:
    """True for a quantity or price one can calculate with: finite, positive and below 10^12."""
    return type(value) is Decimal and value.is_finite() and ZERO < value < LARGEST


def is_measurable(order: OrderIntent | Order) -> bool:
    """True when the order's own figures can be calculated with; asked before any arithmetic."""
    if not is_plausible(order.qty):
        return False
    if order.type is LIMIT and order.trigger_price is None:
        return is_plausible(order.limit_price)
    return (is_plausible(order.limit_price) or (order.limit_price is None and order.type not in LIMIT_TYPES)) and (
        is_plausible(order.trigger_price) or (order.trigger_price is None and order.type not in TRIGGER_TYPES)
    )


def usable(quote: Quote | None) -> Quote | None:
    """The quote, unless bid or ask is not finite and positive, or they cross."""
    if quote is None or not (is_plausible(quote.bid) and is_plausible(quote.ask)) or quote.bid > quote.ask:
        return None
    return quote


def worst_price(order: OrderIntent | Order, quote: Quote | None, slippage: Decimal) -> Decimal | None:
    """What a share of a measurable order may cost at worst (see ``worst_case``)."""
    buys, limit = order.side is BUY, order.limit_price
    if limit is not None and (order.type is LIMIT or order.type in LIMIT_TYPES):
        if buys or quote is None:
            return limit
        return max(limit, quote.bid)
    if quote is None:
        return None
    touch = quote.ask if buys else quote.bid
    # A stop above the touch fills at its trigger or worse.
    if order.trigger_price is not None and order.trigger_price > touch:
        touch = order.trigger_price
    return touch * (ONE + slippage)


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """``part`` in percent of a positive ``whole``, to nine digits, rounded up so that no breach looks like a pass."""
    return rounded_up(part * HUNDRED, whole)


def whole_lots(quantity: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` at or below ``quantity``, never negative."""
    return max(ZERO, (quantity // step) * step)


def affordable(budget: Decimal, price: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of ``step`` that ``budget`` buys at a positive ``price``, never negative."""
    return whole_lots(_DOWN.divide(budget, price), step) if budget > ZERO else ZERO
