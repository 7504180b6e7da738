"""A record to make claims about, and what the checker finds in a sentence about it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from agents.claims.check import faults
from agents.record import Record, facts
from domain.decisions import Action, Decision
from domain.ids import DecisionId
from domain.money import ZERO
from domain.verdicts import Evaluation, Outcome, Verdict
from tests.builders.agents import AT, CYCLE, a_candidate, a_figure, a_plan, an_advice, an_evidence_set, an_inspection

SPREAD = Verdict("E7", "SPREAD_TOO_WIDE", Outcome.DENY, Decimal("0.5"), Decimal("0.59"), Decimal("-0.09"))
MODE = Verdict("A2", "NOTIONAL_NEEDS_APPROVAL", Outcome.NEED_APPROVAL, Decimal(4000), Decimal(4061), Decimal(-61))


def a_claimed_record(*, outcome: Outcome | None = Outcome.PASS, **changed: Any) -> Record:
    """Forty ACME, taken as proposed; the gates let it pass unless told otherwise."""
    evidence = an_evidence_set(a_figure("ret5", Decimal("-7.2467"), "pct"), a_figure("sma20", Decimal("99.1"), "USD"))
    decision = Decision(
        decision_id=DecisionId("dec-acme"),
        cycle_id=CYCLE,
        candidate=a_candidate(),
        action=Action.TAKE,
        qty=Decimal(40),
        stop_loss=Decimal("96.5"),
        needs_approval=False,
        reasons=(),
        codes=(),
        cited=tuple(evidence.items),
        evidence_digest=evidence.digest,
        decided_at=AT,
        source="test",
        advice=an_advice(),
        inspection=an_inspection(),
    )
    verdicts = {Outcome.DENY: (SPREAD,), Outcome.NEED_APPROVAL: (MODE,)}.get(outcome or Outcome.PASS, ())
    left = ZERO if outcome is Outcome.DENY else Decimal(40)
    judged = None if outcome is None else Evaluation(outcome, left, (), verdicts, "policy")
    return Record(replace(decision, **changed), evidence, a_plan(), judged)


def kinds(sentence: str, record: Record | None = None) -> list[str]:
    record = record or a_claimed_record()
    known = {**{str(ref): item for ref, item in record.evidence.items.items()}, **facts(record)}
    return [fault.kind for fault in faults([sentence], record, known)]
