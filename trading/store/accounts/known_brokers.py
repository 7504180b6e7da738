"""The brokers that a home has had, with the numbers of their accounts, and what they were worth.

A process that is not told a number may have to know it: a policy can be written for these accounts alone, and exits at
the others go on. What each account was worth when the equity was last written down tells what one that is named no
longer has taken along; that stays on record, so that one that is named again does not begin anew. The tables are made
when they are first written to.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Boolean, Column, MetaData, Table, Text, inspect, select

from trading.store.columns import ExactDecimal
from trading.store.database import Database

_place = MetaData()
known_brokers = Table(
    "known_brokers", _place, Column("name", Text, primary_key=True), Column("account_id", Text, nullable=False)
)

broker_stakes = Table(
    "broker_stakes",
    _place,
    Column("account_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("equity", ExactDecimal, nullable=False),
    Column("named", Boolean, nullable=False),
)


class Stake(NamedTuple):
    """What an account brings into the equity of a home, and under which name."""

    name: str
    equity: Decimal


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

    def stakes(self, *, named: bool = True) -> dict[str, Stake]:
        """By the account's number, what each was worth when last written down: of those that are named, or were."""
        with self._database.reading() as connection:
            if not inspect(connection).has_table(broker_stakes.name):
                return {}
            rows = connection.execute(select(broker_stakes).where(broker_stakes.c.named.is_(named))).all()
        return {row.account_id: Stake(row.name, row.equity) for row in rows}

    def keep_stakes(self, present: Mapping[str, Stake]) -> None:
        """These are named now; of all others stays what they were worth last."""
        with self._database.transaction() as connection:
            if not inspect(connection).has_table(broker_stakes.name):
                _place.create_all(connection)
            connection.execute(broker_stakes.update().values(named=False))
            connection.execute(broker_stakes.delete().where(broker_stakes.c.account_id.in_(present)))
            connection.execute(
                broker_stakes.insert(),
                [
                    {"account_id": number, "name": each.name, "equity": each.equity, "named": True}
                    for number, each in sorted(present.items())
                ],
            )

    def _write(self, numbers: Mapping[str, str]) -> None:
        with self._database.transaction() as connection:
            _place.create_all(connection)
            for name, number in numbers.items():
                row = known_brokers.c.name == name
                if not connection.execute(known_brokers.update().where(row).values(account_id=number)).rowcount:
                    connection.execute(known_brokers.insert().values(name=name, account_id=number))
