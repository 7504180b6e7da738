"""What fills became: lots still held, first in first out, and round trips from flat to flat; and fees beside them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from domain.book import Charge
from domain.ids import DecisionId
from domain.market import Symbol
from domain.money import ZERO
from domain.orders import Side
from trading.store.accounts.adjustments import AdjustmentStore
from trading.store.database import Database
from trading.store.tables import charges, fills, lots, trades
from trading.store.writing.prepared import Prepared, Query, given

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every fill."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Shares bought (or sold short: ``qty`` < 0) by one fill and still held."""

    fill_id: str
    symbol: Symbol
    qty: Decimal
    price: Decimal
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Trade:
    """One round trip so far: values are quantity times price, ``pnl`` is net and None until it is closed.

    ``entries`` counts the orders that opened and enlarged it.
    """

    trade_id: str
    symbol: Symbol
    strategy: str
    side: Side
    decision_id: DecisionId
    opened_at: datetime
    stop_loss: Decimal | None = None
    entry_qty: Decimal = Decimal(0)
    entry_value: Decimal = Decimal(0)
    exit_value: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    entries: int = 1
    closed_at: datetime | None = None
    pnl: Decimal | None = None

    @property
    def average(self) -> Decimal | None:
        """What a share cost on the way in, to the millionth; None before the first."""
        return round(abs(self.entry_value / self.entry_qty), 6) if self.entry_qty else None

    @property
    def traded(self) -> bool:
        """Whether any of it went through orders: where an adjustment took all of it, nothing was lost or won."""
        return self.entry_qty != ZERO


class Span(NamedTuple):
    """From the first entry of a round trip to flat."""

    symbol: Symbol
    opened_at: datetime
    closed_at: datetime


class ChargeStore:
    """What was charged, and what it adds up to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, charge: Charge) -> bool:
        """Record a fee; False when it was recorded before."""
        with self._database.transaction() as connection:
            if connection.execute(select(charges.c.at).where(charges.c.charge_id == charge.charge_id)).first():
                return False
            connection.execute(charges.insert().values({name: getattr(charge, name) for name in _CHARGE}))
        return True

    def total(self, since: datetime | None = None) -> Decimal:
        """The fees of all days, or of those from ``since`` on."""
        with self._database.reading() as connection:
            row = _FEES.first(connection) if since is None else _FEES_SINCE.first(connection, since)
        return ZERO if row is None or row[0] is None else row[0]

    def last_at(self) -> datetime | None:
        """The day of the newest fee."""
        with self._database.reading() as connection:
            return connection.execute(select(func.max(charges.c.at))).scalar_one_or_none()


class TradeStore:
    """Lots and trades; ``trading.execution`` writes them, from executions and adjustments alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.charges = ChargeStore(database)
        self.adjustments = AdjustmentStore(database)

    def lots(self, symbol: Symbol | None = None) -> tuple[Lot, ...]:
        """Lots held, oldest first: of one symbol or of all."""
        with self._database.reading() as connection:
            rows = _LOTS.rows(connection) if symbol is None else _LOTS_OF.rows(connection, symbol)
        return tuple(Lot(*row) for row in rows)

    def positions(self) -> dict[Symbol, Decimal]:
        """What our own fills say we hold, by symbol; flat symbols are absent."""
        held: dict[Symbol, Decimal] = {}
        for lot in self.lots():
            held[lot.symbol] = held.get(lot.symbol, Decimal(0)) + lot.qty
        return held

    def replace_lots(self, symbol: Symbol, kept: tuple[Lot, ...]) -> None:
        """The lots of a symbol after a fill."""
        with self._database.transaction() as connection:
            connection.execute(lots.delete().where(lots.c.symbol == symbol))
            # Numbered, because times tie and ids have no order: who closes first is first in, first out.
            rows = [
                {name: getattr(lot, name) for name in _LOT} | {"position": number} for number, lot in enumerate(kept)
            ]
            # SQLAlchemy takes an empty list for no values at all, which is one row of defaults.
            if rows:
                connection.execute(lots.insert(), rows)

    def open(self, symbol: Symbol) -> Trade | None:
        """The round trip a symbol is in, or None when flat."""
        with self._database.reading() as connection:
            row = _OPEN_IN.first(connection, symbol)
        return None if row is None else _trade(row)

    def all_open(self) -> dict[Symbol, Trade]:
        """Every round trip that is not over, by symbol."""
        with self._database.reading() as connection:
            return {trade.symbol: trade for trade in map(_trade, _OPEN.rows(connection))}

    def save(self, trade: Trade) -> None:
        """Insert or update a round trip."""
        values = [getattr(trade, name) for name in _TRADE]
        with self._database.transaction() as connection:
            if not _UPDATE.run(connection, (*values, trade.trade_id)):
                _INSERT.run(connection, values)

    def move_stop(self, symbol: Symbol, stop_loss: Decimal | None) -> None:
        """The stop behind the round trip a symbol is in has moved."""
        row = (trades.c.symbol == symbol) & trades.c.closed_at.is_(None)
        with self._database.transaction() as connection:
            connection.execute(trades.update().where(row).values(stop_loss=stop_loss))

    def closed(self, *, since: datetime | None = None) -> tuple[Trade, ...]:
        """Finished round trips, newest first."""
        query = _TRADES.where(trades.c.closed_at.is_not(None))
        if since is not None:
            query = query.where(trades.c.closed_at >= since)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(trades.c.closed_at.desc(), trades.c.trade_id))
            return tuple(_trade(tuple(row)) for row in rows)

    def spans(self, since: datetime) -> tuple[Span, ...]:
        """When the round trips that closed since then were opened and closed."""
        with self._database.reading() as connection:
            return tuple(Span(*row) for row in _SPANS.rows(connection, since))

    def realized(self, since: datetime = BEGINNING) -> Decimal:
        """Profit and loss that fills since then made final: net of their commissions and of other fees of that time.

        A part of a position counts as it is closed, and what an entry cost on the day it was paid: with what is open
        this is all that trading has moved the account by.
        """
        with self._database.reading() as connection:
            ((gross, costs),) = _MADE.rows(connection, since)
            fees = self.charges.total(since)
        return -fees if gross is None else gross - costs - fees

    def commissions(self, since: datetime = BEGINNING) -> Decimal:
        """What trading has cost in fees since then: what ``realized`` is net of."""
        with self._database.reading() as connection:
            ((_gross, costs),) = _MADE.rows(connection, since)
            fees = self.charges.total(since)
        return fees if costs is None else costs + fees

    def profits(self, since: datetime) -> dict[tuple[str, Symbol], Decimal]:
        """The same by strategy and symbol: what a part of a position made counts before the rest of it is closed."""
        with self._database.reading() as connection:
            rows = _MADE_BY_OWNER.rows(connection, since)
            return {(strategy, symbol): gross - costs for strategy, symbol, gross, costs in rows}


def _trade(row: tuple[Any, ...]) -> Trade:
    values = dict(zip(_TRADE, row, strict=True))
    return Trade(**(values | {"side": Side(values["side"])}))


_LOT = tuple(field.name for field in fields(Lot))
_CHARGE = tuple(field.name for field in fields(Charge))
_TRADE = tuple(field.name for field in fields(Trade))
_REALIZED = (func.exact_sum(fills.c.realized_pnl), func.exact_sum(fills.c.commission))
_OWNER = (fills.c.strategy, fills.c.symbol)
_MADE = Query(select(*_REALIZED).where(fills.c.at >= given("since")), "since")
_MADE_BY_OWNER = Query(select(*_OWNER, *_REALIZED).where(fills.c.at >= given("since")).group_by(*_OWNER), "since")
_FEES = Query(select(func.exact_sum(charges.c.amount)))
_FEES_SINCE = Query(select(func.exact_sum(charges.c.amount)).where(charges.c.at >= given("since")), "since")
_HELD = select(*(lots.c[name] for name in _LOT)).order_by(lots.c.position)
_LOTS, _LOTS_OF = Query(_HELD), Query(_HELD.where(lots.c.symbol == given("one")), "one")
_TRADES = select(*(trades.c[name] for name in _TRADE))
_OPEN = Query(_TRADES.where(trades.c.closed_at.is_(None)))
_OPEN_IN = Query(_TRADES.where(trades.c.symbol == given("one"), trades.c.closed_at.is_(None)), "one")
_SPANS = Query(
    select(trades.c.symbol, trades.c.opened_at, trades.c.closed_at).where(trades.c.closed_at >= given("since")), "since"
)
_INSERT = Prepared(trades.insert(), _TRADE)
_UPDATE = Prepared(trades.update().where(trades.c.trade_id == bindparam("key")), (*_TRADE, "key"))
