"""What agents and gates were shown, and what models answered: long texts that the ledger names by digest, or repeats.

observations    their own digest is of the whole text; the ledger names the digest of the evidence in it
judged_cases    the key is the digest of the text, the verdicts name it
case_parts      the key is the digest of the text, the cases name it
model_calls     the ledger repeats the call word for word once its cycle has come so far
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, Table, Text, select, type_coerce

from domain.record.canonical import digest
from domain.record.case_text import PARTS, text_digest
from domain.record.entries import RecordKind
from trading.audit.finding import Fault, Finding, Findings, shown
from trading.audit.rows import Expected, differences, entries, keys, named, raw, stored, strangers, stream
from trading.store.judged.tables import case_parts, judged_cases
from trading.store.tables import ledger, model_calls, observations
from trading.store.writing.prepared import Query, given

_BODY = type_coerce(ledger.c.body, Text)
_HEADS = select(raw(judged_cases.c.cycle_id), raw(judged_cases.c.digest), raw(judged_cases.c.body)).order_by(
    judged_cases.c.cycle_id
)
_OF_CYCLE = Query(
    select(ledger.c.body).where(ledger.c.cycle_id == given("cycle"), ledger.c.kind == RecordKind.VERDICTS.value),
    "cycle",
)
UNREADABLE = "what nobody can read"


def check_observations(connection: Connection) -> Findings:
    """Each against its own digest, and its evidence against the ledger."""
    for entry in entries(connection, RecordKind.EVIDENCE):
        row = stored(connection, observations, entry.subject)
        if row is None:
            yield Finding(observations.name, entry.subject, Fault.MISSING, entry.seq)
        elif _digest(row["body"]) != row["digest"]:
            yield _changed(observations, entry.subject, "body", str(row["digest"]), _digest(row["body"]), entry.seq)
        elif (found := evidence_digest(row["body"])) != entry.body["digest"]:
            yield _changed(observations, entry.subject, "evidence", entry.body["digest"], found, entry.seq)
    # One is stored a moment before its entry, and a crash may lie between: its cycle is on record all the same.
    yield from strangers(connection, observations, RecordKind.CYCLE_STARTED)


def evidence_digest(text: str) -> str:
    """As ``EvidenceSet.digest``, from the stored text."""
    try:
        seen = json.loads(text)["evidence"]
        return digest([seen["as_of"], list(seen["items"].values())])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return UNREADABLE


def check_cases(connection: Connection) -> Findings:
    """What the gates were shown, whole: heads, and the parts that they share."""
    for entry in entries(connection, RecordKind.VERDICTS):
        if "case" in entry.body and stored(connection, judged_cases, entry.body["case"]) is None:
            yield Finding(judged_cases.name, entry.body["case"], Fault.MISSING, entry.seq)
    yield from _certified(connection, judged_cases)
    yield from _certified(connection, case_parts)
    parts = set[str]()
    for cycle, rows in groupby(stream(connection, _HEADS), attrgetter("cycle_id")):
        spoken = {body.get("case") for (body,) in _OF_CYCLE.rows(connection, cycle)}
        for row in rows:
            if row.digest not in spoken:
                yield Finding(judged_cases.name, row.digest, Fault.UNKNOWN)
            parts.update(_parts_in(row.body))
    present = {key for (key,) in keys(connection, case_parts)}
    yield from (Finding(case_parts.name, str(key), Fault.UNKNOWN) for key in sorted(present - parts, key=repr))
    yield from (Finding(case_parts.name, str(key), Fault.MISSING) for key in sorted(parts - present, key=repr))


def check_calls(connection: Connection) -> Findings:
    """Every call that the ledger repeats, word for word."""
    query = select(ledger.c.seq, ledger.c.at, ledger.c.body, _BODY.label("text"))
    for entry in stream(connection, query.where(ledger.c.kind == RecordKind.MODEL_CALL.value).order_by(ledger.c.seq)):
        key = entry.body["cycle_id"], entry.body["request_digest"]
        row, values = stored(connection, model_calls, *key), {"at": datetime.fromisoformat(entry.body["at"])}
        yield from differences(connection, model_calls, key, Expected(entry.seq, values), row)
        if row is not None and row["body"] != entry.text:
            yield _changed(model_calls, named(key), "body", text_digest(entry.text), _digest(row["body"]), entry.seq)


def _certified(connection: Connection, table: Table) -> Findings:
    """Rows whose key is the digest of their text."""
    for key, text in stream(connection, select(*map(raw, (table.c.digest, table.c.body)))):
        if _digest(text) != key:
            yield _changed(table, str(key), "digest of the body", str(key), _digest(text), 0)


def _changed(table: Table, key: str, column: str, ledger_says: str, book_says: str, entry: int) -> Finding:
    return Finding(table.name, key, Fault.DIFFERS, entry, column, shown(ledger_says), shown(book_says))


def _digest(text: object) -> str:
    return text_digest(text) if isinstance(text, str) else UNREADABLE


def _parts_in(text: object) -> Iterator[str]:
    """The parts that a head names; what cannot be read is told of already."""
    with suppress(ValueError, KeyError, TypeError):
        head = json.loads(str(text))
        yield from [str(head[name]) for name in PARTS]
