"""A parent order that is worked by children: its plan, what it has sent, and what to do next. All of it is pure.

    committed   of each child all it asked for while it may still fill, and what it filled once it is over
    due         what the plan wants filled or working by now
    next        at most min(due, parent) - committed, and nothing while a child still works

So the children never add up to more than the parent, whatever is retried or restarted: the children are read from our
own order book, where they are durable before they leave, and the next one has a leg id of its own, ``algo.1``,
``algo.2``, ... which the desk sends once.

Worked: 100 shares, 40 due. ``algo.1`` asked for 40, filled 25 and was cancelled: committed 25. At the next slice 70 are
due, and ``algo.2`` asks for 45. While it works 70 are committed, and there is no ``algo.3``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.errors import UsageError
from domain.ids import base_leg, derive
from domain.money import ZERO, floor_to
from domain.orders import Order, OrderClass, OrderIntent, OrderStatus, OrderType

MOST_REFUSALS = 3
"""So many refusals or rejections in a row end an algorithm: what is wrong does not go away by asking."""
CANCELLABLE = frozenset({OrderStatus.INTENT, OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED})
"""What is in flight, of unknown fate or being taken out already is waited for."""


class AlgoKind(StrEnum):
    """How the quantity is spread."""

    TWAP = "twap"
    VWAP = "vwap"
    ICEBERG = "iceberg"


class Remainder(StrEnum):
    """What becomes of the quantity that is unfilled at the end."""

    CANCEL = "cancel"
    MARKETABLE = "marketable"


class AlgoState(StrEnum):
    """STOPPING takes out what still works and sends nothing more."""

    WORKING = "working"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"

    @property
    def is_over(self) -> bool:
        """True when nothing of it works any more."""
        return self in (AlgoState.STOPPED, AlgoState.DONE)


class Hold(StrEnum):
    """What the control plane allows now: go on, wait with nothing working, or end."""

    GO = "go"
    WAIT = "wait"
    END = "end"


@dataclass(frozen=True, slots=True)
class Slice:
    """``qty`` more is due from ``at`` on."""

    at: datetime
    qty: Decimal


@dataclass(frozen=True, slots=True)
class AlgoPlan:
    """``parent`` is the whole order; its limit is the worst price of every child, ``tip`` what an iceberg shows."""

    parent: OrderIntent
    kind: AlgoKind
    slices: tuple[Slice, ...]
    ends_at: datetime
    rest: Remainder = Remainder.CANCEL
    tip: Decimal | None = None

    @property
    def algo_id(self) -> str:
        """One algorithm for one leg of a decision."""
        return derive("algo", self.parent.decision_id, self.parent.leg)


@dataclass(frozen=True, slots=True)
class Progress:
    """What the order book does not tell: the cycle it came from, refusals in a row, and why it ended."""

    cycle_id: str = ""
    refusals: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """A child order."""

    leg: str
    qty: Decimal
    last: bool = False


@dataclass(frozen=True, slots=True)
class TakeOut:
    """A child that is to stop working."""

    child: Order


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing more to do."""

    state: AlgoState
    reason: str


Step = Send | TakeOut | Finish | None
"""None is to wait."""


def checked(plan: AlgoPlan) -> AlgoPlan:
    """The plan, or a UsageError where it cannot be worked without ever exceeding its parent."""
    parent, planned = plan.parent, sum((each.qty for each in plan.slices), ZERO)
    if parent.type is not OrderType.LIMIT or parent.limit_price is None:
        raise UsageError("a sliced order needs a worst price", "Give a limit order.")
    if parent.order_class is OrderClass.OCO or parent.expires_at is not None:
        raise UsageError("a pair of exits or an order with a date is not sliced", "Send it as it is.")
    if planned != parent.qty or any(each.qty <= ZERO for each in plan.slices):
        raise UsageError(f"the slices add up to {planned} of {parent.qty}", "This is a fault of the schedule.")
    if plan.kind is AlgoKind.ICEBERG and not (plan.tip is not None and ZERO < plan.tip <= parent.qty):
        raise UsageError(f"an iceberg of {parent.qty} shows {plan.tip}", "Show a part of it.")
    return plan


def child_leg(number: int) -> str:
    """``algo.1`` is the first."""
    return f"algo.{number}"


def committed(children: Sequence[Order]) -> Decimal:
    """What the children have filled or may still fill."""
    return sum((child.qty if child.status.is_open else child.filled_qty for child in children), ZERO)


def due(plan: AlgoPlan, now: datetime) -> Decimal:
    """What the plan wants filled or working by now."""
    return sum((each.qty for each in plan.slices if each.at <= now), ZERO)


def next_step(
    plan: AlgoPlan, children: Sequence[Order], now: datetime, hold: Hold, lot: Decimal, *, rejected_in_row: int = 0
) -> Step:
    """What to do now; asked again after each step until the answer is to wait or to finish."""
    live = [child for child in children if child.status.is_open]
    taken = committed(children)
    if taken > plan.parent.qty:
        # Only a broker that fills what it called cancelled gets here; nothing of ours may make it worse.
        return _taken_out(live) or _finish(live, AlgoState.STOPPED, f"{taken} are committed of {plan.parent.qty}")
    if hold is Hold.END or rejected_in_row >= MOST_REFUSALS:
        reason = "stopped" if hold is Hold.END else f"{rejected_in_row} children in a row were rejected"
        return _taken_out(live) or _finish(live, AlgoState.STOPPED, reason)
    if not live and taken >= plan.parent.qty:
        return Finish(AlgoState.DONE, "filled")
    if hold is Hold.WAIT:
        waited = _taken_out(live)
        # Time runs on in a pause: it must not hold an order back past its end.
        return waited if waited or now < plan.ends_at else _finish(live, AlgoState.DONE, _unfilled(plan, taken))
    if live:
        return _taken_out([child for child in live if _is_stale(plan, child, now)])
    return _next_child(plan, children, now, taken, lot)


def _next_child(plan: AlgoPlan, children: Sequence[Order], now: datetime, taken: Decimal, lot: Decimal) -> Step:
    # A child that somebody replaced is still the same child: its number is taken once.
    left, leg = plan.parent.qty - taken, child_leg(len({base_leg(child.leg) for child in children}) + 1)
    if now >= plan.ends_at:
        # Once: what did not fill at the market then does not fill by being asked for every minute.
        tried = any(child.created_at >= plan.ends_at for child in children)
        rest = floor_to(left, lot)
        if plan.rest is Remainder.CANCEL or tried or rest <= ZERO:
            return Finish(AlgoState.DONE, _unfilled(plan, taken))
        return Send(leg, rest, last=True)
    wanted = min(due(plan, now) - taken, left)
    if plan.tip is not None:
        wanted = min(wanted, plan.tip)
    qty = floor_to(wanted, lot)
    return Send(leg, qty) if qty > ZERO else None


def _is_stale(plan: AlgoPlan, child: Order, now: datetime) -> bool:
    """True where a later slice, or the end, is due since the child was made."""
    # Taken out then, so that the next one is priced anew and holds what this one left.
    moments = [each.at for each in plan.slices] + [plan.ends_at]
    return any(child.created_at < moment <= now for moment in moments)


def _taken_out(live: Sequence[Order]) -> TakeOut | None:
    return next((TakeOut(child) for child in live if child.status in CANCELLABLE), None)


def _finish(live: Sequence[Order], state: AlgoState, reason: str) -> Finish | None:
    """Only once nothing works; what is in flight or of unknown fate is waited for."""
    return None if live else Finish(state, reason)


def _unfilled(plan: AlgoPlan, taken: Decimal) -> str:
    return f"time is over with {plan.parent.qty - taken} of {plan.parent.qty} unfilled"
