"""What waits for the owner and what became of it: requests, verdicts, control, policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from domain.case import Mode, Pause, TradingState
from domain.market import Symbol
from domain.orders import Order, OrderIntent
from domain.verdicts import Figure, Outcome
from interfaces.views.state import State


@dataclass(frozen=True, slots=True)
class RiskRow:
    """One gate as things stand: ``headroom_pct`` is what is left of its limit, negative beyond it.

    Limit and value are in ``unit``; ``note`` says what no figure does, such as why there is none.
    """

    gate: str
    limit: Figure
    value: Figure
    headroom_pct: Decimal | None
    state: State
    name: str = ""
    unit: str = "text"
    note: str = ""


@dataclass(frozen=True, slots=True)
class LimitChange:
    """How another policy differs in one limit; ``direction`` is ``tighter`` or ``looser``, None is not set."""

    name: str
    unit: str
    old: Any
    new: Any
    direction: str


@dataclass(frozen=True, slots=True)
class HoldingView:
    """What ``close`` would close: all that is held of the symbol that ``id`` stands for.

    ``trade_id`` is the round trip it is in; empty where our books know of none.
    """

    as_of: datetime
    id: str
    symbol: Symbol
    qty: Decimal
    trade_id: str


@dataclass(frozen=True, slots=True)
class PendingRow:
    """One order that waits for a person."""

    id: str
    decision_id: str
    order: OrderIntent
    order_digest: str
    expires_at: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PendingView:
    """``sage pending``; ``standstill`` says when time goes on, where it does not by itself."""

    as_of: datetime
    pending: tuple[PendingRow, ...]
    standstill: str = ""


class VerdictView(NamedTuple):
    """One gate's answer to one decision; a NamedTuple as the verdict is, because a report holds thousands."""

    decision_id: str
    symbol: Symbol
    gate: str
    code: str
    outcome: Outcome
    limit: Figure = None
    value: Figure = None
    margin: Decimal | None = None
    quantity: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """``sage approve`` and ``sage reject``: what became of the request. ``note`` says in one line what happened.

    ``waits``: a yes was not taken, because the gates would refuse it for a while yet; the request is as open as before.
    """

    as_of: datetime
    id: str
    decision_id: str
    answer: str
    done: bool
    note: str
    order: Order | None = None
    verdicts: tuple[VerdictView, ...] = ()
    waits: bool = False
    standstill: str = ""
    """When time goes on, where the answer depends on that and it does not by itself."""


@dataclass(frozen=True, slots=True)
class ControlView:
    """``sage pause``, ``resume`` and ``kill``: the control plane afterwards."""

    as_of: datetime
    action: str
    trading_state: TradingState
    kill_switch: bool
    paused: tuple[Pause, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class LocksView:
    """``sage locks``: what stops new entries by somebody's word, with who, why and until when."""

    as_of: datetime
    locks: tuple[Pause, ...]


@dataclass(frozen=True, slots=True)
class PolicyChangeView:
    """``sage limits --accept``: the policy of this start against the one in force, limit by limit."""

    as_of: datetime
    profile: str
    old_digest: str
    new_digest: str
    in_force: bool
    changes: tuple[LimitChange, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ResumePlan:
    """What ``sage resume`` would release and what its checklist finds; ``stamp`` tells this kill from a later one.

    ``loss`` is what the owner accepts with it, in words, and ``mark`` the high-water mark that it would leave; where
    nothing is accepted they are empty and None.
    """

    as_of: datetime
    releases: tuple[str, ...]
    findings: tuple[str, ...]
    stopped: bool
    stamp: tuple[int, ...] | None = None
    loss: str = ""
    mark: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody who may talk with Sage from afar, by the number that the chat service gives them."""

    id: int
    role: str


@dataclass(frozen=True, slots=True)
class PeopleView:
    """``sage people``; ``me`` is who asks at the machine, and owns it."""

    as_of: datetime
    me: str
    people: tuple[PersonRow, ...]


@dataclass(frozen=True, slots=True)
class ModeView:
    """``sage mode``: where the autonomy ladder stands now, and where it stood."""

    as_of: datetime
    mode: Mode
    before: Mode
    note: str = ""
