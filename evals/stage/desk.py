"""A cycle on the frozen world by the product's own functions, with a model to play against and nothing left behind.

    observed -> screen -> watch -> [advise -> inspect -> decide] -> gates -> explain

The order of the steps is that of ``graphs/oversight.py``; stores and broker are left out, and what would be sent is
answered as values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from agents.advisor import advise
from agents.ask import Asker
from agents.calls.budget import Budget
from agents.decider import decide
from agents.explainer import explain
from agents.inspector import inspect
from agents.llm import UNANSWERED, LanguageModel, ModelReply, ModelRequest, Sampling
from agents.monitor import watch
from agents.record import Record
from domain.case import Case, Proposal, Provenance, TradingState
from domain.clock import FixedClock
from domain.context.observation import Observation
from domain.decisions import Advice, Decision, Explanation, Inspection, ModelCall, MonitorReport, Phase
from domain.errors import DataQualityError
from domain.evidence import Evidence
from domain.ids import CycleId
from domain.money import ZERO
from domain.orders import OrderIntent
from domain.signals import TradeCandidate
from domain.verdicts import Evaluation, Outcome
from evals.stage.world import AT, CYCLE, World, observed
from policies.evaluate import evaluate
from policies.policy import Policy
from tools.control import act_on
from tools.orders import intent_for
from tools.plan import plan_evidence
from trading.portfolio.sizing import SizingRule
from trading.strategies.registry import STRATEGY_NAMES
from trading.strategies.screen import screen

CALLS, TOKENS = 200, 2_000_000


class CaseJournal:
    """Finished calls, kept as long as the case lasts."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], ModelCall] = {}
        self.faults: list[str] = []
        self.endings: list[str] = []

    def finished(self, cycle_id: CycleId, request_digest: str) -> ModelCall | None:
        """The call that answered this question."""
        return self._calls.get((cycle_id, request_digest))

    def save(self, call: ModelCall) -> ModelCall:
        """Keep a call; the first one counts."""
        if call.finish != "stop":
            self.endings.append(call.finish)
        return self._calls.setdefault((call.cycle_id, call.request_digest), call)

    def unusable(self, _call: ModelCall, fault: str) -> None:
        """Remember why an answer was not used."""
        self.faults.append(fault)

    @property
    def answers(self) -> tuple[str, ...]:
        """What came back, in the order of the questions."""
        return tuple(call.response for call in self._calls.values())


class Heard:
    """A model whose questions and answers are kept; ``model`` may be another one from case to case."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.requests: list[ModelRequest] = []
        self.replies: list[ModelReply] = []

    @property
    def name(self) -> str:
        """That of the model."""
        return self.model.name

    @property
    def sampling(self) -> Sampling:
        """That of the model."""
        return self.model.sampling

    def complete(self, request: ModelRequest) -> ModelReply:
        """Pass the question on."""
        self.requests.append(request)  # first: a question that nobody answers was asked all the same
        self.replies.append(self.model.complete(request))
        return self.replies[-1]


# Nothing but what ``tools.control`` calls: any other move would be an AttributeError, and be seen.
class Switches:
    """The control plane as far as a model's words may reach it; whatever else it were asked for does not exist."""

    def __init__(self) -> None:
        self.moved: list[tuple[TradingState, str]] = []

    def tighten(self, state: TradingState, *, by: str, at: object, reason: str) -> None:
        """Keep what was asked."""
        self.moved.append((state, f"{by}: {reason}"))


@dataclass(frozen=True, slots=True)
class Went:
    """What became of one candidate. ``intent`` None could not be priced, ``goes`` is what the gates let go."""

    candidate: TradeCandidate
    plan: tuple[Evidence, ...]
    decision: Decision
    intent: OrderIntent | None
    said: Evaluation | None
    explanation: Explanation
    goes: Decimal


@dataclass(frozen=True, slots=True)
class PlayedCycle:
    """One cycle: what it saw, what it was asked, what came out."""

    seen: Observation
    monitor: MonitorReport
    went: tuple[Went, ...]
    requests: tuple[ModelRequest, ...]
    faults: tuple[str, ...]
    switches: Switches = field(repr=False)


def asker_of(model: LanguageModel, journal: CaseJournal | None = None) -> Asker:
    """The product's door to a model, with room to spare."""
    return Asker(model, CaseJournal() if journal is None else journal, FixedClock(AT), Budget(CALLS, TOKENS))


def cycle(world: World, model: LanguageModel) -> PlayedCycle:
    """Run one cycle."""
    heard, journal, switches = Heard(model), CaseJournal(), Switches()
    asker, seen = asker_of(heard, journal), observed(world)
    candidates = screen(
        cycle_id=CYCLE,
        signals=seen.signals,
        alerts=seen.alerts,
        book=seen.book,
        market=seen.market,
        sizing=SizingRule(risk_pct=Decimal("0.3")),
        enabled=STRATEGY_NAMES,
    )
    monitor = watch(asker, seen)
    act_on(monitor, switches, at=AT)
    went = tuple(_one(asker, seen, monitor, candidate, world.policy) for candidate in candidates)
    return PlayedCycle(seen, monitor, went, tuple(heard.requests), tuple(journal.faults), switches)


def _one(asker: Asker, seen: Observation, monitor: MonitorReport, candidate: TradeCandidate, policy: Policy) -> Went:
    plan = plan_evidence(candidate, as_of=AT)
    decision = decided(asker, seen, monitor, candidate)
    intent = _intent(decision, seen)
    said = None if intent is None else evaluate(_case(intent, decision, seen), policy)
    lets_go = said is not None and said.outcome in (Outcome.PASS, Outcome.REDUCE)
    record = Record(decision, seen.evidence, plan, said)
    told = explain(asker, CYCLE, record, Phase.BEFORE)
    return Went(candidate, plan, decision, intent, said, told, said.final_qty if said is not None and lets_go else ZERO)


def decided(asker: Asker, seen: Observation, monitor: MonitorReport, candidate: TradeCandidate) -> Decision:
    """Advisor, inspector and decider on one candidate."""
    plan = plan_evidence(candidate, as_of=AT)
    advice = _advice(asker, seen, candidate)
    inspection = None if advice is None else _inspection(asker, seen, candidate, advice)
    return decide(asker, CYCLE, seen.evidence, candidate, plan, advice, inspection, monitor=monitor)


def _advice(asker: Asker, seen: Observation, candidate: TradeCandidate) -> Advice | None:
    try:
        return advise(asker, CYCLE, seen.evidence, candidate, plan_evidence(candidate, as_of=AT))
    except UNANSWERED:
        return None


def _inspection(asker: Asker, seen: Observation, candidate: TradeCandidate, advice: Advice) -> Inspection | None:
    try:
        return inspect(asker, CYCLE, seen.evidence, candidate, plan_evidence(candidate, as_of=AT), advice)
    except UNANSWERED:
        return None


def _intent(decision: Decision, seen: Observation) -> OrderIntent | None:
    if decision.qty <= ZERO:
        return None
    try:
        return intent_for(decision, seen.market, at=AT)
    except DataQualityError:
        return None


def _case(intent: OrderIntent, decision: Decision, seen: Observation) -> Case:
    return Case(AT, intent, seen.control, seen.book, seen.market, proposal=_proposal(decision, seen))


def _proposal(decision: Decision, seen: Observation) -> Proposal:
    advice, inspection, candidate = decision.advice, decision.inspection, decision.candidate
    models: Mapping[str, str] = {
        "advisor": advice.source if advice else "",
        "inspector": inspection.source if inspection else "",
        "decider": decision.source,
    }
    plan = plan_evidence(candidate, as_of=AT)
    advised = candidate.qty * advice.size_fraction if advice else None
    # As graphs/proposal.py has it: nobody takes back what the one before has cut.
    inspected = min(advised, candidate.qty * inspection.max_fraction) if advised is not None and inspection else None
    return Proposal(
        asked_symbol=candidate.symbol,
        schema_valid=advice is not None and inspection is not None,
        cited=decision.cited,
        known=frozenset((*seen.evidence.items, *(item.ref for item in plan))),
        evidence_as_of=AT,
        decided_at=decision.decided_at,
        evidence_digest=decision.evidence_digest,
        evidence_digest_now=seen.evidence.digest,
        candidate_qty=candidate.qty,
        advised_qty=advised,
        inspected_qty=inspected,
        quoted_price=advice.reference_price if advice else None,
        confidence=advice.confidence if advice else None,
        needs_approval=decision.needs_approval,
        provenance=Provenance(CYCLE, candidate.strategy, models, {}),
        signal_direction=next((each.direction for each in seen.signals if each.symbol == candidate.symbol), None),
        texts=(),
    )
