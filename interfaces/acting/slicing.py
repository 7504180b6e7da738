"""Slicing: the owner's own large orders, worked by TWAP, VWAP or iceberg; started, looked at, stepped and stopped.

The whole order goes before the gates first and every slice again. What is left to do is in the database, so whoever
comes next goes on: every cycle and every minute of ``sage run`` does one step.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from domain.case import Approval, MarketView
from domain.errors import DataQualityError, ManualActionError, RetryableError, UsageError
from domain.ids import decision_id
from domain.market import Instrument, Quote, Symbol, Timeframe
from domain.money import ZERO, floor_to
from domain.orders import OrderIntent, OrderType, Origin, Side, TimeInForce
from domain.ports import Market
from domain.record.entries import RecordKind
from domain.verdicts import Evaluation, Outcome
from graphs.nodes.observe import market_now
from interfaces.runtime import Runtime
from interfaces.serving.holding import SIMULATED_TIME, Busy, refused
from interfaces.telling.gates.refusing import refusal
from interfaces.telling.naming import check_symbol
from interfaces.telling.standstill import standstill, standstill_behind
from interfaces.views.duties import AlgoRow, AlgosView, AlgoView
from policies.approval import DEFAULT_TTL_S, ApprovalTerms, grant, price_shown
from policies.measures.slippage import slippage_of
from policies.measures.worst_case import usable
from trading.execution.algos import iceberg, twap, vwap
from trading.execution.algos.base import AlgoKind, AlgoPlan, Remainder, committed
from trading.execution.algos.store import Algo, children_of
from trading.execution.intents import marketable_limit
from trading.portfolio.exposure import view_of

SLICES = 4
"""Of a TWAP. Every slice counts in the gates' orders of a day, of which the shipped policies allow few a symbol."""
CURVE_BARS = 26 * (vwap.SESSIONS + 1)
"""Quarters of an hour in the sessions that a volume curve is made of."""
ENDS_BEFORE_CLOSE = timedelta(minutes=5)
COMPARED = timedelta(minutes=5)
"""How old the last comparison with the broker may be when a slice goes out."""
MANUAL, OWNER = "manual", "owner"


@dataclass(frozen=True, slots=True)
class SliceRequest:
    """A sliced order as it was asked for. None of ``limit`` is the present price, of ``tip`` a tenth of the order."""

    kind: AlgoKind
    symbol: Symbol
    side: Side
    qty: Decimal
    lasting: timedelta
    slices: int = SLICES
    limit: Decimal | None = None
    stop_loss: Decimal | None = None
    tip: Decimal | None = None
    rest: Remainder = Remainder.CANCEL
    reduce_only: bool = False


class NeedsYes(ManualActionError):
    """The whole order is one that a person has to say yes to."""


def start(runtime: Runtime, request: SliceRequest, *, confirmed: bool = False) -> AlgoView:
    """Judge it whole, keep its plan, and send the first slice.

    ``confirmed`` is the owner's yes to the whole order, where the policy wants one; no slice is excused from any gate.
    """
    settled(runtime)
    deps, now = runtime.deps, runtime.deps.clock.now()
    market = market_now(deps, [request.symbol])
    instrument, quote = priced(deps.market, market, request.symbol)
    parent = parent_of(request, instrument, quote, now, slippage_of(deps.policy.limits))
    begin = partial(
        runtime.duties.algos.start, parent, partial(plan_of, runtime, request, instrument, now), now=now, market=market
    )
    started = begin()
    if started.evaluation.outcome is Outcome.NEED_APPROVAL:
        if not confirmed:
            raise NeedsYes(f"not started: {why(started.evaluation, parent)}", "Say yes to it, or --yes.")
        started = begin(approval=said_yes(runtime, parent, quote, at=now))
    if started.algo is None:
        remedy = "`sage buy` or `sage sell` with --what-if tells each gate in words, and what would pass."
        stands = standstill_behind(runtime, started.evaluation.verdicts)
        told = f"not started: {why(started.evaluation, parent)}"
        raise ManualActionError(told, f"{remedy} {stands}".rstrip())
    step(runtime)
    algo = runtime.duties.algo_store.get(started.algo.plan.algo_id)
    note = "" if started.evaluation.outcome is Outcome.PASS else f"the gates allow {started.evaluation.final_qty}"
    row = row_of(runtime, algo or started.algo)
    return AlgoView(now, row, note, standstill(runtime) if row.working_qty or row.filled_qty < row.qty else "")


def stop(runtime: Runtime, algo_id: str) -> AlgoView:
    """Take out what works, and send nothing more."""
    now = runtime.deps.clock.now()
    stopped = runtime.duties.algos.stop(algo_id, now=now, reason="stopped by the owner")
    if stopped is None:
        raise UsageError(f"there is no sliced order {algo_id}", "See `sage algo list`.")
    step(runtime)
    return AlgoView(now, row_of(runtime, runtime.duties.algo_store.get(algo_id) or stopped), "")


def listed(runtime: Runtime) -> AlgosView:
    """What is worked now, and what ended lately."""
    algos = runtime.duties.algo_store.newest(50)
    return AlgosView(runtime.deps.clock.now(), tuple(row_of(runtime, algo) for algo in algos))


def step(runtime: Runtime) -> int:
    """One step of everything that is open; how many were. The books are brought up to date first."""
    if not runtime.duties.algo_store.open():
        return 0
    settled(runtime)
    return len(runtime.duties.algos.step(runtime.deps.clock.now(), partial(market_now, runtime.deps)))


def settled(runtime: Runtime) -> None:
    """What the broker has done until now is in our books; one that does not answer leaves them as they are."""
    now = runtime.deps.clock.now()
    runtime.advance(now)
    try:
        runtime.deps.reconciler.sync(now)
        runtime.deps.reconciler.reconcile_if_due(now, every=COMPARED)
    except (RetryableError, DataQualityError) as error:
        # Not raised: gates A6 and A7 see how old the books are and refuse what adds, while an exit stays possible.
        logging.getLogger(__name__).warning("the books are not brought up to date: %s", error.what)


def check_time(runtime: Runtime) -> None:
    """Raise Busy where a service moves the simulated time of this home: two clocks would run into each other."""
    leases = runtime.duties.leases
    lease = leases.get(SIMULATED_TIME) if runtime.setup.own_time else None
    if lease is not None and lease.holder != leases.me and not leases.is_over(lease):
        raise Busy(refused(lease).what, "`sage run` runs its cycles by itself; stop it to run one by hand.")


def priced(source: Market, market: MarketView, symbol: Symbol) -> tuple[Instrument, Quote]:
    """The instrument and its present quote; DataQualityError where there is none, UsageError for no such symbol."""
    view = view_of(market, symbol)
    quote = usable(view.quote)
    if quote is None or view.instrument is None:
        check_symbol(source, symbol)
        missing = "usable quote" if quote is None else "instrument"
        raise DataQualityError(f"there is no {missing} of {symbol} to price an order with", "Wait for one.")
    return view.instrument, quote


def parent_of(
    request: SliceRequest, instrument: Instrument, quote: Quote, now: datetime, slippage: Decimal
) -> OrderIntent:
    """The whole order; its limit is the worst price of every slice."""
    limit = request.limit
    if limit is None:
        limit = marketable_limit(request.side, quote, instrument.tick, slippage=slippage)
    words = f"{request.kind} {request.side} {request.qty} {request.symbol} at {now.isoformat()}"
    return OrderIntent(
        decision_id=decision_id("algo", words),
        symbol=request.symbol,
        side=request.side,
        qty=request.qty,
        type=OrderType.LIMIT,
        tif=TimeInForce.DAY,
        created_at=now,
        origin=Origin.MANUAL,
        strategy=MANUAL,
        limit_price=limit,
        stop_loss=request.stop_loss,
        currency=instrument.currency,
        reduce_only=request.reduce_only,
        leg="exit" if request.reduce_only else "entry",
    )


def plan_of(
    runtime: Runtime, request: SliceRequest, instrument: Instrument, now: datetime, parent: OrderIntent
) -> AlgoPlan:
    """When how much of the order is due; it ends before the session does, because what is left cannot fill then."""
    calendar = runtime.deps.calendar
    session = calendar.session_at(now)
    if session is None:
        raise UsageError("the exchange is closed", "Start a sliced order while it is open.")
    ends = min(now + request.lasting, session.closes_at - ENDS_BEFORE_CLOSE)
    if ends <= now:
        raise UsageError("the session is about to end", "Send the order whole, or tomorrow.")
    tip = None
    if request.kind is AlgoKind.TWAP:
        slices = twap.schedule(parent.qty, instrument.lot, now, ends, request.slices)
    elif request.kind is AlgoKind.VWAP:
        bars = runtime.deps.market.bars(request.symbol, Timeframe.MIN_15, as_of=now, limit=CURVE_BARS)
        curve = vwap.volume_curve(bars, calendar.session_at)
        slices = vwap.schedule(parent.qty, instrument.lot, session, now, ends, curve)
    else:
        slices = iceberg.schedule(parent.qty, now)
        tenth = max(instrument.lot, floor_to(parent.qty / 10, instrument.lot))
        tip = min(parent.qty, tenth if request.tip is None else request.tip)
    return AlgoPlan(parent, request.kind, slices, ends, request.rest, tip)


def said_yes(runtime: Runtime, intent: OrderIntent, quote: Quote, *, at: datetime) -> Approval:
    """The owner's yes to exactly this order at this price, on record before anything is sent."""
    policy = runtime.deps.policy
    ttl = policy.limits.get("approval_ttl_s", DEFAULT_TTL_S)
    terms = ApprovalTerms(approval_ttl_s=ttl, policy_digest=policy.digest)
    body = {"answer": "approved", "by": OWNER, "order_digest": intent.digest}
    runtime.deps.stores.ledger.append(RecordKind.APPROVAL, intent.decision_id, body, at=at, cause=intent.decision_id)
    return grant(intent, by=OWNER, at=at, price=price_shown(quote, intent.side), terms=terms)


def why(evaluation: Evaluation, parent: OrderIntent) -> str:
    """What the gates have against it, in a line."""
    return refusal(evaluation.verdicts, parent).sentence


def row_of(runtime: Runtime, algo: Algo) -> AlgoRow:
    """How one stands."""
    plan = algo.plan
    children = children_of(runtime.deps.stores.orders, plan.parent.decision_id)
    filled = sum((child.filled_qty for child in children), ZERO)
    return AlgoRow(
        id=plan.algo_id,
        kind=plan.kind.value,
        symbol=plan.parent.symbol,
        side=plan.parent.side,
        qty=plan.parent.qty,
        filled_qty=filled,
        working_qty=committed(children) - filled,
        limit_price=plan.parent.limit_price,
        state=algo.state.value,
        ends_at=plan.ends_at,
        children=len(children),
        reason=algo.progress.reason,
    )
