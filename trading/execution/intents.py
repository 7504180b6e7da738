"""From a decision to an order intent: pure, and never toward more risk.

A market order would fill at any price, so the desk asks for a *marketable limit*: a buy at ask * (1 + slippage) rounded
down to the tick, a sell at bid * (1 - slippage) rounded up. With ask 100.00 and 0.2 % a buy is limited at 100.20. How
much is the policy's ``market_slippage_pct``, and 0.2 % where it sets none. Entries carry their stop and target to the
broker; exits may only reduce. Entries, exits and what closes everything are priced this way alike. What a person orders
at market to open or enlarge something becomes such a limit too where the policy sets that figure (``sent_as_limit``):
after a jump it buys no dearer than that, and nothing at all where the market is beyond it.

Who asks for an amount of money gets shares for no more than that at the worst price of the order: 1,000 at a limit of
187.20 is 5 shares, or 5.341880341 where instrument and policy allow fractions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.case import MarketView
from domain.decisions import Decision
from domain.errors import DataQualityError
from domain.market import Instrument, Quote
from domain.money import ZERO, ceil_to, floor_to
from domain.orders import OrderIntent, OrderType, Origin, Side, TimeInForce
from domain.signals import CandidateKind
from policies.measures.slippage import SLIPPAGE
from trading.portfolio.sizing import step_of


def intent_of(
    decision: Decision,
    instrument: Instrument,
    quote: Quote,
    *,
    at: datetime,
    allow_fractional: bool = False,
    slippage: Decimal = SLIPPAGE,
) -> OrderIntent:
    """The order that carries out a decision: a marketable limit for the day, with protection behind an entry."""
    candidate = decision.candidate
    entry = candidate.kind is CandidateKind.ENTRY
    stop = decision.stop_loss if decision.stop_loss is not None else candidate.stop_loss
    closer = ceil_to if candidate.side is Side.BUY else floor_to  # a stop nearer to the entry risks less
    return OrderIntent(
        decision_id=decision.decision_id,
        symbol=candidate.symbol,
        side=candidate.side,
        qty=floor_to(decision.qty, step_of(instrument, allow_fractional=allow_fractional)),
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        created_at=at,
        origin=Origin.AGENT if entry else Origin.RULE,
        strategy=candidate.strategy,
        limit_price=marketable_limit(candidate.side, quote, instrument.tick, slippage=slippage),
        stop_loss=closer(stop, instrument.tick) if entry and stop is not None else None,
        take_profit=_target(decision, instrument.tick) if entry else None,
        currency=instrument.currency,
        reduce_only=not entry,
        leg="entry" if entry else "exit",
    )


def sent_as_limit(limits: Mapping[str, Any], kind: OrderType, *, reduces: bool) -> bool:
    """True for a market order that a policy wants sent as a marketable limit: one that only reduces may stay one.

    A policy that sets no ``market_slippage_pct``, or allows no limit orders, leaves market orders as they are.
    """
    if kind is not OrderType.MARKET or reduces or "market_slippage_pct" not in limits:
        return False
    allowed = limits.get("allowed_order_types")
    return allowed is None or OrderType.LIMIT in allowed


def marketable_limit(side: Side, quote: Quote, tick: Decimal, *, slippage: Decimal = SLIPPAGE) -> Decimal:
    """The worst price a market order is allowed, on the tick and no further beyond the touch than ``slippage``."""
    touch = quote.ask if side is Side.BUY else quote.bid
    if touch <= ZERO:
        raise DataQualityError(f"the quote of {quote.symbol} shows {touch}", "Wait for a valid quote.")
    limit = touch * (1 + side.sign * slippage)
    return floor_to(limit, tick) if side is Side.BUY else ceil_to(limit, tick)


def qty_for(notional: Decimal, limit_price: Decimal, instrument: Instrument, *, allow_fractional: bool) -> Decimal:
    """The most shares that cost no more than ``notional`` at the worst price; nothing for an amount that buys none."""
    if not (notional.is_finite() and limit_price.is_finite()) or limit_price <= ZERO:
        raise DataQualityError(f"{notional} at {limit_price} buys no known quantity", "Give an amount and a price.")
    if notional <= ZERO:
        return ZERO
    step = step_of(instrument, allow_fractional=allow_fractional)
    # A quotient that was rounded up to 28 digits could buy a step too much.
    qty = floor_to(notional / limit_price, step)
    return qty if qty * limit_price <= notional else qty - step


def arrival_price(intent: OrderIntent, market: MarketView) -> Decimal | None:
    """The side of our quote that the order would meet as it is decided: the ask for a buy, the bid for a sell."""
    view = market.symbols.get(intent.symbol)
    if view is None or view.quote is None:
        return None
    touch = view.quote.ask if intent.side is Side.BUY else view.quote.bid
    return touch if touch.is_finite() and touch > ZERO else None


def _target(decision: Decision, tick: Decimal) -> Decimal | None:
    target = decision.candidate.take_profit
    if target is None:
        return None
    # Rounded toward the entry: a target on the tick may be reached sooner, never later.
    return floor_to(target, tick) if decision.candidate.side is Side.BUY else ceil_to(target, tick)
