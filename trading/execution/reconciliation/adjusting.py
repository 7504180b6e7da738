"""What taking over the broker's quantity makes of the lots and the round trip of a symbol: pure functions.

Nobody here bought or sold, so nothing is realised: lots go first in, first out with what they cost, and come at the
price that the broker states. A split scales the lots from before it and leaves their cost alone.

    ours 10 at 100, theirs 14, the broker says 98     a lot of 4 at 98 comes, the cost grows by 392
    ours 10 at 100 and 5 at 110, theirs 3             10 and 2 go, the cost falls by 1,220; 3 at 110 stay
    ours 10 at 100, split 2 for 1, theirs 20          20 at 50, the cost stays at 1,000, a stop at 90 is one at 45
    ours 10 at 100, split 3 for 2, theirs 14          15 at 66.67, of which 1 goes and with it a cost of 66.67

Who adopts and who checks the books afterwards ask the same functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from domain.book import Adjustment
from domain.ids import DecisionId, derive
from domain.money import ZERO
from domain.orders import Side
from trading.store.trades import Lot, Trade

FOREIGN = "foreign"
"""Whose a round trip is that began with shares which nobody of us bought: no strategy's."""
FINEST_SHARE = Decimal("0.000000001")
CRUMB = Decimal("0.000001")
"""Shares that a ratio with no end, such as 1 for 3, may leave over; they stay in the last lot."""


class Adjusted(NamedTuple):
    """What is left: the lots, by how much their cost moved, the round trip as it stands, and one that begins."""

    lots: tuple[Lot, ...]
    cost: Decimal
    trade: Trade | None
    opened: Trade | None


class Moved(NamedTuple):
    """Shares that came or went, unsigned, each with what they cost."""

    lots: tuple[Lot, ...]
    gone: Decimal = ZERO
    gone_cost: Decimal = ZERO
    came: Decimal = ZERO


def adjusted(lots: tuple[Lot, ...], trade: Trade | None, change: Adjustment) -> Adjusted:
    """The books of a symbol after an adjustment; ValueError where shares come and nobody says what they cost."""
    scaled, running = (lots, trade) if change.ratio is None else split(lots, trade, change)
    moved = brought_to(scaled, change)
    price = ZERO if change.price is None else change.price
    sign = -1 if change.theirs < ZERO else 1
    gone_sign = -1 if _held(scaled) < ZERO else 1
    cost = rounded(sign * moved.came * price - gone_sign * moved.gone_cost)
    if running is None:
        return Adjusted(moved.lots, cost, None, opened_trade(change, moved.came) if moved.came else None)
    over = moved.gone > ZERO and not any((lot.qty > ZERO) == (running.side is Side.BUY) for lot in moved.lots)
    added = ZERO if over else moved.came
    kept = replace(
        running,
        entry_qty=running.entry_qty - moved.gone + added,
        entry_value=running.entry_value - rounded(moved.gone_cost) + rounded(added * price),
    )
    if not over:
        return Adjusted(moved.lots, cost, kept, None)
    # What left by orders is a result all the same; what vanished has taken its cost along and is none.
    gross = (kept.exit_value - kept.entry_value) * kept.side.sign
    ended = replace(kept, closed_at=change.at, pnl=gross - kept.commission)
    return Adjusted(moved.lots, cost, ended, opened_trade(change, moved.came) if moved.came else None)


def split(lots: tuple[Lot, ...], trade: Trade | None, change: Adjustment) -> tuple[tuple[Lot, ...], Trade | None]:
    """Lots and round trip in the shares of after the split; what each cost stays."""
    ratio, scaled = change.ratio, tuple(_scaled(lots, change))
    if ratio is None or trade is None or not _before(trade.opened_at, change):
        return scaled, trade
    stop = None if trade.stop_loss is None else round(trade.stop_loss / ratio, 6)
    return scaled, replace(trade, entry_qty=round(trade.entry_qty * ratio, 9), stop_loss=stop)


def scaled_qty(lots: tuple[Lot, ...], ratio: Decimal, split_at: datetime | None) -> Decimal:
    """How many shares a split makes of these lots."""
    return sum((_times(lot, ratio) if split_at is None or lot.opened_at < split_at else lot.qty for lot in lots), ZERO)


def brought_to(lots: tuple[Lot, ...], change: Adjustment) -> Moved:
    """Close the oldest lots first, or open one of its own: first in, first out, as an execution would."""
    left, gone, gone_cost, kept = change.theirs - _held(lots), ZERO, ZERO, list[Lot]()
    if change.ratio is not None and lots and abs(left) < CRUMB < abs(lots[-1].qty):
        last, whole = lots[-1], lots[-1].qty + left
        return Moved((*lots[:-1], replace(last, qty=whole, price=last.qty * last.price / whole)))
    for lot in lots:
        closing = ZERO if lot.qty * left >= 0 else min(abs(lot.qty), abs(left)) * (1 if lot.qty > 0 else -1)
        left, gone, gone_cost = left + closing, gone + abs(closing), gone_cost + abs(closing) * lot.price
        if lot.qty != closing:
            kept.append(replace(lot, qty=lot.qty - closing))
    if left != ZERO:
        if change.price is None:
            raise ValueError(f"{left} shares of {change.symbol} come, and nobody says what they cost")
        kept.append(Lot(change.adjustment_id, change.symbol, left, change.price, change.at))
    return Moved(tuple(kept), gone, gone_cost, abs(left))


def opened_trade(change: Adjustment, qty: Decimal) -> Trade:
    """A round trip that begins with shares which nobody of us bought: without a strategy, a stop or a decision."""
    return Trade(
        trade_id=derive("trd", change.adjustment_id),
        symbol=change.symbol,
        strategy=FOREIGN,
        side=Side.BUY if change.theirs > ZERO else Side.SELL,
        decision_id=DecisionId(change.adjustment_id),
        opened_at=change.at,
        entry_qty=qty,
        entry_value=rounded(qty * (change.price or ZERO)),
    )


def rounded(cost: Decimal) -> Decimal:
    """A cost to the millionth where it has more places: a third of a share has no end."""
    return round(cost, 6) if cost != round(cost, 6) else cost


def _scaled(lots: tuple[Lot, ...], change: Adjustment) -> Iterator[Lot]:
    for lot in lots:
        qty = lot.qty if change.ratio is None or not _before(lot.opened_at, change) else _times(lot, change.ratio)
        yield lot if qty == lot.qty else replace(lot, qty=qty, price=lot.qty * lot.price / qty)


def _times(lot: Lot, ratio: Decimal) -> Decimal:
    whole = lot.qty * ratio
    return whole.quantize(FINEST_SHARE).normalize() or whole


def _before(at: datetime, change: Adjustment) -> bool:
    return change.split_at is None or at < change.split_at


def _held(lots: tuple[Lot, ...]) -> Decimal:
    return sum((lot.qty for lot in lots), ZERO)
