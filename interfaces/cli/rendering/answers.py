"""Screens that answer one question: why, is the record whole, is everything well, and what did my word change."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from domain.decisions import Phase
from domain.money import HUNDRED
from domain.verdicts import Outcome
from interfaces.cli.rendering.cells import (
    BAD,
    BOLD,
    DIM,
    GOOD,
    WAIT,
    bound,
    day,
    figure,
    found,
    heading,
    lines,
    moment,
    pairs,
    percent,
    screen,
    section,
    short,
    signed,
    state,
    table,
    words,
    yes_no,
)
from interfaces.cli.rendering.state import order_status, order_words, pauses, stands
from interfaces.telling.gates.gate_words import in_words, named_gate
from interfaces.telling.gates.refusing import ANSWERED
from interfaces.telling.proving import AGAINST, NOT_PROVEN, NOT_WHOLE, whole
from interfaces.views.chat import ChatView
from interfaces.views.checks import AuditView, DoctorView, MemoryView
from interfaces.views.control import (
    AnswerView,
    ControlView,
    LocksView,
    ModeView,
    PolicyChangeView,
    ResumePlan,
    VerdictView,
)
from interfaces.views.cycles import ExplainView, ExplanationView
from interfaces.views.memory import LearnView, MemoryStatsView, RecallView, RememberedTrade, TallyRow
from interfaces.views.plain import counted, readable, short_figures
from interfaces.views.state import State
from policies.codes import ReasonCode
from policies.gates.catalogue import BY_ID

_SHOWN_SYMBOLS = 12
_LONGEST_SENTENCE = 400
_PHASE = {Phase.BEFORE: "why it was decided", Phase.AFTER: "what became of it"}


def chat(view: ChatView) -> RenderableType:
    """``sage chat``: the answer, what it rests on, and what the person could do about it."""
    said = [words(short_figures(line)) for line in view.lines]
    said += [Text.assemble(words(card.why, WAIT), ": ", words(card.command, BOLD)) for card in view.cards]
    looked = f"looked at {', '.join(view.looked)} · " if view.looked else ""
    return screen(lines(*said), words(f"{looked}told by {_teller(view.source)}", DIM))


def explain(view: ExplainView) -> RenderableType:
    """``sage explain``: every stored explanation, each with its sources beneath."""
    if not view.explanations:
        return screen(heading("Explanation", view.id), Text("Nothing is stored about it.", DIM))
    return screen(*(explanation(each) for each in view.explanations))


def explanation(view: ExplanationView, *, sources: bool = True) -> RenderableType:
    """One explanation: its sentences, then where each figure comes from."""
    told = heading(f"{view.symbol}: {_PHASE[view.phase]}", f"told by {_teller(view.source)} · {view.decision_id}")
    sentences = Group(*(_sentence(each) for each in view.statements))
    return (
        Group(told, sentences, Padding(_sources(view), (1, 0, 0, 2)))
        if view.sources and sources
        else Group(told, sentences)
    )


def _teller(source: str) -> str:
    """Who wrote it; the template also says which failure it stands in for."""
    name, _, why = source.partition(":")
    return f"the template, as the explainer failed ({why.replace('_', ' ')})" if name == "template" and why else source


def answer(view: AnswerView) -> RenderableType:
    """``sage approve`` and ``sage reject``."""
    told = heading(f"{view.answer} {view.id}", moment(view.as_of).plain)
    parts: list[RenderableType] = [told, words(view.note, GOOD if view.done else WAIT)]
    if view.order is not None:
        parts.append(lines(order_words(view.order), order_status(view.order)))
        parts.extend(stands(view.standstill))  # of a refusal the line on standard error says it
    refused = [each for each in view.verdicts if each.outcome is not Outcome.PASS]
    if refused:
        parts.append(verdicts(refused))
    return screen(*parts)


def verdicts(rows: list[VerdictView]) -> RenderableType:
    """Gates with what they measured."""
    made = table("gate", "answer", "limit>", "measured>", "because")
    for each in rows:
        colour = BAD if each.outcome is Outcome.DENY else WAIT
        made.add_row(
            words(named_gate(each.gate)),
            Text(ANSWERED[each.outcome], colour),
            bound(each.limit, each.value, unit_of(each.gate)),
            found(each.value, unit_of(each.gate), each.limit),
            lines(words(in_words(each), DIM), words(remedy_of(each), WAIT) if remedy_of(each) else None),
        )
    return made


def unit_of(gate: str) -> str:
    """The unit of a gate's limit and figure; none for a gate that is no longer in the catalogue."""
    known = BY_ID.get(gate)
    return "text" if known is None else known.unit


def remedy_of(verdict: VerdictView) -> str:
    """What lifts a refusal that no market and no size lifts: the owner's word for a policy that is not in force."""
    # Other code or prompts than those in force are mended by a new start, not by a word.
    waits = verdict.code == ReasonCode.RELEASE_MISMATCH and verdict.note == "policy"
    return "the policy of this start is not in force: `sage limits --accept`" if waits else ""


def control(view: ControlView) -> RenderableType:
    """``sage pause``, ``resume`` and ``kill``."""
    facts = pairs(
        (
            (
                "trading",
                Text("stopped; next: sage resume", BAD) if view.kill_switch else Text(view.trading_state.value),
            ),
            ("kill switch", yes_no(not view.kill_switch, "off", "ON")),
            ("paused", pauses(view.paused)),
        )
    )
    note = (words(view.note),) if view.note else ()
    return screen(heading(view.action, moment(view.as_of).plain), *note, facts)


def locks(view: LocksView) -> RenderableType:
    """``sage locks``: the restricted list, and what else is paused."""
    told = heading("Restricted and paused", moment(view.as_of).plain)
    if not view.locks:
        return screen(told, Text("nothing", GOOD))
    made = table("what", "by", "since", "until", "why")
    for each in view.locks:
        until = Text("lifted", DIM) if each.until is None else moment(each.until)
        name = each.name if each.scope == "symbol" else f"{each.scope} {each.name}"
        made.add_row(words(name, WAIT), words(each.by), moment(each.since), until, words(each.reason, DIM))
    return screen(told, made)


def resume_plan(view: ResumePlan) -> RenderableType:
    """What ``sage resume`` is about to release, and what its checklist found."""
    found = lines(*(words(each, BAD) for each in view.findings)) if view.findings else Text("nothing", GOOD)
    rows = [("releases", lines(*(words(each, WAIT) for each in view.releases))), ("found", found)]
    if view.loss:
        rows.append(("accepts", words(view.loss, BAD)))
    kept = "All other counters and limits" if view.loss else "Counters and limits"
    note = f"{kept} stay as they are; orders start at a quarter of their usual size."
    return screen(heading("resume", moment(view.as_of).plain), pairs(tuple(rows)), Text(note, DIM))


def mode(view: ModeView) -> RenderableType:
    """``sage mode``."""
    facts = pairs((("mode", Text(view.mode.value, BOLD)), ("before", Text(view.before.value, DIM))))
    note = (words(view.note, WAIT),) if view.note else ()
    return screen(heading("mode", moment(view.as_of).plain), *note, facts)


def policy_change(view: PolicyChangeView) -> RenderableType:
    """``sage limits --accept``: every limit that differs from the policy in force."""
    made = table("limit", "in force>", "new>", "")
    for each in view.changes:
        colour = BAD if each.direction == "looser" else GOOD
        made.add_row(words(each.name, BOLD), _limit(each.old), _limit(each.new), words(each.direction, colour))
    told = words(view.note, GOOD if view.in_force else WAIT)
    title = heading(f"policy {view.profile}", short(view.new_digest).plain)
    return screen(title, told, *((made,) if view.changes else ()))


def _limit(value: object) -> Text:
    if isinstance(value, (frozenset, set, tuple, list)):
        return words("/".join(sorted(map(str, value))) or "none")
    return words("not set" if value is None else str(value))


def memory(view: MemoryView) -> RenderableType:
    """``sage memory rebuild``."""
    told = f"{counted(view.trades, 'trade')} remembered in {view.place}, made anew from the ledger."
    return screen(words(told, GOOD))


def memory_stats(view: MemoryStatsView) -> RenderableType:
    """``sage memory stats``."""
    held = ", ".join(f"{name} {count}" for name, count in list(view.symbols.items())[:_SHOWN_SYMBOLS])
    more = len(view.symbols) - _SHOWN_SYMBOLS
    rows = pairs(
        [
            ("place", words(view.place)),
            ("embedding", words(f"{view.embedding}, {view.width} numbers a trade")),
            ("trades", Text(f"{view.trades:,}", BOLD)),
            ("closed", Text.assemble(moment(view.oldest), " to ", moment(view.newest))),
            ("symbols", words(held + (f" and {more} more" if more > 0 else "") or "none")),
            ("regimes", words(", ".join(f"{name} {count}" for name, count in view.regimes.items()) or "none")),
            ("lessons", Text(f"{view.lessons:,}")),
        ]
    )
    note = [words(view.note, WAIT)] if view.note else []
    return screen(heading("Memory", moment(view.as_of).plain), rows, *_tallies(view.calibration), *note)


def recalled(view: RecallView) -> RenderableType:
    """``sage memory recall SYMBOL``."""
    title = heading(f"Trades of {view.symbol or 'any symbol'} like {view.compared_with}", moment(view.as_of).plain)
    note = [words(view.note, WAIT)] if view.note else []
    if not view.trades:
        return screen(title, Text("None is remembered.", DIM), *note)
    made = table("closed", "like>", "weight>", "result>", "lesson")
    for each in view.trades:
        weight = Text(f"{each.weight:.2f}", WAIT if each.contradicted else "")
        told = (words(sentence, DIM, limit=_LONGEST_SENTENCE) for sentence in each.review if sentence != each.lesson)
        whose = f"{each.symbol}: " if view.symbol is None else ""
        lesson = lines(words(f"{whose}{each.lesson}", limit=_LONGEST_SENTENCE), *told, _origin(each))
        made.add_row(day(each.closed_at), f"{each.distance:.2f}", weight, signed(each.pnl_pct, " %"), lesson)
    rate = None if view.win_rate is None else view.win_rate * HUNDRED
    said = Text.assemble(
        f"{view.wins} of {view.count} won; weighted ", percent(rate), ", ", signed(view.mean_pnl_pct, " %"),
        f" a trade, counting as {view.support:.1f} of today",
    )  # fmt: skip
    both = any(each.contradicted for each in view.trades)
    told_both = [words("Yellow weights: the same situation has ended both ways.", WAIT)] if both else []
    return screen(title, made, said, *told_both, *note)


def learned(view: LearnView) -> RenderableType:
    """``sage learn``."""
    by_code = f", {view.by_code} of them drawn by code alone" if view.by_code else ""
    told = words(f"New lessons: {counted(len(view.trades), 'closed trade')}{by_code}.", GOOD if view.trades else DIM)
    waiting = [words(f"Left for another run: {view.waiting}.", WAIT)] if view.waiting else []
    grown = f"New or grown in {view.place}: {counted(len(view.proposals), 'proposal')}."
    files = [words(grown)] if view.proposals else []
    problems = [lines(*(words(each, WAIT) for each in view.problems))] if view.problems else []
    title = heading("Learning", moment(view.as_of).plain)
    return screen(title, told, *waiting, *files, *_tallies(view.calibration), *problems)


def _tallies(rows: tuple[TallyRow, ...]) -> list[RenderableType]:
    if not rows:
        return []
    made = table("role", "model", "outcomes>", "Brier>", "skill>", "ECE>", "proven")
    for row in rows:
        figures = (figure(each) for each in (row.brier, row.skill, row.ece))
        made.add_row(
            words(row.role), words(row.model), f"{row.outcomes:,}", *figures, yes_no(row.proven, bad="not yet")
        )
    return [section("How far a confidence can be believed", made)]


def _origin(each: RememberedTrade) -> Text:
    return Text.assemble(short(each.trade_id), " ", short(each.decision_id), " ", words(each.record_digest[:12], DIM))


def audit(view: AuditView) -> RenderableType:
    """``sage audit verify``."""
    title, end = heading("Ledger", moment(view.as_of).plain), Text.assemble(("head ", DIM), words(view.head, DIM))
    if not view.ok:
        return screen(title, lines(words(NOT_WHOLE, BAD), *(words(each, BAD) for each in view.problems)), end)
    gaps = lines(*(words(f"· {each}") for each in view.not_proven))
    return screen(title, words(whole(view), GOOD), words(AGAINST), section(NOT_PROVEN, gaps), end)


def doctor(view: DoctorView) -> RenderableType:
    """``sage doctor``: every check, with the remedy where one is needed."""
    made = table("check", "state", "found")
    for each in view.checks:
        remedy = words(each.remedy, WAIT) if each.remedy else None
        made.add_row(words(each.name, BOLD), state(each.state, tight="look"), lines(words(each.detail), remedy))
    if not view.ok:
        told = Text("Not everything is in order: see above.", BAD)
    elif any(each.state is State.TIGHT for each in view.checks):
        told = Text("Nothing has failed; what is marked wants a look.", WAIT)
    else:
        told = Text("Everything is in order.", GOOD)
    return screen(heading("Doctor", moment(view.as_of).plain), made, told)


def _sentence(text: str) -> RenderableType:
    return Padding(words(readable(text), limit=_LONGEST_SENTENCE), (0, 0, 0, 2))


def _sources(view: ExplanationView) -> RenderableType:
    """Where each figure comes from; the symbol of the heading is not said again in every line."""
    made = table("figure", "value>", "source", "observed, UTC>")
    # A name is never cut, because it is to be looked up; what was read of a text is words, and goes on below.
    made.columns[0].no_wrap, made.columns[1].no_wrap = True, False
    for each in view.sources:
        made.add_row(
            words(each.ref.removesuffix(f"@{view.symbol}")),
            words(readable(each.figure)),
            words(each.source.replace("_", " "), DIM),
            moment(each.observed_at, DIM).plain.removesuffix(" UTC"),
        )
    return made
