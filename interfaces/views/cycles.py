"""What a cycle saw, said and did, and how a decision is explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.case import Mode
from domain.decisions import Action, Inspection, MonitorReport, Phase, Stance
from domain.market import Symbol
from domain.orders import Fill, Order, Side
from domain.signals import Regime, TradeCandidate
from interfaces.views.control import PendingRow, VerdictView
from interfaces.views.models import UsageRow


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
    """What a cycle saw of one symbol: of its ``texts``, the ``suspicious`` ones gave orders to machines.

    ``day_pct`` is the ``price`` against the close of the session before; None where only bars of less than a day tell.
    """

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
    reused: int = 0
    """Answers of earlier cycles to the same questions, which cost nothing."""
    by: tuple[UsageRow, ...] = ()
    """The same by role and answering model."""


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
