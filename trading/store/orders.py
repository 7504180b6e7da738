"""Our own record of orders and their executions: one row for each leg of a decision, one for each fill, ever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Select, bindparam, case, func, select

from domain.ids import ClientOrderId, DecisionId
from domain.money import HUNDRED
from domain.orders import Fill, Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.records import RecordKind
from trading.store.activity import ActivityStore
from trading.store.database import Database
from trading.store.tables import fills, ledger, orders
from trading.store.trades import TradeStore
from trading.store.writing.prepared import Prepared, first_row

_OPEN = tuple(status.value for status in OrderStatus if status.is_open)
_NO_ANSWER = (OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN, OrderStatus.DENIED)
"""Nobody knows yet, or nobody outside was ever asked, whether the broker takes such an order."""


class OrderStore:
    """Orders and their fills; in ``trades`` what the fills became, in ``activity`` what else we did at the broker."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.trades = TradeStore(database)
        self.activity = ActivityStore(database)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One view of orders, trades and activity for everything that is read inside."""
        with self._database.reading():
            yield

    def insert(
        self,
        order: Order,
        *,
        cycle_id: str = "",
        sendable_until: datetime | None = None,
        arrival_price: Decimal | None = None,
    ) -> Order:
        """A new row; IntegrityError of the database where the id, or this leg of the decision, is taken.

        ``sendable_until`` is when its permit expires: after it nobody can send the order any more. ``arrival_price``
        is what our quote showed on the side it meets when it was decided; slippage is measured against it.
        """
        with self._database.transaction() as connection:
            _INSERT.run(connection, (*_values(order), cycle_id, sendable_until, arrival_price))
        return order

    def update(self, order: Order) -> Order:
        """Write the order as it stands now."""
        with self._database.transaction() as connection:
            _UPDATE.run(connection, (*_values(order), order.client_order_id))
        return order

    def claim(self, client_order_id: ClientOrderId, expected: OrderStatus, to: OrderStatus, *, at: datetime) -> bool:
        """Compare-and-set of the status; True for the one caller that made the move."""
        row = (to, at, client_order_id, expected)
        return self._database.write(lambda: self._claimed(row))

    def retake(self, order: Order, *, sendable_until: datetime, arrival_price: Decimal | None) -> bool:
        """Write the order over its INTENT row under a new permit; False where the row has moved on."""
        values = {name: getattr(order, name) for name in _FIELDS if name != "parent_id"}
        values |= {"sendable_until": sendable_until, "arrival_price": arrival_price}
        row = (orders.c.client_order_id == order.client_order_id) & (orders.c.status == OrderStatus.INTENT)
        with self._database.transaction() as connection:
            return bool(connection.execute(orders.update().where(row).values(values)).rowcount)

    def known(self, client_order_ids: Iterable[ClientOrderId]) -> frozenset[ClientOrderId]:
        """Which of these ids are ours, whatever became of them."""
        query = select(orders.c.client_order_id).where(orders.c.client_order_id.in_(tuple(client_order_ids)))
        with self._database.reading() as connection:
            return frozenset(map(ClientOrderId, connection.execute(query).scalars()))

    def get(self, client_order_id: ClientOrderId) -> Order | None:
        """One order by its id at the broker."""
        return self._one(select(orders).where(orders.c.client_order_id == client_order_id))

    def find(self, decision_id: DecisionId, leg: str) -> Order | None:
        """The order that this leg of the decision became, whatever its fate."""
        return self._one(select(orders).where(orders.c.decision_id == decision_id, orders.c.leg == leg))

    def of_decision(self, decision_id: DecisionId) -> tuple[Order, ...]:
        """Every leg of a decision, oldest first."""
        return self._many(select(orders).where(orders.c.decision_id == decision_id))

    def open(self) -> tuple[Order, ...]:
        """Everything that may still add exposure, in-flight and UNKNOWN included, oldest first."""
        return self._many(select(orders).where(orders.c.status.in_(_OPEN)))

    def recent(self, since: datetime) -> tuple[Order, ...]:
        """Orders made at or after ``since``, oldest first."""
        return self._many(select(orders).where(orders.c.created_at >= since))

    def moved_since(self, since: datetime) -> tuple[Order, ...]:
        """Orders that were sent or changed at or after ``since``, oldest first."""
        return self._many(select(orders).where(orders.c.updated_at >= since))

    def of_cycle(self, cycle_id: str) -> tuple[Order, ...]:
        """Orders that a cycle made, oldest first."""
        return self._many(select(orders).where(orders.c.cycle_id == cycle_id))

    def newest(self, limit: int) -> tuple[Order, ...]:
        """The last ``limit`` orders, newest first."""
        with self._database.reading() as connection:
            query = select(orders).order_by(orders.c.created_at.desc(), orders.c.client_order_id).limit(limit)
            return tuple(_order(row) for row in connection.execute(query))

    def sendable_until(self, client_order_id: ClientOrderId) -> datetime | None:
        """When the permit of that order expires or expired; None for legs that the broker made."""
        query = select(orders.c.sendable_until).where(orders.c.client_order_id == client_order_id)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def cycle_of(self, client_order_id: ClientOrderId) -> str:
        """The cycle that made the order; empty for orders made by hand."""
        query = select(orders.c.cycle_id).where(orders.c.client_order_id == client_order_id)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one_or_none() or ""

    def mark(self) -> int:
        """A place in our record, to ask later what has moved since."""
        with self._database.reading() as connection:
            found = first_row(connection, "SELECT max(seq) FROM ledger")
        return 0 if found is None or found[0] is None else int(found[0])

    def moved(self, mark: int) -> bool:
        """True where since then an order was filled or ended: what counted as an order may be a holding by now."""
        since = select(ledger.c.kind, ledger.c.body).where(
            ledger.c.seq > mark, ledger.c.kind.in_((RecordKind.ORDER, RecordKind.FILL))
        )
        with self._database.reading() as connection:
            return any(
                row.kind == RecordKind.FILL or row.body["filled_qty"] != "0" or row.body["status"] not in _OPEN
                for row in connection.execute(since)
            )

    def rejected_in_row(self, now: datetime, *, since: datetime) -> int:
        """Orders that the broker rejected since it last took one, over days and restarts; none from before ``since``.

        Newest first R R U R A R: three, an unknown fate decides nothing. A rejection at the very moment of an
        acceptance counts, and an acceptance with a time to come ends nothing.
        """
        sent = orders.c.parent_id.is_(None)
        accepted = (
            select(orders.c.created_at)
            .where(sent, orders.c.created_at <= now, orders.c.status.not_in((*_NO_ANSWER, OrderStatus.REJECTED)))
            # An order that was closed because it never left, or never arrived, was not accepted by anybody.
            .where((orders.c.status != OrderStatus.CANCELED) | orders.c.broker_id.is_not(None))
            .order_by(orders.c.created_at.desc())
            .limit(1)
        )
        rejected = select(func.count()).where(
            sent, orders.c.status == OrderStatus.REJECTED, orders.c.created_at >= since
        )
        with self._database.reading() as connection:
            last = connection.execute(accepted).scalar_one_or_none()
            query = rejected if last is None else rejected.where(orders.c.created_at >= last)
            return connection.execute(query).scalar_one()

    def slippage(self, count: int, *, since: datetime) -> tuple[Decimal, ...]:
        """What each of the last ``count`` fills since then cost against the price at its decision, in percent of it.

        Bought at 100.30 where the ask was 100: 0.3. Sold at 100.30 where the bid was 100: -0.3. Protective legs are
        decided by their trigger, not by a quote, and have no such price.
        """
        sign = case((fills.c.side == Side.BUY, Side.BUY.sign), else_=Side.SELL.sign)
        query = (
            select(sign, fills.c.price, orders.c.arrival_price)
            .join(orders, orders.c.client_order_id == fills.c.client_order_id)
            .where(orders.c.arrival_price.is_not(None), fills.c.at >= since)
            .order_by(fills.c.at.desc(), fills.c.fill_id)
            .limit(count)
        )
        with self._database.reading() as connection:
            return tuple(
                HUNDRED * way * (price - arrival) / arrival for way, price, arrival in connection.execute(query)
            )

    def add_fill(self, fill: Fill, *, realized_pnl: Decimal, strategy: str = "") -> bool:
        """Record an execution with the strategy whose trade it belongs to; False when it was recorded before."""
        with self._database.transaction() as connection:
            if self.has_fill(fill.fill_id):
                return False
            values = {field.name: getattr(fill, field.name) for field in fields(Fill)}
            connection.execute(fills.insert().values(values | {"realized_pnl": realized_pnl, "strategy": strategy}))
        return True

    def has_fill(self, fill_id: str) -> bool:
        """True when that execution is recorded."""
        with self._database.reading() as connection:
            return connection.execute(select(fills.c.fill_id).where(fills.c.fill_id == fill_id)).first() is not None

    def fills_of(self, client_order_id: ClientOrderId) -> tuple[Fill, ...]:
        """Executions of one order, oldest first."""
        return self._fills(select(fills).where(fills.c.client_order_id == client_order_id))

    def fills_since(self, since: datetime) -> tuple[Fill, ...]:
        """Executions at or after ``since``, oldest first."""
        return self._fills(select(fills).where(fills.c.at >= since))

    def first_fill_at(self) -> datetime | None:
        """Time of the oldest execution."""
        with self._database.reading() as connection:
            return connection.execute(select(func.min(fills.c.at))).scalar_one_or_none()

    def last_fill_at(self) -> datetime | None:
        """Time of the newest execution."""
        with self._database.reading() as connection:
            return connection.execute(select(func.max(fills.c.at))).scalar_one_or_none()

    def _claimed(self, row: tuple[Any, ...]) -> bool:
        with self._database.transaction() as connection:
            return bool(_CLAIM.run(connection, row))

    def _one(self, query: Select[Any]) -> Order | None:
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _order(row)

    def _many(self, query: Select[Any]) -> tuple[Order, ...]:
        with self._database.reading() as connection:
            rows: Iterable[Row[Any]] = connection.execute(query.order_by(orders.c.created_at, orders.c.client_order_id))
            return tuple(_order(row) for row in rows)

    def _fills(self, query: Select[Any]) -> tuple[Fill, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(fills.c.at, fills.c.fill_id))
            return tuple(_fill(row) for row in rows)


def _order(row: Row[Any]) -> Order:
    stored = row._mapping
    values = {name: stored[name] for name in _FIELDS}
    kinds = {"side": Side, "type": OrderType, "tif": TimeInForce, "status": OrderStatus, "origin": Origin}
    return Order(**(values | {name: kind(values[name]) for name, kind in kinds.items()}))


def _fill(row: Row[Any]) -> Fill:
    stored = row._mapping
    values = {field.name: stored[field.name] for field in fields(Fill)}
    return Fill(**(values | {"side": Side(values["side"])}))


_FIELDS = tuple(field.name for field in fields(Order))
_values = attrgetter(*_FIELDS)
_KEY = orders.c.client_order_id == bindparam("key")
_INSERT = Prepared(orders.insert(), (*_FIELDS, "cycle_id", "sendable_until", "arrival_price"))
_UPDATE = Prepared(orders.update().where(_KEY), (*_FIELDS, "key"))
_CLAIM = Prepared(
    orders.update().where(_KEY, orders.c.status == bindparam("expected")), ("status", "updated_at", "key", "expected")
)
