"""The second run: the functions of the cycle on the values of the record, in the order of ``graphs/oversight.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from agents import advisor, decider, inspector
from agents.ask import Asker
from agents.explainer import explain, template
from agents.llm import UNANSWERED
from agents.monitor import watch
from agents.record import Record
from domain.case import Case, MarketView, Proposal
from domain.decisions import Advice, Decision, Explanation, Inspection, MonitorReport, Phase, Stance
from domain.errors import DataQualityError
from domain.ids import DecisionId, client_order_id, decision_id
from domain.money import ZERO
from domain.orders import OrderClass, OrderIntent
from domain.signals import CandidateKind, TradeCandidate
from domain.verdicts import Evaluation, Outcome
from graphs.proposal import stated_sizes
from graphs.reproduction.stored import Ruling, StoredCycle, StoredExplanation, known_refs
from policies.evaluate import evaluate
from policies.measures.slippage import slippage_of
from policies.policy import Policy
from tools.orders import intent_for
from tools.plan import plan_evidence
from trading.portfolio.sizing import step_behind
from trading.strategies.screen import screen

Door = Callable[[Decision | None], Asker]
"""The asker of a decision that was made, or of the cycle as a whole."""
Policies = Callable[[str], Policy]
"""The policy of that digest; another one where that is what is asked."""


class Judgement(NamedTuple):
    """What the gates say in the second run, under the subject of the first."""

    subject: str
    decision_id: str
    intent: OrderIntent
    said: Evaluation


@dataclass(frozen=True, slots=True)
class Rerun:
    """All that the second run brought about."""

    candidates: tuple[TradeCandidate, ...]
    monitor: MonitorReport
    decisions: tuple[Decision, ...]
    judgements: tuple[Judgement, ...]
    explanations: tuple[Explanation, ...]


def rerun(stored: StoredCycle, door: Door, policies: Policies) -> Rerun:
    """Run the cycle again."""
    candidates = screened(stored)
    monitor = watch(door(None), stored.seen)
    # Sorted like those on record, so that the two documents line up.
    decisions = tuple(sorted(decided(stored, candidates, monitor, door), key=lambda each: each.decision_id))
    by_id: Mapping[str, Decision] = {each.decision_id: each for each in decisions}
    judgements = tuple(judged(stored, by_id, policies))
    told = tuple(_told_again(stored, each, by_id, judgements, door) for each in stored.explanations)
    return Rerun(candidates, monitor, decisions, judgements, tuple(each for each in told if each is not None))


def screened(stored: StoredCycle) -> tuple[TradeCandidate, ...]:
    """The candidates that strategies and scanners find in what was seen."""
    seen, conditions = stored.seen, stored.conditions
    return screen(
        cycle_id=stored.cycle_id,
        signals=seen.signals,
        alerts=seen.alerts,
        book=seen.book,
        market=seen.market,
        sizing=conditions.sizing,
        enabled=conditions.strategies,
        fractional=OrderClass.BRACKET in conditions.fractional,
    )


def decided(
    stored: StoredCycle, candidates: tuple[TradeCandidate, ...], monitor: MonitorReport, door: Door
) -> Iterator[Decision]:
    """A decision for every candidate."""
    recorded = {each.decision_id: each for each in stored.decisions}
    for candidate in candidates:
        asker = door(recorded.get(decision_id(stored.cycle_id, candidate.candidate_id)))
        if candidate.kind is not CandidateKind.ENTRY:
            yield decider.exit_by_rule(candidate, stored.seen.evidence, at=asker.clock.now())
        else:
            yield _reviewed(stored, candidate, monitor, asker)


def _reviewed(stored: StoredCycle, candidate: TradeCandidate, monitor: MonitorReport, asker: Asker) -> Decision:
    evidence = stored.seen.evidence
    plan = plan_evidence(candidate, as_of=stored.as_of)
    advice = _advice(stored, candidate, asker)
    inspection = (
        None if advice is None or advice.stance is Stance.SKIP else _inspection(stored, candidate, advice, asker)
    )
    return decider.decide(
        asker,
        stored.cycle_id,
        evidence,
        candidate,
        plan,
        advice,
        inspection,
        lot=_lot(stored, candidate),
        monitor=monitor,
    )


def _advice(stored: StoredCycle, candidate: TradeCandidate, asker: Asker) -> Advice | None:
    plan = plan_evidence(candidate, as_of=stored.as_of)
    try:
        return advisor.advise(asker, stored.cycle_id, stored.seen.evidence, candidate, plan)
    except UNANSWERED:
        return None


def _inspection(stored: StoredCycle, candidate: TradeCandidate, advice: Advice, asker: Asker) -> Inspection | None:
    plan = plan_evidence(candidate, as_of=stored.as_of)
    try:
        return inspector.inspect(asker, stored.cycle_id, stored.seen.evidence, candidate, plan, advice)
    except UNANSWERED:
        return None


def _lot(stored: StoredCycle, candidate: TradeCandidate) -> Decimal:
    view = stored.seen.market.symbols.get(candidate.symbol)
    return step_behind(candidate.qty, None if view is None else view.instrument)


def judged(stored: StoredCycle, decisions: Mapping[str, Decision], policies: Policies) -> Iterator[Judgement]:
    """Every look of the gates again, at the stored case with the order and the proposal of this run."""
    for ruling in stored.rulings:
        decision = decisions.get(ruling.case.order.decision_id)
        case = None if decision is None else case_again(stored, ruling, decision, policies)
        if case is not None:
            # Of each look its own policy: a running service may have followed a tighter one in mid-cycle.
            said = evaluate(case, policies(ruling.said.policy_digest))
            yield Judgement(ruling.subject, case.order.decision_id, case.order, said)


def case_again(stored: StoredCycle, ruling: Ruling, decision: Decision, policies: Policies) -> Case | None:
    """The case with what this run decided; None where nothing is left to send, or no quote prices it.

    A person's yes was given to exactly one order, which is judged as it was.
    """
    case = ruling.case
    if case.approval is not None:
        return case
    first = _priced_by(stored, ruling)
    policy = policies(first.said.policy_digest)
    intent = intent_again(stored, decision, first.case.market, case.order.created_at, policy)
    proposal = None if case.proposal is None else proposal_again(stored, decision, case.proposal)
    return None if intent is None else replace(case, order=intent, proposal=proposal)


def _priced_by(stored: StoredCycle, ruling: Ruling) -> Ruling:
    """The look whose market and policy the order was made by: of one that a crash kept back, the first of all."""
    same = (each for each in stored.rulings if (each.subject, each.case.order) == (ruling.subject, ruling.case.order))
    return next(same)


def intent_again(
    stored: StoredCycle, decision: Decision, market: MarketView, at: datetime, policy: Policy
) -> OrderIntent | None:
    """The order that carries out a decision on a market of the record."""
    if decision.qty <= ZERO:
        return None
    try:
        fractional, slippage = stored.conditions.fractional, slippage_of(policy.limits)
        return intent_for(decision, market, at=at, fractional=fractional, slippage=slippage)
    except DataQualityError:
        return None


def proposal_again(stored: StoredCycle, decision: Decision, then: Proposal) -> Proposal:
    """The proposal with what this run's roles did; who was asked, usage and calibration stay those of the record."""
    left = stated_sizes(decision.candidate, decision.advice, decision.inspection)
    advice = decision.advice
    return replace(
        then,
        schema_valid=advice is not None and decision.inspection is not None,
        cited=tuple(decision.cited),
        known=known_refs(stored.seen, decision),
        evidence_digest=decision.evidence_digest,
        evidence_digest_now=stored.seen.evidence.digest,
        candidate_qty=decision.candidate.qty,
        advised_qty=left.advised,
        inspected_qty=left.inspected,
        quoted_price=None if advice is None else advice.reference_price,
        confidence=None if advice is None else advice.confidence,
        needs_approval=decision.needs_approval,
    )


def _told_again(
    stored: StoredCycle,
    told: StoredExplanation,
    decisions: Mapping[str, Decision],
    judgements: tuple[Judgement, ...],
    door: Door,
) -> Explanation | None:
    """The explanation once more, of what was known when it was written."""
    decision = decisions.get(told.explanation.decision_id)
    if decision is None:
        return None
    record = Record(
        decision=decision,
        evidence=stored.seen.evidence,
        plan=plan_evidence(decision.candidate, as_of=stored.seen.evidence.as_of),
        evaluation=_said_before(stored, told.seq, decision, judgements),
        lot=_lot(stored, decision.candidate),
    )
    if decision.candidate.kind is not CandidateKind.ENTRY:
        return template(record, Phase.BEFORE)
    return explain(door(decision), stored.cycle_id, record, Phase.BEFORE)


def _said_before(
    stored: StoredCycle, seq: int, decision: Decision, judgements: tuple[Judgement, ...]
) -> Evaluation | None:
    """What the gates had said by then: at the desk where it came that far, else before."""
    found = {each.subject for each in stored.rulings if each.seq < seq}
    own = [each for each in judgements if each.decision_id == decision.decision_id and each.subject in found]
    orders = [client_order_id(DecisionId(decision.decision_id), leg) for leg in ("entry", "exit")]
    at_the_desk = [each for each in own if each.subject in orders]
    return next((each.said for each in reversed(at_the_desk or own)), None)


def sent(judgement: Judgement) -> bool:
    """Whether this look of the gates let an order go."""
    return judgement.subject != judgement.decision_id and judgement.said.outcome in (Outcome.PASS, Outcome.REDUCE)
