"""The control plane and the roles of people, as all changes on record leave them.

Two things move without an entry: that the books are not reconciled any more (``reconciled_at`` is empty then, which
stops entries and opens nothing), and a pause that has run out stays in its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from domain.case import Mode, Pause, TradingState
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from trading.audit.finding import Fault, Finding, Findings
from trading.audit.rows import Expected, compared, entries, others, stored
from trading.store.people.tables import people
from trading.store.tables import control, pauses, policies

SWITCHES = ("killed", "trading_state", "mode", "policy_digest", "code_digest", "prompt_digest")
CONTROL = "control"
NEW: Mapping[str, Any] = {
    "killed": False, "trading_state": TradingState.ACTIVE, "mode": Mode.OFF, "policy_digest": "", "code_digest": "",
    "prompt_digest": "", "mismatched": [], "reconciled_at": None, "resumed_at": None, "ramp_from": None, "newest": None,
}  # fmt: skip
"""The row as it is made."""


@dataclass
class Plane:
    """The control plane so far: the one row, the pauses, and the policies that were in force."""

    row: dict[str, Any] = field(default_factory=lambda: dict(NEW))
    entry: int = 0
    pauses: dict[tuple[str, str], Expected] = field(default_factory=dict)
    policies: dict[str, Expected] = field(default_factory=dict)

    def changed(self, entry: Any) -> None:
        """One more change of the switches."""
        body, self.entry = entry.body, entry.seq
        self.row |= {name: body[name] for name in SWITCHES if name in body}
        if "ramp_from" in body:
            since = datetime.fromisoformat(body["ramp_from"])
            self.row |= {"resumed_at": entry.at, "ramp_from": since, "newest": since}
        if "pause" in body:
            pause = restore(Pause, body["pause"])
            values = {each.name: getattr(pause, each.name) for each in fields(Pause)}
            self.pauses[pause.scope, pause.name] = Expected(entry.seq, values)
        if "resume" in body:
            scope, name = body["resume"]
            self.pauses.pop((scope, name), None)
        if "policy_digest" in body:
            first = Expected(entry.seq, {"at": entry.at, "by": body["by"]})
            self.policies.setdefault(body["policy_digest"], first)

    def reconciled(self, entry: Any) -> None:
        """The broker was compared with the books."""
        newest, self.entry = self.row["newest"], entry.seq
        mismatched = sorted({each["symbol"] for each in entry.body["differences"]})
        seen = entry.at if newest is None else max(entry.at, newest)
        self.row |= {"reconciled_at": entry.at, "mismatched": mismatched, "newest": seen}


def check_control(connection: Connection) -> Findings:
    """The one row, every pause, and when a policy was first put in force."""
    plane = Plane()
    for entry in entries(connection, RecordKind.CONTROL, RecordKind.RECONCILIATION):
        if entry.kind == RecordKind.CONTROL and entry.subject == CONTROL:
            plane.changed(entry)
        elif entry.kind == RecordKind.RECONCILIATION and "differences" in entry.body:
            plane.reconciled(entry)
    yield from _check_row(connection, plane)
    for key, pause in plane.pauses.items():
        yield from compared(connection, pauses, pause, *key)
    yield from others(connection, pauses, set(plane.pauses))
    for digest, policy in plane.policies.items():
        yield from compared(connection, policies, policy, digest)
    yield from others(connection, policies, {(digest,) for digest in plane.policies})


def check_people(connection: Connection) -> Findings:
    """Who was given which role last, and by whom."""
    held: dict[int, Expected] = {}
    for entry in entries(connection, RecordKind.ACCESS):
        if entry.body.get("did") != "role":
            continue
        person, role = int(entry.subject.rpartition(":")[2]), entry.body["role"]
        held[person] = Expected(entry.seq, {"role": role, "given_by": entry.body["by"]})
        if role == "none":
            del held[person]
    for person, expected in held.items():
        yield from compared(connection, people, expected, person)
    yield from others(connection, people, {(person,) for person in held})


def _check_row(connection: Connection, plane: Plane) -> Findings:
    row = stored(connection, control, 1)
    if not plane.entry:
        if row is not None:
            yield Finding(control.name, "1", Fault.UNKNOWN)
        return
    values = dict(plane.row)
    if row is not None and row["reconciled_at"] is None:
        del values["reconciled_at"]
    yield from compared(connection, control, Expected(plane.entry, values), 1)
    yield from others(connection, control, {(1,)})
