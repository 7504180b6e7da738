"""The story of a cycle: what was seen, what each role said, which gate spoke, what was sent and filled, and why."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

from rich.console import RenderableType
from rich.text import Text

from domain.decisions import Action, Inspection, Ruling, Severity, Stance
from domain.money import HUNDRED
from domain.orders import Fill, Order
from domain.signals import TradeCandidate
from domain.verdicts import Outcome
from interfaces.cli.rendering.answers import explanation, remedy_of
from interfaces.cli.rendering.cells import (
    BAD,
    BOLD,
    DIM,
    GOOD,
    WAIT,
    heading,
    lines,
    moment,
    pairs,
    screen,
    section,
    signed,
    table,
    words,
)
from interfaces.cli.rendering.state import order_status
from interfaces.telling.gates.gate_words import named_gate, spoken
from interfaces.views.control import PendingRow, VerdictView
from interfaces.views.cycles import (
    AdviceView,
    CycleReport,
    DecisionView,
    ExplanationView,
    ModelCallsView,
    SeenView,
)
from interfaces.views.plain import amount, clean, counted, quantity, readable

T = TypeVar("T")

_STANCE = {Stance.TAKE: GOOD, Stance.REDUCE: WAIT, Stance.SKIP: BAD}
_RULING = {Ruling.ALLOW: GOOD, Ruling.SHRINK: WAIT, Ruling.ASK: WAIT, Ruling.BLOCK: BAD}
_ACTION = {Action.TAKE: GOOD, Action.SHRINK: WAIT, Action.SKIP: BAD, Action.DELAY: WAIT}
_OUTCOME = {Outcome.PASS: GOOD, Outcome.REDUCE: WAIT, Outcome.NEED_APPROVAL: WAIT, Outcome.DENY: BAD}
_DIRECTION = {1: ("up", GOOD), 0: ("flat", DIM), -1: ("down", BAD)}
_SEVERITY = {Severity.INFO: DIM, Severity.CAUTION: WAIT, Severity.CRITICAL: BAD}
RULES_MODEL = "rules"
LONGEST_WARNING = 28
MOST_GATES = 3
MOST_STRANDS, MOST_STEPS = 10, 5


class Strand(NamedTuple):
    """Everything one cycle has about one candidate; None where it never got that far."""

    candidate: TradeCandidate
    advice: AdviceView | None
    inspection: Inspection | None
    decision: DecisionView | None
    verdicts: tuple[VerdictView, ...]
    pending: PendingRow | None
    order: Order | None
    fills: tuple[Fill, ...]


def cycle(report: CycleReport) -> RenderableType:
    """``sage cycle``: the story on one screen."""
    return screen(*_story(report), _reasons(report), _footer(report))


def demo(report: CycleReport, home: str, became: ExplanationView | None = None) -> RenderableType:
    """``sage demo``: the story, one decision explained in full, and what to try next in the demo's ``home``.

    ``became`` is what came of the order that was sent: what was told before says that it was not yet.
    """
    shown = (_most_telling(report, became), became)
    told = (explanation(each, sources=False) for each in shown if each is not None)
    sage = f"sage --home {shlex.quote(home)}"
    return screen(*_story(report), _reasons(report), *told, _footer(report, sage), _try_next(report, sage))


def agents(report: CycleReport | None) -> RenderableType:
    """``sage agents``: who said what in the last cycle, at what cost and in what time."""
    if report is None:
        return screen(heading("Agents"), Text("None was asked yet: sage cycle runs the first cycle.", DIM))
    told = strands(report)
    note = f"{moment(report.as_of).plain} · model {report.model} · {report.cycle_id}"
    parts: list[RenderableType] = [heading("Agents", note)]
    if report.degraded:
        parts.append(words(f"Degraded: {report.degraded}", WAIT))
    if report.monitor is not None:
        parts.append(_monitor(report))
    if told:
        parts.append(_said(told[:MOST_STRANDS]))
    if len(told) > MOST_STRANDS:
        parts.append(Text(f"and {len(told) - MOST_STRANDS} more: sage explain last", DIM))
    return screen(*parts, _cost(report.model_calls), _time(report.timings_ms))


def strands(report: CycleReport) -> tuple[Strand, ...]:
    """The candidates in their order, each with what became of it."""
    return tuple(_strand(report, candidate) for candidate in report.candidates)


def _strand(report: CycleReport, candidate: TradeCandidate) -> Strand:
    own = candidate.candidate_id
    decision = _first(each for each in report.decisions if each.candidate_id == own)
    name = None if decision is None else decision.decision_id
    # The entry tells the story; the decision to get out has none.
    order = _first(each for each in report.orders if each.decision_id == name and each.leg == "entry") or _first(
        each for each in report.orders if each.decision_id == name
    )
    return Strand(
        candidate,
        _first(each for each in report.advice if each.candidate_id == own),
        _first(each for each in report.inspections if each.candidate_id == own),
        decision,
        tuple(each for each in report.verdicts if each.decision_id == name),
        _first(each for each in report.pending if each.decision_id == name),
        order,
        tuple(each for each in report.fills if order is not None and each.client_order_id == order.client_order_id),
    )


def _first(found: Iterable[T]) -> T | None:
    return next(iter(found), None)


def _story(report: CycleReport) -> tuple[RenderableType, ...]:
    model = f"{report.model}, which is no language model" if report.model == RULES_MODEL else report.model
    note = f"{moment(report.as_of).plain} · {report.mode.value} · market {report.market} · model {model}"
    parts: list[RenderableType] = [heading("Cycle", note)]
    if report.degraded:
        parts.append(words(f"Degraded: {report.degraded}", WAIT))
    if report.seen:
        pieces = f"{counted(report.evidence_count, 'piece')} of evidence"
        parts.append(section("What was seen", _seen(report.seen), pieces))
    if report.monitor is not None:
        parts.append(_monitor(report))
    told = strands(report)
    if told:
        parts.append(section("What each role said, and what became of it", _strands(told)))
    else:
        parts.append(Text("No candidate: nothing was proposed, so no model was asked and nothing was sent.", DIM))
    return tuple(parts)


def _seen(rows: Sequence[SeenView]) -> RenderableType:
    made = table("symbol", "price>", "day>", "regime", "signal", "news")
    for each in rows:
        direction, colour = _DIRECTION[each.direction]
        made.add_row(
            words(each.symbol, BOLD),
            amount(each.price),
            signed(each.day_pct, " %"),
            Text(each.regime.value.replace("_", " ")),
            Text(f"{direction} {each.score:+.2f}", colour),
            _news(each),
        )
    return made


def _news(seen: SeenView) -> Text:
    hostile = (f"{seen.suspicious} hostile, ignored", BAD)
    if not seen.texts:
        # What is ignored counts as no text, and is the monitor's news all the same.
        return Text.assemble(hostile) if seen.suspicious else Text("none", DIM)
    told = words(f"{seen.texts} {'text' if seen.texts == 1 else 'texts'}")
    if seen.suspicious:
        return Text.assemble(told, ", ", hostile)
    return Text.assemble(told, (" on ", DIM), words(seen.topic, DIM)) if seen.topic else told


def _monitor(report: CycleReport) -> Text:
    monitor = report.monitor
    if monitor is None:
        return Text()
    asked = "asks for nothing" if monitor.request == "none" else f"asks to {monitor.request}"
    told = Text.assemble(
        ("Monitor   ", BOLD), words(f"{monitor.state}, {asked}", DIM if monitor.request == "none" else WAIT)
    )
    for concern in monitor.concerns:
        about = f"{concern.kind} {concern.symbol or ''}".replace("_", " ")
        told.append_text(Text.assemble("\n  ", words(about, _SEVERITY[concern.severity])))
    return told


def _strands(told: Sequence[Strand]) -> RenderableType:
    made = table("proposed", "advisor", "inspector", "decided", "outcome")
    for each in told:
        made.add_row(
            _proposed(each.candidate),
            _advised(each.advice),
            _inspected(each.inspection),
            _decided(each.decision),
            _became(each),
        )
    return made


def _proposed(candidate: TradeCandidate) -> Text:
    trade = Text.assemble(words(candidate.symbol, BOLD), f" {candidate.side.value} {quantity(candidate.qty)}")
    return lines(trade, words(candidate.strategy.replace("_", " "), DIM))


def _advised(advice: AdviceView | None) -> Text:
    if advice is None:
        return Text("not asked", DIM)
    size = f" to {_part(advice.size_fraction)}" if advice.stance is Stance.REDUCE else ""
    return lines(
        Text(f"{advice.stance.value}{size}", _STANCE[advice.stance]), Text(f"{_part(advice.confidence)} sure", DIM)
    )


def _inspected(inspection: Inspection | None) -> Text:
    if inspection is None:
        return Text("not asked", DIM)
    size = f" to {_part(inspection.max_fraction)}" if inspection.ruling is Ruling.SHRINK else ""
    worst = _first(inspection.warnings)
    about = None if worst is None else words(worst.kind.replace("_", " "), DIM, LONGEST_WARNING)
    return lines(Text(f"{inspection.ruling.value}{size}", _RULING[inspection.ruling]), about)


def _decided(decision: DecisionView | None) -> Text:
    if decision is None:
        return Text("-", DIM)
    size = f" {quantity(decision.qty)}" if decision.action in (Action.TAKE, Action.SHRINK) else ""
    return Text(f"{decision.action.value}{size}", _ACTION[decision.action])


def _became(strand: Strand) -> Text:
    """Filled, on its way, waiting, refused by a gate, or never sent."""
    spoke = _hardest(strand.verdicts)
    gate = None if spoke is None else words(named_gate(spoke.gate), DIM, LONGEST_WARNING)
    if strand.fills:
        return _filled(strand.fills)
    if strand.order is not None:
        return order_status(strand.order)
    if strand.pending is not None:
        return lines(Text("waits for you", WAIT), gate)
    if spoke is not None and spoke.outcome is Outcome.DENY:
        return lines(Text("refused", BAD), gate)
    return Text("nothing sent", DIM)


def _filled(fills: Sequence[Fill]) -> Text:
    shares = sum((fill.qty for fill in fills), Decimal(0))
    paid = sum((fill.qty * fill.price for fill in fills), Decimal(0))
    return lines(Text(f"filled {quantity(shares)}", GOOD), Text(f"at {amount(paid / shares)}", DIM))


def _hardest(verdicts: Sequence[VerdictView]) -> VerdictView | None:
    """The hardest answer that did not pass, the first of equals."""
    spoken = [each for each in verdicts if each.outcome is not Outcome.PASS]
    # Outcomes are declared from mildest to hardest.
    return max(spoken, key=lambda each: list(Outcome).index(each.outcome), default=None)


def _part(share: Decimal) -> str:
    return f"{share * HUNDRED:.0f} %"


def _reasons(report: CycleReport) -> RenderableType:
    """One sentence a decision, and the gates that did not let it pass as it was."""
    told = tuple((each.symbol, _reason(each, report.verdicts)) for each in report.decisions)
    return section("Why", pairs(told)) if told else Text("No decision was taken.", DIM)


def _reason(decision: DecisionView, verdicts: Sequence[VerdictView]) -> Text:
    own = [each for each in verdicts if each.decision_id == decision.decision_id]
    objected = [each for each in own if each.outcome is not Outcome.PASS]
    passed = Text(f"all {len(own)} gates pass", DIM) if own and not objected else None
    left = len(objected) - MOST_GATES
    more = Text(f"and {counted(left, 'more gate')}", DIM) if left > 0 else None
    reason = words(readable(decision.reasons[0])) if decision.reasons else None
    return lines(reason, passed, *(_spoke(each) for each in objected[:MOST_GATES]), more)


def _spoke(verdict: VerdictView) -> Text:
    """``refused: bid and ask are too far apart, 0.59 % where the limit is 0.5 % (spread, E7)``."""
    told = spoken(verdict)
    did, _, why = told.partition(": ")
    remedy = remedy_of(verdict)
    line = Text.assemble(words(did, _OUTCOME[verdict.outcome]), words(f": {why}", DIM))
    return lines(line, words(remedy, WAIT) if remedy else None)


def _footer(report: CycleReport, sage: str = "sage") -> RenderableType:
    calls = report.model_calls
    reused = f"{counted(calls.reused, 'answer')} used again, " if calls.reused else ""
    tokens = calls.tokens_in + calls.tokens_out
    seconds = Decimal(sum(report.timings_ms.values())) / 1000
    paid = sum((fill.commission for fill in report.fills), Decimal(0))
    told = (
        f"{counted(len(report.orders), 'order')}, {counted(len(report.fills), 'fill')}, {amount(paid)} commission · "
        f"{counted(calls.count, 'model call')}, {reused}{counted(tokens, 'token')}, {amount(calls.cost_usd, 4)} USD · "
        f"{seconds:.1f} s · ledger {report.ledger_head[:12]}"
    )
    missing = (words(f"Did without: {each}", WAIT) for each in report.missing)
    waiting = words(f"{len(report.pending)} waiting for you: {sage} pending", WAIT) if report.pending else None
    return lines(*missing, waiting, words(told, DIM))


def _said(told: Sequence[Strand]) -> RenderableType:
    """A line for each candidate."""
    made = table("candidate", "advisor", "inspector", "decider")
    for each in told:
        said = (_advised(each.advice), _inspected(each.inspection), _decided(each.decision))
        made.add_row(words(each.candidate.symbol, BOLD), *(Text(", ").join(cell.split()) for cell in said))
    return made


def _cost(calls: ModelCallsView) -> RenderableType:
    """By agent and answering model; without a line for each where no model was asked."""
    tokens = counted(calls.tokens_in + calls.tokens_out, "token")
    told = f"{counted(calls.count, 'call')}, {tokens}, {amount(calls.cost_usd, 4)} USD"
    if not calls.by:
        return section("Cost", Text(told))
    made = table("agent", "answered by", "calls>", "reused>", "tokens in>", "tokens out>", "USD>")
    for each in calls.by:
        made.add_row(
            words(each.role),
            words(each.model, DIM),
            f"{each.calls:,}",
            f"{each.reused:,}",
            f"{each.tokens_in:,}",
            f"{each.tokens_out:,}",
            amount(each.cost_usd, 4),
        )
    return section("Cost", made, told)


def _time(timings_ms: Mapping[str, int]) -> RenderableType:
    slowest = sorted(timings_ms.items(), key=lambda step: -step[1])[:MOST_STEPS]
    told = ", ".join(f"{name.replace('_', ' ')} {ms:,} ms" for name, ms in slowest)
    return section("Time", words(told), f"{sum(timings_ms.values()):,} ms in all, the slowest steps first")


def _most_telling(report: CycleReport, became: ExplanationView | None) -> ExplanationView | None:
    """Why that was decided which something came of; else the first explanation there is."""
    same = (each for each in report.explanations if became is not None and each.decision_id == became.decision_id)
    return _first(same) or _first(report.explanations)


def _try_next(report: CycleReport, sage: str) -> RenderableType:
    waiting = _first(report.pending)
    rows = [
        (f"{sage} approve {waiting.id}", "let the waiting order go to the gates") if waiting is not None else None,
        (f"{sage} explain last", "every explanation of this cycle, with its sources"),
        (f"{sage} risk", "how much room each gate leaves now"),
        (f"{sage} cycle --model rules", "the next session; the recording ends here"),
        (f"{sage} audit verify", "prove that no record was changed"),
    ]
    # One below the other: with a long path in front nothing would be left of a second column.
    told = (Text.assemble(clean(row[0]), "\n   ", words(row[1], DIM)) for row in rows if row is not None)
    return section("Try next", lines(*told))
