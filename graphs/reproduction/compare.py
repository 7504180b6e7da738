"""Two runs of one cycle as canonical documents: equal in every byte, or different at a place that is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from domain.orders import Order, OrderIntent
from domain.record.canonical import digest, plain
from graphs.reproduction.rerun import Judgement, Rerun, sent
from graphs.reproduction.stored import StoredCycle

Document = Mapping[str, Any]
_ORDER = ("symbol", "side", "type", "tif", "limit_price", "trigger_price", "stop_loss", "take_profit", "reduce_only")


class DocumentDifference(NamedTuple):
    """Where two documents part, and what stands there."""

    place: str
    recorded: str
    again: str


def recorded_document(stored: StoredCycle) -> Document:
    """What the record says of the cycle."""
    made: Document = plain(
        {
            "evidence": stored.evidence_digest,
            "candidates": stored.candidates,
            "monitor": stored.monitor,
            "decisions": stored.decisions,
            "verdicts": [[each.subject, each.case.order, each.said] for each in stored.rulings],
            "orders": {order.client_order_id: _content(order, order) for order in stored.orders if _of_cycle(order)},
            "explanations": [each.explanation for each in stored.explanations],
            "model_calls": stored.recorded_calls,
        }
    )
    return made


def rerun_document(stored: StoredCycle, again: Rerun) -> Document:
    """What the second run says, in the same form."""
    made: Document = plain(
        {
            "evidence": stored.seen.evidence.digest,
            "candidates": again.candidates,
            "monitor": again.monitor,
            "decisions": again.decisions,
            "verdicts": [[each.subject, each.intent, each.said] for each in again.judgements],
            "orders": {each.subject: _ordered(each) for each in again.judgements if sent(each)},
            "explanations": again.explanations,
            "model_calls": stored.calls,
        }
    )
    return made


def document_digest(document: Document) -> str:
    """The one figure that two equal runs share."""
    return digest(document)


def first_difference(recorded: Any, again: Any, place: str = "") -> DocumentDifference | None:
    """The first place at which two documents differ, or None."""
    if isinstance(recorded, dict) and isinstance(again, dict):
        names = sorted(recorded.keys() | again.keys())
        pairs = [(f"{place}.{name}" if place else name, recorded.get(name), again.get(name)) for name in names]
    elif isinstance(recorded, list) and isinstance(again, list):
        longest = max(len(recorded), len(again))
        left, right = (each + [None] * (longest - len(each)) for each in (recorded, again))
        pairs = [(f"{place}[{n}]", was, now) for n, (was, now) in enumerate(zip(left, right, strict=True))]
    else:
        return None if recorded == again else DocumentDifference(place, str(recorded)[:120], str(again)[:120])
    return next((found for name, was, now in pairs if (found := first_difference(was, now, name))), None)


def _of_cycle(order: Order) -> bool:
    return order.leg in ("entry", "exit")


def _content(order: Order | OrderIntent, sized: Any) -> dict[str, Any]:
    return {"qty": sized.qty, **{name: getattr(order, name) for name in _ORDER}}


def _ordered(judgement: Judgement) -> dict[str, Any]:
    return {**_content(judgement.intent, judgement.intent), "qty": judgement.said.final_qty}
