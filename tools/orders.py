"""The door to the desk, for graph nodes alone: a decision becomes an order intent, is previewed and is placed.

In no role's tuple: a model can neither name an order nor reach this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from domain.case import Approval, Case, MarketView, Proposal
from domain.decisions import Decision
from domain.errors import DataQualityError
from domain.ids import ClientOrderId
from domain.orders import OrderClass, OrderIntent
from domain.ports import Broker
from policies.measures.slippage import SLIPPAGE
from policies.measures.worst_case import usable
from policies.policy import Policy
from trading.execution.desk import OrderDesk, Placement
from trading.execution.intents import intent_of
from trading.execution.sight import OrderRequest
from trading.portfolio.exposure import view_of

WHOLE: frozenset[OrderClass] = frozenset()
"""Whole lots only."""


def intent_for(
    decision: Decision,
    market: MarketView,
    *,
    at: datetime,
    fractional: frozenset[OrderClass] = WHOLE,
    slippage: Decimal = SLIPPAGE,
) -> OrderIntent:
    """The order that carries out ``decision`` at the present quote; raises DataQualityError where there is none.

    ``fractional`` are the classes of orders that policy and broker take in fractions of a share, ``slippage`` the share
    of the price that the policy lets an order pay beyond the touch.
    """
    symbol = decision.candidate.symbol
    view = view_of(market, symbol)
    quote = usable(view.quote)
    if quote is None or view.instrument is None:
        missing = "usable quote" if quote is None else "instrument"
        raise DataQualityError(
            f"there is no {missing} of {symbol} to price an order with", "The next cycle tries again."
        )
    whole = intent_of(decision, view.instrument, quote, at=at, slippage=slippage)
    # Made whole first: of what class an order is shows only once it is made.
    if whole.order_class not in fractional:
        return whole
    return intent_of(decision, view.instrument, quote, at=at, allow_fractional=True, slippage=slippage)


def taken_in_fractions(policy: Policy, broker: Broker) -> frozenset[OrderClass]:
    """What policy and broker both take in fractions of a share; the instrument has its own say."""
    return broker.fractional if policy.allow_fractional else WHOLE


def shown_orders(desk: OrderDesk, requests: Sequence[OrderRequest]) -> tuple[Case, ...]:
    """All that the gates would look at now, order by order; nothing is written or sent."""
    return desk.shown(requests)


def place_orders(desk: OrderDesk, requests: Sequence[OrderRequest]) -> tuple[Placement, ...]:
    """One by one, each judged by what those before it became; once for a decision, as ``place_order``."""
    return desk.place_all(requests)


def place_order(
    desk: OrderDesk,
    intent: OrderIntent,
    *,
    market: MarketView,
    proposal: Proposal | None,
    approval: Approval | None = None,
    cycle_id: str = "",
    parent: ClientOrderId | None = None,
) -> Placement:
    """Gates again, durable intent, permit, send: once for a decision, however often it is called.

    ``parent`` is the entry behind which a resting exit belongs.
    """
    return desk.place(intent, market=market, proposal=proposal, approval=approval, cycle_id=cycle_id, parent=parent)
