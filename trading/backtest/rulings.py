"""What the gates said in a run, counted from their verdicts on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from domain.ids import leg_kind
from domain.record.canonical import restore
from domain.record.entries import LedgerEntry
from domain.verdicts import Evaluation, Outcome
from trading.backtest.experiment import GateTally, Stopped

DECIDED = frozenset({"entry", "exit"})
"""Legs that carry a decision out; a protective one follows from its entry."""


def judged(entries: Iterable[LedgerEntry]) -> GateTally:
    """The gates' last word on every order: an opinion before it is sent gives way to the answer that counted."""
    last: Mapping[tuple[str, str], Evaluation] = {
        (entry.body["intent"]["decision_id"], entry.body["intent"]["leg"]): restore(
            Evaluation, entry.body["evaluation"]
        )
        for entry in entries
        if leg_kind(entry.body["intent"]["leg"]) in DECIDED
    }
    outcomes = Counter(said.outcome for said in last.values())
    denied = [said for said in last.values() if said.outcome is Outcome.DENY]
    stops = Counter((each.gate, each.code) for said in denied for each in said.verdicts if each.outcome is Outcome.DENY)
    return GateTally(
        proposed=len(last),
        passed=outcomes[Outcome.PASS],
        reduced=outcomes[Outcome.REDUCE],
        unanswered=outcomes[Outcome.NEED_APPROVAL],
        refused=len(denied),
        by_gate=tuple(
            Stopped(*stop, count) for stop, count in sorted(stops.items(), key=lambda one: (-one[1], one[0]))
        ),
    )
