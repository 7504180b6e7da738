"""What the owner took over from the broker into our books: each adjustment once, with both quantities and its cost."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import select

from domain.book import Adjustment
from domain.market import Symbol
from trading.store.database import Database
from trading.store.tables import adjustments


class AdjustmentStore:
    """The adjustments; ``trading.execution.reconciliation.adopting`` is their only writer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, adjustment: Adjustment) -> None:
        """One more; IntegrityError of the database where its id is taken."""
        with self._database.transaction() as connection:
            row = {name: getattr(adjustment, name) for name in _FIELDS}
            connection.execute(adjustments.insert().values(row))

    def newest(self, symbol: Symbol | None = None) -> tuple[Adjustment, ...]:
        """Of one symbol or of all, newest first."""
        query = select(*(adjustments.c[name] for name in _FIELDS))
        if symbol is not None:
            query = query.where(adjustments.c.symbol == symbol)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(adjustments.c.at.desc(), adjustments.c.adjustment_id))
            return tuple(Adjustment(*row) for row in rows)


_FIELDS = tuple(field.name for field in fields(Adjustment))
