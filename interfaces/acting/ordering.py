"""Ordering by hand: buy, sell, cancel, replace; through the gates, the outbox and the ledger that every order takes.

    asked      what is held decides what a side means: a sale of what is held may only reduce, a buy covers a short
    judged     the gates say the same to a person as to the agents; a refusal names them and the nearest that passes
    approved   where they want a person's yes, the one who orders is asked on the spot, and the yes is on record
    sent       once: the same words at the same moment are the same order, and the answer says that it was placed before

A price that is not named is the marketable limit that the agents use too. A market order that would open or enlarge
something becomes that limit where the policy sets ``market_slippage_pct``, before the gates look, so that what they
judge is what is sent; it keeps its time in force, and the answer says so (``turned``). With ``what_if`` no order is
written or sent; the books are brought up to date for it all the same, or the answer would be of yesterday. A face that
shows an order first and then sends it asks ``consent``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from domain.case import MarketView
from domain.errors import ManualActionError, UsageError
from domain.ids import ClientOrderId, decision_id
from domain.market import Instrument, Quote, Symbol
from domain.money import ZERO
from domain.orders import Order, OrderIntent, OrderStatus, OrderType, Origin, Side, TimeInForce, class_of
from domain.verdicts import Evaluation, Outcome
from graphs.nodes.observe import market_now
from interfaces.acting.slicing import MANUAL, OWNER, check_time, priced, said_yes, settled
from interfaces.runtime import Runtime
from interfaces.telling.announcing import announce_bare
from interfaces.telling.gates.refusing import hardest_of, reason, refusal
from interfaces.telling.gates.whynot import answered_now
from interfaces.telling.standstill import standstill, standstill_behind
from interfaces.views.gates import TicketView
from policies.codes import ReasonCode
from policies.measures.slippage import slippage_of
from policies.measures.worst_case import LIMIT_TYPES, STOP_TYPES
from tools.orders import place_order
from trading.execution.account import at_least
from trading.execution.changes import OrderChange
from trading.execution.desk import Placement
from trading.execution.guard import plans, protection_of_books
from trading.execution.intents import marketable_limit, qty_for, sent_as_limit
from trading.execution.protection import Cover, Protection

TO_SEND = frozenset({Outcome.PASS, Outcome.REDUCE})


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as a person writes it: a quantity in shares or an ``amount`` of money, prices in the currency.

    ``closes`` is whether it was shown to take off what is held; None where nothing was shown yet.
    """

    side: Side
    symbol: Symbol
    qty: Decimal | None = None
    amount: Decimal | None = None
    type: OrderType = OrderType.LIMIT
    tif: TimeInForce = TimeInForce.DAY
    limit: Decimal | None = None
    trigger: Decimal | None = None
    stop: Decimal | None = None
    target: Decimal | None = None
    trail: Decimal | None = None
    trail_pct: Decimal | None = None
    closes: bool | None = None


class Asked(NamedTuple):
    """A ticket as things stand: its intent, the quote and market it was made of, and what the gates say of it.

    ``turned`` says into what a market order was turned; it is empty where the order is as it was asked for.
    """

    intent: OrderIntent
    quote: Quote
    market: MarketView
    said: Evaluation
    turned: str = ""


def order(runtime: Runtime, ticket: Ticket, *, what_if: bool = False, confirmed: bool = False) -> TicketView:
    """Judge it, and send it where the gates allow; ``confirmed`` is the yes of whoever is asked."""
    asked = asked_of(runtime, ticket)
    return replace(_answered(runtime, asked, what_if=what_if, confirmed=confirmed), turned=asked.turned)


def _answered(runtime: Runtime, asked: Asked, *, what_if: bool, confirmed: bool) -> TicketView:
    deps, intent, said = runtime.deps, asked.intent, asked.said
    if what_if:
        return judged(runtime, intent, said, note="nothing was sent: this was only asked")
    before = placed_before(runtime, intent)
    if before is not None:
        return before
    if said.outcome is Outcome.NEED_APPROVAL and not confirmed:
        return judged(runtime, intent, said, note="it needs a person's yes")
    approval = None
    if said.outcome is Outcome.NEED_APPROVAL:
        intent = replace(intent, qty=said.final_qty)  # the gates may have cut it, and the yes is to what they left
        approval = said_yes(runtime, intent, asked.quote, at=deps.clock.now())
    placed = place_order(
        deps.desk, intent, market=asked.market, proposal=None, approval=approval, parent=entry_behind(runtime, intent)
    )
    return told(runtime, intent, placed)


def asked_of(runtime: Runtime, ticket: Ticket) -> Asked:
    """The order behind the words, before the gates; nothing is written."""
    check_time(runtime)
    settled(runtime)
    deps, now = runtime.deps, runtime.deps.clock.now()
    market = market_now(deps, [ticket.symbol])
    instrument, quote = priced(deps.market, market, ticket.symbol)
    held = {each.symbol: each.qty for each in at_least(deps.broker.positions)}.get(ticket.symbol, ZERO)
    limits, parts = deps.policy.limits, fractions(runtime, ticket, held)
    intent = intent_of(ticket, instrument, quote, held, limits, at=now, fractional=parts)
    return Asked(intent, quote, market, deps.desk.preview(intent, market=market), turned(ticket, intent, limits))


def cancel(runtime: Runtime, name: str) -> TicketView:
    """Take an order out; what became of it is in the view. Protection is moved and not cancelled."""
    check_time(runtime)
    settled(runtime)
    found = known(runtime, name)
    if not found.status.is_open:
        raise UsageError(f"{found.client_order_id} is {found.status.value} already", "See `sage orders`.")
    after = runtime.deps.desk.cancel(found.client_order_id, by=OWNER)
    return TicketView(runtime.deps.clock.now(), None, None, ZERO, order=after, done=not after.status.is_open)


def change(runtime: Runtime, name: str, wanted: OrderChange) -> TicketView:
    """Put a changed order in the place of a working one."""
    check_time(runtime)
    settled(runtime)
    old = known(runtime, name)
    if wanted.trigger_price is not None and old.type not in STOP_TYPES:
        raise UsageError(f"{old.client_order_id} has no stop price of its own", "Change the stop order behind it.")
    market = market_now(runtime.deps, [old.symbol])
    placed = runtime.deps.desk.replace(old.client_order_id, wanted, market=market)
    return told(runtime, None, placed)


def protect(runtime: Runtime) -> tuple[Protection, ...]:
    """Put planned stops back where our books show one missing or ending with the day; what stays bare comes back."""
    before = protection_of_books(runtime.deps.stores.orders)
    if all(each.cover in (Cover.LASTING, Cover.UNPLANNED) for each in before.values()):
        return ()
    bare = runtime.deps.desk.protect(partial(market_now, runtime.deps))
    # What was bare before was told before.
    announce_bare(runtime, [each for each in bare if each != before.get(each.symbol)])
    return bare


def intent_of(
    ticket: Ticket,
    instrument: Instrument,
    quote: Quote,
    held: Decimal,
    limits: Mapping[str, Any],
    *,
    at: datetime,
    fractional: bool,
) -> OrderIntent:
    """The intent behind the words, as the limits of the policy want it sent; UsageError where the words clash."""
    closing = held * ticket.side.sign < ZERO
    if ticket.closes is not None and ticket.closes is not closing:
        raise ManualActionError(
            f"what is held of {ticket.symbol} has changed since the order was shown; nothing was sent",
            "Ask for it again.",
        )
    exits = (ticket.stop is not None) + (ticket.target is not None)
    if closing and exits == 1:
        raise UsageError(
            "behind an exit rest both a stop and a target, or neither",
            "For a stop alone write --type stop --trigger P, for a target alone --limit P.",
        )
    # A pair of exits is one order: a limit at the target, and the stop behind it.
    limit = ticket.limit if ticket.limit is not None or not (closing and exits) else ticket.target
    kind = OrderType.LIMIT if sent_as_limit(limits, ticket.type, reduces=closing) else ticket.type
    worst = marketable_limit(ticket.side, quote, instrument.tick, slippage=slippage_of(limits))
    limit = worst if limit is None and kind is OrderType.LIMIT else limit
    wanted = quantity_of(ticket, limit, worst, instrument, fractional=fractional)
    words = (ticket.side, ticket.symbol, wanted, kind, ticket.tif, limit, ticket.trigger, at.isoformat())
    return OrderIntent(
        decision_id=decision_id(MANUAL, " ".join(map(str, words))),
        symbol=ticket.symbol,
        side=ticket.side,
        qty=wanted,
        type=kind,
        tif=ticket.tif,
        created_at=at,
        origin=Origin.MANUAL,
        strategy=MANUAL,
        limit_price=limit if kind in LIMIT_TYPES or ticket.limit is not None else None,
        trigger_price=ticket.trigger,
        stop_loss=ticket.stop,
        take_profit=ticket.target,
        currency=instrument.currency,
        reduce_only=closing,
        leg="exit" if closing else "entry",
        trail_amount=ticket.trail,
        trail_pct=ticket.trail_pct,
    )


def quantity_of(
    ticket: Ticket, limit: Decimal | None, worst: Decimal, instrument: Instrument, *, fractional: bool
) -> Decimal:
    """Shares as they were named, or what the amount buys at the worst price of the order: its own, else ``worst``."""
    if (ticket.qty is None) is (ticket.amount is None):
        raise UsageError("name a quantity or an amount of money", "Write `sage buy NIMBO 10`, or `--amount 500`.")
    if ticket.amount is None:
        return ticket.qty or ZERO
    named = limit if limit is not None else ticket.trigger
    worst = worst if named is None else named
    qty = qty_for(ticket.amount, worst, instrument, allow_fractional=fractional)
    if qty <= ZERO:
        raise UsageError(f"{ticket.amount} buys no share of {ticket.symbol} at {worst}", "Name a larger amount.")
    return qty


LEFT_OVER = {
    TimeInForce.DAY: "what does not fill there at once rests at it until the close",
    TimeInForce.GTC: "what does not fill there at once rests at it until it is cancelled",
    TimeInForce.OPG: "what the opening auction does not fill there is cancelled",
    TimeInForce.CLS: "what the closing auction does not fill there is cancelled",
}
"""What becomes of a market order that was turned into a limit, by the time in force that it keeps."""


def turned(ticket: Ticket, intent: OrderIntent, limits: Mapping[str, Any]) -> str:
    """That a market order goes as a limit, and as which; empty where the order is of the type that was asked for."""
    if intent.type is ticket.type or intent.limit_price is None:
        return ""
    far = f"{limits['market_slippage_pct']:f} % beyond the quote (market_slippage_pct)"
    side = "at most" if intent.side is Side.BUY else "at least"
    left = LEFT_OVER.get(intent.tif, "what does not fill there at once is cancelled")
    return f"an entry at market goes as a limit order, at {intent.limit_price:f} {side}, {far}; {left}"


def fractions(runtime: Runtime, ticket: Ticket, held: Decimal) -> bool:
    """Whether policy and broker take this kind of order in fractions; the instrument has its own say."""
    kind = class_of(ticket.stop, ticket.target, reduce_only=held * ticket.side.sign < ZERO)
    return runtime.deps.policy.allow_fractional and kind in runtime.deps.broker.fractional


def entry_behind(runtime: Runtime, intent: OrderIntent) -> ClientOrderId | None:
    """The entry whose protection this is: exits that rest until a price is reached belong behind the holding."""
    if not intent.reduce_only or (intent.type not in STOP_TYPES and intent.stop_loss is None):
        return None
    plan = plans(runtime.deps.stores.orders).get(intent.symbol)
    return None if plan is None else plan.parent_id


def placed_before(runtime: Runtime, intent: OrderIntent) -> TicketView | None:
    """The order that these words became at this same moment; None where there is none, or it has not left yet."""
    known = runtime.deps.stores.orders.find(intent.decision_id, intent.leg)
    if known is None or known.status is OrderStatus.INTENT:
        return None
    return TicketView(
        as_of=runtime.deps.clock.now(),
        intent=intent,
        outcome=None,
        final_qty=known.qty,
        order=known,
        done=is_with_broker(known),
        note=f"this order was placed already ({known.client_order_id}); nothing new was sent",
        standstill=standstill(runtime),
    )


def is_with_broker(sent: Order) -> bool:
    """Whether the broker took it."""
    return sent.status.value not in ("rejected", "denied")


def told(runtime: Runtime, intent: OrderIntent | None, placed: Placement) -> TicketView:
    """What became of it; a refusal in the gates' words."""
    if placed.order is not None:
        outcome = None if placed.evaluation is None else placed.evaluation.outcome
        done = is_with_broker(placed.order)
        return TicketView(
            runtime.deps.clock.now(), intent, outcome, placed.order.qty, order=placed.order, done=done,
            note=cut_words(intent, placed) if done else placed.order.reason,
            standstill=standstill(runtime) if placed.order.status.is_open else "",
        )  # fmt: skip
    if placed.evaluation is None or intent is None:
        said = () if placed.evaluation is None else placed.evaluation.verdicts
        hardest = hardest_of(said)
        note = "nothing was sent" if hardest is None else f"the gates refuse it: {reason(said, hardest)}"
        return TicketView(runtime.deps.clock.now(), intent, Outcome.DENY, ZERO, note=note)
    return judged(runtime, intent, placed.evaluation)


def cut_words(intent: OrderIntent | None, placed: Placement) -> str:
    """That less was sent than was asked for, and the first reason; empty where all of it went."""
    if intent is None or placed.order is None or placed.evaluation is None or placed.order.qty >= intent.qty:
        return ""
    cut = f"the gates cut it from {intent.qty:f} to {placed.order.qty:f}"
    verdicts = placed.evaluation.verdicts
    if intent.reduce_only and any(each.code == ReasonCode.CROSSES_ZERO for each in verdicts):
        # The others that cut it asked about the other side that it would have opened.
        return f"{cut}: no more of {intent.symbol} is left to close"
    return f"{cut}: {reason(verdicts, Outcome.REDUCE)}"


def judged(runtime: Runtime, intent: OrderIntent, said: Evaluation, note: str = "") -> TicketView:
    """The gates' answer to what was not sent, with the nearest order that they would let through."""
    why = answered_now(runtime, intent, said)
    refused = said.outcome not in TO_SEND
    return TicketView(
        as_of=why.as_of,
        intent=intent,
        outcome=said.outcome,
        final_qty=said.final_qty,
        why=why if refused or why.objections else None,
        note=note or refusal(said.verdicts, intent).sentence or "the gates refuse it",
        waits=said.outcome is Outcome.NEED_APPROVAL,
        standstill=standstill_behind(runtime, said.verdicts),
    )


def known(runtime: Runtime, name: str) -> Order:
    """The order of that id, or of the only one that works and begins like it."""
    orders = runtime.deps.stores.orders
    found = orders.get(ClientOrderId(name))
    # By its beginning only what works: an order that is over cannot be meant.
    alike = [each for each in orders.open() if each.client_order_id.startswith(name)] if found is None else [found]
    if len(alike) != 1:
        what = "several orders begin with" if alike else "there is no order"
        raise UsageError(f"{what} {name}", "Take the whole id from `sage orders`.")
    return alike[0]
