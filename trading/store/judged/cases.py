"""Judged cases by digest. The verdicts in the ledger name the digest, so a case that was changed does not go unseen.

    head  {now, order, control, approval, cycle_entries, release, proposal without its list of references,
           market: digest, book: digest}        parts  {digest: market or book}

The references that a proposal was given are those of the cycle's observation and of its own plan. They are put back
from there, because every order of a cycle would repeat them.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, Table, Text, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from domain.canonical import digest, json_text, plain, restore
from domain.case import Case
from domain.errors import IntegrityError
from domain.ids import Ref
from trading.store.database import Database
from trading.store.judged.tables import case_parts, judged_cases
from trading.store.writing.prepared import Prepared

_PARTS = ("market", "book")
REPRODUCED = ("entry", "exit")
"""Legs that carry out a decision of a cycle; a reproduction asks the gates about these again."""
_WRITTEN = "parts of cases"


def _unless_there(table: Table, *names: str) -> dict[str, Prepared]:
    """An insert that leaves a row alone whose key is taken, as each kind of database says it."""
    body = bindparam("body", type_=Text)  # canonical text already
    return {
        "sqlite": Prepared(sqlite.insert(table).values(body=body).on_conflict_do_nothing(), names),
        "postgresql": Prepared(postgresql.insert(table).values(body=body).on_conflict_do_nothing(), names),
    }


_ADD_HEAD = _unless_there(judged_cases, "digest", "at", "cycle_id", "body")
_ADD_PART = _unless_there(case_parts, "digest", "body")


class CaseStore:
    """Keeps what the gates were shown. What was kept last is remembered, because the next case mostly shares it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: dict[str, tuple[object, str, str]] = {}

    def keep(self, case: Case, cycle_id: str) -> str:
        """Store a case unless it is there; the answer is its digest."""
        parts = {name: self._part(name, getattr(case, name)) for name in _PARTS}
        head = _head(case) | {name: key for name, (key, _) in parts.items()}
        text = json_text(head)
        named = _digest_of(text)
        with self._database.transaction() as connection:
            kind, written = connection.dialect.name, self._database.notes.get(_WRITTEN, frozenset())
            for key, body in parts.values():
                if key not in written:
                    _ADD_PART[kind].run(connection, (key, body))
            self._database.notes[_WRITTEN] = written | {key for key, _ in parts.values()}
            _ADD_HEAD[kind].run(connection, (named, case.now, cycle_id, text))
        return named

    def noted(self, case: Case, cycle_id: str) -> dict[str, str]:
        """What verdicts say of their case: its digest where it belongs to a cycle, and is kept; else nothing."""
        return {"case": self.keep(case, cycle_id)} if cycle_id and case.order.leg in REPRODUCED else {}

    def find(self, named: str, known: frozenset[Ref]) -> Case | None:
        """The case of that digest with ``known`` as its proposal's references; IntegrityError where it was changed."""
        with self._database.reading() as connection:
            query = select(judged_cases.c.body).where(judged_cases.c.digest == named)
            head: dict[str, Any] | None = connection.execute(query).scalar_one_or_none()
            if head is None:
                return None
            whole = digest(head) == named
            parts = {name: connection.execute(_part(head[name])).scalar_one_or_none() for name in _PARTS if whole}
        if not whole or any(digest(parts[name]) != head[name] for name in _PARTS):
            raise IntegrityError(f"the judged case {named[:12]} was changed after it was stored")
        case = restore(Case, {**head, **parts})
        return case if case.proposal is None else replace(case, proposal=replace(case.proposal, known=known))

    def _part(self, name: str, value: object) -> tuple[str, str]:
        """Digest and text of a part; those of the last one where it has not changed."""
        last = self._last.get(name)
        if last is not None and (last[0] is value or last[0] == value):
            return last[1], last[2]
        text = json_text(plain(value))
        key = _digest_of(text)
        self._last[name] = (value, key, text)
        return key, text


def _part(key: str) -> Select[tuple[Any]]:
    return select(case_parts.c.body).where(case_parts.c.digest == key)


def _head(case: Case) -> dict[str, Any]:
    proposal = None if case.proposal is None else plain(replace(case.proposal, known=frozenset()))
    told = {name: getattr(case, name) for name in ("now", "order", "control", "approval", "cycle_entries", "release")}
    head: dict[str, Any] = plain(told)
    return {**head, "proposal": proposal}


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
