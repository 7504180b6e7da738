"""The journal of model calls: a cycle that resumes finds what it has already paid for.

An answer that was read may be offered to later cycles: the same question then costs nothing, for as long as it is
young enough, and never before the moment at which it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from threading import Lock

from sqlalchemy import Text, and_, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from domain.decisions import ModelCall
from domain.ids import CycleId
from domain.money import ZERO
from domain.record.canonical import canonical_json, restore
from domain.record.model_use import Handover
from trading.store.database import Database
from trading.store.model_use.tables import model_answers, model_handovers
from trading.store.tables import model_calls
from trading.store.writing.prepared import Prepared, Query, given

_NAMES = ("cycle_id", "request_digest", "at", "body")
_BODY = bindparam("body", type_=Text)  # canonical text already, made before the turn to write
_ADD = {
    "sqlite": Prepared(sqlite.insert(model_calls).values(body=_BODY).on_conflict_do_nothing(), _NAMES),
    "postgresql": Prepared(postgresql.insert(model_calls).values(body=_BODY).on_conflict_do_nothing(), _NAMES),
}
"""A call unless there is one for its request."""
_NEWEST = select(model_calls.c.fault).order_by(model_calls.c.at.desc(), model_calls.c.request_digest)
_FAULTS = Query(_NEWEST.limit(given("count")), "count")
_FAULTS_SINCE = Query(_NEWEST.where(model_calls.c.at > given("since")).limit(given("count")), "since", "count")


class _Held:
    """The calls of one cycle in memory, by request."""

    def __init__(self, calls: Iterable[ModelCall]) -> None:
        self.calls = {call.request_digest: call for call in calls}
        self._ordered: tuple[ModelCall, ...] | None = None
        self._lock = Lock()

    def put(self, call: ModelCall) -> None:
        with self._lock:
            self.calls[call.request_digest] = call
            self._ordered = None

    def ordered(self) -> tuple[ModelCall, ...]:
        with self._lock:
            if self._ordered is None:
                self._ordered = tuple(sorted(self.calls.values(), key=attrgetter("at", "request_digest")))
            return self._ordered


class CallStore:
    """Finished calls by cycle and request."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[CycleId, _Held] = {}

    @contextmanager
    def held(self, cycle_id: CycleId) -> Iterator[None]:
        """For who runs a cycle: inside, its calls are in memory, and a question is not looked up once more on disk.

        Only one process runs a cycle. Were there two, the call that is stored first would still be the one that counts.
        """
        self._held[cycle_id] = _Held(self.of_cycle(cycle_id))
        try:
            yield
        finally:
            self._held.pop(cycle_id, None)

    def finished(self, cycle_id: CycleId, request_digest: str) -> ModelCall | None:
        """The stored answer to exactly this request inside this cycle, or None."""
        held = self._held.get(cycle_id)
        return self._stored(cycle_id, request_digest) if held is None else held.calls.get(request_digest)

    def save(self, call: ModelCall) -> ModelCall:
        """Store a finished call; where two were made for one request, the first counts and is the answer."""
        row = (call.cycle_id, call.request_digest, call.at, canonical_json(call))
        if self._database.write(lambda: self._added(row)):
            kept = call
        else:
            kept = self._stored(CycleId(call.cycle_id), call.request_digest) or call
        held = self._held.get(CycleId(call.cycle_id))
        if held is not None:  # what is durable may be remembered, and nothing before
            held.put(kept)
        return kept

    def _added(self, row: tuple[str, str, datetime, str]) -> int:
        with self._database.transaction() as connection:
            return _ADD[connection.dialect.name].run(connection, row)

    def _stored(self, cycle_id: CycleId, request_digest: str) -> ModelCall | None:
        wanted = (model_calls.c.cycle_id == cycle_id, model_calls.c.request_digest == request_digest)
        with self._database.reading() as connection:
            body = connection.execute(select(model_calls.c.body).where(*wanted)).scalar_one_or_none()
        return None if body is None else restore(ModelCall, body)

    def unusable(self, call: ModelCall, fault: str) -> None:
        """Nothing may be done with the answer of this stored call, for the reason ``fault``."""
        row = (model_calls.c.cycle_id == call.cycle_id, model_calls.c.request_digest == call.request_digest)
        with self._database.transaction() as connection:
            connection.execute(model_calls.update().where(*row).values(fault=fault))

    def offer(self, call: ModelCall) -> None:
        """The answer could be read: later cycles may use it again."""
        values = {"cycle_id": call.cycle_id, "at": call.at}

        def write() -> None:
            same = model_answers.c.request_digest == call.request_digest
            with self._database.transaction() as connection:
                if connection.execute(model_answers.update().where(same).values(values)).rowcount == 0:
                    connection.execute(model_answers.insert().values(request_digest=call.request_digest, **values))

        self._database.write(write)

    def offered(self, request_digest: str, *, since: datetime, until: datetime) -> ModelCall | None:
        """The newest answer to exactly this question that was offered, given in this span; or None."""
        query = select(model_answers.c.cycle_id).where(
            model_answers.c.request_digest == request_digest, model_answers.c.at.between(since, until)
        )
        with self._database.reading() as connection:
            cycle = connection.execute(query).scalar_one_or_none()
            return None if cycle is None else self._stored(CycleId(cycle), request_digest)

    def newest_faults(self, limit: int, *, since: datetime | None = None) -> tuple[str | None, ...]:
        """What was wrong with each of the last ``limit`` answers, newest first; None where nothing was."""
        with self._database.reading() as connection:
            rows = _FAULTS.rows(connection, limit) if since is None else _FAULTS_SINCE.rows(connection, since, limit)
        return tuple(fault for (fault,) in rows)

    def of_cycle(self, cycle_id: CycleId) -> tuple[ModelCall, ...]:
        """All calls of a cycle in the order they finished."""
        held = self._held.get(cycle_id)
        if held is not None:
            return held.ordered()
        query = select(model_calls.c.body).where(model_calls.c.cycle_id == cycle_id)
        with self._database.reading() as connection:
            bodies = connection.execute(query.order_by(model_calls.c.at, model_calls.c.request_digest)).scalars().all()
        return tuple(restore(ModelCall, body) for body in bodies)

    def since(self, moment: datetime, until: datetime | None = None) -> tuple[ModelCall, ...]:
        """Every call that finished at ``moment`` or later, and before ``until``, in the order they finished."""
        query = select(model_calls.c.body).where(model_calls.c.at >= moment)
        if until is not None:
            query = query.where(model_calls.c.at < until)
        with self._database.reading() as connection:
            bodies = connection.execute(query.order_by(model_calls.c.at, model_calls.c.request_digest)).scalars().all()
        return tuple(restore(ModelCall, body) for body in bodies)

    def spent_since(self, moment: datetime) -> tuple[int, Decimal]:
        """Tokens and USD of every call that finished at ``moment`` or later, whatever its cycle."""
        query = select(model_calls.c.body).where(model_calls.c.at >= moment)
        with self._database.reading() as connection:
            bodies = connection.execute(query).scalars().all()
        tokens = sum(int(body["tokens_in"]) + int(body["tokens_out"]) for body in bodies)
        return tokens, sum((Decimal(body["cost_usd"]) for body in bodies), ZERO)

    def handed_over(self, passed: Handover) -> None:
        """Another model is asked in place of one that failed; counted with its like."""
        self._database.write(lambda: self._count(passed))

    def handovers(self, cycle_id: CycleId) -> tuple[Handover, ...]:
        """Every kind of handover in a cycle, by role."""
        order = (model_handovers.c.role, model_handovers.c.model, model_handovers.c.to, model_handovers.c.reason)
        query = select(model_handovers).where(model_handovers.c.cycle_id == cycle_id).order_by(*order)
        with self._database.reading() as connection:
            return tuple(Handover(*row) for row in connection.execute(query))

    def _count(self, passed: Handover) -> None:
        key = {name: getattr(passed, name) for name in ("cycle_id", "role", "model", "to", "reason")}
        same = and_(*(model_handovers.c[name] == value for name, value in key.items()))
        with self._database.transaction() as connection:
            more = model_handovers.update().where(same).values(count=model_handovers.c.count + passed.count)
            if connection.execute(more).rowcount == 0:
                connection.execute(model_handovers.insert().values(**key, count=passed.count))
