"""Executions, lots, round trips and the newest happenings, made once more from what the ledger holds.

That are executions, and what the owner took over from the broker. The functions are those that booked them
(``trading/execution/booking.py`` and ``adjusting.py``), in the order in which they were booked.
What is in memory is what is held: lots, open round trips, and a moment for each symbol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.book import Adjustment
from domain.market import Symbol
from domain.orders import Fill, Order, OrderStatus
from domain.record.canonical import restore
from domain.record.entries import RecordKind
from trading.audit.finding import Findings
from trading.audit.rows import Expected, compared, entries, others, strangers
from trading.execution.booking import Booked, booked, happenings, moves_stop
from trading.execution.reconciliation.adjusting import Adjusted, adjusted
from trading.store.activity import Happening
from trading.store.tables import adjustments, fills, ledger, lots, symbol_times, trades
from trading.store.trades import Lot, Trade
from trading.store.writing.prepared import Query, given

_FILL, _LOT, _TRADE, _ADJUSTMENT = (
    tuple(field.name for field in fields(kind)) for kind in (Fill, Lot, Trade, Adjustment)
)
_MOVING = frozenset({OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.REJECTED})
_ORDER_THEN = Query(
    select(ledger.c.body)
    .where(ledger.c.subject == given("order"), ledger.c.kind == RecordKind.ORDER.value, ledger.c.seq < given("entry"))
    .order_by(ledger.c.seq.desc())
    .limit(1),
    "order",
    "entry",
)
_EARLIER = Query(
    select(ledger.c.body)
    # By way of the table, which has an index; what an execution was is read from the ledger.
    .join(fills, fills.c.fill_id == ledger.c.subject)
    .where(
        fills.c.client_order_id == given("order"), ledger.c.kind == RecordKind.FILL.value, ledger.c.seq < given("entry")
    ),
    "order",
    "entry",
)


class Held:
    """Everything that executions and adjustments have made so far, with the entry that last touched it.

    ``ended`` are the round trips that an adjustment ended: no order closed them, so no entry tells that they are over.
    """

    def __init__(self) -> None:
        self.lots: dict[Symbol, tuple[Lot, ...]] = {}
        self.trades: dict[Symbol, Trade] = {}
        self.times: dict[tuple[Symbol, Happening], datetime] = {}
        self.touched: dict[Symbol, int] = {}
        self.ended: set[str] = set()

    def order(self, order: Order, entry: int) -> None:
        """What a report about an order moves besides the order: the stop of a round trip, or a rejection."""
        if order.status is OrderStatus.REJECTED:
            self._happened(Happening.REJECT, order.symbol, order.updated_at)
        trade = self.trades.get(order.symbol)
        if moves_stop(order) and trade is not None:
            self.trades[order.symbol] = replace(trade, stop_loss=order.trigger_price)
            self.touched[order.symbol] = entry

    def fill(self, fill: Fill, order: Order, earlier: Iterator[Fill], entry: int) -> Booked:
        """One more execution."""
        made = booked(order, fill, self.lots.get(fill.symbol, ()), self.trades.get(fill.symbol), earlier)
        self.lots[fill.symbol] = made.closing.lots
        self.touched[fill.symbol] = entry
        for what in happenings(order, made.closing, made.trade):
            self._happened(what, fill.symbol, fill.at)
        self._runs(fill.symbol, made.trade, made.opened)
        return made

    def adjustment(self, change: Adjustment, entry: int) -> Adjusted:
        """What the owner took over from the broker."""
        made = adjusted(self.lots.get(change.symbol, ()), self.trades.get(change.symbol), change)
        self.lots[change.symbol] = made.lots
        self.touched[change.symbol] = entry
        if made.trade is not None and made.trade.closed_at is not None:
            self.ended.add(made.trade.trade_id)
        self._runs(change.symbol, made.trade, made.opened)
        return made

    def _runs(self, symbol: Symbol, trade: Trade | None, opened: Trade | None) -> None:
        """The round trip that a symbol is in from here on, or none."""
        over = trade is None or trade.closed_at is not None
        running = opened if over else trade
        self.trades.pop(symbol, None)
        if running is not None:
            self.trades[symbol] = running

    def _happened(self, what: Happening, symbol: Symbol, at: datetime) -> None:
        known = self.times.get((symbol, what))
        self.times[symbol, what] = at if known is None else max(known, at)


def check_holdings(connection: Connection) -> Findings:
    """Executions and closed round trips as they come, and at the end what is still held."""
    held = Held()
    for entry in entries(connection, RecordKind.ORDER, RecordKind.FILL, RecordKind.ADJUSTMENT):
        if entry.kind == RecordKind.FILL:
            yield from _check_fill(connection, held, entry)
        elif entry.kind == RecordKind.ADJUSTMENT:
            yield from _check_adjustment(connection, held, entry)
        elif entry.body["status"] in _MOVING:
            held.order(restore(Order, entry.body), entry.seq)
    yield from strangers(connection, fills, RecordKind.FILL)
    yield from strangers(connection, adjustments, RecordKind.ADJUSTMENT)
    yield from _check_lots(connection, held)
    yield from _check_trades(connection, held)
    yield from _check_times(connection, held)


def _check_fill(connection: Connection, held: Held, entry: Any) -> Findings:
    fill = restore(Fill, entry.body)
    told = _ORDER_THEN.first(connection, fill.client_order_id, entry.seq)
    values = {name: getattr(fill, name) for name in _FILL}
    if told is None:  # which is told of the order; what it made nobody can say
        yield from compared(connection, fills, Expected(entry.seq, values), fill.fill_id)
        return
    earlier = (restore(Fill, body) for (body,) in _EARLIER.rows(connection, fill.client_order_id, entry.seq))
    made = held.fill(fill, restore(Order, told[0]), earlier, entry.seq)
    values |= {"realized_pnl": made.closing.realized, "strategy": made.owner}
    yield from compared(connection, fills, Expected(entry.seq, values), fill.fill_id)
    if made.trade is not None and made.trade.closed_at is not None:
        yield from _check_trade(connection, made.trade, entry.seq)


def _check_adjustment(connection: Connection, held: Held, entry: Any) -> Findings:
    change = restore(Adjustment, entry.body)
    made = held.adjustment(change, entry.seq)
    values = {name: getattr(change, name) for name in _ADJUSTMENT} | {"cost": made.cost}
    yield from compared(connection, adjustments, Expected(entry.seq, values), change.adjustment_id)
    if made.trade is not None and made.trade.closed_at is not None:
        yield from _check_trade(connection, made.trade, entry.seq)


def _check_trade(connection: Connection, trade: Trade, entry: int) -> Findings:
    expected = Expected(entry, {name: getattr(trade, name) for name in _TRADE})
    return compared(connection, trades, expected, trade.trade_id)


def _check_lots(connection: Connection, held: Held) -> Findings:
    known = set[str]()
    for symbol, kept in held.lots.items():
        for position, lot in enumerate(kept):
            values = {name: getattr(lot, name) for name in _LOT} | {"position": position}
            yield from compared(connection, lots, Expected(held.touched[symbol], values), lot.fill_id)
        known.update(lot.fill_id for lot in kept)
    yield from others(connection, lots, {(name,) for name in known})


def _check_trades(connection: Connection, held: Held) -> Findings:
    running = held.trades.items()
    for symbol, trade in running:
        yield from _check_trade(connection, trade, held.touched[symbol])
    known = {trade.trade_id for _, trade in running} | held.ended
    # One that an order ended has an entry of its own; one that is open, or that an adjustment ended, is known here.
    yield from (each for each in strangers(connection, trades, RecordKind.TRADE_CLOSED) if each.key not in known)


def _check_times(connection: Connection, held: Held) -> Findings:
    for (symbol, what), at in held.times.items():
        values = {"symbol": symbol, "what": what, "at": at}
        yield from compared(connection, symbol_times, Expected(held.touched.get(symbol, 0), values), symbol, what)
    yield from others(connection, symbol_times, {(symbol, what) for symbol, what in held.times})
