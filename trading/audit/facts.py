"""Tables of which each row says what one entry says: fees, transfers, the beginnings of cycles, incidents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, select

from domain.book import Charge
from domain.ids import cycle_id, derive
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from trading.audit.finding import Fault, Finding, Findings, shown
from trading.audit.rows import Expected, compared, entries, keys, named, stored, strangers
from trading.store.tables import charges, cycles, incidents, ledger, transfers
from trading.store.writing.prepared import Query, given

_CHARGE = tuple(field.name for field in fields(Charge))
_SPOKEN = Query(
    select(ledger.c.seq).where(ledger.c.subject == given("subject"), ledger.c.kind == RecordKind.CONTROL.value),
    "subject",
)
Says = Callable[[Any], Mapping[str, Any] | None]


def check_charges(connection: Connection) -> Findings:
    """Every fee."""
    return _each(connection, charges, RecordKind.CHARGE, _charge)


def check_transfers(connection: Connection) -> Findings:
    """Money that was moved in or out."""
    return _each(connection, transfers, RecordKind.RECONCILIATION, _transfer)


def check_cycles(connection: Connection) -> Findings:
    """Which cycles were begun, as of when; account and number are in the id. Their reports are in no entry."""
    yield from _each(connection, cycles, RecordKind.CYCLE_STARTED, lambda entry: {"as_of": entry.at})
    for entry in entries(connection, RecordKind.CYCLE_STARTED):
        row = stored(connection, cycles, entry.subject)
        if row is None:
            continue
        told = shown(f"{row['account']} {row['sequence']}")
        if cycle_id(row["account"], entry.at, row["sequence"]) != entry.subject:
            wanted = "the one that the id is made of"
            yield Finding(cycles.name, entry.subject, Fault.DIFFERS, entry.seq, "account and sequence", wanted, told)


def check_incidents(connection: Connection) -> Findings:
    """Things that must not happen and did."""
    for entry in entries(connection, RecordKind.CONTROL):
        if "incident" in entry.body:
            values = {"at": entry.at, "what": entry.body["incident"]}
            yield from compared(connection, incidents, Expected(entry.seq, values), entry.body["key"])
    for key in keys(connection, incidents):
        if _SPOKEN.first(connection, derive("inc", key[0])) is None:
            yield Finding(incidents.name, named(key), Fault.UNKNOWN)


def _each(connection: Connection, table: Table, kind: RecordKind, says: Says) -> Findings:
    """Every entry of a kind against the row whose key is its subject, and rows that have none."""
    for entry in entries(connection, kind):
        values = says(entry)
        if values is not None:
            yield from compared(connection, table, Expected(entry.seq, values), entry.subject)
    yield from strangers(connection, table, kind)


def _charge(entry: Any) -> Mapping[str, Any]:
    charge = restore(Charge, entry.body)
    return {name: getattr(charge, name) for name in _CHARGE}


def _transfer(entry: Any) -> Mapping[str, Any] | None:
    moved = entry.body.get("transfer")
    return None if moved is None else {"at": entry.at, "amount": Decimal(moved["amount"])}
