"""Money and tokens of a day, set aside before each call, so that two processes cannot both spend the last of them.

A row is the most that a call may come to until it is over, and then what it came to. A call whose end nobody saw keeps
its row for the day: it may have been billed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from sqlalchemy import ColumnElement, Connection, and_, func, not_, select

from domain.decisions import ModelCall
from domain.ids import CycleId
from domain.record.model_use import Fits, SetAside, Spent
from trading.store.calls import CallStore
from trading.store.database import Database
from trading.store.model_use.tables import model_spending

BILLION = Decimal(1_000_000_000)


class SpendingStore:
    """What the calls of a day come to. ``day_start`` says when the day of a moment began."""

    def __init__(self, database: Database, calls: CallStore, day_start: Callable[[datetime], datetime]) -> None:
        self._database = database
        self._calls = calls
        self._day_start = day_start
        self._begun: datetime | None = None

    def set_aside(self, wanted: SetAside, fits: Fits) -> bool:
        """Keep it free where it ``fits``; False, and nothing is kept, where it does not."""
        day = self._day_start(wanted.at)
        if self._begun != day:
            # calls that were made while no limit was set belong to the day all the same
            self._database.write(lambda: self._begin(day))
            self._begun = day
        return self._database.write(lambda: self._kept(wanted, day, fits))

    def settle(self, cycle_id: CycleId, key: str, spent: Spent) -> None:
        """The call is over: this is what it came to."""
        values = {"tokens": spent.tokens, "nano_usd": nano(spent.cost_usd)}

        def write() -> None:
            with self._database.transaction() as connection:
                connection.execute(model_spending.update().where(_one(cycle_id, key)).values(values))

        self._database.write(write)

    def give_back(self, cycle_id: CycleId, key: str) -> None:
        """The call was never made."""

        def write() -> None:
            with self._database.transaction() as connection:
                connection.execute(model_spending.delete().where(_one(cycle_id, key)))

        self._database.write(write)

    def of_day(self, at: datetime) -> dict[str, Spent]:
        """By role, what the day of this moment comes to so far."""
        with self._database.reading() as connection:
            return _by_role(connection, model_spending.c.at >= self._day_start(at))

    def _kept(self, wanted: SetAside, day: datetime, fits: Fits) -> bool:
        own = _one(wanted.cycle_id, wanted.key)
        with self._database.transaction() as connection:
            # Without its own row: a call that is tried again must not be refused because of itself.
            if not fits(_by_role(connection, and_(model_spending.c.at >= day, not_(own)))):
                return False
            connection.execute(model_spending.delete().where(own))
            _insert(connection, wanted)
        return True

    def _begin(self, day: datetime) -> None:
        with self._database.transaction() as connection:
            found = select(model_spending.c.cycle_id, model_spending.c.request_digest)
            known = {tuple(row) for row in connection.execute(found.where(model_spending.c.at >= day))}
            for call in self._calls.since(day):
                if (call.cycle_id, call.request_digest) not in known:
                    _insert(connection, _made(call))


def nano(cost_usd: Decimal) -> int:
    """Dollars as whole billionths, rounded up: what is set aside must not be too little."""
    return int((cost_usd * BILLION).to_integral_value(ROUND_CEILING))


def _one(cycle_id: CycleId, key: str) -> ColumnElement[bool]:
    return and_(model_spending.c.cycle_id == cycle_id, model_spending.c.request_digest == key)


def _by_role(connection: Connection, which: ColumnElement[bool]) -> dict[str, Spent]:
    # Plain sums are exact: both columns are whole numbers on every database.
    sums = func.sum(model_spending.c.tokens), func.sum(model_spending.c.nano_usd)
    query = select(model_spending.c.role, *sums).where(which).group_by(model_spending.c.role)
    return {
        role: Spent(int(tokens), Decimal(int(money)) / BILLION) for role, tokens, money in connection.execute(query)
    }


def _insert(connection: Connection, row: SetAside) -> None:
    connection.execute(
        model_spending.insert().values(
            cycle_id=row.cycle_id,
            request_digest=row.key,
            at=row.at,
            role=row.role,
            model=row.model,
            tokens=row.tokens,
            nano_usd=nano(row.cost_usd),
        )
    )


def _made(call: ModelCall) -> SetAside:
    tokens = call.tokens_in + call.tokens_out
    return SetAside(call.cycle_id, call.request_digest, call.role, call.model, tokens, call.cost_usd, call.at)
