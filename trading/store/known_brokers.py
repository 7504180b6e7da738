"""The brokers that a home of several has had, with the numbers of their accounts, and what they were worth.

A process that is not told a number may have to know it: a policy can be written for these accounts alone, and exits at
the others go on. What each was worth when the equity was last written down tells what a broker that is named no longer
has taken along. The tables are made at the first start with several brokers; a home of one has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import Column, MetaData, Table, Text, inspect, select

from trading.store.columns import ExactDecimal
from trading.store.database import Database

_place = MetaData()
known_brokers = Table(
    "known_brokers", _place, Column("name", Text, primary_key=True), Column("account_id", Text, nullable=False)
)

broker_shares = Table(
    "broker_shares", _place, Column("name", Text, primary_key=True), Column("equity", ExactDecimal, nullable=False)
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

    def make(self) -> None:
        """Make the tables, where a start names several."""
        with self._database.transaction() as connection:
            _place.create_all(connection)

    def shares(self) -> dict[str, Decimal]:
        """What each broker was worth when the equity was last written down, by name; empty in a home of one."""
        with self._database.reading() as connection:
            if not inspect(connection).has_table(broker_shares.name):
                return {}
            rows = connection.execute(select(broker_shares.c.name, broker_shares.c.equity)).all()
        return {row.name: row.equity for row in rows}

    def keep_shares(self, shares: Mapping[str, Decimal]) -> None:
        """Put these in the place of the last ones."""
        with self._database.transaction() as connection:
            connection.execute(broker_shares.delete())
            connection.execute(
                broker_shares.insert(), [{"name": name, "equity": equity} for name, equity in sorted(shares.items())]
            )

    def _write(self, numbers: Mapping[str, str]) -> None:
        with self._database.transaction() as connection:
            _place.create_all(connection)
            for name, number in numbers.items():
                row = known_brokers.c.name == name
                if not connection.execute(known_brokers.update().where(row).values(account_id=number)).rowcount:
                    connection.execute(known_brokers.insert().values(name=name, account_id=number))
