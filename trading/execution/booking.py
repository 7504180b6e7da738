"""What an execution makes of its order, of the lots of its symbol and of the round trip: pure functions.

First in, first out: a sell of 120 against lots of 100 at 10 and 50 at 12, at 13, realises 100 * 3 + 20 * 1 = 320 and
leaves 30 at 12. Who books an execution and who checks the books afterwards ask the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from domain.ids import derive, leg_kind, replaced_leg
from domain.money import ZERO
from domain.orders import Fill, Order, OrderStatus, Side
from domain.record.canonical import decimal_text
from domain.record.entries import ClosedTrade
from trading.store.activity import Happening
from trading.store.trades import Lot, Trade

FINEST_AVERAGE = Decimal("0.000001")
STOP_LEG = "stop"
_IN_PLACE = (OrderStatus.ACCEPTED, OrderStatus.TRIGGERED)


class Closing(NamedTuple):
    """What a fill left of the lots, the profit it realised, and how much of it opened something new."""

    lots: tuple[Lot, ...]
    realized: Decimal
    opened_qty: Decimal


class Booked(NamedTuple):
    """What an execution makes of lots and round trips.

    ``owner`` is the strategy whose profit it is, ``trade`` the round trip that it was a part of as it stands after it,
    ``opened`` one that begins with it.
    """

    closing: Closing
    owner: str
    trade: Trade | None
    opened: Trade | None


def fifo(lots: tuple[Lot, ...], fill: Fill) -> Closing:
    """Close the oldest opposite lots first; what is left of the fill opens a lot of its own."""
    left, realized, kept = fill.qty * fill.side.sign, ZERO, []
    for lot in lots:
        closing = ZERO if lot.qty * left >= 0 else min(abs(lot.qty), abs(left)) * (1 if lot.qty > 0 else -1)
        realized += closing * (fill.price - lot.price)
        left += closing
        if lot.qty != closing:
            kept.append(replace(lot, qty=lot.qty - closing))
    if left != 0:
        kept.append(Lot(fill.fill_id, fill.symbol, left, fill.price, fill.at))
    return Closing(tuple(kept), realized, abs(left))


def booked(order: Order, fill: Fill, lots: tuple[Lot, ...], trade: Trade | None, earlier: Iterable[Fill]) -> Booked:
    """One more execution of ``order``, which has had the ``earlier`` ones, into the lots and trade of its symbol."""
    closing = fifo(lots, fill)
    if trade is None:
        opened = opened_trade(order, fill, closing.opened_qty) if closing.opened_qty > 0 else None
        return Booked(closing, order.strategy, None, opened)
    # The slices of one decision are one entry, as its parts would be: nobody enlarges anything between them.
    again = trade.decision_id == order.decision_id or any(each.at >= trade.opened_at for each in earlier)
    exit_qty = fill.qty - closing.opened_qty
    flat = exit_qty > 0 and not _holds(closing.lots, trade)
    moved = after_fill(trade, fill, exit_qty=exit_qty, flat=flat, again=again)
    over = moved.closed_at is not None and closing.opened_qty > 0
    opened = opened_trade(order, fill, closing.opened_qty) if over else None
    # Whoever ordered it: what a person closes for a strategy is that strategy's profit or loss.
    return Booked(closing, trade.strategy, moved, opened)


def after_fills(order: Order, fills: tuple[Fill, ...]) -> Order:
    """The order with the quantity and average price of its executions."""
    filled = sum((fill.qty for fill in fills), ZERO)
    value = sum((fill.qty * fill.price for fill in fills), ZERO)
    return replace(order, filled_qty=max(order.filled_qty, filled), avg_fill_price=average(value, filled))


def average(value: Decimal, qty: Decimal) -> Decimal:
    """Value a share, to six decimals."""
    return (value / qty).quantize(FINEST_AVERAGE)


def moves_stop(order: Order) -> bool:
    """True for a stop that has taken the place of another: from here on it is that of the round trip."""
    took = leg_kind(order.leg) == STOP_LEG and order.parent_id is not None and replaced_leg(order.leg) is not None
    return took and order.status in _IN_PLACE


def opened_trade(order: Order, fill: Fill, qty: Decimal) -> Trade:
    """A round trip that begins with ``qty`` of this fill, and its share of the commission."""
    return Trade(
        trade_id=derive("trd", fill.fill_id),
        symbol=fill.symbol,
        strategy=order.strategy,
        side=fill.side,
        decision_id=order.decision_id,
        opened_at=fill.at,
        stop_loss=order.stop_loss,
        entry_qty=qty,
        entry_value=qty * fill.price,
        commission=fill.commission * qty / fill.qty,
    )


def happenings(order: Order, closing: Closing, trade: Trade | None) -> tuple[Happening, ...]:
    """What a fill means for its symbol; a loss is one whether it closed a part or all, before costs or after."""
    closed = trade is not None and trade.closed_at is not None
    lost = closing.realized < ZERO or (trade is not None and trade.pnl is not None and trade.pnl < ZERO)
    told = {Happening.EXIT: closed, Happening.STOP: closed and leg_kind(order.leg) == STOP_LEG, Happening.LOSS: lost}
    return tuple(what for what, true in told.items() if true)


def after_fill(trade: Trade, fill: Fill, *, exit_qty: Decimal, flat: bool, again: bool = False) -> Trade:
    """The round trip with one more fill: ``exit_qty`` of it closed something, the rest of it added when not flat."""
    added = ZERO if flat else fill.qty - exit_qty
    moved = replace(
        trade,
        entry_qty=trade.entry_qty + added,
        entry_value=trade.entry_value + added * fill.price,
        exit_value=trade.exit_value + exit_qty * fill.price,
        commission=trade.commission + fill.commission * (exit_qty + added) / fill.qty,
        entries=trade.entries + (added > ZERO and not again),
    )
    if not flat:
        return moved
    gross = (moved.exit_value - moved.entry_value) * moved.side.sign
    return replace(moved, closed_at=fill.at, pnl=gross - moved.commission)


def closed_trade(trade: Trade, reason: str) -> ClosedTrade:
    """The ledger's form of a finished round trip, with average prices."""
    if trade.closed_at is None or trade.pnl is None:
        raise ValueError(f"{trade.trade_id} is still open")
    return ClosedTrade(
        trade_id=trade.trade_id,
        symbol=trade.symbol,
        strategy=trade.strategy,
        side=trade.side,
        qty=decimal_text(trade.entry_qty),
        entry_price=decimal_text(average(trade.entry_value, trade.entry_qty)),
        exit_price=decimal_text(average(trade.exit_value, trade.entry_qty)),
        pnl=decimal_text(trade.pnl),
        opened_at=trade.opened_at,
        closed_at=trade.closed_at,
        decision_id=trade.decision_id,
        exit_reason=reason,
    )


def exit_reason(order: Order) -> str:
    """Why a trade ended: the protective leg that filled, or who asked for the exit."""
    return leg_kind(order.leg) if order.parent_id is not None else f"{order.origin} exit"


def _holds(lots: tuple[Lot, ...], trade: Trade) -> bool:
    return any((lot.qty > 0) == (trade.side is Side.BUY) for lot in lots)
