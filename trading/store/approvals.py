"""Orders that wait for a person. An answer is claimed by compare-and-set: of two that answer, one wins."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, select

from domain.case import Proposal
from domain.ids import CycleId, DecisionId, derive
from domain.orders import OrderIntent
from domain.record.canonical import restore
from trading.store.database import Database
from trading.store.tables import approvals


class ApprovalState(StrEnum):
    """Where a request stands; FINISHED means that the answer was carried out."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class PendingApproval:
    """One request: exactly this order, at the price the person is shown, until ``expires_at``."""

    pending_id: str
    decision_id: DecisionId
    cycle_id: CycleId
    intent: OrderIntent
    proposal: Proposal | None
    order_digest: str
    requested_at: datetime
    expires_at: datetime
    price: Decimal | None
    reasons: tuple[str, ...]
    policy_digest: str = ""
    state: ApprovalState = ApprovalState.PENDING
    answered_by: str | None = None
    answered_at: datetime | None = None


def with_qty(request: PendingApproval, qty: Decimal) -> PendingApproval:
    """The same request about another quantity, with the digest of that order."""
    intent = replace(request.intent, qty=qty)
    return replace(request, intent=intent, order_digest=intent.digest)


def pending_id(decision: DecisionId) -> str:
    """The id of the request about a decision."""
    return derive("apr", decision)


class ApprovalStore:
    """Requests and their answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def request(self, pending: PendingApproval) -> PendingApproval:
        """Store a request unless its decision has one already; the answer is what is stored."""
        with self._database.transaction() as connection:
            stored = self._one(select(approvals).where(approvals.c.decision_id == pending.decision_id))
            # A node that runs again asks again (I-57); the person sees one request.
            if stored is not None:
                return stored
            columns = ("pending_id", "decision_id", "requested_at", "expires_at", "state")
            values = {name: getattr(pending, name) for name in columns}
            connection.execute(approvals.insert().values(values | {"body": pending}))
        return pending

    def get(self, pending_id: str) -> PendingApproval | None:
        """One request, or None."""
        return self._one(select(approvals).where(approvals.c.pending_id == pending_id))

    def open(self, now: datetime) -> tuple[PendingApproval, ...]:
        """Requests that can still be answered at ``now``, oldest first."""
        return self._many(
            select(approvals).where(approvals.c.state == ApprovalState.PENDING, approvals.c.expires_at > now)
        )

    def overdue(self, now: datetime) -> tuple[PendingApproval, ...]:
        """Requests that nobody answered in time, to be claimed as expired."""
        return self._many(
            # Not later, where ``open`` has later: at its last moment a request is in one of the two.
            select(approvals).where(approvals.c.state == ApprovalState.PENDING, approvals.c.expires_at <= now)
        )

    def unfinished(self) -> tuple[PendingApproval, ...]:
        """Requests that were answered but not carried out: where a crashed process left off."""
        answered = (ApprovalState.APPROVED, ApprovalState.REJECTED, ApprovalState.EXPIRED)
        return self._many(select(approvals).where(approvals.c.state.in_(answered)))

    def claim(
        self, pending_id: str, to: ApprovalState, *, by: str, at: datetime, instead: PendingApproval | None = None
    ) -> bool:
        """Answer a pending request; True for the one caller whose answer counts. Nothing is approved too late.

        ``instead`` takes the request's place together with the answer: what was approved is then its order.
        """
        row = (approvals.c.pending_id == pending_id) & (approvals.c.state == ApprovalState.PENDING)
        if to is ApprovalState.APPROVED:
            # Part of the move itself, so that no yes runs late between a look and the write; a no may be late.
            row &= approvals.c.expires_at > at
        body = {} if instead is None else {"body": instead}
        return self._move(row, {"state": to, "answered_by": by, "answered_at": at, **body})

    def finish(self, pending_id: str) -> bool:
        """Mark an answered request as carried out; True for the first caller."""
        answered = approvals.c.state.not_in((ApprovalState.PENDING, ApprovalState.FINISHED))
        return self._move((approvals.c.pending_id == pending_id) & answered, {"state": ApprovalState.FINISHED})

    def _move(self, row: Any, values: dict[str, Any]) -> bool:
        with self._database.transaction() as connection:
            return bool(connection.execute(approvals.update().where(row).values(values)).rowcount)

    def _one(self, query: Select[Any]) -> PendingApproval | None:
        found = self._many(query)
        return found[0] if found else None

    def _many(self, query: Select[Any]) -> tuple[PendingApproval, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(approvals.c.requested_at, approvals.c.pending_id))
            return tuple(_pending(row) for row in rows)


def _pending(row: Row[Any]) -> PendingApproval:
    requested = restore(PendingApproval, row.body)
    values = {field.name: getattr(requested, field.name) for field in fields(PendingApproval)}
    # The body is as it was asked for; what compare-and-set moves stands in the columns.
    return PendingApproval(
        **(values | {"state": ApprovalState(row.state), "answered_by": row.answered_by, "answered_at": row.answered_at})
    )
