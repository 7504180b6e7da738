"""Memory from the ledger: a closed trade names the decision that opened it, the decision what it was made in.

DECISION      {...the decision, "situation": {...}}      written by ``decision_body`` when it is taken
TRADE_CLOSED  {...the trade, "decision_id": "dec-..."}   written when its last share is sold
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from domain.decisions import Decision
from domain.ports import Ledger
from domain.record.canonical import restore
from domain.record.entries import ClosedTrade, RecordKind
from domain.signals import CompositeSignal
from memory.recall import TradeRecord
from memory.situation import Situation, situation_of
from memory.trades import TradeMemory

SITUATION = "situation"
_FIELDS = tuple(field.name for field in fields(Decision))
_values = attrgetter(*_FIELDS)


def decision_body(decision: Decision, signals: Iterable[CompositeSignal]) -> dict[str, Any]:
    """What to put on record of a decision: itself, and under ``situation`` what the signals said of its symbol."""
    candidate = decision.candidate
    signal = next((each for each in signals if each.symbol == candidate.symbol), None)
    known = None if signal is None else situation_of(signal, strategy=candidate.strategy, side=candidate.side)
    return {**dict(zip(_FIELDS, _values(decision), strict=True)), SITUATION: known}


def rebuild(ledger: Ledger, memory: TradeMemory) -> int:
    """Forget everything and remember it again; returns how many trades there are now.

    The ledger is read whole before anything is forgotten, so that one that cannot be read costs nothing.
    """
    records = settled(ledger)
    memory.clear()
    return memory.remember_all(records)


def catch_up(ledger: Ledger, memory: TradeMemory) -> int:
    """Remember what the ledger knows and the memory does not yet; returns how many trades were new.

    A cycle that crashed, or that found the memory in other hands, leaves nothing to mend but this.
    """
    return memory.remember_all(settled(ledger, known=memory.remembered()))


def settled(ledger: Ledger, *, known: Collection[str] = ()) -> tuple[TradeRecord, ...]:
    """Closed trades with what they were decided on, but for the ``known`` ones; DataQualityError for unreadable ones.

    A trade without a situation on record, as by hand, teaches nothing about signals and is left out.
    """
    entries = ledger.entries(kind=RecordKind.TRADE_CLOSED)
    trades = [(restore(ClosedTrade, each.body), each.cycle_id) for each in entries if each.subject not in known]
    told = ((trade, situation_on_record(ledger, trade.decision_id), cycle) for trade, cycle in trades)
    return tuple(TradeRecord(trade, situation, cycle) for trade, situation, cycle in told if situation is not None)


def situation_on_record(ledger: Ledger, decision_id: str) -> Situation | None:
    """The situation a decision was made in, or None where the ledger has none."""
    entries = ledger.entries(subject=decision_id, kind=RecordKind.DECISION)
    # The first on record: a decision is written once, and what somebody appends later does not change what it was made
    # in.
    known = next((each.body[SITUATION] for each in entries if each.body.get(SITUATION) is not None), None)
    return None if known is None else restore(Situation, known)
