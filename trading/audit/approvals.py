"""Requests to a person and their answers: what was asked for exactly, and who said what when.

That an answer was carried out is in no entry, so an answered row may say either.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.errors import DataQualityError
from domain.orders import OrderIntent
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from trading.audit.finding import Fault, Finding, Findings, shown
from trading.audit.rows import Expected, Row, differences, entries, stored, strangers
from trading.store.approvals import ApprovalState
from trading.store.tables import approvals, ledger
from trading.store.writing.prepared import Query, given

_ANSWER = Query(
    select(ledger.c.seq, ledger.c.at, ledger.c.body)
    .where(ledger.c.subject == given("subject"), ledger.c.kind == RecordKind.APPROVAL.value)
    .order_by(ledger.c.seq.desc())
    .limit(1),
    "subject",
)


def check_approvals(connection: Connection) -> Findings:
    """Every request that is on record, with its newest answer."""
    for entry in entries(connection, RecordKind.APPROVAL_REQUESTED):
        row, answer = stored(connection, approvals, entry.subject), _ANSWER.first(connection, entry.subject)
        asked = Expected(entry.seq, {"decision_id": entry.cause, "requested_at": entry.at,
                                     "expires_at": datetime.fromisoformat(entry.body["expires_at"])})  # fmt: skip
        yield from differences(connection, approvals, (entry.subject,), asked, row)
        if row is not None:
            yield from differences(connection, approvals, (entry.subject,), _answered(answer, row), row)
            yield from _order(entry, answer, row)
    yield from strangers(connection, approvals, RecordKind.APPROVAL_REQUESTED)


def _answered(answer: tuple[Any, ...] | None, row: Row) -> Expected:
    if answer is None:
        return Expected(0, {"state": ApprovalState.PENDING, "answered_by": None, "answered_at": None})
    number, at, body = answer
    done = row["state"] == ApprovalState.FINISHED
    state = ApprovalState.FINISHED if done else ApprovalState(body["answer"])
    return Expected(number, {"state": state, "answered_by": body["by"], "answered_at": at})


def _order(entry: Any, answer: tuple[Any, ...] | None, row: Row) -> Findings:
    """The order and the price that the person was shown; half of an order may have been approved in its place."""
    said = entry.body["order_digest"] if answer is None else answer[2]["order_digest"]
    try:
        body = json.loads(row["body"])
        digest, price = restore(OrderIntent, body["intent"]).digest, body["price"]
    except (ValueError, KeyError, TypeError, RecursionError, DataQualityError):
        yield Finding(approvals.name, entry.subject, Fault.DIFFERS, entry.seq, "body", said, "what nobody can read")
        return
    if digest != said:
        yield Finding(approvals.name, entry.subject, Fault.DIFFERS, entry.seq, "order in the body", said, digest)
    if price != entry.body["price"]:
        wanted = entry.body["price"]
        yield Finding(
            approvals.name, entry.subject, Fault.DIFFERS, entry.seq, "price in the body", wanted, shown(price)
        )
