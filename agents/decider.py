"""The decision on one candidate: what is left of an entry after advisor, inspector and decider have spoken.

    final = lots(min(candidate, candidate x advised, candidate x inspected, candidate x decided))

Of 40 shares, an advisor at 1, an inspector at 0.5 and a decider at 0.8 leave 20. An entry needs all three roles; the
advisor's "skip", the inspector's "block" and the monitor's "halt" end it without asking further. What takes risk off is
no matter for them: an exit is decided by rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from agents.advisor import proposal
from agents.ask import Asker
from agents.inspector import opinion
from agents.llm import UNANSWERED, reason_of
from agents.outputs import DecisionOutput, capped, cited_of, same_symbol, statements_of, tighter_stop
from agents.slots import encode, evidence_lines, index, share
from domain.decisions import Action, Advice, Decision, Inspection, MonitorReport, Ruling, Stance, Statement
from domain.evidence import Evidence, EvidenceSet
from domain.ids import CycleId, Ref, decision_id
from domain.money import ONE, ZERO, floor_to
from domain.signals import CandidateKind, TradeCandidate
from tools.events import events
from tools.news import news
from tools.portfolio import portfolio, position
from tools.quotes import quotes
from tools.signals import signals
from tools.tool import Tool

TOOLS: tuple[Tool, ...] = (quotes, signals, news, events, portfolio, position)
TIGHTENED_FRACTION = Decimal("0.5")
"""Most of an entry that is left when the monitor asks to tighten."""


class Sizes(NamedTuple):
    """Shares left after each role, never rising; None where a role is missing."""

    candidate: Decimal
    advised: Decimal | None
    inspected: Decimal | None


class _Choice(NamedTuple):
    """What the decider itself adds: a fraction, and what it said."""

    action: Action
    fraction: Decimal
    ask_approval: bool
    stop_loss: Decimal | None
    reasons: tuple[Statement, ...]
    cited: tuple[Ref, ...]
    source: str
    codes: tuple[str, ...] = ()


def decide(
    asker: Asker,
    cycle_id: CycleId,
    evidence: EvidenceSet,
    candidate: TradeCandidate,
    plan: Iterable[Evidence],
    advice: Advice | None,
    inspection: Inspection | None,
    *,
    lot: Decimal = ONE,
    monitor: MonitorReport | None = None,
) -> Decision:
    """Decide with at most one call; never raises for a model that fails. None stands for a role that did not answer."""
    if candidate.kind is not CandidateKind.ENTRY:
        return exit_by_rule(candidate, evidence, at=asker.clock.now())
    choice = _without_asking(advice, inspection, monitor)
    if choice is None:
        choice = _asked(asker, cycle_id, evidence, candidate, tuple(plan), advice, inspection)
    left = sizes(candidate, advice, inspection, lot)
    qty = final_qty(left, choice.fraction, lot, monitor)
    return Decision(
        decision_id=decision_id(cycle_id, candidate.candidate_id),
        cycle_id=cycle_id,
        candidate=candidate,
        action=_action(choice.action, qty, candidate.qty),
        qty=qty,
        stop_loss=_tightest(candidate, advice, choice),
        needs_approval=qty > ZERO and (choice.ask_approval or _asks(inspection)),
        reasons=choice.reasons,
        codes=_codes(choice, qty, inspection, monitor),
        cited=_all_cited(advice, inspection, choice),
        evidence_digest=evidence.digest,
        decided_at=asker.clock.now(),
        source=choice.source,
        advice=advice,
        inspection=inspection,
    )


def sizes(candidate: TradeCandidate, advice: Advice | None, inspection: Inspection | None, lot: Decimal) -> Sizes:
    """Shares left of an entry after each role, in whole lots."""
    advised = None if advice is None else floor_to(candidate.qty * advice.size_fraction, lot)
    inspected = None if inspection is None else floor_to(candidate.qty * inspection.max_fraction, lot)
    if advised is not None and inspected is not None:
        inspected = min(advised, inspected)
    return Sizes(candidate.qty, advised, inspected)


def final_qty(left: Sizes, fraction: Decimal, lot: Decimal, monitor: MonitorReport | None) -> Decimal:
    """The smallest of all sizes in whole lots; zero where a role is missing or the monitor asks for a halt."""
    if left.advised is None or left.inspected is None:
        return ZERO
    if monitor is not None and monitor.request != "none":
        # Whatever else is asked for counts as a halt.
        fraction = min(fraction, TIGHTENED_FRACTION) if monitor.request == "tighten" else ZERO
    return min(left.advised, left.inspected, floor_to(left.candidate * fraction, lot))


def _without_asking(
    advice: Advice | None, inspection: Inspection | None, monitor: MonitorReport | None
) -> _Choice | None:
    if monitor is not None and monitor.request == "halt":
        return _ended("The monitor asked to halt new entries.", "MONITOR_HALT")
    if advice is None:
        return _ended("The advisor did not answer, and without it there is no entry.", "ADVISOR_MISSING")
    if advice.stance is Stance.SKIP:
        return _ended("The advisor spoke against it.", "ADVISOR_SKIP", advice.bear[:1])
    if inspection is None:
        return _ended("The risk inspector did not answer, and without it there is no entry.", "INSPECTOR_MISSING")
    if inspection.ruling is Ruling.BLOCK:
        return _ended("The risk inspector blocked it.", "INSPECTOR_BLOCK", warnings_said(inspection))
    return None


def _ended(text: str, code: str, more: tuple[Statement, ...] = ()) -> _Choice:
    return _Choice(Action.SKIP, ZERO, False, None, (Statement(text, "high"), *more), (), "code", (code,))


def warnings_said(inspection: Inspection) -> tuple[Statement, ...]:
    """The inspector's warnings as sentences: their kind in words and the figures behind them."""
    return tuple(
        Statement(
            f"Warning: {warning.kind.replace('_', ' ')}{': ' if warning.refs else ''}"
            + ", ".join(f"{{{ref}}}" for ref in warning.refs)
            + "."
        )
        for warning in inspection.warnings
    )


def _asked(
    asker: Asker,
    cycle_id: CycleId,
    evidence: EvidenceSet,
    candidate: TradeCandidate,
    plan: tuple[Evidence, ...],
    advice: Advice | None,
    inspection: Inspection | None,
) -> _Choice:
    shown = share(evidence, candidate.symbol, TOOLS)
    leaned_on = _leaned_on(evidence, advice, inspection)
    known = index((*shown, *leaned_on, *plan))
    variables = {
        "symbol": candidate.symbol,
        "candidate": proposal(candidate),
        "plan": evidence_lines(plan, evidence.as_of),
        "advice": opinion(advice),
        "inspection": ruling(inspection),
        "evidence": evidence_lines(index((*shown, *leaned_on)).values(), evidence.as_of),
    }

    def read(output: DecisionOutput, source: str, repaired: bool) -> _Choice:
        return _choice(output, candidate, known, source, repaired)

    try:
        return asker.ask("decider", candidate.candidate_id, cycle_id, variables, read).value
    except UNANSWERED as error:
        ended = _ended("The decider did not answer, and without it there is no entry.", "DECIDER_MISSING")
        return ended._replace(codes=(*ended.codes, f"DECIDER_{reason_of(error).upper()}"))


def ruling(inspection: Inspection | None) -> str:
    """An inspection as the decider is shown it; null when there is none."""
    if inspection is None:
        return encode(None)
    warnings = [{"kind": w.kind, "severity": w.severity, "refs": w.refs} for w in inspection.warnings]
    return encode({"ruling": inspection.ruling, "max_fraction": inspection.max_fraction, "warnings": warnings})


def _choice(
    output: DecisionOutput, candidate: TradeCandidate, known: dict[str, Evidence], source: str, repaired: bool
) -> _Choice:
    same_symbol(output.symbol, candidate.symbol, "decider")
    reasons = statements_of(output.reasons, known, "decider")
    action = Action(output.action)
    ends = action in (Action.SKIP, Action.DELAY)
    return _Choice(
        action=action,
        fraction=ZERO if ends else capped(output.size_fraction, repaired),
        ask_approval=output.ask_approval,
        stop_loss=tighter_stop(candidate, output.stop_ref, known, "decider"),
        reasons=reasons,
        cited=cited_of(output.cited, reasons, known, "decider"),
        source=source,
        codes=(f"DECIDER_{action.name}",) if ends else (),
    )


def _leaned_on(evidence: EvidenceSet, advice: Advice | None, inspection: Inspection | None) -> tuple[Evidence, ...]:
    refs = {*(advice.cited if advice else ()), *(inspection.cited if inspection else ())}
    return tuple(evidence.items[ref] for ref in sorted(refs) if ref in evidence.items)


def _action(chosen: Action, qty: Decimal, proposed: Decimal) -> Action:
    if chosen is Action.DELAY or qty == ZERO:
        return chosen if chosen is Action.DELAY else Action.SKIP
    return Action.TAKE if qty == proposed else Action.SHRINK


def _tightest(candidate: TradeCandidate, advice: Advice | None, choice: _Choice) -> Decimal | None:
    if candidate.stop_loss is None:
        return None
    offered = (candidate.stop_loss, advice.stop_loss if advice else None, choice.stop_loss)
    # The sign turns the comparison: of a short the lowest stop is the tightest.
    return max((stop for stop in offered if stop is not None), key=lambda stop: candidate.side.sign * stop)


def _asks(inspection: Inspection | None) -> bool:
    return inspection is not None and inspection.ruling is Ruling.ASK


def _codes(
    choice: _Choice, qty: Decimal, inspection: Inspection | None, monitor: MonitorReport | None
) -> tuple[str, ...]:
    asks = ("INSPECTOR_ASK",) if _asks(inspection) else ()
    tightened = ("MONITOR_TIGHTEN",) if monitor is not None and monitor.request == "tighten" else ()
    nothing_left = ("SIZE_ZERO",) if qty == ZERO and choice.action not in (Action.SKIP, Action.DELAY) else ()
    return (*choice.codes, *asks, *tightened, *nothing_left)


def _all_cited(advice: Advice | None, inspection: Inspection | None, choice: _Choice) -> tuple[Ref, ...]:
    said = (advice.cited if advice else (), inspection.cited if inspection else (), choice.cited)
    return tuple(sorted({ref for refs in said for ref in refs}))


def exit_by_rule(candidate: TradeCandidate, evidence: EvidenceSet, *, at: datetime) -> Decision:
    """What takes risk off is decided by code alone: all of it, now; no role can veto, shrink or delay it."""
    return Decision(
        decision_id=decision_id(evidence.cycle_id, candidate.candidate_id),
        cycle_id=evidence.cycle_id,
        candidate=candidate,
        action=Action.TAKE,
        qty=candidate.qty,
        stop_loss=None,
        needs_approval=False,
        reasons=(Statement(candidate.reason, "high"),),
        codes=(),
        cited=candidate.refs,
        evidence_digest=evidence.digest,
        decided_at=at,
        source="rule",
    )
