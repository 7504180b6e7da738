"""What we asked of the broker, how its answers went, and when a symbol last closed, stopped, lost or was rejected.

All of it is in the database, so a new process counts on. Windows have a beginning and no end: what a clock that was
ahead has stamped with a time to come stays inside every window until that time has passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import func, or_, select

from domain.ids import ClientOrderId
from domain.market import Symbol
from domain.money import HUNDRED, ZERO
from trading.store.database import Database
from trading.store.tables import broker_calls, messages, symbol_times
from trading.store.writing.prepared import Prepared, Query, given

CALLS_WINDOW = timedelta(hours=1)
"""Failures are a share of the calls of this long."""
CALLS_KEPT = timedelta(days=1)


class MessageKind(StrEnum):
    """What a broker is asked besides orders of their own: about one that it has, or to rest one behind a holding."""

    CANCEL = "cancel"
    REPLACE = "replace"
    PROTECT = "protect"


class Happening(StrEnum):
    """What a symbol waits after: a round trip that ended, by its stop too, a realised loss, a rejected order."""

    EXIT = "exit"
    STOP = "stop"
    LOSS = "loss"
    REJECT = "reject"


class BrokerCall(NamedTuple):
    """One call to the broker; ``ok`` False where it gave no usable answer."""

    at: datetime
    what: str
    ok: bool


class ActivityStore:
    """Messages, broker calls, and the newest happening of each kind and symbol."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def asked(self, kind: MessageKind, client_order_id: ClientOrderId, *, at: datetime) -> None:
        """Count a message; written before it leaves, so that a crash cannot lose it."""
        with self._database.transaction() as connection:
            connection.execute(messages.insert().values(at=at, kind=kind, client_order_id=client_order_id))

    def messages_since(self, since: datetime) -> dict[MessageKind, int]:
        """How many of each kind; a kind that is absent was not asked."""
        with self._database.reading() as connection:
            return {MessageKind(kind): count for kind, count in _MESSAGES.rows(connection, since)}

    def called(self, calls: Sequence[BrokerCall], *, now: datetime) -> None:
        """Write down how calls went and drop what is older than a day."""
        with self._database.transaction() as connection:
            for call in calls:
                _CALL.run(connection, call)
            if _OLD_CALL.first(connection, now - CALLS_KEPT) is not None:
                connection.execute(broker_calls.delete().where(broker_calls.c.at < now - CALLS_KEPT))

    def failed_pct(self, now: datetime) -> Decimal:
        """Failed calls in percent of all of the last hour; 0 where nobody called.

        A success from the time to come proves nothing and is left out, a failure counts: 3 failed of 12 are 25.
        """
        with self._database.reading() as connection:
            counts: dict[bool, int] = dict(_CALLS.rows(connection, now - CALLS_WINDOW, now))
        total = sum(counts.values())
        return ZERO if total == 0 else HUNDRED * counts.get(False, 0) / Decimal(total)

    def happened(self, what: Happening, symbol: Symbol, *, at: datetime) -> None:
        """Move the time of the newest ``what`` in a symbol; never back."""
        row = (symbol_times.c.symbol == symbol) & (symbol_times.c.what == what)
        with self._database.transaction() as connection:
            known = connection.execute(select(symbol_times.c.at).where(row)).scalar_one_or_none()
            if known is None:
                connection.execute(symbol_times.insert().values(symbol=symbol, what=what, at=at))
            elif at > known:
                connection.execute(symbol_times.update().where(row).values(at=at))

    def newest(self) -> dict[Happening, dict[Symbol, datetime]]:
        """The newest time of every kind and symbol."""
        found: dict[Happening, dict[Symbol, datetime]] = {what: {} for what in Happening}
        with self._database.reading() as connection:
            for what, symbol, at in _TIMES.rows(connection):
                found[Happening(what)][Symbol(symbol)] = at
        return found


_MESSAGES = Query(
    select(messages.c.kind, func.count()).where(messages.c.at >= given("since")).group_by(messages.c.kind), "since"
)
_CALL = Prepared(broker_calls.insert(), BrokerCall._fields)
_OLD_CALL = Query(select(broker_calls.c.at).where(broker_calls.c.at < given("before")).limit(1), "before")
_CALLS = Query(
    select(broker_calls.c.ok, func.count())
    .where(broker_calls.c.at >= given("since"), or_(broker_calls.c.at <= given("now"), broker_calls.c.ok.is_(False)))
    .group_by(broker_calls.c.ok),
    "since",
    "now",
)
_TIMES = Query(select(symbol_times.c.what, symbol_times.c.symbol, symbol_times.c.at))
