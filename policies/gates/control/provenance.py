"""A9 authority: an entry comes from somebody who may ask for one, and an entry of the agents names how it was made.

An order of the agents carries its cycle, its proposer, and the model and the prompt of advisor, inspector and decider;
the proposer is the strategy that the order names. A proposal of ``momentum`` under an order of ``news`` is refused. A
rule may only reduce; people are authorised before their order gets here.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.case import Case, Provenance
from domain.orders import Origin
from policies.codes import ReasonCode
from policies.gate import NO_OBJECTION, PASSED, Answer, Gate, Reads, Scope, denied
from policies.measures.worst_case import WorstCase

MANUAL = Origin.MANUAL
RULE = Origin.RULE
FLATTEN = Origin.FLATTEN
ROLES = ("advisor", "inspector", "decider")
"""Whoever shapes the order; a role that only reads or explains leaves no mark on it."""


@dataclass(frozen=True, slots=True)
class ProvenanceLimits:
    """``require_provenance`` False asks for nothing."""

    require_provenance: bool


def check(case: Case, worst: WorstCase, limits: ProvenanceLimits) -> Answer:
    """DENY an order without a complete record, and one that its origin has no authority for."""
    if not limits.require_provenance:
        return NO_OBJECTION
    origin = Origin(case.order.origin)
    if origin is MANUAL:
        return PASSED, None, origin, None
    # An order that provably reduces risk is not shown to this gate at all, so this one does not.
    if origin in (RULE, FLATTEN):
        return denied("A9", ReasonCode.NOT_AUTHORISED, value=origin, note=f"a {origin} may only reduce")
    record = None if case.proposal is None else case.proposal.provenance
    lacking = "the whole record" if record is None else _lacking(record)
    if record is None or lacking is not None:
        return denied("A9", ReasonCode.PROVENANCE_MISSING, value=lacking)
    if record.proposer != case.order.strategy:
        return denied("A9", ReasonCode.NOT_AUTHORISED, case.order.strategy, record.proposer)
    return PASSED, case.order.strategy, record.proposer, None


def _lacking(record: Provenance) -> str | None:
    if not _told(record.cycle_id):
        return "cycle"
    if not _told(record.proposer):
        return "proposer"
    for what, named in (("model", record.models), ("prompt", record.prompts)):
        for role in ROLES:
            if not _told(named.get(role)):
                return f"{what} of the {role}"
    return None


def _told(text: object) -> bool:
    return isinstance(text, str) and text.strip() != ""


GATE = Gate(
    "A9", "authority and provenance", Scope.NEW_EXPOSURE, ("proposal",), ProvenanceLimits, check, reads=Reads.SUBJECT
)
