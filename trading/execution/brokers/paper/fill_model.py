"""What an order gets from a quote or a bar: pure, deterministic and on the pessimistic side.

    quote     a buy meets the ask, a sell the bid; no more than the shown size
    bar       at most ``participation`` of the bar's volume. A marketable order fills at the open, a limit only where
              the bar trades through it, a stop at its trigger, or at the open where the bar gaps over it
    auction   the opening at the open, the closing at the close, where that is inside the limit
    slippage  against the order and inside its limit, by one of the models of ``costs``; bars add half a spread
    costs     a commission, charged as the order fills, and the fees of regulators

What happens on one bar in which order is ``turn``: at the open first what was queued for it (a market exit before a
stop that the open gaps over), then limits that the open is good for, then stops inside the bar and at last limits
inside it: on a bar that reaches both stop and target the stop comes first, because nobody can know that it did not.

A trailing stop follows the best price. Inside a bar the way is unknown, so only what must have happened counts: the
open moves the mark, the low (of a sell) meets the trigger of before, the high moves the mark, and a close at or beyond
the trigger that belongs to the high was reached through it. Trail 2, mark 100, bar 101 to 104, low 100, close 101.50:
the open makes the trigger 99, the low does not reach it, the high makes it 102, and the close fills it at 102.

Worked: 100 shares at an ask of 50.00 that shows 400, slippage 1 bp, impact 10 bp: the share is 0.25, slippage
1 + 2.5 = 3.5 bp, the price 50.0175; commission max(1.00, 100 * 0.005) = 1.00.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from domain.market import Bar, Quote
from domain.money import HUNDRED, ONE, ZERO, ceil_to, cents, floor_to
from domain.orders import OrderType, Side
from trading.execution.brokers.paper.costs import (
    BP,
    Commission,
    FeeRate,
    Slippage,
    parkinson,
    volatility_impact,
    volume_share_impact,
)

# Executions may lie between the ticks that orders are priced in.
FINEST_PRICE = Decimal("0.0001")
STOP_TYPES = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})


@dataclass(frozen=True, slots=True)
class FillRules:
    """Costs and liquidity of the paper market; money in the account's currency, rates in basis points.

    ``sigma`` is the volatility of the volatility model against a quote, which has no range of its own.
    """

    commission_per_share: Decimal = Decimal("0.005")
    commission_minimum: Decimal = Decimal("1.00")
    slippage_bp: Decimal = Decimal(1)
    impact_bp: Decimal = Decimal(10)
    participation: Decimal = Decimal("0.10")
    slippage: Slippage = Slippage.LINEAR
    price_impact: Decimal = Decimal("0.1")
    impact_factor: Decimal = ONE
    sigma: Decimal = Decimal("0.02")
    half_spread_bp: Decimal = ZERO
    commission: Commission = Commission.PER_SHARE
    commission_per_trade: Decimal = Decimal("1.00")
    commission_bp: Decimal = Decimal(5)
    fees: tuple[FeeRate, ...] = ()


class Trail(NamedTuple):
    """How far a trailing stop stays behind the best price so far, the ``mark``: an amount, or a percentage of it."""

    amount: Decimal | None
    pct: Decimal | None
    mark: Decimal

    def trigger(self, side: Side) -> Decimal:
        """Below the mark for a sell, above it for a buy; rounded away from the mark, so never reached too early."""
        distance = self.amount if self.amount is not None else self.mark * (self.pct or ZERO) / HUNDRED
        level = self.mark + side.sign * distance
        # At least one step: a trail longer than the price would make a trigger of nothing or less.
        return ceil_to(level, FINEST_PRICE) if side is Side.BUY else max(floor_to(level, FINEST_PRICE), FINEST_PRICE)

    def moved(self, price: Decimal, side: Side) -> Trail:
        """The mark follows a better price and never goes back."""
        return self._replace(mark=min(self.mark, price) if side is Side.BUY else max(self.mark, price))


class Resting(NamedTuple):
    """The part of an order that matching looks at; ``qty`` is what is still open."""

    side: Side
    type: OrderType
    qty: Decimal
    limit_price: Decimal | None
    trigger_price: Decimal | None
    triggered: bool
    trail: Trail | None = None

    def trailed(self, trail: Trail) -> Resting:
        """The same order with its trail, and so its trigger, moved."""
        return self._replace(trail=trail, trigger_price=trail.trigger(self.side))


class Match(NamedTuple):
    """What happens now: whether a stop has been triggered, and ``qty`` executed at ``price`` (zero for nothing).

    ``mark`` is the new mark of a trailing stop.
    """

    triggered: bool
    qty: Decimal = ZERO
    price: Decimal = ZERO
    mark: Decimal | None = None


def match_quote(order: Resting, quote: Quote, rules: FillRules, lot: Decimal) -> Match:
    """Against the touch of a quote, no more than its size where it shows one."""
    touch, size = (quote.ask, quote.ask_size) if order.side is Side.BUY else (quote.bid, quote.bid_size)
    if order.trail is not None and not order.triggered:
        order = order.trailed(order.trail.moved(touch, order.side))
    mark = None if order.trail is None else order.trail.mark
    # After the mark has moved: a touch cannot both be the best price so far and reach the trigger behind it.
    triggered = is_triggered(order, touch, touch)
    if not triggered or not within_limit(order, touch):
        return Match(triggered, mark=mark)
    qty = floor_to(order.qty if size is None else min(order.qty, size), lot)
    share = ZERO if size is None or size <= 0 else qty / size
    return Match(triggered, qty, slipped(order, touch, slippage(share, rules)), mark)


def match_bar(order: Resting, bar: Bar, rules: FillRules, lot: Decimal, *, room: Decimal) -> Match:
    """Against one completed bar; ``room`` is what is left of the bar's volume for us."""
    if order.trail is not None and not order.triggered:
        return _match_trailing(order, order.trail, bar, rules, lot, room)
    triggered = is_triggered(order, bar.low, bar.high)
    return _at(order, bar_price(order, bar), bar, rules, lot, room) if triggered else Match(triggered=False)


def match_auction(order: Resting, price: Decimal, bar: Bar, rules: FillRules, lot: Decimal, *, room: Decimal) -> Match:
    """At the one price of an auction, the open or the close of ``bar``."""
    return _at(order, price if within_limit(order, price) else None, bar, rules, lot, room)


def turn(order: Resting, bar: Bar) -> int:
    """When the order has its turn on this bar; lower comes first, equals in the order they came."""
    if order.type in STOP_TYPES and not order.triggered and order.trigger_price is not None:
        return 1 if is_triggered(order, bar.open, bar.open) else 3
    if order.limit_price is None:
        return 0
    return 2 if within_limit(order, bar.open) else 4


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
    # Through and not at: at the limit itself others may have stood before us in the queue.
    through = bar.low < order.limit_price if order.side is Side.BUY else bar.high > order.limit_price
    return order.limit_price if through else None


def within_limit(order: Resting, price: Decimal) -> bool:
    """True when the order may trade at ``price``."""
    if order.limit_price is None:
        return True
    return price <= order.limit_price if order.side is Side.BUY else price >= order.limit_price


def slippage(share: Decimal, rules: FillRules, bar: Bar | None = None) -> Decimal:
    """How far the price moves against an order that takes ``share`` of the volume or size, as a fraction of it."""
    spread = ZERO if bar is None else rules.half_spread_bp / BP
    match rules.slippage:
        case Slippage.FIXED:
            return spread + rules.slippage_bp / BP
        case Slippage.VOLUME_SHARE:
            return spread + volume_share_impact(rules.price_impact, share)
        case Slippage.VOLATILITY:
            return spread + volatility_impact(
                rules.impact_factor, rules.sigma if bar is None else parkinson(bar), share
            )
        case Slippage.LINEAR:
            return spread + (rules.slippage_bp + rules.impact_bp * share) / BP


def slipped(order: Resting, price: Decimal, fraction: Decimal) -> Decimal:
    """``price`` moved against the order by a fraction of it, never beyond its limit."""
    moved = price * (1 + order.side.sign * fraction)
    # Rounded against the order, like everything here.
    worst = ceil_to(moved, FINEST_PRICE) if order.side is Side.BUY else max(floor_to(moved, FINEST_PRICE), FINEST_PRICE)
    if order.limit_price is None or within_limit(order, worst):
        return worst
    return order.limit_price


def commission_due(filled_qty: Decimal, charged: Decimal, rules: FillRules, filled_value: Decimal = ZERO) -> Decimal:
    """What the next execution costs, when filled quantity and value include it and ``charged`` was paid before."""
    match rules.commission:
        case Commission.PER_TRADE:
            due = rules.commission_per_trade
        case Commission.PER_NOTIONAL:
            due = max(rules.commission_minimum, cents(filled_value * rules.commission_bp / BP))
        case _:
            # Of the whole so far, less what was paid: the minimum is charged once an order, not once an execution.
            due = max(rules.commission_minimum, cents(filled_qty * rules.commission_per_share))
    return max(ZERO, due - charged)


def _match_trailing(order: Resting, trail: Trail, bar: Bar, rules: FillRules, lot: Decimal, room: Decimal) -> Match:
    order = order.trailed(trail.moved(bar.open, order.side))
    if is_triggered(order, bar.low, bar.high):
        return _at(order, bar_price(order, bar), bar, rules, lot, room)
    # Only now: had the best price come before the worst, the trigger would be nearer, and nobody knows that it did.
    best = bar.low if order.side is Side.BUY else bar.high
    after = order.trailed(trail.moved(bar.open, order.side).moved(best, order.side))
    if is_triggered(after, bar.close, bar.close):
        return _at(after, after.trigger_price, bar, rules, lot, room)
    return Match(triggered=False, mark=None if after.trail is None else after.trail.mark)


def _at(order: Resting, price: Decimal | None, bar: Bar, rules: FillRules, lot: Decimal, room: Decimal) -> Match:
    """A triggered order at ``price``, as far as there is room in the bar's volume; a resting limit does not slip."""
    mark = None if order.trail is None else order.trail.mark
    qty = floor_to(min(order.qty, room), lot)
    if price is None or qty <= 0:
        return Match(triggered=True, mark=mark)
    if order.limit_price is not None and price == order.limit_price:
        return Match(True, qty, price, mark)
    # All of it where the bar tells no volume: the dearest assumption.
    share = qty / bar.volume if bar.volume > 0 else ONE
    return Match(True, qty, slipped(order, price, slippage(share, rules, bar)), mark)
