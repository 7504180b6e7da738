"""Judged cases by digest. The verdicts in the ledger name the digest, so a case that was changed does not go unseen.

    head  {now, order, control, approval, cycle_entries, release, proposal without its list of references,
           market: digest, book: digest}        parts  {digest: market or book}

The references that a proposal was given are those of the cycle's observation and of its own plan. They are put back
from there, because every order of a cycle would repeat them.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, Table, Text, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from domain.case import Case
from domain.errors import IntegrityError
from domain.ids import Ref
from domain.record.canonical import canonical_json, digest, joined_text, restore
from domain.record.case_text import PARTS, Part, own_texts, parts_of, text_digest
from trading.store.database import Database
from trading.store.judged.tables import case_parts, judged_cases
from trading.store.writing.prepared import Prepared

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
    """Keeps what the gates were shown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, case: Case, cycle_id: str) -> str:
        """Store a case unless it is there; the answer is its digest."""
        parts = parts_of(case)
        text = _head(case, parts)
        named = text_digest(text)
        with self._database.transaction() as connection:
            # Noted with the transaction and not here: what is rolled back has to be written again.
            kind, written = connection.dialect.name, self._database.notes.get(_WRITTEN, frozenset())
            for part in parts.values():
                if part.digest not in written:
                    _ADD_PART[kind].run(connection, part)
            self._database.notes[_WRITTEN] = written.union(part.digest for part in parts.values())
            _ADD_HEAD[kind].run(connection, (named, case.now, cycle_id, text))
        return named

    def noted(self, case: Case, cycle_id: str) -> dict[str, str]:
        """What verdicts say of their case: its digest where it belongs to a cycle, and is kept; else nothing."""
        return {"case": self.keep(case, cycle_id)} if cycle_id and case.order.leg in REPRODUCED else {}

    def find(self, named: str, known: Set[Ref]) -> Case | None:
        """The case of that digest with ``known`` as its proposal's references; IntegrityError where it was changed."""
        with self._database.reading() as connection:
            query = select(judged_cases.c.body).where(judged_cases.c.digest == named)
            head: dict[str, Any] | None = connection.execute(query).scalar_one_or_none()
            if head is None:
                return None
            whole = digest(head) == named
            parts = {name: connection.execute(_part(head[name])).scalar_one_or_none() for name in PARTS if whole}
        if not whole or any(digest(parts[name]) != head[name] for name in PARTS):
            raise IntegrityError(f"the judged case {named[:12]} was changed after it was stored")
        case = restore(Case, {**head, **parts})
        return case if case.proposal is None else replace(case, proposal=replace(case.proposal, known=known))


def _part(key: str) -> Select[tuple[Any]]:
    return select(case_parts.c.body).where(case_parts.c.digest == key)


def _head(case: Case, parts: Mapping[str, Part]) -> str:
    own = case if case.proposal is None else replace(case, proposal=replace(case.proposal, known=frozenset()))
    return joined_text({**own_texts(own), **{name: canonical_json(part.digest) for name, part in parts.items()}})
