"""Each order against its entries: the last one that tells it whole, and the executions that came after that.

    12 order     intent                     the row may be submitted: a claim is a compare-and-set without an entry
    14 order     accepted, filled 0
    15 fill      4 of 10 at 100             filled 4, average 100
    17 order     filled 10, average 100     the row says this

An entry that a new permit wrote names no parent; the row keeps the one that it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, case, select

from domain.orders import Fill, Order, OrderStatus
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from trading.audit.finding import Fault, Finding, Findings
from trading.audit.rows import Expected, Row, differences, named, stored, strangers, stream
from trading.execution.booking import after_fills
from trading.store.tables import ledger, orders

_FIELDS = tuple(field.name for field in fields(Order))
_ORDER = case((ledger.c.kind == RecordKind.FILL.value, ledger.c.cause), else_=ledger.c.subject).label("order_id")
_BY_ORDER = (
    select(_ORDER, ledger.c.seq, ledger.c.kind, ledger.c.cycle_id, ledger.c.body)
    .where(ledger.c.kind.in_((RecordKind.ORDER.value, RecordKind.FILL.value)))
    .order_by(_ORDER, ledger.c.seq)
)


def check_orders(connection: Connection) -> Findings:
    """Every row, from whichever entries there are about it."""
    # Sorted by the database and not held here: a ledger has any number of orders.
    for order_id, told in groupby(stream(connection, _BY_ORDER), itemgetter(0)):
        row, expected = stored(connection, orders, order_id), of_entries(told)
        if expected is None:
            yield Finding(orders.name, named((order_id,)), Fault.UNKNOWN)
        else:
            yield from differences(connection, orders, (order_id,), as_claimed(expected, row), row)
    yield from strangers(connection, orders, RecordKind.ORDER)


def of_entries(told: Iterable[Any]) -> Expected | None:
    """The order as its entries leave it; None where none tells it, but executions of it."""
    order: Order | None = None
    cycle, last, filled, terms = "", 0, list[Fill](), dict[str, Any]()
    for entry in told:
        last = entry.seq
        if entry.kind == RecordKind.FILL:
            filled.append(restore(Fill, entry.body))
            order = None if order is None else after_fills(order, tuple(filled))
            continue
        parent = None if order is None else order.parent_id
        cycle = entry.cycle_id if order is None else cycle
        terms |= terms_in(entry.body)
        order = restore(Order, entry.body)
        order = order if order.parent_id is not None or parent is None else replace(order, parent_id=parent)
    if order is None:
        return None
    return Expected(last, {name: getattr(order, name) for name in _FIELDS} | {"cycle_id": cycle} | terms)


def terms_in(body: Mapping[str, Any]) -> dict[str, Any]:
    """Until when its permit lets it be sent and the quote that it met, where the entry of a permit tells them."""
    if "sendable_until" not in body:
        return {}
    price = body["arrival_price"]
    return {
        "sendable_until": datetime.fromisoformat(body["sendable_until"]),
        "arrival_price": None if price is None else Decimal(price),
    }


def as_claimed(expected: Expected, row: Row | None) -> Expected:
    """An intent that somebody has claimed is submitted since the moment of the claim, and no entry says so."""
    claimed = expected.values["status"] is OrderStatus.INTENT and row is not None
    if row is None or not claimed or row["status"] != OrderStatus.SUBMITTED:
        return expected
    kept = {name: value for name, value in expected.values.items() if name not in ("status", "updated_at")}
    return Expected(expected.entry, kept)
