"""View models of the gates: the policy and what it means, the room it leaves, and what stood in an order's way.

They are contracts as those of ``views`` are. Limits and figures are in the unit that stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.market import Symbol
from domain.orders import Order, OrderIntent
from domain.verdicts import Figure, Outcome
from interfaces.views.control import LimitChange, RiskRow


@dataclass(frozen=True, slots=True)
class RiskView:
    """``sage risk``: every gate of the catalogue, asked about ``trial``, the smallest entry into ``symbol``.

    Every figure counts the trial, which is never sent: the exposure with it, the orders of the day and this one.
    ``unprotected`` are the holdings of which some or all has no stop although one was planned.
    """

    as_of: datetime
    risk: tuple[RiskRow, ...]
    symbol: str = ""
    unprotected: tuple[str, ...] = ()
    trial: OrderIntent | None = None


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit as it is set, with what it means; ``enforced`` False where no gate that runs reads it."""

    name: str
    value: Any
    unit: str
    meaning: str
    gates: tuple[str, ...]
    enforced: bool = True


@dataclass(frozen=True, slots=True)
class LimitsView:
    """``sage limits``: a policy by the names of its file, usually the one in force, and how another would change it.

    ``waits``: it is the policy of this start, and not in force before the owner accepts it.
    """

    as_of: datetime
    profile: str
    digest: str
    loaded_at: datetime
    limits: Mapping[str, Any]
    rows: tuple[LimitRow, ...] = ()
    in_force: bool = True
    compared_with: str | None = None
    changes: tuple[LimitChange, ...] = ()
    waits: bool = False
    changed: str = ""
    """Who put it in force, and when."""


@dataclass(frozen=True, slots=True)
class TallyView:
    """``sage gate --summary``: how often each verdict was given, and each code among those that did not pass."""

    verdicts: Mapping[str, int]
    codes: Mapping[str, int]


class Basis(StrEnum):
    """What a question about another size was asked of: the recorded case, the present state, or nothing at all."""

    RECORD = "record"
    PRESENT = "present"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ObjectionView:
    """One gate that did not let an order pass as it was; limit, value and margin are in ``unit``."""

    gate: str
    name: str
    code: str
    meaning: str
    outcome: Outcome
    limit: Figure
    value: Figure
    margin: Decimal | None
    unit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class WhyNotView:
    """``sage whynot``: what stood in the way of an order, and the nearest one that would pass.

    ``nearest_qty`` is the largest quantity that every gate lets through, ``stopped_by`` the gate that stops the next
    one; where it is zero, ``at_any_size`` are the gates that refuse the smallest order too. ``basis`` says of which
    state that was asked. ``outcome`` None: it never came before the gates.
    """

    as_of: datetime
    id: str
    decision_id: str | None
    symbol: Symbol
    decided_at: datetime | None
    order: OrderIntent | None
    outcome: Outcome | None
    final_qty: Decimal
    objections: tuple[ObjectionView, ...]
    basis: Basis
    nearest_qty: Decimal | None
    stopped_by: str | None
    at_any_size: tuple[str, ...]
    note: str
    needs_approval: bool = False
    """Whether the nearest one would still wait for a person."""
    asked_at: datetime | None = None
    """When the gates said what ``objections`` hold; ``basis`` says whether the nearest order is of that moment too."""
    nearest_price: Decimal | None = None
    """The limit of the nearest one, where it is not that of ``order``: the quote has moved since."""


@dataclass(frozen=True, slots=True)
class TicketView:
    """``sage buy``, ``sell``, ``orders cancel`` and ``orders replace``: what was asked for and what became of it.

    ``why`` holds the gates that objected or cut it, and the nearest order that would pass; ``waits``: a person's yes is
    all that is missing. ``done``: the broker has it, or took it out. ``room`` is what the order would leave under the
    limits that it comes closest to.
    """

    as_of: datetime
    intent: OrderIntent | None
    outcome: Outcome | None
    final_qty: Decimal
    why: WhyNotView | None = None
    order: Order | None = None
    done: bool = False
    waits: bool = False
    note: str = ""
    room: tuple[RiskRow, ...] = ()
    standstill: str = ""
    """When time goes on, where the answer depends on that and it does not by itself."""
    turned: str = ""
    """Into what a market order was turned before the gates; empty where it is as it was asked for."""
