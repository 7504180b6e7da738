"""What the roles say, after it was parsed and checked: values without free-hand numbers.

A ``Statement`` is a sentence whose figures are references in braces: ``"RSI stands at {rsi14@AAPL}"``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.ids import CandidateId, CycleId, DecisionId, Ref
from domain.market import Symbol
from domain.signals import TradeCandidate


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence with ``{ref}`` slots; ``weight`` (low, medium, high) says how much it counted."""

    text: str
    weight: str = "medium"


class Severity(StrEnum):
    """How loud a concern is."""

    INFO = "info"
    CAUTION = "caution"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Concern:
    """Something the monitor or the inspector worries about, tied to evidence."""

    kind: str
    severity: Severity
    refs: tuple[Ref, ...]
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """State of the whole: ``request`` is ``none``, ``tighten`` or ``halt``; it can only ever tighten."""

    state: str
    request: str
    concerns: tuple[Concern, ...]
    source: str


class Stance(StrEnum):
    """The advisor's view of a candidate."""

    TAKE = "take"
    REDUCE = "reduce"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Advice:
    """The signal advisor's answer; ``size_fraction`` in [0, 1] of the candidate, ``confidence`` in [0, 1]."""

    candidate_id: CandidateId
    symbol: Symbol
    stance: Stance
    direction: int
    confidence: Decimal
    size_fraction: Decimal
    horizon: str
    reference_price: Decimal | None
    stop_loss: Decimal | None
    bull: tuple[Statement, ...]
    bear: tuple[Statement, ...]
    cited: tuple[Ref, ...]
    source: str


class Ruling(StrEnum):
    """The inspector's answer; each is at most as permissive as the one before."""

    ALLOW = "allow"
    SHRINK = "shrink"
    ASK = "ask"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Inspection:
    """The risk inspector's answer; ``max_fraction`` in [0, 1] of the candidate. It can only tighten."""

    candidate_id: CandidateId
    symbol: Symbol
    ruling: Ruling
    max_fraction: Decimal
    warnings: tuple[Concern, ...]
    cited: tuple[Ref, ...]
    source: str


class Action(StrEnum):
    """What was decided on a candidate."""

    TAKE = "take"
    SHRINK = "shrink"
    SKIP = "skip"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class Decision:
    """One candidate with its fate. ``qty`` is final before the gates: min(candidate, advice, inspection, decision)."""

    decision_id: DecisionId
    cycle_id: CycleId
    candidate: TradeCandidate
    action: Action
    qty: Decimal
    stop_loss: Decimal | None
    needs_approval: bool
    reasons: tuple[Statement, ...]
    codes: tuple[str, ...]
    cited: tuple[Ref, ...]
    evidence_digest: str
    decided_at: datetime
    source: str
    advice: Advice | None = None
    inspection: Inspection | None = None


class Phase(StrEnum):
    """When an explanation was written."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Statements about one decision; ``source`` is the model that wrote them or ``template``.

    Where the template speaks for a model that failed, the reason stands behind it: ``template:timeout``.
    """

    decision_id: DecisionId
    symbol: Symbol
    phase: Phase
    statements: tuple[Statement, ...]
    source: str

    @property
    def by_template(self) -> bool:
        """True where no model wrote it."""
        return self.source.partition(":")[0] == "template"

    @property
    def failure(self) -> str:
        """Why no model wrote it although one was asked; empty otherwise."""
        return self.source.partition(":")[2] if self.by_template else ""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One finished call of a language model, as stored; ``origin`` is hosted, relay, scripted or rules."""

    call_id: str
    cycle_id: CycleId
    role: str
    subject: str
    model: str
    origin: str
    request_digest: str
    prompt_digest: str
    response: str
    finish: str
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal
    latency_ms: int
    at: datetime

    @property
    def reused(self) -> bool:
        """True for an answer of an earlier cycle that was used again: nobody was asked, and it cost nothing."""
        return self.call_id.startswith(f"{REUSED}-")


REUSED = "reused"
"""How the id of a call begins that was never made."""
