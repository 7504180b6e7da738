"""Models that failed when they were last asked: one row each, until they answer."""

from __future__ import annotations

from sqlalchemy import select

from domain.record.model_use import ModelRest
from trading.store.database import Database
from trading.store.model_use.tables import model_rests


class RestStore:
    """Which models are left alone, for every process of a home."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[ModelRest, ...]:
        """Every model that failed when it was last asked, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(model_rests).order_by(model_rests.c.model)).all()
        return tuple(ModelRest(*row) for row in rows)

    def put(self, rest: ModelRest) -> None:
        """A model failed again."""
        values = {name: getattr(rest, name) for name in ModelRest.__slots__}

        def write() -> None:
            with self._database.transaction() as connection:
                connection.execute(model_rests.delete().where(model_rests.c.model == rest.model))
                connection.execute(model_rests.insert().values(values))

        self._database.write(write)

    def clear(self, model: str) -> None:
        """A model answered."""

        def write() -> None:
            with self._database.transaction() as connection:
                connection.execute(model_rests.delete().where(model_rests.c.model == model))

        self._database.write(write)
