"""The order of a what-if case, with the proposal behind it and the approval that came with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from domain.case import Approval, Proposal, Provenance, TextUsed, Usage
from domain.errors import DataQualityError
from domain.ids import DecisionId, Ref
from domain.money import ONE
from domain.orders import OrderIntent, OrderType, Origin, Side, TimeInForce
from policies.approval import DEFAULT_TTL_S
from policies.measures.worst_case import STOP_TYPES
from policies.policy import Policy
from policies.whatif.fields import EPOCH, NAN, Fields, ordered_symbol_of, refused, text_of, word_of

MATCH = "MATCH"
"""In place of a digest that the author of a case cannot compute: the right one."""
MANUAL = "case"


class WhatIfOrder(NamedTuple):
    """What is before the gates."""

    order: OrderIntent
    proposal: Proposal | None
    approval: Approval | None


def read_asked(top: Fields, now: datetime, policy: Policy) -> WhatIfOrder:
    """Order, proposal and approval, read together because each stands in for what another leaves out."""
    fields = top.inner("order")
    if fields is None:
        raise refused(top.path("order"), None, "the order to be judged")
    order = _order(fields)
    answers = top.inner("proposal")
    if answers is not None and not fields.has("origin"):
        order = replace(order, origin=Origin.AGENT)
    told = fields.has("confidence")
    confidence = fields.figure("confidence")
    # An order that does not say who asked cannot escape the lowest confidence by leaving its own out.
    unsaid = not fields.has("origin") and "min_confidence" in policy.limits
    proposal = None
    if answers is not None:
        proposal = _proposal(answers, order, now, confidence)
        answers.close()
    elif told or unsaid:
        proposal = _proposal(Fields({}), order, now, confidence)
    approval = _approval(fields, order, policy)
    fields.close()
    return WhatIfOrder(order, proposal, approval)


def _order(fields: Fields) -> OrderIntent:
    kind = word_of(fields.raw("type"), fields.path("type"), OrderType)
    stop, trigger = fields.figure("stop_price"), fields.figure("trigger_price")
    if kind in STOP_TYPES and trigger is None:
        stop, trigger = None, stop
    qty = fields.figure("qty")
    return OrderIntent(
        decision_id=DecisionId(text_of(fields.raw("decision_id"), fields.path("decision_id"))),
        symbol=ordered_symbol_of(fields.raw("symbol"), fields.path("symbol")),
        side=word_of(fields.raw("side"), fields.path("side"), Side),
        qty=NAN if qty is None else qty,
        type=kind,
        tif=word_of(fields.raw("tif"), fields.path("tif"), TimeInForce),
        created_at=fields.moment("created_at") or EPOCH,
        origin=fields.word("origin", Origin) or Origin.MANUAL,
        strategy=fields.text("strategy", MANUAL),
        limit_price=fields.figure("limit_price"),
        trigger_price=trigger,
        stop_loss=stop,
        take_profit=fields.figure("take_profit"),
        currency=fields.text("currency", "unknown currency of the order"),
        reduce_only=fields.flag("reduce_only") is True,
        extended_hours=fields.flag("extended_hours") is True,
        leg=fields.text("leg", "entry"),
        expires_at=fields.moment("expires_at"),
        trail_amount=fields.figure("trail_amount"),
        trail_pct=fields.figure("trail_pct"),
    )


def _proposal(fields: Fields, order: OrderIntent, now: datetime, confidence: Decimal | None) -> Proposal:
    candidate = fields.number("candidate_qty") if fields.has("candidate_qty") else order.qty
    advised = fields.number("advised_qty") if fields.has("advised_qty") else candidate
    inspected = fields.number("inspected_qty") if fields.has("inspected_qty") else advised
    return Proposal(
        asked_symbol=fields.symbol("asked_symbol") if fields.has("asked_symbol") else order.symbol,
        schema_valid=fields.flag("schema_valid", default=True) is True,
        cited=tuple(Ref(name) for name in fields.texts("cited")),
        known=frozenset(Ref(name) for name in fields.texts("known")),
        evidence_as_of=fields.moment("evidence_as_of", now) or EPOCH,
        decided_at=fields.moment("decided_at", now) or EPOCH,
        # The same word twice: evidence that a case does not mention has not changed.
        evidence_digest=fields.text("evidence_digest", "e"),
        evidence_digest_now=fields.text("evidence_digest_now", "e"),
        candidate_qty=candidate,
        advised_qty=advised,
        inspected_qty=inspected,
        quoted_price=fields.figure("quoted_price"),
        confidence=fields.figure("confidence") if fields.has("confidence") else confidence,
        needs_approval=fields.flag("needs_approval", default=False) is not False,
        provenance=_provenance(fields.inner("provenance")),
        signal_direction=_direction(fields),
        override_reason=fields.text("override_reason"),
        dispersion=fields.number("dispersion"),
        calibrated=fields.number("calibrated"),
        texts=tuple(map(_text_used, fields.rows("texts"))) if fields.raw("texts") is not None else None,
        usage=_usage(fields.inner("usage")),
    )


def _direction(fields: Fields) -> int | None:
    found = fields.number("signal_direction")
    if found is None:
        return None
    if found not in (-ONE, 0, ONE):
        raise refused(fields.path("signal_direction"), str(found), "-1, 0 or 1")
    return int(found)


def _provenance(fields: Fields | None) -> Provenance | None:
    if fields is None:
        return None
    made = Provenance(
        cycle_id=fields.text("cycle_id"),
        proposer=fields.text("proposer"),
        models=fields.mapping("models", text_of) or {},
        prompts=fields.mapping("prompts", text_of) or {},
    )
    fields.close()
    return made


def _text_used(fields: Fields) -> TextUsed:
    made = TextUsed(
        ref=Ref(text_of(fields.raw("ref"), fields.path("ref"))),
        published_at=fields.moment("published_at") or EPOCH,
        first_seen_at=fields.moment("first_seen_at"),
        stored=fields.flag("stored") is True,
        suspicious=fields.flag("suspicious") is not False,
    )
    fields.close()
    return made


def _usage(fields: Fields | None) -> Usage | None:
    if fields is None:
        return None
    calls, cycle, day = fields.count("calls_cycle"), fields.count("tokens_cycle"), fields.count("tokens_day")
    cost = fields.amount("cost_day")
    fields.close()
    if calls is None or cycle is None or day is None or cost is None:
        return None
    return Usage(calls, cycle, day, cost)


def _approval(order_fields: Fields, order: OrderIntent, policy: Policy) -> Approval | None:
    fields = order_fields.inner("approval")
    if fields is None:
        return None
    at = fields.moment("at") or EPOCH
    life = policy.limits.get("approval_ttl_s", DEFAULT_TTL_S)
    told = fields.text("order_digest")
    approval = Approval(
        by=fields.text("by"),
        order_digest=_digest(order) if told == MATCH else told,
        at=at,
        expires_at=at + timedelta(seconds=float(life)),
        price=fields.number("price"),
        policy_digest=policy.digest,
    )
    fields.close()
    return approval


def _digest(order: OrderIntent) -> str:
    """The digest of exactly this order; one with a figure that is no number has none, and no approval fits it."""
    try:
        return order.digest
    except DataQualityError:
        return MATCH
