"""Approvals: a person's yes to exactly one order, near the price they saw, for a short time, under one policy.

An approval lifts A2's wait and nothing else: every other gate runs as before. ``fault`` says why an approval does not
hold; the gate A10 and the use case that stores a person's answer share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from domain.case import Approval
from domain.market import Quote
from domain.orders import OrderIntent, Side
from domain.verdicts import Figure
from policies.codes import ReasonCode
from policies.gates.ages import seconds
from policies.measures.worst_case import is_positive, percent

DEFAULT_TTL_S = Decimal(120)


@dataclass(frozen=True, slots=True)
class ApprovalTerms:
    """How long an approval holds, in seconds, how far the price may move, in percent, and under which policy."""

    approval_ttl_s: Decimal = DEFAULT_TTL_S
    approval_price_band_pct: Decimal | None = None
    policy_digest: str = ""


class ApprovalFault(NamedTuple):
    """Why an approval does not hold."""

    code: ReasonCode
    limit: Figure = None
    value: Figure = None


def price_shown(quote: Quote, side: Side) -> Decimal:
    """The price a person is asked about and the band is measured from: the ask for a buy, the bid for a sell."""
    return quote.ask if side is Side.BUY else quote.bid


def answerable_until(evidence_as_of: datetime, longest: datetime, max_signal_age_s: Decimal | None) -> datetime:
    """Until when a yes can still be of use: H6 refuses an order whose evidence is older than the policy allows.

    Evidence of 15:00 and 1,800 s: the request closes at 15:30, however long a person may usually take.
    """
    if max_signal_age_s is None:
        return longest
    return min(longest, evidence_as_of + timedelta(seconds=float(max_signal_age_s)))


def grant(intent: OrderIntent, *, by: str, at: datetime, price: Decimal | None, terms: ApprovalTerms) -> Approval:
    """The approval of ``intent`` by ``by``, who saw ``price``, bound to order and policy."""
    return Approval(
        by=by,
        order_digest=intent.digest,
        at=at,
        expires_at=at + timedelta(seconds=float(terms.approval_ttl_s)),
        price=price,
        policy_digest=terms.policy_digest,
    )


def fault(
    approval: Approval, intent: OrderIntent, *, now: datetime, price: Decimal | None, terms: ApprovalTerms
) -> ApprovalFault | None:
    """The first reason why ``approval`` does not cover ``intent`` now, or None.

    It holds up to and including its last second; a price that moved exactly by the band still holds.
    """
    # The digest covers the whole order, quantity included: a yes to another one is none (I-43).
    if not approval.by or approval.order_digest != intent.digest:
        return ApprovalFault(ReasonCode.APPROVAL_MISMATCH, intent.digest, approval.order_digest)
    if approval.policy_digest != terms.policy_digest:
        return ApprovalFault(ReasonCode.APPROVAL_POLICY_CHANGED, terms.policy_digest, approval.policy_digest)
    age = seconds(now, approval.at)
    # A yes dated ahead of us would hold for longer than the policy lets it (I-18).
    if age < 0 or age > terms.approval_ttl_s or now > approval.expires_at:
        return ApprovalFault(ReasonCode.APPROVAL_EXPIRED, terms.approval_ttl_s, age)
    return _moved(approval.price, price, terms.approval_price_band_pct)


def _moved(approved: Decimal | None, price: Decimal | None, band: Decimal | None) -> ApprovalFault | None:
    if band is None:
        return None
    # Without either price nobody can say that it stayed within the band.
    if not is_positive(approved) or price is None:
        return ApprovalFault(ReasonCode.APPROVAL_PRICE_MOVED, band)
    moved = percent(abs(price - approved), approved)
    return ApprovalFault(ReasonCode.APPROVAL_PRICE_MOVED, band, moved) if moved > band else None
