"""A case: the one order in question and everything a gate may look at, frozen at one moment.

Gates are pure functions of a case and their limits. What is not in the case does not exist for them, and what is
None is unknown: unknown denies new exposure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.book import Book
from domain.ids import Ref
from domain.market import EventKind, Instrument, MarketEvent, Quote, Session, Symbol, Timeframe, TradingStatus
from domain.orders import OrderIntent


class TradingState(StrEnum):
    """What the system may do: trade, only reduce, or nothing."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class Mode(StrEnum):
    """The autonomy ladder, from nothing to everything."""

    OFF = "off"
    OBSERVE = "observe"
    PAPER = "paper"
    APPROVE = "approve"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Pause:
    """New entries stopped for a ``scope`` (``global``, ``strategy`` or ``symbol``) until lifted or ``until``."""

    scope: str
    name: str
    since: datetime
    by: str
    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """The control plane as read at this moment. ``readable`` False means killed."""

    kill_switch: bool
    trading_state: TradingState
    mode: Mode
    pauses: tuple[Pause, ...] = ()
    policy_digest: str = ""
    reconciled_at: datetime | None = None
    mismatched: tuple[Symbol, ...] = ()
    broker_time: datetime | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class SymbolView:
    """One symbol as our own sources show it; None where they cannot.

    ``event_kinds`` are the kinds that ``events`` is complete in: of any other kind, no event listed means unknown.
    """

    instrument: Instrument | None = None
    quote: Quote | None = None
    status: TradingStatus | None = None
    last_bar_end: datetime | None = None
    timeframe: Timeframe | None = None
    atr: Decimal | None = None
    adv_shares: Decimal | None = None
    events: tuple[MarketEvent, ...] = ()
    event_kinds: frozenset[EventKind] = frozenset()


@dataclass(frozen=True, slots=True)
class MarketView:
    """The market of a case: the session that is open at ``at`` (None when closed) and every symbol involved."""

    at: datetime
    calendar: str
    session: Session | None
    symbols: Mapping[Symbol, SymbolView]


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's yes to exactly one order, at the price they saw, for a limited time."""

    by: str
    order_digest: str
    at: datetime
    expires_at: datetime
    price: Decimal | None = None
    policy_digest: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the agents did on the way to this order; gates of group H judge it.

    ``candidate_qty`` >= ``advised_qty`` >= ``inspected_qty``: each role may only tighten. None: the role is missing.
    ``evidence_digest`` was stored with the decision, ``evidence_digest_now`` is recomputed at send time.
    """

    asked_symbol: Symbol
    schema_valid: bool
    cited: tuple[Ref, ...]
    known: frozenset[Ref]
    evidence_as_of: datetime
    decided_at: datetime
    evidence_digest: str
    evidence_digest_now: str
    candidate_qty: Decimal | None
    advised_qty: Decimal | None
    inspected_qty: Decimal | None
    quoted_price: Decimal | None = None
    confidence: Decimal | None = None
    needs_approval: bool = False
    """A role asked for a person; gate A2 turns this into NEED_APPROVAL."""


@dataclass(frozen=True, slots=True)
class Case:
    """One order before the gates at ``now``. ``cycle_entries`` counts entries already allowed in this cycle."""

    now: datetime
    order: OrderIntent
    control: Control
    book: Book
    market: MarketView
    proposal: Proposal | None = None
    approval: Approval | None = None
    cycle_entries: int = 0
