"""What a recorded case carries: evidence in short lines, and the values that a role is given, as plain JSON.

    ["rsi14@NIMBO", "54.2", "points", 7200]      reference, value, unit, age in seconds at the case's ``as_of``

Nothing is computed from bars here, so that a change of signals or strategies leaves every question as it was asked. A
question changes with its prompt, its schema or the way evidence is shown, and then its recordings are stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from agents.learner import ClosedCase
from agents.record import Record
from domain.case import Control, MarketView
from domain.clock import parse_time
from domain.context.observation import Observation
from domain.decisions import Decision
from domain.evidence import Evidence, EvidenceSet, gather
from domain.ids import CycleId
from domain.record.canonical import plain, restore
from domain.record.entries import ClosedTrade
from domain.verdicts import Evaluation
from evals.stage.world import CONTROL, World
from memory.lessons import Lesson
from tools.plan import plan_evidence

CYCLE = CycleId("cyc-case")
SOURCE = "case"
Inputs = Mapping[str, Any]


def moment(inputs: Inputs) -> datetime:
    """The case's ``as_of``."""
    return parse_time(inputs["as_of"])


def items_of(lines: Iterable[Sequence[Any]], as_of: datetime) -> tuple[Evidence, ...]:
    """The figures again; each could be known since it was observed."""
    return tuple(_item(*line, as_of=as_of) for line in lines)


def _item(ref: str, value: Any, unit: str, age_s: int, *, as_of: datetime) -> Evidence:
    at = plain(as_of - timedelta(seconds=age_s))
    symbol = ref.partition("@")[2] or None
    told = {"ref": ref, "value": value, "unit": unit, "source": SOURCE, "observed_at": at, "available_at": at}
    return restore(Evidence, {**told, "symbol": symbol})


def evidence_of(inputs: Inputs) -> EvidenceSet:
    """All evidence of a case."""
    as_of = moment(inputs)
    return gather(CYCLE, as_of, items_of(inputs["evidence"], as_of))


def record_of(inputs: Inputs) -> Record:
    """The decision of a case with what the gates said."""
    decision = restore(Decision, inputs["decision"])
    said = inputs.get("evaluation")
    return Record(
        decision=decision,
        evidence=evidence_of(inputs),
        plan=plan_evidence(decision.candidate, as_of=moment(inputs)),
        evaluation=None if said is None else restore(Evaluation, said),
    )


def closed_of(inputs: Inputs) -> ClosedCase:
    """A closed trade before the learner."""
    trade, lesson = restore(ClosedTrade, inputs["trade"]), restore(Lesson, inputs["lesson"])
    return ClosedCase(record_of(inputs), trade, lesson, items_of(inputs["similar"], trade.closed_at))


def observation_of(inputs: Inputs) -> Observation:
    """A look at the whole, as far as the monitor asks for it."""
    as_of = moment(inputs)
    control = restore(Control, {**plain(CONTROL), **inputs["control"]})
    market = MarketView(as_of, "XNYS", None, {})
    return Observation(evidence_of(inputs), (), (), market, World().book, control, tuple(inputs["missing"]))
