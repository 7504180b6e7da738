"""Experiments by id and by strategy; one that is stored is never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, select

from domain.errors import IntegrityError
from domain.record.canonical import restore
from trading.backtest.experiment import Experiment, ExperimentResult, Question
from trading.store.database import Database
from trading.store.research.tables import experiments


class ExperimentStore:
    """The experiments of a home."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, made: Experiment) -> bool:
        """Keep a finished run; False where that question has an answer, which is not touched."""
        with self._database.transaction() as connection:
            if self.get(made.id) is not None:
                return False
            asked = made.question
            connection.execute(
                experiments.insert().values(
                    experiment_id=made.id,
                    strategy=asked.strategy,
                    first_day=asked.first_day,
                    last_day=asked.last_day,
                    policy_digest=asked.policy_digest,
                    made_at=made.made_at,
                    made_by=made.made_by,
                    digest=made.digest,
                    question=asked,
                    answer=made.answer,
                )
            )
        return True

    def get(self, experiment_id: str) -> Experiment | None:
        """One of them by its whole id."""
        return self._first(select(experiments).where(experiments.c.experiment_id == experiment_id))

    def named(self, beginning: str) -> tuple[Experiment, ...]:
        """Those whose id begins so, newest first."""
        # Escaped, because a person types it: % and _ are letters here.
        return self._all(select(experiments).where(experiments.c.experiment_id.startswith(beginning, autoescape=True)))

    def newest(self, count: int, strategy: str | None = None) -> tuple[Experiment, ...]:
        """The newest ones, of one strategy or of all."""
        query = select(experiments)
        return self._all((query if strategy is None else query.where(experiments.c.strategy == strategy)).limit(count))

    def _first(self, query: Select[Any]) -> Experiment | None:
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _experiment(row)

    def _all(self, query: Select[Any]) -> tuple[Experiment, ...]:
        ordered = query.order_by(experiments.c.made_at.desc(), experiments.c.experiment_id)
        with self._database.reading() as connection:
            return tuple(map(_experiment, connection.execute(ordered)))


def _experiment(row: Row[Any]) -> Experiment:
    """The value of a row; IntegrityError for one that is not what was stored."""
    told = row._mapping
    made = Experiment(
        told["experiment_id"],
        told["made_at"],
        told["made_by"],
        restore(Question, told["question"]),
        restore(ExperimentResult, told["answer"]),
    )
    if made.digest != told["digest"]:
        raise IntegrityError(f"experiment {made.id} was changed after it was stored", "Run it again with --again.")
    return made
