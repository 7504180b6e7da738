"""After the trades: each closed one is reviewed once, its lesson and everybody's calibration go on record.

    settled trades -> memory -> [per new closed trade: record -> review -> LESSON] -> CALIBRATION -> proposals as files

A job, not a node: nothing waits for it, and what it writes no prompt reads. It may run at any time and as often as
anybody likes; a trade that has its lesson is left alone, and a run that was cut off is finished by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from agents.learner import ClosedCase, Targets, cited_evidence, review
from agents.llm import NoAnswer, reason_of
from domain.decisions import Decision
from domain.errors import OversightError
from domain.evidence import Evidence
from domain.ids import CycleId, derive
from domain.record.canonical import plain, restore
from domain.record.entries import RecordKind
from graphs.deps import CycleDeps
from graphs.nodes.outcome import remember_settled
from graphs.record import record_of, record_once
from memory.calibration import Calibration, calibration_of
from memory.lessons import lesson_of
from memory.proposals import proposals_of, write_proposals
from memory.rebuild import settled
from memory.recall import TradeRecord
from memory.reviews import CALIBRATED, LearnedTrade, ReviewSubject, calibration_at, forecasts_in, forecasts_of, learned
from policies.limits import LIMITS
from prompts.loader import NAMES
from tools.tool import figure
from trading.strategies.registry import STRATEGY_NAMES

TARGETS: Targets = {
    ReviewSubject.PROMPT: frozenset(NAMES),
    ReviewSubject.POLICY: frozenset(limit.name for limit in LIMITS),
    ReviewSubject.STRATEGY: frozenset(STRATEGY_NAMES),
}


@dataclass(frozen=True, slots=True)
class Learned:
    """What one run added: trades with a lesson, ids of proposals that are new or have grown, and what stood in the way.

    ``waiting`` trades have none yet: the budget of the day was spent, or a record cannot be read.
    """

    as_of: datetime
    trades: tuple[str, ...]
    by_code: int
    waiting: int
    proposals: tuple[str, ...]
    calibration: Calibration
    problems: tuple[str, ...]


def learn(deps: CycleDeps, as_of: datetime) -> Learned:
    """Learn from every trade that had closed at ``as_of`` and has no lesson; never raises for a model that fails."""
    problems = list(remember_settled(deps))
    new = untaught(deps, as_of)
    made: list[LearnedTrade] = []
    for record in new:
        try:
            made.append(taught(deps, record, as_of))
        except NoAnswer as error:  # the budget of the day: the rest is for another day
            problems.append(f"learner: {reason_of(error)}, {len(new) - len(made)} trades wait")
            break
        except OversightError as error:
            problems.append(f"learner: {record.trade.trade_id}: {error}")
    lessons = learned(deps.stores.ledger, as_of=as_of)
    return Learned(
        as_of=as_of,
        trades=tuple(each.lesson.trade_id for each in made),
        by_code=sum(each.review.source == "code" for each in made),
        waiting=len(new) - len(made),
        proposals=proposed(deps, lessons, problems),
        calibration=calibrated(deps, lessons, as_of),
        problems=tuple(problems),
    )


def untaught(deps: CycleDeps, as_of: datetime) -> tuple[TradeRecord, ...]:
    """Trades that had closed and were on record at ``as_of``, with a situation and without a lesson, by their close."""
    taught_already = {entry.subject for entry in deps.stores.ledger.entries(kind=RecordKind.LESSON)}
    # Inclusive: a trade is visible from its close on (I-62).
    found = (each for each in settled(deps.stores.ledger, known=taught_already) if each.trade.closed_at <= as_of)
    return tuple(sorted(found, key=lambda each: (each.trade.closed_at, each.trade.trade_id)))


def taught(deps: CycleDeps, record: TradeRecord, as_of: datetime) -> LearnedTrade:
    """The lesson of one trade, on record; the one that is there already where another run was faster."""
    ledger, day = deps.stores.ledger, learning_id(as_of)
    case = case_of(deps, record)
    # Before the transaction: no lock on the database is held while a model thinks.
    made = review(deps.asker, day, case, TARGETS)
    lesson = LearnedTrade(
        lesson=case.lesson,
        closed_at=record.trade.closed_at,
        decision_id=record.trade.decision_id,
        cycle_id=record.cycle_id,
        record_digest=record.digest,
        review=made,
        forecasts=forecasts_of(case.record.decision, record, case.lesson.result),
        evidence=cited_evidence(case, made),
    )
    subject = record.trade.trade_id
    with deps.stores.database.transaction():  # asked and written as one: two runs at once write one lesson
        known = ledger.entries(subject=subject, kind=RecordKind.LESSON)
        if known:
            return restore(LearnedTrade, known[0].body)
        for call in deps.stores.calls.of_cycle(day):
            if call.subject == subject:
                record_once(ledger, RecordKind.MODEL_CALL, call.call_id, call, at=call.at, cycle_id=day)
        ledger.append(RecordKind.LESSON, subject, lesson, at=as_of, cycle_id=day, cause=record.trade.decision_id)
    return lesson


def case_of(deps: CycleDeps, record: TradeRecord) -> ClosedCase:
    """Everything on record about a closed trade, as it stood when it closed."""
    entries = deps.stores.ledger.entries(subject=record.trade.decision_id, kind=RecordKind.DECISION)
    decision = restore(Decision, entries[0].body)  # its situation was read from there, so there is one
    lesson = lesson_of(record.trade, record.situation)
    return ClosedCase(record_of(deps.stores, decision), record.trade, lesson, tuple(similar(deps, record)))


def similar(deps: CycleDeps, record: TradeRecord) -> Iterator[Evidence]:
    """What trades like this one had brought when it closed, itself among them."""
    if deps.memory is None:
        return
    recall = deps.memory.recall(record.situation, as_of=record.trade.closed_at)
    figures = (
        ("memory.trades", recall.count, "count"),
        ("memory.win_rate", recall.win_rate, "ratio"),
        ("memory.mean_pnl_pct", recall.mean_pnl_pct, "pct"),
    )
    for name, value, unit in figures:
        yield figure(name, value, unit, source="memory", at=record.trade.closed_at, symbol=record.situation.symbol)


def calibrated(deps: CycleDeps, lessons: Iterable[LearnedTrade], as_of: datetime) -> Calibration:
    """Every role's tally over these lessons, on record where it is not what was known."""
    found = calibration_of(forecasts_in(lessons))
    with deps.stores.database.transaction():
        # a run that learned nothing new leaves no trace
        if plain(calibration_at(deps.stores.ledger, as_of)) != plain(found):
            deps.stores.ledger.append(RecordKind.CALIBRATION, CALIBRATED, found, at=as_of, cycle_id=learning_id(as_of))
    # It keeps what it read last, and would go on telling it.
    if deps.calibration is not None:
        deps.calibration.forget()
    return found


def proposed(deps: CycleDeps, lessons: Iterable[LearnedTrade], problems: list[str]) -> tuple[str, ...]:
    """Proposals as files, where a folder for them is configured."""
    if deps.proposals is None:
        return ()
    try:
        return write_proposals(deps.proposals, proposals_of(lessons))
    except OversightError as error:
        problems.append(f"proposals: {error}")
        return ()


def learning_id(as_of: datetime) -> CycleId:
    """The id of a day's learning: one budget of model calls a day, however often it runs."""
    return CycleId(derive("learn", as_of.date()))
