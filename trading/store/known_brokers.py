"""The brokers that a home of several has had, with the numbers of their accounts.

A process that is not told a number may have to know it: a policy can be written for these accounts alone, and exits at
the others go on. The table is made at the first start with several brokers; a home of one has none.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Column, MetaData, Table, Text, inspect, select

from trading.store.database import Database

_place = MetaData()
known_brokers = Table(
    "known_brokers", _place, Column("name", Text, primary_key=True), Column("account_id", Text, nullable=False)
)


class KnownBrokers:
    """Names and numbers; the newest number of a name counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def numbers(self) -> dict[str, str]:
        """The account's number by the broker's name."""
        with self._database.reading() as connection:
            if not inspect(connection).has_table(known_brokers.name):
                return {}
            rows = connection.execute(select(known_brokers.c.name, known_brokers.c.account_id)).all()
        return {row.name: row.account_id for row in rows}

    def remember(self, numbers: Mapping[str, str]) -> None:
        """Write these down, once nobody here reads or writes any more."""
        self._database.afterwards(lambda: self._write(numbers))

    def _write(self, numbers: Mapping[str, str]) -> None:
        with self._database.transaction() as connection:
            _place.create_all(connection)
            for name, number in numbers.items():
                row = known_brokers.c.name == name
                if not connection.execute(known_brokers.update().where(row).values(account_id=number)).rowcount:
                    connection.execute(known_brokers.insert().values(name=name, account_id=number))
