"""What is on record: explanations, the last cycle, memory, timetable, health, the proof of the ledger."""

from __future__ import annotations

from domain.decisions import Phase
from domain.money import HUNDRED
from interfaces.telegram_bot.screens.pieces import (
    Piece,
    Screen,
    bold,
    code,
    dim,
    each,
    facts,
    lines,
    page,
    row,
    shown,
    signed,
    table,
    view_button,
    words,
)
from interfaces.telling.proving import AGAINST, NOT_WHOLE, whole
from interfaces.views.checks import AuditView, DoctorView
from interfaces.views.cycles import CycleReport, ExplainView, ExplanationView
from interfaces.views.duties import ScheduleView
from interfaces.views.memory import MemoryStatsView, RecallView
from interfaces.views.plain import counted, quantity, readable
from interfaces.views.state import State

_PHASE = {Phase.BEFORE: "why it was decided", Phase.AFTER: "what became of it"}
_MOST_DECISIONS, _MOST_SENTENCES = 4, 9
_STATES = {State.OK: "✓", State.TIGHT: "⚠", State.FAILED: "✗", State.UNKNOWN: "?", State.OFF: "–", State.IDLE: "–"}


def explain(view: ExplainView) -> Screen:
    """Every stored explanation of one thing; of a whole cycle the first few, and a button for each of the others."""
    if not view.explanations:
        return page("Explanation", words("Nothing is on record about it."), note=view.id)
    names = list(dict.fromkeys((one.symbol, one.decision_id) for one in view.explanations))
    told = [one for one in view.explanations if (one.symbol, one.decision_id) in names[:_MOST_DECISIONS]]
    phases = tuple(one for one in told if len(names) == 1 or one.phase is Phase.AFTER) or tuple(told)
    parts = [_explanation(one, _MOST_SENTENCES if len(names) == 1 else 4) for one in phases]
    over = len(names) - _MOST_DECISIONS
    more = [dim(f"and {counted(over, 'more decision')}")] if over > 0 else []
    buttons = [tuple(view_button(symbol, "explain", name) for symbol, name in names[at : at + 4]) for at in (0, 4)]
    if len(names) == 1:
        symbol, name = names[0]
        buttons = [(view_button("Why not more?", "whynot", name), view_button(f"📈 {symbol}", "chart", symbol))]
    return page("Explanation", *parts, *more, note=shown(view.as_of), buttons=tuple(filter(None, buttons)))


def _explanation(view: ExplanationView, most: int) -> Piece:
    head = row(bold(f"{view.symbol}: {_PHASE[view.phase]}"), dim(f"by {view.source}"))
    # What was known before begins with the thesis; of what became of it the end is the news.
    begins = most == _MOST_SENTENCES and view.phase is Phase.BEFORE
    shown_ones = view.statements[:most] if begins else view.statements[-most:]
    told = each(readable(text) for text in shown_ones)
    left = len(view.statements) - most
    refs = dim("from " + ", ".join(dict.fromkeys(one.ref for one in view.sources)), 160) if view.sources else words("")
    alone = most == _MOST_SENTENCES
    where = f"`sage explain {view.decision_id}` tells all" if alone else "ask about this decision alone"
    more = dim(f"and {counted(left, 'more sentence')}; {where}") if left > 0 else words("")
    return lines(*(part for part in (head, told, more, refs, code(view.decision_id)) if not part.empty))


def cycle(view: CycleReport) -> Screen:
    """What one cycle saw, said and did."""
    seen = [
        (one.symbol, "?" if one.price is None else f"{one.price:,.2f}", signed(one.day_pct, "%"))
        for one in view.seen[:10]
    ]
    decided = [(one.symbol, one.action.value, quantity(one.qty)) for one in view.decisions[:10]]
    sent = [f"{one.side.value} {quantity(one.qty)} {one.symbol}: {one.status.value}" for one in view.orders[:8]]
    spent = view.model_calls
    parts = [
        facts(
            ("as of", shown(view.as_of)), ("mode", view.mode.value), ("model", view.model),
            ("calls", f"{spent.count}, {spent.tokens_in + spent.tokens_out:,} tokens"),
            ("cost", f"{spent.cost_usd:.4f} USD"),
        ),
        *((table(seen, "lrr"),) if seen else ()),
        *((bold("Decided"), table(decided, "llr")) if decided else (words("Nothing to decide."),)),
        *((bold("Orders"), each(sent)) if sent else (words("No order was sent."),)),
        *((words(f"To be approved: {len(view.pending)}, see /pending."),) if view.pending else ()),
        *((words(f"⚠ {view.degraded}"),) if view.degraded else ()),
    ]  # fmt: skip
    buttons = ((view_button("Explain", "explain", "last"), view_button("Who said what", "agents")),)
    return page("Last cycle", *parts, note=view.cycle_id, buttons=buttons)


def agents(view: CycleReport) -> Screen:
    """Who said what in the last cycle, at what cost and in what time."""
    advice = [(one.symbol, one.stance.value, f"{one.confidence * HUNDRED:.0f}%", one.source) for one in view.advice[:8]]
    inspected = [(str(one.ruling.value), one.candidate_id) for one in view.inspections[:8]]
    symbols = {one.candidate_id: one.symbol for one in view.candidates}
    checked = [(symbols.get(name, name), ruling) for ruling, name in inspected]
    decided = [(one.symbol, one.action.value, one.source) for one in view.decisions[:8]]
    slowest = sorted(view.timings_ms.items(), key=lambda pair: -pair[1])[:6]
    spent = view.model_calls
    tokens = f"tokens {spent.tokens_in:,} in and {spent.tokens_out:,} out"
    parts = [
        *((bold("Advisor"), table(advice, "llrl")) if advice else ()),
        *((bold("Inspector"), table(checked, "ll")) if checked else ()),
        *((bold("Decider"), table(decided, "lll")) if decided else ()),
        bold("Time and cost"),
        table([(name, f"{ms:,} ms") for name, ms in slowest], "lr"),
        words(f"{counted(spent.count, 'model call')}, {tokens}, {spent.cost_usd:.4f} USD"),
    ]
    return page("Agents", *parts, note=f"{view.model}, {shown(view.as_of)}",
                buttons=((view_button("Explain", "explain", "last"), view_button("Status", "status")),))  # fmt: skip


def schedule(view: ScheduleView) -> Screen:
    """The next runs, the newest that were, and who is at work."""
    coming = [(f"{one.at:%m-%d %H:%M}", one.job, one.rule) for one in view.next[:10]]
    past = [(f"{one.due_at:%m-%d %H:%M}", one.job, one.state) for one in view.runs[:6]]
    alive = [f"{one.process}: {one.doing}" for one in view.services if one.alive]
    parts = [
        *((table(coming, "lll"),) if coming else (words("Nothing is due."),)),
        *((bold("Before"), table(past, "lll")) if past else ()),
        each(alive[:3]) if alive else words("No service runs by the schedule: sage run starts one."),
    ]
    return page(
        "Schedule", *parts, note=shown(view.as_of), buttons=((view_button("↻ Refresh", "schedule", here=True),),)
    )


def recalled(view: RecallView) -> Screen:
    """Trades most like the situation now, or like the words."""
    title = f"Memory of {view.symbol or view.compared_with}"
    if not view.trades:
        return page(title, words("None is remembered."), words(view.note), note=shown(view.as_of))
    rate = "?" if view.win_rate is None else f"{view.win_rate * HUNDRED:.0f} %"
    parts = [words(f"{view.wins} of {view.count} won; weighted {rate}, {signed(view.mean_pnl_pct, ' %')} a trade.")]
    for one in view.trades[:6]:
        like = f", like {one.distance:.2f}" if view.symbol else ""
        head = f"{one.symbol} {one.closed_at:%m-%d} {signed(one.pnl_pct, ' %')}{like}, weight {one.weight:.2f}"
        parts.append(lines(bold(head), words(one.lesson, 200)))
    explains = tuple(view_button(f"Why {one.symbol} {one.closed_at:%m-%d}", "explain", one.decision_id)
                     for one in view.trades[:3])  # fmt: skip
    return page(title, *parts, *(words(view.note),) * bool(view.note), note=shown(view.as_of), buttons=(explains,))


def lessons(view: MemoryStatsView) -> Screen:
    """What is remembered and what was learned of it."""
    told = facts(
        ("trades", f"{view.trades:,}"), ("lessons", f"{view.lessons:,}"), ("by", view.embedding),
        ("symbols", ", ".join(f"{name} {count}" for name, count in list(view.symbols.items())[:4]) or "none"),
    )  # fmt: skip
    proven = [(one.role, f"{one.outcomes}", "yes" if one.proven else "not yet") for one in view.calibration[:8]]
    parts = [told, *((bold("Can be believed"), table(proven, "lrl")) if proven else ())]
    return page("Lessons", *parts, *(words(view.note),) * bool(view.note), note=shown(view.as_of))


SOURCES = ("broker ", "market ")
"""What these checks are called before their own name: of them the age counts."""


def health(view: DoctorView) -> Screen:
    """Every part; those that want a look come first."""
    wrong = [one for one in view.checks if one.state in (State.FAILED, State.TIGHT, State.UNKNOWN)]
    fine = [one for one in view.checks if one not in wrong and one.state is not State.OFF]
    told = [words(f"{_STATES[one.state]} {one.name}: {one.detail} {one.remedy}", 220) for one in wrong[:10]]
    title = "🟢 Health" if view.ok else "🔴 Health"
    sources = [one for one in fine if one.name.startswith(SOURCES)]
    aged = [words(f"✓ {one.name}: {one.detail}", 120) for one in sources]
    rest = words("✓ " + ", ".join(dict.fromkeys(one.name for one in fine if one not in sources)), 400)
    return page(
        title, *told, *aged, rest, note=shown(view.as_of), buttons=((view_button("↻ Refresh", "health", here=True),),)
    )


def audit(view: AuditView) -> Screen:
    """Whether the chain of records holds, and whether the tables agree with it."""
    if view.ok:
        told: tuple[Piece, ...] = (words(whole(view)), words(AGAINST))
    else:
        told = (bold(NOT_WHOLE), each(view.problems[:6]))
    return page("🟢 Ledger" if view.ok else "🔴 Ledger", *told, code(view.head), note=shown(view.as_of))
