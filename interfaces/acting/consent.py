"""Showing an order by hand to whoever is to say yes to it: what would be sent, what the gates say, what room is left.

    asked -> refused by a gate   on record and told, as an order that was tried; nobody is asked, nothing can leave
          -> placed before       its order is told, nobody is asked
          -> everything else     shown; the yes that follows is to this quantity at this worst price

A yes opens no gate: ``ordering.order`` has all of them run again on what is sent.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from domain.ids import client_order_id
from domain.orders import OrderIntent
from domain.record.entries import RecordKind
from domain.verdicts import Outcome
from interfaces.acting.ordering import Asked, Ticket, asked_of, judged, placed_before
from interfaces.runtime import Runtime
from interfaces.telling.gates.whynot import answered_now
from interfaces.telling.looking import risk_row
from interfaces.views.control import RiskRow
from interfaces.views.gates import TicketView
from policies.ladder import is_hard_drawdown, state_after
from policies.measures.headroom import headroom
from trading.execution.sight import OrderRequest

CLOSEST = 3
SIZES = ("C", "D", "F")
"""Families of gates whose room is used up by an order: exposure, the broker, rates."""


def ask(runtime: Runtime, ticket: Ticket) -> TicketView:
    """What would be sent; what the gates refuse is refused here."""
    asked = asked_of(runtime, ticket)
    before = placed_before(runtime, asked.intent)
    if before is not None:
        return before
    if asked.said.outcome is Outcome.DENY:
        refuse(runtime, asked)
        return replace(judged(runtime, asked.intent, asked.said), turned=asked.turned)
    shown = judged(runtime, asked.intent, asked.said, note="nothing is sent before your yes")
    nearest = answered_now(runtime, asked.intent, asked.said)
    return replace(shown, waits=True, why=nearest, room=closest_limits(runtime, asked), turned=asked.turned)


def as_shown(ticket: Ticket, intent: OrderIntent, most: Decimal) -> Ticket:
    """The ticket with what was shown of it, whatever the market is by now: type, worst price, and ``most`` in quantity.

    Where the gates cut 70 to 16 the yes is to 16, also if they would let 70 out a moment later.
    """
    qty, limit, closes = min(intent.qty, most), intent.limit_price, intent.reduce_only
    return replace(ticket, type=intent.type, qty=qty, amount=None, limit=limit, closes=closes)


def refuse(runtime: Runtime, asked: Asked) -> None:
    """A refusal on record as the desk writes it, with what a breached loss limit moves by itself.

    Not by the desk: judged again there it might pass a moment later, and leave without the yes that it needs.
    """
    stores, intent, said = runtime.deps.stores, asked.intent, asked.said
    now, order_id = runtime.deps.clock.now(), client_order_id(intent.decision_id, intent.leg)
    with stores.database.transaction():
        body = {"evaluation": said, "intent": intent}
        stores.ledger.append(RecordKind.VERDICTS, order_id, body, at=now, cause=intent.decision_id)
        state = stores.control.read().trading_state
        wanted, deep = state_after(state, said.verdicts), is_hard_drawdown(said.verdicts)
        if wanted is not state or deep:
            reason = f"the gates refused {order_id}: {', '.join(said.codes)}"
            stores.control.tighten(wanted, by="gates", at=now, reason=reason, drawdown=deep)


def closest_limits(runtime: Runtime, asked: Asked) -> tuple[RiskRow, ...]:
    """The limits that the order would leave the least share of."""
    (case,) = runtime.deps.desk.shown((OrderRequest(asked.intent, asked.market),))
    rows = (risk_row(row) for row in headroom(case, runtime.deps.policy) if row.gate.startswith(SIZES))
    left = [(row.headroom_pct, row) for row in rows if row.headroom_pct is not None]
    return tuple(row for _, row in sorted(left, key=lambda pair: pair[0])[:CLOSEST])
