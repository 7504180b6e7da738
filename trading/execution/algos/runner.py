"""Drives sliced orders: ``step`` is called by whoever owns the clock, does what is due, and returns. No threads.

    start    the whole parent goes before the gates first, with its proposal and its approval: slicing gets nobody past
             a limit on the size of one order
    child    a marketable limit inside the parent's limit (an iceberg rests at it), through the desk and every gate
    stop     the kill switch, a halt, and REDUCING for what would open something: what works is taken out, for good
    pause    what works is taken out, and goes on when the pause is over
    restart  nothing is kept in memory: the next step reads the plan and the children from the database

Each step takes what the broker last told from our books; settle them first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import takewhile
from typing import NamedTuple

from domain.case import Approval, Control, MarketView, Proposal, SymbolView, TradingState
from domain.errors import DataQualityError, RetryableError, UsageError
from domain.market import Symbol
from domain.money import ONE
from domain.orders import Order, OrderIntent, OrderStatus
from domain.verdicts import Evaluation, Outcome
from policies.measures.slippage import slippage_of
from policies.measures.worst_case import usable
from trading.execution.algos.base import (
    MOST_REFUSALS,
    AlgoKind,
    AlgoPlan,
    AlgoState,
    Finish,
    Hold,
    Progress,
    Send,
    TakeOut,
    checked,
    next_step,
)
from trading.execution.algos.store import Algo, AlgoStore, children_of
from trading.execution.desk import OrderDesk, Placement
from trading.execution.intents import marketable_limit
from trading.monitor.breakers import HELD_BACK
from trading.store.control import ControlStore
from trading.store.orders import OrderStore

MOST_STEPS = 4
"""Taking out a child, sending the next and finishing; the rest waits for the next call."""
BY = "algo"


class Started(NamedTuple):
    """The gates' answer to the parent, and the algorithm; None where they do not allow it."""

    algo: Algo | None
    evaluation: Evaluation


class Stepped(NamedTuple):
    """How it stands, and whether there may be more to do at once."""

    algo: Algo
    again: bool


class AlgoRunner:
    """Starts, steps and stops sliced orders over one desk."""

    def __init__(self, desk: OrderDesk, orders: OrderStore, control: ControlStore, store: AlgoStore) -> None:
        self._desk = desk
        self._orders = orders
        self._control = control
        self._store = store

    def start(
        self,
        parent: OrderIntent,
        planned: Callable[[OrderIntent], AlgoPlan],
        *,
        now: datetime,
        market: MarketView,
        proposal: Proposal | None = None,
        approval: Approval | None = None,
        cycle_id: str = "",
    ) -> Started:
        """Judge the parent whole and keep the plan of what the gates leave of it; asked twice it starts once."""
        # The children's legs, and so their ids, are others than the one that was sent: the shares would be bought
        # twice.
        if self._orders.find(parent.decision_id, parent.leg) is not None:
            raise UsageError(f"{parent.decision_id} was sent whole", "Take that order out and decide anew.")
        evaluation = self._desk.preview(parent, market=market, proposal=proposal, approval=approval, cycle_id=cycle_id)
        if evaluation.outcome not in (Outcome.PASS, Outcome.REDUCE):
            return Started(None, evaluation)
        # Planned after the gates: slices of what was asked for would add up to more than they left.
        plan = checked(planned(replace(parent, qty=evaluation.final_qty)))
        self._store.start(plan, Progress(cycle_id=cycle_id), at=now)
        return Started(self._store.get(plan.algo_id), evaluation)

    def step(self, now: datetime, market: Callable[[Sequence[Symbol]], MarketView]) -> tuple[Algo, ...]:
        """Everything that is due at ``now``; returns how each open algorithm stands afterwards."""
        left = self._store.open()
        if not left:
            return ()
        # One look at the market for all of them: it is the dearest part of a step.
        seen = market(sorted({algo.plan.parent.symbol for algo in left}))
        return tuple(self._worked(algo, now, seen) for algo in left)

    def stop(self, algo_id: str, *, now: datetime, reason: str) -> Algo | None:
        """Let it end: the next step takes out what still works. None for an unknown one."""
        algo = self._store.get(algo_id)
        return algo if algo is None or algo.state.is_over else self._ending(algo, now, reason)

    def _worked(self, algo: Algo, now: datetime, market: MarketView) -> Algo:
        for _ in range(MOST_STEPS):
            algo, again = self._stepped(algo, now, market)
            if not again:
                break
        return algo

    def _stepped(self, algo: Algo, now: datetime, market: MarketView) -> Stepped:
        plan, hold = algo.plan, self._hold(algo, now)
        if hold is Hold.END and algo.state is AlgoState.WORKING:
            # Durable before anything else: what was told to end does not go on because the switch is lifted again.
            return Stepped(self._ending(algo, now, "stopped by the control plane"), again=True)
        children = children_of(self._orders, plan.parent.decision_id)
        view = market.symbols.get(plan.parent.symbol, SymbolView())
        lot = ONE if view.instrument is None else view.instrument.lot
        todo = next_step(plan, children, now, hold, lot, rejected_in_row=_rejected(children))
        if isinstance(todo, Finish):
            reason = algo.progress.reason or todo.reason
            done = replace(algo, state=todo.state, progress=replace(algo.progress, reason=reason))
            return Stepped(self._store.save(done, at=now), again=False)
        if isinstance(todo, TakeOut):
            return Stepped(algo, again=self._is_out(todo.child))
        if todo is None:
            if hold is Hold.GO:
                self._resend(algo, children, now, market)
            return Stepped(algo, again=False)
        return self._sent(algo, todo, now, market)

    def _sent(self, algo: Algo, todo: Send, now: datetime, market: MarketView) -> Stepped:
        child = child_of(algo.plan, todo, market, now, self._slippage())
        if child is None:
            return Stepped(algo, again=False)  # no price to send at
        placed = self._placed(algo, child, market)
        if placed is None:
            return Stepped(algo, again=False)
        if placed.order is None:
            return self._refused(algo, placed.evaluation, now)
        kept = replace(algo, progress=replace(algo.progress, refusals=0))
        return Stepped(
            algo if kept == algo else self._store.save(kept, at=now), again=placed.order.status is OrderStatus.FILLED
        )

    def _refused(self, algo: Algo, evaluation: Evaluation | None, now: datetime) -> Stepped:
        codes = () if evaluation is None else evaluation.codes
        # Somebody holds everything back, which is no refusal of this order: it waits and counts nothing.
        if HELD_BACK & set(codes):
            return Stepped(algo, again=False)
        counted = replace(algo, progress=replace(algo.progress, refusals=algo.progress.refusals + 1))
        if counted.progress.refusals < MOST_REFUSALS:
            return Stepped(self._store.save(counted, at=now), again=False)
        reason = f"the gates refused {counted.progress.refusals} times in a row: {', '.join(codes)}"
        return Stepped(self._ending(counted, now, reason), again=True)

    def _resend(self, algo: Algo, children: Sequence[Order], now: datetime, market: MarketView) -> None:
        """A child that a crash kept from leaving goes before the gates again, under its own id."""
        waiting = next((child for child in children if child.status is OrderStatus.INTENT), None)
        again = None if waiting is None else Send(waiting.leg, waiting.qty)
        child = None if again is None else child_of(algo.plan, again, market, now, self._slippage())
        if child is not None:
            self._placed(algo, child, market)

    def _placed(self, algo: Algo, child: OrderIntent, market: MarketView) -> Placement | None:
        """What became of a child; None where nobody answers."""
        try:
            return self._desk.place(child, market=market, cycle_id=algo.progress.cycle_id)
        except (RetryableError, DataQualityError):
            # Whatever has left is in the books under this child's id, and the other algorithms have their turn.
            return None

    def _is_out(self, child: Order) -> bool:
        """Ask the broker; without an answer the child counts in full, and the next step asks again."""
        try:
            return not self._desk.cancel(child.client_order_id, by=BY).status.is_open
        except (RetryableError, DataQualityError):
            return False

    def _hold(self, algo: Algo, now: datetime) -> Hold:
        if algo.state is AlgoState.STOPPING:
            return Hold.END
        return held_by(self._control.read(at=now), algo.plan.parent, now)

    def _slippage(self) -> Decimal:
        return slippage_of(self._desk.policy.limits)

    def _ending(self, algo: Algo, now: datetime, reason: str) -> Algo:
        ending = replace(algo, state=AlgoState.STOPPING, progress=replace(algo.progress, reason=reason))
        return self._store.save(ending, at=now)


def child_of(plan: AlgoPlan, todo: Send, market: MarketView, now: datetime, slippage: Decimal) -> OrderIntent | None:
    """The child order at the present quote, never worse than the parent's limit; None without a usable price."""
    parent, view = plan.parent, market.symbols.get(plan.parent.symbol, SymbolView())
    quote = usable(view.quote)
    if quote is None or view.instrument is None or parent.limit_price is None:
        return None
    price = parent.limit_price
    if plan.kind is not AlgoKind.ICEBERG or todo.last:
        best = min if parent.side.sign > 0 else max
        price = best(price, marketable_limit(parent.side, quote, view.instrument.tick, slippage=slippage))
    return replace(parent, qty=todo.qty, leg=todo.leg, limit_price=price, created_at=now)


def held_by(control: Control, parent: OrderIntent, now: datetime) -> Hold:
    """What the control plane says to this parent; a pause is for what would open something."""
    # ``is not False``: what is unknown counts as killed.
    if control.kill_switch is not False or not control.readable or control.trading_state is TradingState.HALTED:
        return Hold.END
    if parent.reduce_only:
        return Hold.GO
    if control.trading_state is not TradingState.ACTIVE:
        return Hold.END
    names = {"global": None, "strategy": parent.strategy, "symbol": parent.symbol}
    for pause in control.pauses:
        over = pause.until is not None and pause.until <= now
        # A scope that nobody knows here may mean this order, so it does.
        if not over and (pause.scope == "global" or pause.scope not in names or names[pause.scope] == pause.name):
            return Hold.WAIT
    return Hold.GO


def _rejected(children: Sequence[Order]) -> int:
    """Rejections by the broker since it last took a child."""
    return sum(1 for _ in takewhile(lambda child: child.status is OrderStatus.REJECTED, reversed(children)))
