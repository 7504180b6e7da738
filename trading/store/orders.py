"""Our own record of orders and their executions: one row for each leg of a decision, one for each fill, ever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam, case, func, select

from domain.ids import ClientOrderId, DecisionId
from domain.money import HUNDRED
from domain.orders import Fill, Order, OrderStatus, OrderType, Origin, Side, TimeInForce
from domain.record.entries import RecordKind
from trading.store.activity import ActivityStore
from trading.store.database import Database
from trading.store.tables import fills, ledger, orders
from trading.store.trades import TradeStore
from trading.store.writing.prepared import Prepared, Query, first_row, given

_OPEN = tuple(status.value for status in OrderStatus if status.is_open)
_NO_ANSWER = (OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN, OrderStatus.DENIED)
"""Nobody knows yet, or nobody outside was ever asked, whether the broker takes such an order."""
_NOT_TAKEN = tuple(status.value for status in (*_NO_ANSWER, OrderStatus.REJECTED))


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
        # A permit names no parent, and must not wipe out the row's own.
        values = {name: getattr(order, name) for name in _FIELDS if name != "parent_id"}
        values |= {"sendable_until": sendable_until, "arrival_price": arrival_price}
        row = (orders.c.client_order_id == order.client_order_id) & (orders.c.status == OrderStatus.INTENT)
        with self._database.transaction() as connection:
            return bool(connection.execute(orders.update().where(row).values(values)).rowcount)

    def known(self, client_order_ids: Iterable[ClientOrderId]) -> frozenset[ClientOrderId]:
        """Which of these ids are ours, whatever became of them."""
        asked = tuple(client_order_ids)
        if not asked:
            return frozenset()
        query = select(orders.c.client_order_id).where(orders.c.client_order_id.in_(asked))
        with self._database.reading() as connection:
            return frozenset(map(ClientOrderId, connection.execute(query).scalars()))

    def get(self, client_order_id: ClientOrderId) -> Order | None:
        """One order by its id at the broker."""
        return self._one(_BY_ID, client_order_id)

    def find(self, decision_id: DecisionId, leg: str) -> Order | None:
        """The order that this leg of the decision became, whatever its fate."""
        return self._one(_BY_LEG, decision_id, leg)

    def of_decision(self, decision_id: DecisionId) -> tuple[Order, ...]:
        """Every leg of a decision, oldest first."""
        return self._many(_OF_DECISION, decision_id)

    def open(self) -> tuple[Order, ...]:
        """Everything that may still add exposure, in-flight and UNKNOWN included, oldest first."""
        return self._many(_ARE_OPEN)

    def recent(self, since: datetime) -> tuple[Order, ...]:
        """Orders made at or after ``since``, oldest first."""
        return self._many(_SINCE, since)

    def moved_since(self, since: datetime) -> tuple[Order, ...]:
        """Orders that were sent or changed at or after ``since``, oldest first."""
        return self._many(_MOVED_SINCE, since)

    def of_cycle(self, cycle_id: str) -> tuple[Order, ...]:
        """Orders that a cycle made, oldest first."""
        return self._many(_OF_CYCLE, cycle_id)

    def newest(self, limit: int) -> tuple[Order, ...]:
        """The last ``limit`` orders, newest first."""
        with self._database.reading() as connection:
            return tuple(map(_order, _NEWEST.rows(connection, limit)))

    def sendable_until(self, client_order_id: ClientOrderId) -> datetime | None:
        """When the permit of that order expires or expired; None for legs that the broker made."""
        with self._database.reading() as connection:
            row = _SENDABLE.first(connection, client_order_id)
        return None if row is None else row[0]

    def cycle_of(self, client_order_id: ClientOrderId) -> str:
        """The cycle that made the order; empty for orders made by hand."""
        with self._database.reading() as connection:
            row = _CYCLE.first(connection, client_order_id)
        return "" if row is None else row[0] or ""

    def mark(self) -> int:
        """A place in our record, to ask later what has moved since."""
        with self._database.reading() as connection:
            # A number and no time: the clock may be a simulated one, and two changes may share a moment.
            found = first_row(connection, "SELECT max(seq) FROM ledger")
        return 0 if found is None or found[0] is None else int(found[0])

    def moved(self, mark: int) -> bool:
        """True where since then an order was filled or ended: what counted as an order may be a holding by now."""
        with self._database.reading() as connection:
            return any(
                # In doubt it has moved: the broker is asked once too often, never too seldom.
                kind == RecordKind.FILL or body["filled_qty"] != "0" or body["status"] not in _OPEN
                for kind, body in _WRITTEN_SINCE.rows(connection, mark)
            )

    def rejected_in_row(self, now: datetime, *, since: datetime) -> int:
        """Orders that the broker rejected since it last took one, over days and restarts; none from before ``since``.

        Newest first R R U R A R: three, an unknown fate decides nothing. A rejection at the very moment of an
        acceptance counts, and an acceptance with a time to come ends nothing.
        """
        with self._database.reading() as connection:
            last = _LAST_TAKEN.first(connection, now)
            # What came before the last one that was taken is over, and so is what came before ``since``.
            begin = since if last is None else max(since, last[0])
            return sum(count for (count,) in _REJECTED.rows(connection, begin))

    def slippage(self, count: int, *, since: datetime) -> tuple[Decimal, ...]:
        """What each of the last ``count`` fills since then cost against the price at its decision, in percent of it.

        Bought at 100.30 where the ask was 100: 0.3. Sold at 100.30 where the bid was 100: -0.3. Protective legs are
        decided by their trigger, not by a quote, and have no such price.
        """
        with self._database.reading() as connection:
            return tuple(
                HUNDRED * way * (price - arrival) / arrival
                for way, price, arrival in _COSTS.rows(connection, since, count)
            )

    def add_fill(self, fill: Fill, *, realized_pnl: Decimal, strategy: str = "") -> bool:
        """Record an execution with the strategy whose trade it belongs to; False when it was recorded before."""
        with self._database.transaction() as connection:
            # Looked up under the write lock: two processes that are told of one execution book it once (I-51).
            if self.has_fill(fill.fill_id):
                return False
            values = {field.name: getattr(fill, field.name) for field in fields(Fill)}
            connection.execute(fills.insert().values(values | {"realized_pnl": realized_pnl, "strategy": strategy}))
        return True

    def has_fill(self, fill_id: str) -> bool:
        """True when that execution is recorded."""
        with self._database.reading() as connection:
            return _IS_FILLED.first(connection, fill_id) is not None

    def fills_of(self, client_order_id: ClientOrderId) -> tuple[Fill, ...]:
        """Executions of one order, oldest first."""
        return self._fills(_FILLS_OF, client_order_id)

    def fills_since(self, since: datetime) -> tuple[Fill, ...]:
        """Executions at or after ``since``, oldest first."""
        return self._fills(_FILLS_SINCE, since)

    def first_fill_at(self) -> datetime | None:
        """Time of the oldest execution."""
        with self._database.reading() as connection:
            return connection.execute(select(func.min(fills.c.at))).scalar_one_or_none()

    def last_fill_at(self) -> datetime | None:
        """Time of the newest execution."""
        with self._database.reading() as connection:
            row = _LAST_FILL.first(connection)
        return None if row is None else row[0]

    def _claimed(self, row: tuple[Any, ...]) -> bool:
        with self._database.transaction() as connection:
            return bool(_CLAIM.run(connection, row))

    def _one(self, query: Query, *values: Any) -> Order | None:
        with self._database.reading() as connection:
            row = query.first(connection, *values)
        return None if row is None else _order(row)

    def _many(self, query: Query, *values: Any) -> tuple[Order, ...]:
        with self._database.reading() as connection:
            return tuple(map(_order, query.rows(connection, *values)))

    def _fills(self, query: Query, value: Any) -> tuple[Fill, ...]:
        with self._database.reading() as connection:
            return tuple(map(_fill, query.rows(connection, value)))


def _order(row: Sequence[Any]) -> Order:
    values = dict(zip(_FIELDS, row, strict=True))
    kinds = {"side": Side, "type": OrderType, "tif": TimeInForce, "status": OrderStatus, "origin": Origin}
    return Order(**(values | {name: kind(values[name]) for name, kind in kinds.items()}))


def _fill(row: Sequence[Any]) -> Fill:
    values = dict(zip(_FILL, row, strict=True))
    return Fill(**(values | {"side": Side(values["side"])}))


_FIELDS = tuple(field.name for field in fields(Order))
_FILL = tuple(field.name for field in fields(Fill))
_values = attrgetter(*_FIELDS)
_ROW = select(*(orders.c[name] for name in _FIELDS))
_IN_ORDER = _ROW.order_by(orders.c.created_at, orders.c.client_order_id)
_SINCE_THEN = given("since")
_BY_ID = Query(_ROW.where(orders.c.client_order_id == given("key")), "key")
_BY_LEG = Query(_ROW.where(orders.c.decision_id == given("decision"), orders.c.leg == given("leg")), "decision", "leg")
_SENDABLE = Query(select(orders.c.sendable_until).where(orders.c.client_order_id == given("key")), "key")
_CYCLE = Query(select(orders.c.cycle_id).where(orders.c.client_order_id == given("key")), "key")
_OF_DECISION = Query(_IN_ORDER.where(orders.c.decision_id == given("decision")), "decision")
_OF_CYCLE = Query(_IN_ORDER.where(orders.c.cycle_id == given("cycle")), "cycle")
_ARE_OPEN = Query(_IN_ORDER.where(orders.c.status.in_(_OPEN)))
_SINCE = Query(_IN_ORDER.where(orders.c.created_at >= _SINCE_THEN), "since")
_MOVED_SINCE = Query(_IN_ORDER.where(orders.c.updated_at >= _SINCE_THEN), "since")
_NEWEST = Query(_ROW.order_by(orders.c.created_at.desc(), orders.c.client_order_id).limit(given("count")), "count")
_WRITTEN_SINCE = Query(
    select(ledger.c.kind, ledger.c.body).where(
        ledger.c.seq > given("mark"), ledger.c.kind.in_((RecordKind.ORDER.value, RecordKind.FILL.value))
    ),
    "mark",
)
_LAST_TAKEN = Query(
    select(orders.c.created_at)
    .where(orders.c.parent_id.is_(None), orders.c.created_at <= given("now"), orders.c.status.not_in(_NOT_TAKEN))
    # An order that was closed because it never left, or never arrived, was not accepted by anybody.
    .where((orders.c.status != OrderStatus.CANCELED.value) | orders.c.broker_id.is_not(None))
    .order_by(orders.c.created_at.desc())
    .limit(1),
    "now",
)
_REJECTED = Query(
    select(func.count()).where(
        orders.c.parent_id.is_(None), orders.c.status == OrderStatus.REJECTED.value, orders.c.created_at >= _SINCE_THEN
    ),
    "since",
)
_COSTS = Query(
    select(
        case((fills.c.side == Side.BUY.value, Side.BUY.sign), else_=Side.SELL.sign),
        fills.c.price,
        orders.c.arrival_price,
    )
    .join(orders, orders.c.client_order_id == fills.c.client_order_id)
    .where(orders.c.arrival_price.is_not(None), fills.c.at >= _SINCE_THEN)
    .order_by(fills.c.at.desc(), fills.c.fill_id)
    .limit(given("count")),
    "since",
    "count",
)
_FILL_ROW = select(*(fills.c[name] for name in _FILL)).order_by(fills.c.at, fills.c.fill_id)
_IS_FILLED = Query(select(fills.c.fill_id).where(fills.c.fill_id == given("fill")), "fill")
_LAST_FILL = Query(select(func.max(fills.c.at)))
_FILLS_OF = Query(_FILL_ROW.where(fills.c.client_order_id == given("key")), "key")
_FILLS_SINCE = Query(_FILL_ROW.where(fills.c.at >= _SINCE_THEN), "since")
_KEY = orders.c.client_order_id == bindparam("key")
_INSERT = Prepared(orders.insert(), (*_FIELDS, "cycle_id", "sendable_until", "arrival_price"))
_UPDATE = Prepared(orders.update().where(_KEY), (*_FIELDS, "key"))
_CLAIM = Prepared(
    orders.update().where(_KEY, orders.c.status == bindparam("expected")), ("status", "updated_at", "key", "expected")
)
