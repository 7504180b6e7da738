"""Equity over time and the loss counters taken from it. They live in the database, so a restart resets none of them.

The day is the exchange's: its start equity is written once, from the last point before it where there is one, and a
clock that jumps back does not write it again. The high-water mark only rises, except that money moved in or out moves
it by the same amount, so that a withdrawal is no drawdown.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import takewhile
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from domain.book import Performance
from trading.store.database import Database
from trading.store.tables import equity_days, equity_points, high_water, trades, transfers
from trading.store.trades import TradeStore

LONGEST_STREAK = 1000
"""Losses in a row are counted up to here."""


class EquityStore:
    """Equity points, day starts and the high-water mark, in the time zone of the exchange."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._trades = TradeStore(database)
        self._zone = zone

    def day_of(self, at: datetime) -> date:
        """The exchange's date at that moment."""
        return at.astimezone(self._zone).date()

    def day_start(self, at: datetime) -> datetime:
        """When that exchange day began, in UTC."""
        return datetime.combine(self.day_of(at), time(), self._zone).astimezone(UTC)

    def record(self, at: datetime, equity: Decimal) -> None:
        """Add a point; opens a new exchange day and raises the high-water mark where due."""
        day = self.day_of(at)
        with self._database.transaction() as connection:
            newest = connection.execute(select(func.max(equity_days.c.day))).scalar_one_or_none()
            if newest is None or day > newest:
                connection.execute(equity_days.insert().values(day=day, start_equity=self._carried(at, equity)))
            point = {"day": day, "equity": equity}
            if not connection.execute(equity_points.update().where(equity_points.c.at == at).values(point)).rowcount:
                connection.execute(equity_points.insert().values(at=at, **point))
            peak = self._peak()
            self._set_peak(equity if peak is None else max(equity, peak))

    def transfer(self, transfer_id: str, amount: Decimal, *, at: datetime) -> bool:
        """Money moved in (positive) or out; False when that transfer is known."""
        day = self.day_of(at)
        with self._database.transaction() as connection:
            if connection.execute(select(transfers).where(transfers.c.transfer_id == transfer_id)).first() is not None:
                return False
            connection.execute(transfers.insert().values(transfer_id=transfer_id, at=at, amount=amount))
            start = connection.execute(select(equity_days.c.start_equity).where(equity_days.c.day == day)).scalar()
            if start is not None:
                moved = {"start_equity": start + amount}
                connection.execute(equity_days.update().where(equity_days.c.day == day).values(moved))
            peak = self._peak()
            if peak is not None:
                self._set_peak(peak + amount)
        return True

    def performance(self, now: datetime, *, equity: Decimal | None) -> Performance:
        """The counters at ``now``; ``equity`` (as the broker just told it) stands in where nothing was recorded yet.

        ``unrealized_pnl`` is that of this day: what the equity gained or lost today beyond what fills made final.
        """
        with self._database.reading():
            losses, last_loss = self._losing_streak()
            start, realized = self._day_start_equity(now, equity), self._trades.realized(self.day_start(now))
            return Performance(
                day_start_equity=start,
                peak_equity=max((value for value in (self._peak(), equity) if value is not None), default=None),
                realized_pnl_day=realized,
                unrealized_pnl=None if equity is None or start is None else equity - start - realized,
                consecutive_losses=losses,
                last_loss_at=last_loss,
            )

    def _day_start_equity(self, now: datetime, equity: Decimal | None) -> Decimal | None:
        query = select(equity_days.c.start_equity).where(equity_days.c.day == self.day_of(now))
        with self._database.reading() as connection:
            start = connection.execute(query).scalar_one_or_none()
        return self._carried(now, equity) if start is None else start

    def _carried(self, at: datetime, otherwise: Decimal | None) -> Decimal | None:
        """Equity at the last point before this day, moved by what was transferred since."""
        earlier = select(equity_points).where(equity_points.c.at < self.day_start(at))
        with self._database.reading() as connection:
            last = connection.execute(earlier.order_by(equity_points.c.at.desc()).limit(1)).one_or_none()
            if last is None:
                return otherwise
            moved = select(transfers.c.amount).where(transfers.c.at > last.at, transfers.c.at <= at)
            equity: Decimal = last.equity
            return sum(connection.execute(moved).scalars(), equity)

    def _losing_streak(self) -> tuple[int, datetime | None]:
        closed = select(trades.c.pnl, trades.c.closed_at).where(trades.c.closed_at.is_not(None))
        newest = closed.order_by(trades.c.closed_at.desc()).limit(LONGEST_STREAK)
        with self._database.reading() as connection:
            losses = list(takewhile(lambda row: row.pnl < 0, connection.execute(newest).all()))
        return len(losses), losses[0].closed_at if losses else None

    def _peak(self) -> Decimal | None:
        with self._database.reading() as connection:
            return connection.execute(select(high_water.c.peak_equity)).scalar_one_or_none()

    def _set_peak(self, peak: Decimal) -> None:
        with self._database.transaction() as connection:
            if not connection.execute(high_water.update().values(peak_equity=peak)).rowcount:
                connection.execute(high_water.insert().values(id=1, peak_equity=peak))
