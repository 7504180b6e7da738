"""The door to the desk, for graph nodes alone: a decision becomes an order intent, is previewed and is placed.

In no role's tuple: a model can neither name an order nor reach this module.
"""

from __future__ import annotations

from datetime import datetime

from domain.case import Approval, MarketView, Proposal
from domain.decisions import Decision
from domain.errors import DataQualityError
from domain.orders import OrderIntent
from domain.verdicts import Evaluation
from policies.worst_case import usable
from trading.execution.desk import OrderDesk, Placement
from trading.execution.intents import intent_of
from trading.portfolio.exposure import view_of


def intent_for(decision: Decision, market: MarketView, *, at: datetime) -> OrderIntent:
    """The order that carries out ``decision`` at the present quote; raises DataQualityError where there is none."""
    symbol = decision.candidate.symbol
    view = view_of(market, symbol)
    quote = usable(view.quote)
    if quote is None or view.instrument is None:
        missing = "usable quote" if quote is None else "instrument"
        raise DataQualityError(
            f"there is no {missing} of {symbol} to price an order with", "The next cycle tries again."
        )
    return intent_of(decision, view.instrument, quote, at=at)


def preview_order(
    desk: OrderDesk,
    intent: OrderIntent,
    *,
    market: MarketView,
    proposal: Proposal | None,
    approval: Approval | None = None,
    cycle_id: str = "",
) -> Evaluation:
    """What the gates say now; nothing is written or sent."""
    return desk.preview(intent, market=market, proposal=proposal, approval=approval, cycle_id=cycle_id)


def place_order(
    desk: OrderDesk,
    intent: OrderIntent,
    *,
    market: MarketView,
    proposal: Proposal | None,
    approval: Approval | None = None,
    cycle_id: str = "",
) -> Placement:
    """Gates again, durable intent, permit, send: once for a decision, however often it is called."""
    return desk.place(intent, market=market, proposal=proposal, approval=approval, cycle_id=cycle_id)
