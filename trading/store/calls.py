"""The journal of model calls: a cycle that resumes finds what it has already paid for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from domain.canonical import restore
from domain.decisions import ModelCall
from domain.ids import CycleId
from domain.money import ZERO
from trading.store.database import Database
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

    def spent_since(self, moment: datetime) -> tuple[int, Decimal]:
        """Tokens and USD of every call that finished at ``moment`` or later, whatever its cycle."""
        query = select(model_calls.c.body).where(model_calls.c.at >= moment)
        with self._database.reading() as connection:
            bodies = connection.execute(query).scalars().all()
        tokens = sum(int(body["tokens_in"]) + int(body["tokens_out"]) for body in bodies)
        return tokens, sum((Decimal(body["cost_usd"]) for body in bodies), ZERO)
