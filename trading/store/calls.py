"""The journal of model calls: a cycle that resumes finds what it has already paid for.

An answer that was read may be offered to later cycles: the same question then costs nothing, for as long as it is
young enough, and never before the moment at which it was given.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, select

from domain.canonical import restore
from domain.decisions import ModelCall
from domain.ids import CycleId
from domain.model_use import Handover
from domain.money import ZERO
from trading.store.database import Database
from trading.store.model_use.tables import model_answers, model_handovers
from trading.store.tables import model_calls


class CallStore:
    """Finished calls by cycle and request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def finished(self, cycle_id: CycleId, request_digest: str) -> ModelCall | None:
        """The stored answer to exactly this request inside this cycle, or None."""
        wanted = (model_calls.c.cycle_id == cycle_id, model_calls.c.request_digest == request_digest)
        with self._database.reading() as connection:
            body = connection.execute(select(model_calls.c.body).where(*wanted)).scalar_one_or_none()
        return None if body is None else restore(ModelCall, body)

    def save(self, call: ModelCall) -> ModelCall:
        """Store a finished call; where two were made for one request, the first counts and is the answer."""
        return self._database.write(lambda: self._saved(call))

    def _saved(self, call: ModelCall) -> ModelCall:
        with self._database.transaction() as connection:
            stored = self.finished(call.cycle_id, call.request_digest)
            if stored is not None:
                return stored
            connection.execute(
                model_calls.insert().values(
                    cycle_id=call.cycle_id, request_digest=call.request_digest, at=call.at, body=call
                )
            )
        return call

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
            return None if cycle is None else self.finished(CycleId(cycle), request_digest)

    def newest_faults(self, limit: int, *, since: datetime | None = None) -> tuple[str | None, ...]:
        """What was wrong with each of the last ``limit`` answers, newest first; None where nothing was."""
        query = select(model_calls.c.fault).order_by(model_calls.c.at.desc(), model_calls.c.request_digest)
        if since is not None:
            query = query.where(model_calls.c.at > since)
        with self._database.reading() as connection:
            return tuple(connection.execute(query.limit(limit)).scalars())

    def of_cycle(self, cycle_id: CycleId) -> tuple[ModelCall, ...]:
        """All calls of a cycle in the order they finished."""
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
