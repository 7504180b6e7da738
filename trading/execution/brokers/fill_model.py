"""What an order gets from a quote or a bar: pure, deterministic and on the pessimistic side.

    quote     a buy meets the ask, a sell the bid; no more than the shown size
    slippage  price * (slippage_bp + impact_bp * share of the size taken) / 10,000, against the order, inside its limit
    bar       at most ``participation`` of the bar's volume. A marketable order fills at the open, a limit only where
              the bar trades through it, a stop at its trigger, or at the open where the bar gaps over it
    costs     ``commission_per_share``, at least ``commission_minimum`` an order, charged as the order fills

Worked: 100 shares at an ask of 50.00 that shows 400, slippage 1 bp, impact 10 bp: the share is 0.25, slippage
1 + 2.5 = 3.5 bp, the price 50.0175; commission max(1.00, 100 * 0.005) = 1.00.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from domain.market import Bar, Quote
from domain.money import ONE, ZERO, ceil_to, cents, floor_to
from domain.orders import OrderType, Side

FINEST_PRICE = Decimal("0.0001")
_BP = Decimal(10_000)
STOP_TYPES = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


@dataclass(frozen=True, slots=True)
class FillRules:
    """Costs and liquidity of the paper market; money in the account's currency, rates in basis points."""

    commission_per_share: Decimal = Decimal("0.005")
    commission_minimum: Decimal = Decimal("1.00")
    slippage_bp: Decimal = Decimal(1)
    impact_bp: Decimal = Decimal(10)
    participation: Decimal = Decimal("0.10")


class Resting(NamedTuple):
    """The part of an order that matching looks at; ``qty`` is what is still open."""

    side: Side
    type: OrderType
    qty: Decimal
    limit_price: Decimal | None
    trigger_price: Decimal | None
    triggered: bool


class Match(NamedTuple):
    """What happens now: whether a stop has been triggered, and ``qty`` executed at ``price`` (zero for nothing)."""

    triggered: bool
    qty: Decimal = ZERO
    price: Decimal = ZERO


def match_quote(order: Resting, quote: Quote, rules: FillRules, lot: Decimal) -> Match:
    """Against the touch of a quote, no more than its size where it shows one."""
    touch, size = (quote.ask, quote.ask_size) if order.side is Side.BUY else (quote.bid, quote.bid_size)
    triggered = is_triggered(order, touch, touch)
    if not triggered or not within_limit(order, touch):
        return Match(triggered)
    qty = floor_to(order.qty if size is None else min(order.qty, size), lot)
    share = ZERO if size is None or size <= 0 else qty / size
    return Match(triggered, qty, slipped(order, touch, share, rules))


def match_bar(order: Resting, bar: Bar, rules: FillRules, lot: Decimal, *, room: Decimal) -> Match:
    """Against one completed bar; ``room`` is what is left of the bar's volume for us."""
    triggered = is_triggered(order, bar.low, bar.high)
    if not triggered:
        return Match(triggered=False)
    at = bar_price(order, bar)
    qty = floor_to(min(order.qty, room), lot)
    if at is None or qty <= 0:
        return Match(triggered)
    share = qty / bar.volume if bar.volume > 0 else ONE
    resting = order.limit_price is not None and at == order.limit_price
    return Match(triggered, qty, at if resting else slipped(order, at, share, rules))


def is_triggered(order: Resting, low: Decimal, high: Decimal) -> bool:
    """True for an order without trigger, and for a stop that prices from ``low`` to ``high`` have reached."""
    if order.triggered or order.type not in STOP_TYPES or order.trigger_price is None:
        return True
    return high >= order.trigger_price if order.side is Side.BUY else low <= order.trigger_price


def bar_price(order: Resting, bar: Bar) -> Decimal | None:
    """The first price of the bar at which the triggered order trades, or None where it does not."""
    start = bar.open
    if order.type in STOP_TYPES and not order.triggered and order.trigger_price is not None:
        start = max(bar.open, order.trigger_price) if order.side is Side.BUY else min(bar.open, order.trigger_price)
        return start if within_limit(order, start) else None
    if order.limit_price is None or within_limit(order, start):
        return start
    through = bar.low < order.limit_price if order.side is Side.BUY else bar.high > order.limit_price
    return order.limit_price if through else None


def within_limit(order: Resting, price: Decimal) -> bool:
    """True when the order may trade at ``price``."""
    if order.limit_price is None:
        return True
    return price <= order.limit_price if order.side is Side.BUY else price >= order.limit_price


def slipped(order: Resting, price: Decimal, share: Decimal, rules: FillRules) -> Decimal:
    """``price`` moved against the order by slippage and its share of the size, never beyond its limit."""
    moved = price * (1 + order.side.sign * (rules.slippage_bp + rules.impact_bp * share) / _BP)
    worst = ceil_to(moved, FINEST_PRICE) if order.side is Side.BUY else max(floor_to(moved, FINEST_PRICE), FINEST_PRICE)
    if order.limit_price is None or within_limit(order, worst):
        return worst
    return order.limit_price


def commission_due(filled_qty: Decimal, charged: Decimal, rules: FillRules) -> Decimal:
    """What the next execution costs, when ``filled_qty`` includes it and ``charged`` was paid for the order before."""
    return max(ZERO, max(rules.commission_minimum, cents(filled_qty * rules.commission_per_share)) - charged)
