"""What was learned: the memory of trades, its recall for one symbol, and the job that learns from closed ones.

The folder of the memory belongs to one process. While a service holds it, or after damage, the same questions are
answered from the ledger, which holds everything; the answer says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.decisions import Decision
from domain.errors import IntegrityError, ManualActionError, RetryableError, UsageError
from domain.ids import CycleId
from domain.market import Symbol
from domain.money import rounded
from domain.orders import Side
from domain.ports import Ledger
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from domain.record.rendering import render
from domain.signals import Regime
from graphs.learning import learn
from interfaces.runtime import Runtime
from interfaces.views.checks import MemoryView
from interfaces.views.memory import LearnView, MemoryStatsView, RecallView, RememberedTrade, TallyRow
from memory.calibration import Calibration
from memory.embedding import EMBEDDING
from memory.index import ProcessIndex
from memory.lesson_texts import MOST_TEXTS, TextEmbedder, nearest_lessons, words_of
from memory.lessons import figures
from memory.rebuild import rebuild, settled
from memory.recall import Recall, SimilarTrade
from memory.reviews import LearnedTrade, calibration_at, learned
from memory.situation import Situation, situation_of
from memory.trades import TradeMemory

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rebuild_memory(runtime: Runtime) -> MemoryView:
    """Make the memory of trades anew from the ledger."""
    memory = _configured(runtime)
    return MemoryView(runtime.deps.clock.now(), rebuild(runtime.deps.stores.ledger, memory), memory.place)


def learn_now(runtime: Runtime) -> LearnView:
    """Learn from every closed trade that has no lesson yet."""
    found = learn(runtime.deps, runtime.deps.clock.now())
    return LearnView(
        as_of=found.as_of,
        trades=found.trades,
        by_code=found.by_code,
        waiting=found.waiting,
        proposals=found.proposals,
        place="" if runtime.deps.proposals is None else str(runtime.deps.proposals),
        calibration=tallies(found.calibration),
        problems=found.problems,
    )


def stats(runtime: Runtime) -> MemoryStatsView:
    """What is remembered, and how far it can be believed."""
    now, ledger = runtime.deps.clock.now(), runtime.deps.stores.ledger
    memory, note = _at_hand(runtime)
    table = memory.table()
    times = [_EPOCH + timedelta(microseconds=int(moment)) for moment in table.closed[[0, -1]]] if table.ids else []
    return MemoryStatsView(
        as_of=now,
        place=memory.place,
        embedding=EMBEDDING.version,
        width=EMBEDDING.width,
        trades=len(table.ids),
        oldest=times[0] if times else None,
        newest=times[-1] if times else None,
        symbols=dict(Counter(table.symbols.tolist()).most_common()),
        regimes=dict(Counter(table.regimes.tolist()).most_common()),
        lessons=len(learned(ledger, as_of=now)),
        calibration=tallies(calibration_at(ledger, now)),
        note=note,
    )


def recall_words(runtime: Runtime, words: Sequence[str], limit: int) -> RecallView:
    """Recall by words as people write them: a symbol first, or none; words that name no symbol are looked for as words.

    Where the market lists no symbols, one is known by its capitals.
    """
    first, known = words[0], {*runtime.deps.market.symbols(), *map(Symbol, stats(runtime).symbols)}
    if first.upper() in known or (not known and first.isupper()):
        return recall(runtime, Symbol(first.upper()), None, limit, " ".join(words[1:]))
    return recall(runtime, None, None, limit, " ".join(words))


def recall(runtime: Runtime, symbol: Symbol | None, regime: Regime | None, limit: int, like: str = "") -> RecallView:
    """The trades of a symbol most like its situation now, as far as that is known; else like its last trade's.

    Where ``like`` is given they are those whose lessons say most what it says, of every symbol where none is named;
    without an embedder those in whose lessons and theses its words stand, newest first.
    """
    now = runtime.deps.clock.now()
    memory, note = _at_hand(runtime)
    lessons = learned(runtime.deps.stores.ledger, as_of=now)
    if like and runtime.deps.texts is not None:
        meant = [
            each for each in lessons if symbol in (None, each.lesson.symbol) and regime in (None, each.lesson.regime)
        ]
        found, compared_with = by_words(runtime.deps.texts, memory, like, meant, limit, now)
    elif like:
        found, compared_with = as_written(runtime, memory, like, lessons, now), f"the words {like}"
        fits = (each for each in found.nearest if symbol in (None, each.record.situation.symbol))
        found = replace(found, nearest=tuple(each for each in fits if regime in (None, each.lesson.regime))[:limit])
    elif symbol is None:
        raise UsageError("name a symbol, or words", "`sage memory recall NIMBO`, or --like 'stopped early'.")
    else:
        situation, compared_with = _situation(runtime, memory, symbol, now)
        found = (
            Recall()
            if situation is None
            else memory.recall(situation, as_of=now, symbol=symbol, regime=regime, limit=limit)
        )
    taught = {each.lesson.trade_id: each for each in lessons}
    return RecallView(
        as_of=now,
        symbol=symbol,
        regime=regime,
        compared_with=compared_with,
        count=found.count or 0,
        wins=found.wins or 0,
        support=found.support or Decimal(0),
        win_rate=found.win_rate,
        mean_pnl_pct=found.mean_pnl_pct,
        trades=tuple(_told(each, taught.get(each.provenance.trade_id)) for each in found.nearest),
        note=note or found.missing,
    )


def as_written(
    runtime: Runtime, memory: TradeMemory, like: str, lessons: Sequence[LearnedTrade], now: datetime
) -> Recall:
    """The closed trades in whose lesson, review or thesis every one of these words stands, newest first."""
    ledger, wanted = runtime.deps.stores.ledger, like.casefold().split()
    closed = [each.subject for each in ledger.entries(kind=RecordKind.TRADE_CLOSED) if each.at <= now]
    taught = {each.lesson.trade_id: words_of(each) for each in lessons}
    found = memory.named(dict.fromkeys(closed[-MOST_TEXTS:], 0.0), as_of=now)

    def says(each: SimilarTrade) -> bool:
        lesson = render(each.lesson.statement, {str(item.ref): item for item in figures(each.record.trade)})
        told = (lesson, taught.get(each.provenance.trade_id, ""), *thesis(ledger, each.provenance.decision_id))
        text = " ".join(told).casefold()
        return all(word in text for word in wanted)

    newest = sorted(found.nearest, key=lambda each: each.provenance.known_since, reverse=True)
    return replace(found, nearest=tuple(filter(says, newest)))


def thesis(ledger: Ledger, decision: str) -> tuple[str, ...]:
    """What was said for and against a trade when it was decided, with its references unread."""
    entries = ledger.entries(subject=decision, kind=RecordKind.DECISION)[:1]
    decisions = [restore(Decision, entry.body) for entry in entries]
    advised = [each.advice for each in decisions if each.advice is not None]
    said = (*(one for each in advised for one in (*each.bull, *each.bear)), *(r for d in decisions for r in d.reasons))
    return (*(each.candidate.strategy.replace("_", " ") for each in decisions), *(one.text for one in said))


def by_words(
    embedder: TextEmbedder, memory: TradeMemory, like: str, lessons: Sequence[LearnedTrade], limit: int, now: datetime
) -> tuple[Recall, str]:
    """The trades whose lessons are nearest in words, and which model said so."""
    near = nearest_lessons(embedder, like, lessons, limit)
    away = {each.lesson.lesson.trade_id: each.distance for each in near}
    return memory.named(away, as_of=now), f"these words, by {embedder.name}"


def tallies(calibration: Calibration) -> tuple[TallyRow, ...]:
    """A calibration for people: three significant digits are enough."""
    return tuple(
        TallyRow(
            each.role, each.model, each.count, _short(each.brier), _short(each.skill), _short(each.ece), each.proven
        )
        for each in calibration.tallies
    )


def _configured(runtime: Runtime) -> TradeMemory:
    if runtime.deps.memory is None:
        raise ManualActionError("no memory of trades is configured", "Start without turning it off.")
    return runtime.deps.memory


def _at_hand(runtime: Runtime) -> tuple[TradeMemory, str]:
    """The memory, or one made from the ledger in this process where it is out of reach, and why."""
    memory = _configured(runtime)
    try:
        memory.table()
    except (RetryableError, IntegrityError) as error:
        made = TradeMemory(ProcessIndex("the ledger"), half_life=memory.half_life)
        made.remember_all(settled(runtime.deps.stores.ledger))
        return made, f"answered from the ledger: {error}"
    return memory, ""


def _situation(runtime: Runtime, memory: TradeMemory, symbol: Symbol, now: datetime) -> tuple[Situation | None, str]:
    stores = runtime.deps.stores
    cycle = stores.cycles.last(runtime.setup.account_id, finished=True)
    seen = None if cycle is None else stores.observations.load(CycleId(cycle.cycle_id))
    # Asked as of an earlier moment, the newest cycle's look was not known yet.
    if seen is not None and seen.evidence.as_of <= now:
        signal = next((each for each in seen.signals if each.symbol == symbol), None)
        if signal is not None:
            side = Side.SELL if signal.direction < 0 else Side.BUY
            return situation_of(signal, strategy="", side=side), f"the signal of cycle {seen.evidence.cycle_id}"
    last = memory.newest(symbol, as_of=now)
    if last is not None:
        return last.situation, f"the situation of its last trade {last.trade.trade_id}"
    return None, "nothing: no cycle has looked at it and no trade of it is remembered"


def _told(similar: SimilarTrade, taught: LearnedTrade | None) -> RememberedTrade:
    origin, trade, situation = similar.provenance, similar.record.trade, similar.record.situation
    known = {str(item.ref): item for item in figures(trade)}
    cited = {} if taught is None else {str(item.ref): item for item in taught.evidence}
    statements = () if taught is None else taught.review.statements
    return RememberedTrade(
        trade_id=origin.trade_id,
        decision_id=origin.decision_id,
        cycle_id=origin.cycle_id,
        symbol=situation.symbol,
        closed_at=origin.known_since,
        strategy=situation.strategy,
        side=situation.side,
        regime=situation.regime,
        distance=similar.distance,
        pnl_pct=similar.pnl_pct,
        weight=similar.weight,
        contradicted=similar.contradicted,
        lesson=render(similar.lesson.statement, known),
        review=tuple(render(statement, known | cited) for statement in statements),
        source="" if taught is None else taught.review.source,
        record_digest=origin.digest,
        embedding=origin.embedding,
    )


def _short(figure: Decimal | None) -> Decimal | None:
    return None if figure is None else rounded(float(figure), 3)
