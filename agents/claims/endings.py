"""What a sentence says became of it: approval, order, fills and the decision, held against the record."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agents.claims.approval import faults_of_approval
from agents.claims.figures import ClaimFault
from agents.claims.meaning import States, claimed, contradicted, words
from agents.claims.scope import denied
from agents.record import Record
from domain.decisions import Action
from domain.orders import OrderStatus

_FILLED = words(r"filled", r"executed", r"bought", r"sold", r"acquired", r"purchased", r"settled", r"secured")
_UNFILLED = words(
    r"(?:nothing|none)\b[^.;]*\b(?:filled|executed)", r"no fills?", r"without (?:a |any )?fills?", r"unfilled",
    r"not (?:been |yet )*(?:filled|executed)",
)  # fmt: skip
_WHOLLY = words(r"complete(?:ly)?", r"in full", r"fully", r"entirely", r"all of (?:it|the)", r"the whole order")
_PARTLY = words(r"in part", r"partly", r"partially", r"(?:only )?(?:a )?part of")
_SENT = words(
    r"(?:order|trade|it) (?:was|has been|is) (?:sent|placed|submitted|routed)",
    r"order (?:stands|is with|lies with|rests)",
)
_UNSENT = words(
    r"(?:nothing|no order)\b[^.;,]*\b(?:sent|placed|submitted)", r"no order (?:exists|stands)", r"there is no order"
)
_STANDS = re.compile(r"\border\b.*?\bstands? as (?P<status>[a-z_]+)", re.IGNORECASE)
_OVER = re.compile(r"\border (?:was|is|has been|has) (?P<status>cancell?ed|rejected|expired)\b", re.IGNORECASE)
_DECIDED = re.compile(r"\b(?:decision|decided|decider|trade was|trade has been)\b(?P<rest>.*)", re.IGNORECASE)
_TO_NOTHING = re.compile(r"\bto (?:0|nothing|zero)\b")
_OTHERS = re.compile(r"\b(?:advisor|inspector|gates?)\b", re.IGNORECASE)
_ACTION: States = {
    Action.TAKE.value: words(r"take", r"taken", r"took", r"go ahead", r"full size"),
    Action.SHRINK.value: words(r"smaller", r"cuts?", r"reduc\w+", r"shrink\w*", r"less", r"trim\w*"),
    Action.SKIP.value: words(
        r"skip\w*", r"not (?:to )?taken?", r"dropped", r"drop it", r"abandon\w*", r"against", r"refused",
        r"turned down", r"rejected", r"let it go",
    ),
    Action.DELAY.value: words(r"delay\w*", r"wait", r"put off", r"postpone\w*", r"deferr?\w*", r"hold off"),
}  # fmt: skip


def faults_of_ending(sentence: str, clauses: list[str], record: Record) -> Iterator[ClaimFault]:
    """What is wrong with what one sentence says happened in the end."""
    yield from _status(sentence, record)
    for clause in clauses:
        yield from faults_of_approval(clause, record)
        yield from _fills(clause, record)
        yield from _orders(clause, record)
        yield from _decision(clause, record)


def _fills(clause: str, record: Record) -> Iterator[ClaimFault]:
    if _UNFILLED.search(clause):
        if record.fills:
            yield ClaimFault("fill", "something was filled")
        return
    if not claimed(_FILLED, clause):
        return
    if not record.fills:
        yield ClaimFault("fill", "nothing was filled")
        return
    whole = record.order is not None and record.order.status is OrderStatus.FILLED
    if (_WHOLLY.search(clause) and not whole) or (_PARTLY.search(clause) and whole):
        yield ClaimFault("fill", "all of it was filled" if whole else "only part was filled")


def _orders(clause: str, record: Record) -> Iterator[ClaimFault]:
    if claimed(_SENT, clause) and record.order is None:
        yield ClaimFault("order", "no order was sent")
    if _UNSENT.search(clause) and record.order is not None:
        yield ClaimFault("order", "an order was sent")


def _status(sentence: str, record: Record) -> Iterator[ClaimFault]:
    found = _STANDS.search(sentence) or _OVER.search(sentence)
    if found is None or record.order is None or denied(sentence, found.start("status")):
        return
    if found["status"].lower().replace("cancelled", "canceled") != record.order.status.value:
        yield ClaimFault("order", f"it is {record.order.status.value}")


def _decision(clause: str, record: Record) -> Iterator[ClaimFault]:
    found = _DECIDED.search(clause)
    if found is None:
        return
    true = {record.decision.action.value}
    if record.decision.qty < record.decision.candidate.qty and _TO_NOTHING.search(clause):
        true.add(Action.SHRINK.value)
    evaluation = record.evaluation
    if evaluation is not None and evaluation.final_qty < record.decision.candidate.qty:
        # What the gates cut or refused may be called so, whoever is said to have done it.
        true |= {Action.SHRINK.value} if evaluation.final_qty else {Action.SKIP.value}
    if contradicted(_OTHERS.split(found["rest"])[0], _ACTION, true):
        yield ClaimFault("decision", f"it was to {record.decision.action.value}")
