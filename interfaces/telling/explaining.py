"""Explaining anything that has an id, before and after: a projection of stored records, with every model away."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import islice
from operator import attrgetter

from agents.explainer import template
from agents.record import Record
from domain.decisions import Decision, Explanation, Phase, Statement
from domain.errors import UsageError
from domain.evidence import Evidence
from domain.ids import ClientOrderId, Ref
from domain.market import Symbol
from domain.money import CENT, HUNDRED, ZERO, cents, decimal_of
from domain.orders import Fill, Side
from domain.record.canonical import restore
from domain.record.entries import ClosedTrade, LedgerEntry, RecordKind
from domain.record.rendering import refs_in
from graphs.record import record_of
from interfaces.runtime import Runtime
from interfaces.telling.gates.cuts import Course, course_before, course_of, retold
from interfaces.telling.looking import last_report
from interfaces.telling.naming import nearest_symbol
from interfaces.telling.reporting import Known, explanation_view, explanations_of, known_of, source_view
from interfaces.views.cycles import ExplainView, ExplanationView
from memory.lessons import figures as trade_figures
from memory.reviews import LearnedTrade

LAST = "last"
_OF_GATES = re.compile(r"gate\..+\.(limit|value)@.+")
MOST_LEARNED = 3
"""So many sentences of a review are told; `sage memory recall` has them all."""


def explain(runtime: Runtime, name: str, phase: Phase | None) -> ExplainView:
    """What is on record about a candidate, decision, request, order, trade, cycle, symbol, or the last cycle."""
    found = decisions_for(runtime, name)
    if not found:
        if name == LAST:
            raise UsageError("nothing was decided yet", "Run `sage cycle`.")
        if runtime.deps.stores.orders.get(ClientOrderId(name)) is not None:
            raise UsageError(f"{name} was no decision of the agents", f"See `sage whynot {name}` and `sage trades`.")
        near = nearest_symbol(runtime.deps.market, name)
        raise UsageError(f"nothing called {name} is on record{near}", "Take an id from `sage orders`, or write `last`.")
    views = tuple(view for decision in found for view in views_of(runtime, decision, phase))
    return ExplainView(runtime.deps.clock.now(), name, views)


def views_of(runtime: Runtime, decision: Decision, phase: Phase | None) -> tuple[ExplanationView, ...]:
    """The stored words from before, and what became of it, told by the template from today's records.

    In both the cuts stand in words (``cuts``), whoever wrote the rest.
    """
    before = _before(runtime, decision)
    after, known = _after(runtime, decision)
    told = {Phase.BEFORE: (before,), Phase.AFTER: ((after, known),), None: (before, (after, known))}[phase]
    return tuple(_view(explanation, figures) for explanation, figures in told)


def became(runtime: Runtime, name: str) -> ExplanationView | None:
    """Only what came after a decision: its order, its fills, what they brought; None where nothing was decided."""
    decision = next(iter(decisions_for(runtime, name)), None)
    if decision is None:
        return None
    record = record_of(runtime.deps.stores, decision)
    undone = replace(record, order=None, fills=())
    opinion = course_of(runtime, record).opinion
    before = retold(template(undone, Phase.BEFORE), undone, Course(opinion)).statements
    after, known = _after(runtime, decision)
    return _view(replace(after, statements=tuple(each for each in after.statements if each not in before)), known)


def _before(runtime: Runtime, decision: Decision) -> tuple[Explanation, Known]:
    """The newest words from before it was sent, when nobody knew what would become of it."""
    stored = explanations_of(runtime, decision, Phase.BEFORE)
    if stored:
        explanation, record = stored[-1]
    else:  # nothing was written, so the template tells it from the record
        record = replace(record_of(runtime.deps.stores, decision), order=None, fills=())
        explanation = template(record, Phase.BEFORE)
    return retold(explanation, record, course_before(record)), known_of(record)


def _after(runtime: Runtime, decision: Decision) -> tuple[Explanation, Known]:
    """What became of it up to now."""
    record = record_of(runtime.deps.stores, decision)
    known = known_of(record)
    done = retold(template(record, Phase.AFTER), record, course_of(runtime, record))
    came, more = outcome(runtime, record, known)
    return replace(done, statements=(*done.statements, *came)), {**known, **more}


def _view(explanation: Explanation, known: Known) -> ExplanationView:
    """For people; the figures of the gates that objected stand among the sources, as the cuts speak of them."""
    cited = (ref for statement in explanation.statements for ref in refs_in(statement.text))
    gates = (ref for ref in sorted(known) if _OF_GATES.fullmatch(ref))
    shown = {ref: _readable(known[ref]) for ref in dict.fromkeys((*cited, *gates)) if ref in known}
    view = explanation_view(explanation, shown)
    return replace(view, sources=tuple(map(source_view, shown.values())))


def _readable(item: Evidence) -> Evidence:
    """The same figure: words without underscores, the price of fills and less than a cent in four places.

    115 shares planned at 37.34 and filled at 37.3545 are 1.67 worse; at 37.35 they would be 1.15 worse.
    """
    value = item.value
    if isinstance(value, str) and value.islower() and "_" in value:
        return replace(item, value=value.replace("_", " "))
    if not isinstance(value, Decimal) or item.unit != "USD":
        return item
    if item.ref.startswith("fill.price@") or ZERO < abs(value) < CENT:
        fine = f"{value:,.4f}"
        return replace(item, value=f"{fine.removesuffix('00')} USD", unit="text")
    return item


Told = tuple[tuple[Statement, ...], Mapping[str, Evidence]]
"""Sentences, and the figures that they show besides those of the record."""


def outcome(runtime: Runtime, record: Record, known: Known) -> Told:
    """Fill against plan, what the round trip brought and by what, and what was learned of it."""
    symbol, planned = record.decision.candidate.symbol, known.get(f"plan.entry@{record.decision.candidate.symbol}")
    price = planned.value if planned is not None and isinstance(planned.value, Decimal) else None
    parts: list[Told] = []
    if record.fills and price:
        parts.append(filled_away(record.fills, price, symbol))
    trade = closed_by(runtime, record)
    if trade is not None:
        own = trade.decision_id == record.decision.decision_id
        parts += [brought(trade, price if own else None), taught(runtime, trade)]
    elif record.fills and any(
        each.decision_id == record.decision.decision_id for each in runtime.deps.stores.trades.all_open().values()
    ):
        parts.append(
            ((Statement("What it bought or sold is still held: nothing is learned before it is closed."),), {})
        )
    return tuple(one for told, _ in parts for one in told), dict(ChainMap(*(dict(more) for _, more in parts)))


def filled_away(fills: Sequence[Fill], planned: Decimal, symbol: Symbol) -> Told:
    """Slippage: planned at 133.00 and 46 bought at 133.10 on average is 4.60 worse, 0.0752 %."""
    qty = sum((each.qty for each in fills), ZERO)
    average = sum((each.qty * each.price for each in fills), ZERO) / qty
    worse, at = (average - planned) * fills[0].side.sign, fills[-1].at
    figures = {"slippage": (worse * qty, "USD"), "slippage_pct": (round(worse / planned * HUNDRED, 4), "pct")}
    text = (
        f"Planned at {{plan.entry@{symbol}}} and filled at {{fill.price@{symbol}}}: slippage "
        f"{{slippage@{symbol}}}, {{slippage_pct@{symbol}}}, where more than nothing is worse."
    )
    return (Statement(text, "high"),), made_here(figures, symbol, at, "fills against plan")


def brought(trade: ClosedTrade, planned: Decimal | None) -> Told:
    """What a round trip brought, split: price from plan to exit, less slippage at the entry, less fees.

    Bought 46 planned at 133.00, filled at 133.10, sold at 135.00 with fees of 2.00: 92.00 - 4.60 - 2.00 = 85.40. What
    rounding to cents leaves over is with the price, so that the parts as they are shown add up to the whole.
    """
    entry, end, qty = decimal_of(trade.entry_price), decimal_of(trade.exit_price), abs(decimal_of(trade.qty))
    sign, pnl, symbol = (-1 if trade.side == Side.SELL else 1), decimal_of(trade.pnl), Symbol(trade.symbol)
    begin = entry if planned is None else planned
    slippage, fees = cents((entry - begin) * qty * sign), cents((end - entry) * qty * sign - pnl)
    figures = {
        "trade.move": (cents(pnl) + slippage + fees, "USD"),
        "trade.slippage": (slippage, "USD"),
        "trade.fees": (fees, "USD"),
    }
    ended = re.sub(r"[^a-z ]", "", trade.exit_reason.lower().replace("_", " "))
    slipped = "" if planned is None else f"slippage of {{trade.slippage@{symbol}}} at the entry and "
    text = (
        f"The round trip brought {{trade.pnl@{symbol}}}, {{trade.pnl_pct@{symbol}}}: {{trade.move@{symbol}}} by the "
        f"price, less {slipped}fees of {{trade.fees@{symbol}}}. It was ended by: {ended or 'nothing on record'}."
    )
    known = {str(item.ref): item for item in trade_figures(trade)}
    return (Statement(text, "high"),), known | made_here(figures, symbol, trade.closed_at, f"trade {trade.trade_id}")


def taught(runtime: Runtime, trade: ClosedTrade) -> Told:
    """What memory has learned of a trade by now."""
    now, ledger = runtime.deps.clock.now(), runtime.deps.stores.ledger
    lessons = ledger.entries(subject=trade.trade_id, kind=RecordKind.LESSON)
    newest = next((restore(LearnedTrade, each.body) for each in reversed(lessons) if each.at <= now), None)
    if newest is None:
        return (Statement("Nothing has been learned of it yet."),), {}
    finding = Statement(f"Learned: {newest.review.finding.replace('_', ' ')}.")
    said = dict.fromkeys((newest.lesson.statement, *newest.review.statements))
    known = {str(item.ref): item for item in (*newest.evidence, *trade_figures(trade))}
    return (finding, *islice(said, MOST_LEARNED)), known


def closed_by(runtime: Runtime, record: Record) -> ClosedTrade | None:
    """The round trip that a decision began, or whose last share it closed."""
    symbol, last = record.decision.candidate.symbol, max((each.at for each in record.fills), default=None)
    if last is None:
        return None
    closed = (restore(ClosedTrade, each.body) for each in runtime.deps.stores.ledger.backwards(RecordKind.TRADE_CLOSED))
    mine = (each for each in closed if each.symbol == symbol)
    return next(
        (each for each in mine if each.decision_id == record.decision.decision_id or each.closed_at == last), None
    )


def made_here(
    figures: Mapping[str, tuple[Decimal, str]], symbol: Symbol, at: datetime, source: str
) -> dict[str, Evidence]:
    """Figures that were worked out from the record."""
    refs = {name: Ref(f"{name}@{symbol}") for name in figures}
    made = (Evidence(refs[name], value, unit, source, at, at, symbol) for name, (value, unit) in figures.items())
    return {str(each.ref): each for each in made}


def decisions_for(runtime: Runtime, name: str) -> tuple[Decision, ...]:
    """The decisions an id stands for."""
    ledger = runtime.deps.stores.ledger
    if name == LAST:
        last = last_report(runtime)
        return decisions_in(ledger.entries(cycle_id=str(last["cycle_id"]), kind=RecordKind.DECISION)) if last else ()
    direct = ledger.entries(subject=name, kind=RecordKind.DECISION) or ledger.entries(
        cycle_id=name, kind=RecordKind.DECISION
    )
    if direct:
        return decisions_in(direct)
    caused = [
        entry
        for decision in causes_of(runtime, name)
        for entry in ledger.entries(subject=decision, kind=RecordKind.DECISION)
    ]
    if caused:
        return decisions_in(sorted(caused, key=attrgetter("seq")))
    # The newest of a symbol, or a candidate's only one: no id is as short as a symbol, so neither passes for the other.
    newest = (restore(Decision, entry.body) for entry in ledger.backwards(RecordKind.DECISION))
    meant = (each for each in newest if name == each.candidate.candidate_id or name.upper() == each.candidate.symbol)
    return tuple(islice(meant, 1))


def causes_of(runtime: Runtime, name: str) -> set[str]:
    """The decisions that led to an order, a trade or a request of that name."""
    stores = runtime.deps.stores
    order = stores.orders.get(ClientOrderId(name))
    request = stores.approvals.get(name)
    closed = stores.ledger.entries(subject=name, kind=RecordKind.TRADE_CLOSED)
    return {
        *((order.decision_id,) if order is not None else ()),
        *((request.decision_id,) if request is not None else ()),
        *(str(entry.body["decision_id"]) for entry in closed),
    }


def decisions_in(entries: Iterable[LedgerEntry]) -> tuple[Decision, ...]:
    """Decisions as they were stored."""
    return tuple(restore(Decision, entry.body) for entry in entries)
