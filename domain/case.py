"""A case: the one order in question and everything a gate may look at, frozen at one moment.

Gates are pure functions of a case and their limits. What is not in the case does not exist for them, and what is
None is unknown: unknown denies new exposure.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
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
class Release:
    """What a process runs, by digest: its code, its policy and its prompts."""

    code: str
    policy: str
    prompts: str


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
    release: Release | None = None
    """What the owner has put in force; every process must run exactly this."""
    ramp: Decimal | None = Decimal(1)
    """Share of the usual size after a resume: 0.25, 0.5, then 1. None is unknown."""
    broker_open: bool | None = None
    """Whether the broker says that the market is open; None where it does not say."""
    flatten: str = ""
    """Id of the kill whose owner ordered to close everything; empty where nobody did."""


@dataclass(frozen=True, slots=True)
class SymbolView:
    """One symbol as our own sources show it; None where they cannot.

    ``event_kinds`` are the kinds that ``events`` is complete in: of any other kind, no event listed means unknown.
    Statistics are of daily closes: ``daily_sigma`` (60 days) and ``sigma_now`` (10 days) are standard deviations of
    returns as fractions, ``beta`` is against the index, ``correlations`` are with the other symbols of the view.
    ``gap_pct`` is the open of this session against the close before, ``recent_volume`` the shares of the last bar.
    ``bar_fault`` says what is wrong with the newest bars, empty when nothing is; ``second_price`` is another source's.
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
    beta: Decimal | None = None
    daily_sigma: Decimal | None = None
    sigma_now: Decimal | None = None
    correlations: Mapping[Symbol, Decimal] | None = None
    recent_volume: Decimal | None = None
    gap_pct: Decimal | None = None
    bar_fault: str | None = None
    second_price: Decimal | None = None
    easy_to_borrow: bool | None = None
    short_restricted: bool | None = None


@dataclass(frozen=True, slots=True)
class MarketView:
    """The market of a case: the session that is open at ``at`` (None when closed) and every symbol involved.

    ``index_move_pct`` is the index against its close before; ``next_session`` is the one after the session at hand.
    """

    at: datetime
    calendar: str
    session: Session | None
    symbols: Mapping[Symbol, SymbolView]
    index_move_pct: Decimal | None = None
    next_session: Session | None = None


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
class TextUsed:
    """One text behind a cited figure: when it was published and first seen, whether it is stored, and flagged."""

    ref: Ref
    published_at: datetime
    first_seen_at: datetime | None
    stored: bool
    suspicious: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """What the models have used so far, this cycle and this day; money in account currency."""

    calls_cycle: int
    tokens_cycle: int
    tokens_day: int
    cost_day: Decimal


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who had a hand in a proposal: the cycle, the strategy, and for each role the model and the prompt it ran."""

    cycle_id: str
    proposer: str
    models: Mapping[str, str]
    prompts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the agents did on the way to this order; gates of group H judge it.

    ``candidate_qty`` >= ``advised_qty`` >= ``inspected_qty``: each role may only tighten. None: the role is missing.
    ``evidence_digest`` was stored with the decision, ``evidence_digest_now`` is recomputed at send time.
    """

    asked_symbol: Symbol
    schema_valid: bool
    cited: tuple[Ref, ...]
    known: Set[Ref]
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
    provenance: Provenance | None = None
    signal_direction: int | None = None
    """Sign of the computed signal: -1, 0 or 1."""
    override_reason: str = ""
    """Why a role goes against the computed signal; empty when none does."""
    dispersion: Decimal | None = None
    """Spread of the size fraction over repeated samples of one question, 0 to 1; None when it was asked once."""
    calibrated: Decimal | None = None
    """The confidence after calibration; None while the model has not proven any skill."""
    texts: tuple[TextUsed, ...] | None = None
    """Texts behind what was cited; None is unknown."""
    usage: Usage | None = None


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
    release: Release | None = None
    """What this process runs."""
