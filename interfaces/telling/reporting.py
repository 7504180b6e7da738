"""The report of a cycle, put together from its records: pure look-ups, no judgement."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from agents.record import Record, facts
from domain.case import SymbolView
from domain.context.observation import Observation
from domain.decisions import Advice, Decision, Explanation, ModelCall, MonitorReport, Phase, Statement
from domain.evidence import Evidence
from domain.ids import DecisionId
from domain.market import Symbol, Timeframe
from domain.money import HUNDRED, ONE, ZERO
from domain.orders import Order
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from domain.record.rendering import figure, refs_in, render
from domain.signals import CompositeSignal
from domain.verdicts import Evaluation
from graphs.nodes.screen import observation_of
from graphs.record import judged_as, record_of
from interfaces.runtime import Runtime
from interfaces.telling.asking import handed_over, rows_of
from interfaces.telling.gates.cuts import course_before, retold
from interfaces.telling.looking import percent
from interfaces.views.control import PendingRow, VerdictView
from interfaces.views.cycles import (
    AdviceView,
    CycleReport,
    DecisionView,
    ExplanationView,
    ModelCallsView,
    SeenView,
    SourceView,
)
from trading.data.normalise import Rule, described
from trading.store.approvals import PendingApproval
from trading.store.cycles import CycleRecord

Known = Mapping[str, Evidence]


def report_of(
    runtime: Runtime,
    cycle: CycleRecord,
    state: Mapping[str, Any],
    records: Mapping[DecisionId, Record],
    timings: Mapping[str, int],
    unheard: str | None,
) -> CycleReport:
    """Everything one cycle saw, heard, decided and did; ``records`` are those of its decisions."""
    stores = runtime.deps.stores
    seen = observation_of(runtime.deps, cycle.cycle_id)
    decisions: Sequence[Decision] = state["decisions"]
    known = {named: known_of(record) for named, record in records.items()}
    orders = orders_of(runtime, cycle.cycle_id)
    monitor: MonitorReport | None = state.get("monitor")
    calls = stores.calls.of_cycle(cycle.cycle_id)
    passed = handed_over(stores.calls.handovers(cycle.cycle_id))
    degraded = tuple(dict.fromkeys((*passed, *state.get("degraded", ()), *filter(None, [unheard]))))
    return CycleReport(
        cycle_id=cycle.cycle_id,
        as_of=cycle.as_of,
        mode=seen.control.mode,
        model=runtime.setup.model,
        market=runtime.setup.market,
        policy_digest=runtime.deps.policy.digest,
        evidence_count=len(seen.evidence.items),
        seen=tuple(seen_view(signal, seen) for signal in seen.signals),
        monitor=monitor,
        candidates=tuple(state["candidates"]),
        advice=tuple(advice_view(each.advice, known[each.decision_id]) for each in decisions if each.advice),
        inspections=tuple(each.inspection for each in decisions if each.inspection),
        decisions=tuple(decision_view(each, known[each.decision_id]) for each in decisions),
        verdicts=tuple(view for each in decisions for view in verdicts_of(records[each.decision_id])),
        pending=pending_of(runtime, cycle.cycle_id),
        orders=orders,
        fills=tuple(fill for order in orders for fill in stores.orders.fills_of(order.client_order_id)),
        explanations=explanations_in(runtime, cycle.cycle_id, records),
        model_calls=calls_view(runtime, calls),
        timings_ms=dict(timings),
        degraded="; ".join(degraded) or None,
        missing=(*left_out(runtime), *seen.missing),
        ledger_head=stores.ledger.head(),
    )


def calls_view(runtime: Runtime, calls: Sequence[ModelCall]) -> ModelCallsView:
    """What the models of a cycle cost, in all and by role and model."""
    rows = rows_of(calls, runtime.deps.stores.equity.day_of)
    return ModelCallsView(
        count=sum(row.calls for row in rows),
        tokens_in=sum(row.tokens_in for row in rows),
        tokens_out=sum(row.tokens_out for row in rows),
        cost_usd=sum((row.cost_usd for row in rows), ZERO),
        reused=sum(row.reused for row in rows),
        by=rows,
    )


def left_out(runtime: Runtime) -> tuple[str, ...]:
    """Rows of files that this start could not use, a line a rule; an equal row that is left out takes nothing away."""
    return described(issue for issue in runtime.setup.issues if not issue.kept and issue.rule is not Rule.DUPLICATE)


def seen_view(signal: CompositeSignal, seen: Observation) -> SeenView:
    """One symbol in one line."""
    view, text = seen.market.symbols[signal.symbol], signal.text
    return SeenView(
        symbol=signal.symbol,
        price=view.quote.last if view.quote is not None else None,
        day_pct=day_pct(signal, view, in_session=seen.market.session is not None),
        regime=signal.quant.regime,
        direction=signal.direction,
        score=signal.score,
        confidence=signal.confidence,
        texts=text.articles + text.posts,
        topic=text.strongest_topic,
        suspicious=text.suspicious,
        flags=tuple(signal.risk_flags),
    )


def day_pct(signal: CompositeSignal, view: SymbolView, *, in_session: bool) -> Decimal | None:
    """What the price did since the close of the session before, in percent; None where only shorter bars tell.

    130 at the last close and 131.30 now are +1 % while the session is open. After it, and where the price is none of
    its own but that close, the day is the one of the finished bar: +2 % to 130, and 130 now, are +2 %.
    """
    close, before, quote = signal.quant.values.get("close"), signal.quant.values.get("ret1"), view.quote
    if quote is None or not close or signal.quant.timeframe is not Timeframe.DAY_1:
        return None
    now = quote.last / close
    if not (in_session and view.last_bar_end is not None and quote.at > view.last_bar_end):
        if before is None:
            return None
        now *= 1 + before / HUNDRED
    return percent(now - 1, ONE)


def facts_of(runtime: Runtime, decision: Decision) -> Known:
    """Every figure a sentence about this decision may show."""
    return known_of(record_of(runtime.deps.stores, decision))


def known_of(record: Record) -> Known:
    """The same of its record; the evidence of a whole cycle is looked into and not copied for each decision."""
    return ChainMap(facts(record), cast(dict[str, Evidence], record.evidence.items))


def told(statements: Sequence[Statement], known: Known) -> tuple[str, ...]:
    """Sentences with their figures filled in."""
    return tuple(render(statement, known) for statement in statements)


def advice_view(advice: Advice, known: Known) -> AdviceView:
    """Advice for people."""
    return AdviceView(
        candidate_id=advice.candidate_id,
        symbol=advice.symbol,
        stance=advice.stance,
        direction=advice.direction,
        confidence=advice.confidence,
        size_fraction=advice.size_fraction,
        horizon=advice.horizon,
        stop_loss=advice.stop_loss,
        bull=told(advice.bull, known),
        bear=told(advice.bear, known),
        cited=tuple(advice.cited),
        source=advice.source,
    )


def decision_view(decision: Decision, known: Known) -> DecisionView:
    """A decision for people."""
    return DecisionView(
        decision_id=decision.decision_id,
        candidate_id=decision.candidate.candidate_id,
        symbol=decision.candidate.symbol,
        side=decision.candidate.side,
        action=decision.action,
        qty=decision.qty,
        stop_loss=decision.stop_loss,
        needs_approval=decision.needs_approval,
        reasons=told(decision.reasons, known),
        codes=tuple(decision.codes),
        source=decision.source,
    )


def verdicts_of(record: Record) -> tuple[VerdictView, ...]:
    """What the gates said of a decision, the last time they were asked."""
    decision, said = record.decision, record.evaluation
    return () if said is None else verdict_views(decision.decision_id, decision.candidate.symbol, said)


def verdict_views(decision_id: str, symbol: Symbol, evaluation: Evaluation) -> tuple[VerdictView, ...]:
    """Every verdict of an evaluation."""
    return tuple(VerdictView(decision_id, symbol, *verdict) for verdict in evaluation.verdicts)


def pending_of(runtime: Runtime, cycle: str) -> tuple[PendingRow, ...]:
    """What of this cycle waits for a person."""
    waiting = runtime.deps.stores.approvals.open(runtime.deps.clock.now())
    return tuple(row_of(request) for request in waiting if request.cycle_id == cycle)


def row_of(request: PendingApproval) -> PendingRow:
    """One request as people see it."""
    return PendingRow(
        request.pending_id,
        request.decision_id,
        request.intent,
        request.order_digest,
        request.expires_at,
        tuple(request.reasons),
    )


def orders_of(runtime: Runtime, cycle: str) -> tuple[Order, ...]:
    """Orders that this cycle sent, protective legs left out."""
    return tuple(order for order in runtime.deps.stores.orders.of_cycle(cycle) if order.parent_id is None)


def explanations_in(runtime: Runtime, cycle: str, records: Mapping[DecisionId, Record]) -> tuple[ExplanationView, ...]:
    """Stored explanations of all decisions of a cycle, by decision, with every cut in words."""
    stored: dict[str, list[Explanation]] = defaultdict(list)
    for entry in runtime.deps.stores.ledger.entries(cycle_id=cycle, kind=RecordKind.EXPLANATION):
        stored[entry.subject].append(restore(Explanation, entry.body))
    return tuple(
        explanation_view(retold(each, record, course_before(record)), known_of(record))
        for named, record in records.items()
        for each in stored[named]
    )


def explanations_of(runtime: Runtime, decision: Decision, phase: Phase) -> tuple[tuple[Explanation, Record], ...]:
    """Stored explanations of a decision, each with the record as it was when it was told.

    The gates are asked again when the order is sent, after a person's yes for example: what they measured before is
    then no longer what counts, and still what was spoken of.
    """
    entries = runtime.deps.stores.ledger.entries(subject=decision.decision_id, kind=RecordKind.EXPLANATION)
    record = record_of(runtime.deps.stores, decision)
    told_of = ((entry, restore(Explanation, entry.body)) for entry in entries)
    return tuple(
        (each, replace(record, evaluation=_judged_before(runtime, decision, entry.seq)))
        for entry, each in told_of
        if each.phase is phase
    )


def _judged_before(runtime: Runtime, decision: Decision, seq: int) -> Evaluation | None:
    """What counted as the gates' answer at that place of the ledger."""
    entries = runtime.deps.stores.ledger.entries
    for subject in judged_as(decision.decision_id):
        before = [each for each in entries(subject=subject, kind=RecordKind.VERDICTS) if each.seq < seq]
        if before:
            return restore(Evaluation, before[-1].body["evaluation"])
    return None


def explanation_view(explanation: Explanation, known: Known) -> ExplanationView:
    """An explanation for people, with where each figure comes from."""
    cited = dict.fromkeys(ref for statement in explanation.statements for ref in refs_in(statement.text))
    sources = (known[ref] for ref in cited if ref in known)
    return ExplanationView(
        decision_id=explanation.decision_id,
        symbol=explanation.symbol,
        phase=explanation.phase,
        source=explanation.source,
        statements=told(explanation.statements, known),
        sources=tuple(map(source_view, sources)),
    )


def source_view(item: Evidence) -> SourceView:
    """Where a figure comes from."""
    return SourceView(item.ref, figure(item), item.source, item.observed_at)
