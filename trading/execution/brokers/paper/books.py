"""The paper broker's own books: cash, holdings, orders and executions, in the same database as everything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from domain.book import Position
from domain.errors import IntegrityError
from domain.ids import ClientOrderId, DecisionId, derive
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import (
    ApprovedOrder,
    Fill,
    OrderClass,
    OrderReport,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    class_of,
)
from domain.record.canonical import restore
from trading.execution.brokers.paper.fill_model import STOP_TYPES, Resting, Trail
from trading.execution.brokers.paper.statements import statements_of
from trading.store.accounts.paper_tables import UNLABELLED, PaperTables, labelled
from trading.store.database import Database
from trading.store.writing.prepared import Prepared

AUCTIONS = frozenset({TimeInForce.OPG, TimeInForce.CLS})
AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """``expires_at`` is when its time in force ends, ``effective_at`` when it reaches the market (None: at once).

    ``closed_qty`` is what the protective legs behind it have closed, ``mark`` the best price a trailing stop has seen,
    ``commission`` without the ``fees`` of regulators.
    """

    client_order_id: ClientOrderId
    decision_id: DecisionId
    symbol: Symbol
    side: Side
    qty: Decimal
    type: OrderType
    tif: TimeInForce
    status: OrderStatus
    accepted_at: datetime
    updated_at: datetime
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    reduce_only: bool = False
    leg: str = "entry"
    parent_id: ClientOrderId | None = None
    expires_at: datetime | None = None
    matched_quote_at: datetime | None = None
    triggered: bool = False
    filled_qty: Decimal = ZERO
    filled_value: Decimal = ZERO
    commission: Decimal = ZERO
    executions: int = 0
    reason: str = ""
    effective_at: datetime | None = None
    extended_hours: bool = False
    trail_amount: Decimal | None = None
    trail_pct: Decimal | None = None
    mark: Decimal | None = None
    closed_qty: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def open_qty(self) -> Decimal:
        """What may still be executed; of a pair of exits what neither of them has closed."""
        if not self.status.is_open:
            return ZERO
        return self.qty - self.filled_qty - (self.closed_qty if self.is_pair else ZERO)

    @property
    def live_at(self) -> datetime:
        """When it reaches the market."""
        return self.accepted_at if self.effective_at is None else self.effective_at

    @property
    def is_leg(self) -> bool:
        """True for a stop or target that this broker made out of another order."""
        return self.parent_id is not None

    @property
    def is_pair(self) -> bool:
        """True for the target of two exits that cancel each other; the stop is its leg."""
        return class_of(self.stop_loss, self.take_profit, reduce_only=self.reduce_only) is OrderClass.OCO

    @property
    def stands_alone(self) -> bool:
        """True for protection with no entry in front of it: a pair of exits, or a stop that may only reduce."""
        return self.is_pair or (not self.is_leg and self.reduce_only and self.type in STOP_TYPES)

    @property
    def protects(self) -> bool:
        """True for what rests behind a position; an exit replaces it without any cancelling first."""
        return self.is_leg or self.stands_alone

    @property
    def to_protect(self) -> Decimal:
        """What is still to be closed: what an entry has filled, or the open part of what stands alone."""
        return self.open_qty if self.stands_alone else self.filled_qty - self.closed_qty

    @property
    def resting(self) -> Resting:
        """What matching looks at."""
        plain = Resting(self.side, self.type, self.open_qty, self.limit_price, self.trigger_price, self.triggered)
        if self.mark is None or self.type is not OrderType.TRAILING_STOP:
            return plain
        return plain.trailed(Trail(self.trail_amount, self.trail_pct, self.mark))

    @property
    def report(self) -> OrderReport:
        """The order as the port tells it; the trigger of a trailing stop is where it stands now."""
        return OrderReport(
            client_order_id=self.client_order_id,
            broker_id=derive("paper", self.client_order_id),
            status=self.status,
            broker_status=self.status.value,
            symbol=self.symbol,
            side=self.side,
            qty=self.qty,
            filled_qty=self.filled_qty,
            avg_fill_price=average(self.filled_value, self.filled_qty),
            at=self.updated_at,
            type=self.type,
            limit_price=self.limit_price,
            trigger_price=self.resting.trigger_price,
            parent_id=self.parent_id,
            leg=self.leg,
            reason=self.reason,
            tif=self.tif,
        )


def taken(approved: ApprovedOrder, status: OrderStatus, now: datetime, reason: str = "") -> PaperOrder:
    """The first row of an approved order."""
    intent = approved.intent
    return PaperOrder(
        client_order_id=approved.client_order_id,
        decision_id=intent.decision_id,
        symbol=intent.symbol,
        side=intent.side,
        qty=intent.qty,
        type=intent.type,
        tif=intent.tif,
        status=status,
        accepted_at=now,
        updated_at=now,
        limit_price=intent.limit_price,
        trigger_price=intent.trigger_price,
        stop_loss=intent.stop_loss,
        take_profit=intent.take_profit,
        reduce_only=intent.reduce_only,
        leg=intent.leg,
        reason=reason,
        extended_hours=intent.extended_hours,
        trail_amount=intent.trail_amount,
        trail_pct=intent.trail_pct,
    )


def average(value: Decimal, qty: Decimal) -> Decimal | None:
    """Value a share to six decimals; None for nothing."""
    return None if qty == 0 else (value / qty).quantize(Decimal("0.000001"))


def tables_of(database: Database, label: str) -> PaperTables:
    """The tables of a paper venue, made where they are missing; those without a label are there with the database."""
    if not label:
        return UNLABELLED
    tables = labelled(label)
    with database.transaction() as connection:
        tables.orders.metadata.create_all(connection)
    return tables


class PaperBooks:
    """Storage only; ``PaperBroker`` decides what is written."""

    def __init__(
        self,
        database: Database,
        account_id: str,
        currency: str,
        starting_cash: Decimal,
        tables: PaperTables = UNLABELLED,
    ) -> None:
        self._database = database
        self._positions = tables.positions
        self._ask = statements_of(tables)
        self._account_id = account_id
        self._currency = currency
        self._starting_cash = starting_cash

    def cash(self) -> Decimal:
        """Cash in the account's currency; the starting cash where it never traded."""
        account = self._account()
        return self._starting_cash if account is None else account[0]

    def advanced_to(self) -> datetime | None:
        """How far resting orders have been matched against the market."""
        account = self._account()
        return None if account is None else account[1]

    def add_cash(self, amount: Decimal) -> None:
        """Receive (positive) or pay."""
        cash = self.cash() + amount
        self._set_account(self._ask.set_cash, cash, new=(cash, None))

    def set_advanced_to(self, at: datetime) -> None:
        """Remember how far matching has come."""
        self._set_account(self._ask.set_advanced, at, new=(self._starting_cash, at))

    def positions(self) -> tuple[Position, ...]:
        """Holdings, by symbol; what plain orders of the closing side hold is not available."""
        busy: dict[tuple[Symbol, Side], Decimal] = {}
        for order in self.working():
            if not order.protects:
                key = (order.symbol, order.side)
                busy[key] = busy.get(key, ZERO) + order.open_qty
        with self._database.reading() as connection:
            rows = self._ask.holdings.rows(connection)
        return tuple(
            Position(
                symbol=Symbol(symbol),
                qty=qty,
                avg_price=avg_price,
                available_qty=_available(qty, busy, Symbol(symbol)),
                opened_at=opened_at,
            )
            for symbol, qty, avg_price, opened_at in rows
        )

    def held(self, symbol: Symbol) -> Decimal:
        """Shares of one symbol, negative for a short."""
        with self._database.reading() as connection:
            row = self._ask.holding.first(connection, symbol)
        return ZERO if row is None else row[0]

    def working(self, symbol: Symbol | None = None) -> tuple[PaperOrder, ...]:
        """Orders that may still execute, in the order they came."""
        query, asked = (self._ask.working, ()) if symbol is None else (self._ask.working_in, (symbol,))
        with self._database.reading() as connection:
            return tuple(_order_in(text) for (text,) in query.rows(connection, *asked))

    def order(self, client_order_id: ClientOrderId) -> PaperOrder | None:
        """One order in any state."""
        with self._database.reading() as connection:
            row = self._ask.order.first(connection, client_order_id)
        return None if row is None else _order_in(row[0])

    def present(self, client_order_id: ClientOrderId) -> PaperOrder:
        """An order that is known to exist, as it stands now."""
        order = self.order(client_order_id)
        if order is None:
            raise IntegrityError(
                f"the paper order {client_order_id} has vanished", "Restore the database from a backup."
            )
        return order

    def save(self, order: PaperOrder) -> PaperOrder:
        """Insert or update an order."""
        key, working = order.client_order_id, order.status.is_open
        with self._database.transaction() as connection:
            # The position keeps the order of arrival, in which equals have their turn; it never changes with an update.
            if not self._ask.set_order.run(connection, (working, order, key)):
                ((position,),) = self._ask.orders_made.rows(connection)
                self._ask.add_order.run(connection, (key, order.symbol, position, working, order))
        return order

    def execute(
        self, order: PaperOrder, qty: Decimal, price: Decimal, commission: Decimal, at: datetime, fees: Decimal = ZERO
    ) -> PaperOrder:
        """One execution: the fill, the holding and the cash, all or nothing; never more than the order has open."""
        # Checked here as well as in the matching: books that owe shares cannot be put right by anybody.
        if not ZERO < qty <= order.open_qty:
            what = f"{order.client_order_id} has {order.open_qty} open and was to execute {qty}"
            raise IntegrityError(what, "This is a fault of the program; stop and report it.")
        number = order.executions + 1
        fill = Fill(
            fill_id=derive("fill", order.client_order_id, number),
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            qty=qty,
            price=price,
            commission=commission + fees,
            at=at,
        )
        filled = _after(order, fill, commission, fees)
        with self._database.transaction() as connection:
            self.save(filled)
            ((position,),) = self._ask.fills_made.rows(connection)
            self._ask.add_fill.run(connection, (fill.fill_id, position, order.client_order_id, at, fill))
            self._hold(fill)
            self.add_cash(-order.side.sign * qty * price - commission - fees)
        return filled

    def fills(self, since: datetime) -> tuple[Fill, ...]:
        """Executions after ``since``, oldest first."""
        with self._database.reading() as connection:
            return tuple(restore(Fill, body) for (body,) in self._ask.fills.rows(connection, since))

    def _hold(self, fill: Fill) -> None:
        change = fill.qty * fill.side.sign
        with self._database.transaction() as connection:
            held = self._ask.holding.first(connection, fill.symbol)
            if held is None:
                self._ask.add_holding.run(connection, (change, fill.price, fill.at, fill.symbol))
                return
            before, avg_price, opened_at = held
            qty = before + change
            if qty == 0:
                connection.execute(self._positions.delete().where(self._positions.c.symbol == fill.symbol))
                return
            # Only what enlarges moves the average; a partial close keeps it, and what turns over begins anew at its own
            # price.
            if before * fill.side.sign > 0:
                avg_price = average(abs(before) * avg_price + fill.qty * fill.price, abs(qty))
            elif qty * before < 0:
                avg_price, opened_at = fill.price, fill.at
            self._ask.set_holding.run(connection, (qty, avg_price, opened_at, fill.symbol))

    def _account(self) -> tuple[Any, ...] | None:
        with self._database.reading() as connection:
            return self._ask.account.first(connection, self._account_id)

    def _set_account(
        self, statement: Prepared, value: Decimal | datetime, new: tuple[Decimal, datetime | None]
    ) -> None:
        """Write one value of the account, or the row of a ``new`` one."""
        with self._database.transaction() as connection:
            if not statement.run(connection, (value, self._account_id)):
                self._ask.add_account.run(connection, (self._account_id, self._currency, *new))


# One text says one order, and nobody changes it: one order that goes out is read a dozen times while it is worked on.
@lru_cache(maxsize=256)
def _order_in(text: str) -> PaperOrder:
    return restore(PaperOrder, json.loads(text))


def _available(qty: Decimal, busy: Mapping[tuple[Symbol, Side], Decimal], symbol: Symbol) -> Decimal:
    """What of a holding can still be closed, with its sign: of a short of 10 and 4 being bought back, -6."""
    if qty < ZERO:
        return min(ZERO, qty + busy.get((symbol, Side.BUY), ZERO))
    return max(ZERO, qty - busy.get((symbol, Side.SELL), ZERO))


def _after(order: PaperOrder, fill: Fill, commission: Decimal, fees: Decimal) -> PaperOrder:
    filled = order.filled_qty + fill.qty
    return replace(
        order,
        status=OrderStatus.FILLED if filled == order.qty else OrderStatus.PARTIALLY_FILLED,
        filled_qty=filled,
        filled_value=order.filled_value + fill.qty * fill.price,
        commission=order.commission + commission,
        fees=order.fees + fees,
        executions=order.executions + 1,
        updated_at=fill.at,
    )
