"""What each cycle saw, stored whole: the first save of a cycle counts, a resumed cycle gets that one back."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

from sqlalchemy import Text, bindparam, select

from domain.context.observation import Observation
from domain.errors import IntegrityError
from domain.ids import CycleId
from domain.record.canonical import canonical_json, digest, restore
from trading.store.database import Database
from trading.store.tables import observations
from trading.store.writing.prepared import Prepared

CACHED_CYCLES = 4


class ObservationStore:
    """Observations by cycle, the last few kept in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: OrderedDict[CycleId, Observation] = OrderedDict()
        self._lock = threading.Lock()

    def save(self, observation: Observation) -> Observation:
        """Store it unless its cycle has one already; the answer is what is stored."""
        cycle = observation.evidence.cycle_id
        with self._database.transaction() as connection:
            stored = self.load(cycle)
            if stored is not None:
                return stored
            text = canonical_json(observation)
            named = hashlib.sha256(text.encode()).hexdigest()
            _INSERT.run(connection, (cycle, observation.evidence.as_of, named, text))
        return self._keep(cycle, observation)

    def load(self, cycle_id: CycleId) -> Observation | None:
        """What that cycle saw, or None; raises IntegrityError where the stored text was changed."""
        with self._lock:
            if cycle_id in self._cache:
                self._cache.move_to_end(cycle_id)
                return self._cache[cycle_id]
        with self._database.reading() as connection:
            row = connection.execute(select(observations).where(observations.c.cycle_id == cycle_id)).one_or_none()
        if row is None:
            return None
        if digest(row.body) != row.digest:
            raise IntegrityError(f"the observation of {cycle_id} was changed after it was stored")
        return self._keep(cycle_id, restore(Observation, row.body))

    def _keep(self, cycle_id: CycleId, observation: Observation) -> Observation:
        with self._lock:
            self._cache[cycle_id] = observation
            while len(self._cache) > CACHED_CYCLES:
                self._cache.popitem(last=False)
        return observation


# Its text is made once: the digest is taken of it, and it is stored.
_INSERT = Prepared(
    observations.insert().values(body=bindparam("body", type_=Text)), ("cycle_id", "as_of", "digest", "body")
)
