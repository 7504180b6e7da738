"""View models: what every use case answers, the same for all faces.

Field names are a contract with scripts and dashboards: ``domain.canonical.plain`` turns a view into its JSON document.
Where a noun of the domain already says it all (an order, a fill, a candidate) the view holds that noun. Text in a view
is already filled in, and still untrusted: a face escapes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.alerts import Alert
from domain.case import Mode, Pause, TradingState
from domain.decisions import Action, Inspection, MonitorReport, Phase, Stance
from domain.market import Symbol
from domain.orders import Fill, Order, OrderIntent, Side
from domain.records import ClosedTrade
from domain.signals import Regime, TradeCandidate
from domain.verdicts import Figure, Outcome
from trading.portfolio.performance import Statistics


class State(StrEnum):
    """How a check or a limit stands: fine, close to its limit, beyond it, not known, nothing to look at, not in use."""

    OK = "ok"
    TIGHT = "tight"
    FAILED = "failed"
    UNKNOWN = "unknown"
    IDLE = "idle"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class DependencyView:
    """Something outside that Sage leans on; ``age_s`` is the age of its last answer in seconds."""

    name: str
    ok: bool | None
    age_s: Decimal | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReconciledView:
    """The last comparison of our books with the broker's."""

    at: datetime | None
    ok: bool | None
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatusView:
    """``sage status``."""

    as_of: datetime
    mode: Mode
    trading_state: TradingState
    kill_switch: bool
    paused: tuple[Pause, ...]
    policy_digest: str
    prompt_digest: str
    model: str
    degraded: str | None
    reconciled: ReconciledView
    last_cycle: str | None
    last_cycle_at: datetime | None
    dependencies: tuple[DependencyView, ...]
    ramp: Decimal | None = Decimal(1)
    """Share of the usual size after a resume; None is unknown, and then nothing is entered."""
    why: str = ""
    """Why trading is not active, in the words of whoever stopped it."""
    release: str = ""
    """A policy of this start that waits for the owner; empty where none does."""
    unprotected: tuple[str, ...] = ()
    """Holdings by our books of which some or all has no stop although one was planned, a line each."""
    alerts: tuple[Alert, ...] = ()
    """What nobody has looked at since the last resume, newest first."""


@dataclass(frozen=True, slots=True)
class PositionView:
    """One holding: ``qty`` by our books, ``broker_qty`` by the broker's; ``as_of`` is the age of the market price.

    ``protection`` says how well stops cover it, ``protected_qty`` how many shares.
    """

    symbol: Symbol
    qty: Decimal
    avg_price: Decimal
    market_price: Decimal | None
    unrealized_pnl: Decimal | None
    broker_qty: Decimal | None
    as_of: datetime | None
    stop_loss: Decimal | None = None
    strategy: str = ""
    protection: str = ""
    protected_qty: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PositionsView:
    """``sage positions``."""

    as_of: datetime
    positions: tuple[PositionView, ...]


@dataclass(frozen=True, slots=True)
class OrdersView:
    """``sage orders``: our own records with the broker's words beside."""

    as_of: datetime
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class TradesView:
    """``sage trades``: round trips, newest first."""

    as_of: datetime
    trades: tuple[ClosedTrade, ...]


@dataclass(frozen=True, slots=True)
class PnlView:
    """``sage pnl``: money in ``currency``, percentages of the day's opening and of the highest equity."""

    as_of: datetime
    currency: str
    equity: Decimal | None
    day_start_equity: Decimal | None
    day_pnl: Decimal | None
    day_pnl_pct: Decimal | None
    realized_pnl_day: Decimal | None
    unrealized_pnl: Decimal | None
    peak_equity: Decimal | None
    drawdown_pct: Decimal | None
    closed_trades: int
    wins: int
    realized_pnl: Decimal | None
    statistics: Statistics | None = None


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
    """``sage pending``."""

    as_of: datetime
    pending: tuple[PendingRow, ...]


@dataclass(frozen=True, slots=True)
class VerdictView:
    """One gate's answer to one decision."""

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
    """``sage approve`` and ``sage reject``: what became of the request. ``note`` says in one line what happened."""

    as_of: datetime
    id: str
    decision_id: str
    answer: str
    done: bool
    note: str
    order: Order | None = None
    verdicts: tuple[VerdictView, ...] = ()


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
    """What ``sage resume`` would release and what its checklist finds; ``stamp`` tells this kill from a later one."""

    as_of: datetime
    releases: tuple[str, ...]
    findings: tuple[str, ...]
    stopped: bool
    stamp: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class ModeView:
    """``sage mode``: where the autonomy ladder stands now, and where it stood."""

    as_of: datetime
    mode: Mode
    before: Mode
    note: str = ""


@dataclass(frozen=True, slots=True)
class MemoryView:
    """``sage memory rebuild``: how many trades are remembered, and where."""

    as_of: datetime
    trades: int
    place: str


@dataclass(frozen=True, slots=True)
class AuditView:
    """``sage audit verify``: each problem names its entry."""

    as_of: datetime
    ok: bool
    entries: int
    head: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """One check; ``remedy`` is for the ones that are not fine."""

    name: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class DoctorView:
    """``sage doctor``."""

    as_of: datetime
    ok: bool
    checks: tuple[DoctorRow, ...]


@dataclass(frozen=True, slots=True)
class SourceView:
    """Where one figure of an explanation comes from."""

    ref: str
    figure: str
    source: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class ExplanationView:
    """One explanation, its figures filled in; ``source`` is the model that wrote it or ``template``."""

    decision_id: str
    symbol: Symbol
    phase: Phase
    source: str
    statements: tuple[str, ...]
    sources: tuple[SourceView, ...]


@dataclass(frozen=True, slots=True)
class ExplainView:
    """``sage explain``: all that is stored about ``id``."""

    as_of: datetime
    id: str
    explanations: tuple[ExplanationView, ...]


@dataclass(frozen=True, slots=True)
class SeenView:
    """What a cycle saw of one symbol: of its ``texts``, the ``suspicious`` ones gave orders to machines."""

    symbol: Symbol
    price: Decimal | None
    day_pct: Decimal | None
    regime: Regime
    direction: int
    score: Decimal
    confidence: Decimal
    texts: int
    topic: str | None
    suspicious: int
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdviceView:
    """The signal advisor's answer, statements filled in."""

    candidate_id: str
    symbol: Symbol
    stance: Stance
    direction: int
    confidence: Decimal
    size_fraction: Decimal
    horizon: str
    stop_loss: Decimal | None
    bull: tuple[str, ...]
    bear: tuple[str, ...]
    cited: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What was decided on a candidate, reasons filled in; ``qty`` is before the gates."""

    decision_id: str
    candidate_id: str
    symbol: Symbol
    side: Side
    action: Action
    qty: Decimal
    stop_loss: Decimal | None
    needs_approval: bool
    reasons: tuple[str, ...]
    codes: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ModelCallsView:
    """What the models of a cycle cost."""

    count: int
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class CycleReport:
    """``sage cycle``: one cycle from market to explanation; ``degraded`` and ``missing`` say what it did without."""

    cycle_id: str
    as_of: datetime
    mode: Mode
    model: str
    market: str
    policy_digest: str
    evidence_count: int
    seen: tuple[SeenView, ...]
    monitor: MonitorReport | None
    candidates: tuple[TradeCandidate, ...]
    advice: tuple[AdviceView, ...]
    inspections: tuple[Inspection, ...]
    decisions: tuple[DecisionView, ...]
    verdicts: tuple[VerdictView, ...]
    pending: tuple[PendingRow, ...]
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    explanations: tuple[ExplanationView, ...]
    model_calls: ModelCallsView
    timings_ms: Mapping[str, int]
    degraded: str | None
    missing: tuple[str, ...]
    ledger_head: str
