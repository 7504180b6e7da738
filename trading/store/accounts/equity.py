"""Equity over time and the loss counters taken from it. They live in the database, so a restart resets none of them.

The day is the exchange's: its start equity is written once, from the last point before it where there is one, and a
clock that jumps back does not write it again. A week (from Monday) and a month start with their first day that has a
row. The high-water mark and the best of the day only rise, except that money moved in or out moves all of them by the
same amount, so that a withdrawal is no drawdown: 10,000 on Monday and 2,000 withdrawn on Tuesday is a week that
started with 8,000.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from domain.book import Performance
from domain.money import ZERO
from domain.ports import Calendar
from trading.portfolio.performance import Day
from trading.store.database import Database
from trading.store.tables import equity_days, equity_points, high_water, trades, transfers
from trading.store.trades import TradeStore
from trading.store.writing.prepared import Query, given

HIGH_WATER = "high_water"
"""Subject of the entries that say: a loss was accepted, and this was and is the high-water mark."""
EPOCH, TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
LONGEST_STREAK = 1000
"""Losses in a row are counted up to here, over the trades of all strategies together."""
STREAK_REMEMBERED = timedelta(days=7)
"""Losses count as a row this long: a streak that stops every entry could otherwise never end, not even by time."""
SESSIONS_REACH = timedelta(days=14)
"""So far back the last few sessions are looked for; five of them are there in every week but of a closed exchange."""


class Starts(NamedTuple):
    """What the equity was at the start of day, week and month, and the best of the day."""

    day: Decimal | None
    week: Decimal | None
    month: Decimal | None
    day_peak: Decimal | None


class Streaks(NamedTuple):
    """Trades lost in a row up to now: of the account, with the time of the newest, and of each strategy."""

    account: int
    last_loss_at: datetime | None
    by_strategy: Mapping[str, int]


class EquityPoint(NamedTuple):
    """Equity as it was seen at one moment."""

    at: datetime
    equity: Decimal


class Moved(NamedTuple):
    """Money that was moved in (positive) or out, and when it counted."""

    at: datetime
    amount: Decimal


class Marks(NamedTuple):
    """The high-water mark, and the best of a day; None where that day is not on record."""

    peak: Decimal | None
    day_peak: Decimal | None


class _DayRow(NamedTuple):
    """An exchange day as it is stored."""

    day: date
    start_equity: Decimal
    peak_equity: Decimal


class EquityStore:
    """Equity points, day starts and the high-water mark, in the time zone and by the calendar of the exchange."""

    def __init__(self, database: Database, zone: ZoneInfo, calendar: Calendar) -> None:
        self._database = database
        self._trades = TradeStore(database)
        self._zone = zone
        self._calendar = calendar

    def day_of(self, at: datetime) -> date:
        """The exchange's date at that moment."""
        return at.astimezone(self._zone).date()

    def day_start(self, at: datetime) -> datetime:
        """When that exchange day began, in UTC."""
        return self._begin(self.day_of(at))

    def month_start(self, at: datetime) -> datetime:
        """When that exchange month began, in UTC."""
        return self._begin(self.day_of(at).replace(day=1))

    def begin(self, day: date) -> datetime:
        """When an exchange day begins, in UTC."""
        return self._begin(day)

    def sessions_from(self, at: datetime) -> datetime:
        """The earliest moment that ``session_day`` can lead back to."""
        return self.day_start(at - SESSIONS_REACH)

    def session_day(self, at: datetime, back: int) -> date:
        """The exchange day of the ``back``-th newest session, that of today included whether it has opened or not."""
        end = self._begin(self.day_of(at) + timedelta(days=1))
        known = self._calendar.sessions(self.sessions_from(at), end)
        # Where the exchange was closed for days, the window is as long as it can be rather than too short.
        return known[-back].day if len(known) >= back else self.day_of(at - SESSIONS_REACH)

    def _begin(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone).astimezone(UTC)

    def record(self, at: datetime, equity: Decimal) -> None:
        """Add a point; opens a new exchange day and raises the high-water mark where due."""
        day = self.day_of(at)
        with self._database.transaction() as connection:
            newest = connection.execute(select(func.max(equity_days.c.day))).scalar_one_or_none()
            # Against the newest row and not this day's: a clock that jumps back opens no day again (I-37).
            if newest is None or day > newest:
                carried = self._carried(self._begin(day), at)
                # From the last point before it: what the market did over night belongs to the day that it opens.
                start = equity if carried is None else carried
                row = {"day": day, "start_equity": start, "peak_equity": max(start, equity)}
                connection.execute(equity_days.insert().values(row))
            else:
                # A clock that went back is still in the newest day: what it sees raises that day's best.
                self._raise_peak(newest, equity)
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
            # Its own day alone is moved here; weeks and months add what came after their first day as they are read.
            row = connection.execute(select(equity_days).where(equity_days.c.day == day)).one_or_none()
            if row is not None:
                moved = {"start_equity": row.start_equity + amount, "peak_equity": row.peak_equity + amount}
                connection.execute(equity_days.update().where(equity_days.c.day == day).values(moved))
            peak = self._peak()
            if peak is not None:
                self._set_peak(peak + amount)
        return True

    def late_transfer(
        self, transfer_id: str, amount: Decimal, *, at: datetime, accepted: EquityPoint | None = None
    ) -> Marks:
        """Money that moved at ``at`` and is heard of now: points from then on hold it, so the best is found anew.

        100,000, then 150,000 with the 50,000 that were paid in: the mark is 150,000 and not 200,000. ``accepted`` is
        where the mark began anew, if it ever did.
        """
        day = self.day_of(at)
        begin, end = self._begin(day), self._begin(day + timedelta(days=1))
        with self._database.transaction() as connection:
            row = connection.execute(select(equity_days).where(equity_days.c.day == day)).one_or_none()
            before = sum((each.amount for each in self.moves(begin) if each.at < end), ZERO)
            connection.execute(transfers.insert().values(transfer_id=transfer_id, at=at, amount=amount))
            best = None
            if row is not None:
                own = [each for each in self.moves(begin) if each.at < end]
                best = highest(row.start_equity - before, self.points(begin, end), own)
                moved = {"start_equity": row.start_equity + amount, "peak_equity": best}
                connection.execute(equity_days.update().where(equity_days.c.day == day).values(moved))
            since, first = (EPOCH, None) if accepted is None else (accepted.at + TICK, accepted.equity)
            peak = highest(first, self.points(since, None), self.moves(since))
            if peak is not None:
                self._set_peak(peak)
        return Marks(peak, best)

    def moved_by(self, transfer_ids: Iterable[str]) -> frozenset[str]:
        """Those of these transfers that are on record."""
        known = select(transfers.c.transfer_id).where(transfers.c.transfer_id.in_([*transfer_ids]))
        with self._database.reading() as connection:
            return frozenset(connection.execute(known).scalars())

    def moves(self, since: datetime) -> tuple[Moved, ...]:
        """Money that was moved at ``since`` or later, in order."""
        with self._database.reading() as connection:
            return tuple(sorted(Moved(*row) for row in _MOVED.rows(connection, since)))

    def points(self, start: datetime, end: datetime | None) -> tuple[EquityPoint, ...]:
        """What was written down in [start, end), oldest first."""
        wanted = select(equity_points.c.at, equity_points.c.equity).where(equity_points.c.at >= start)
        if end is not None:
            wanted = wanted.where(equity_points.c.at < end)
        with self._database.reading() as connection:
            return tuple(EquityPoint(*row) for row in connection.execute(wanted.order_by(equity_points.c.at)))

    def first(self) -> EquityPoint | None:
        """The first equity that was written down; None before it."""
        oldest = select(equity_points.c.at, equity_points.c.equity).order_by(equity_points.c.at).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(oldest).one_or_none()
        return None if row is None else EquityPoint(*row)

    def lower_mark(self, equity: Decimal) -> Decimal:
        """Make ``equity`` the high-water mark; the answer is what it was. For whoever writes down who accepted that."""
        with self._database.transaction():
            before = self._peak()
            self._set_peak(equity)
        return equity if before is None else before

    def performance(self, now: datetime, *, equity: Decimal | None) -> Performance:
        """The counters at ``now``; ``equity`` (as the broker just told it) stands in where nothing was recorded yet.

        ``unrealized_pnl`` is that of this day: what the equity gained or lost today beyond what fills made final.
        """
        with self._database.reading():
            streaks = self._losing_streaks(now)
            starts, realized = self._starts(now, equity), self._trades.realized(self.day_start(now))
            return Performance(
                day_start_equity=starts.day,
                peak_equity=_highest(self._peak(), equity),
                realized_pnl_day=realized,
                unrealized_pnl=None if equity is None or starts.day is None else equity - starts.day - realized,
                consecutive_losses=streaks.account,
                last_loss_at=streaks.last_loss_at,
                week_start_equity=starts.week,
                month_start_equity=starts.month,
                day_peak_equity=starts.day_peak,
                strategy_losses=streaks.by_strategy,
            )

    def days(self) -> tuple[Day, ...]:
        """Every exchange day with a row, oldest first: what it began with, and the last equity that was seen in it."""
        last = select(func.max(equity_points.c.at).label("at")).group_by(equity_points.c.day).subquery()
        closes = select(equity_points.c.day, equity_points.c.equity).join(last, equity_points.c.at == last.c.at)
        with self._database.reading() as connection:
            close = {row.day: row.equity for row in connection.execute(closes)}
            rows = connection.execute(select(equity_days).order_by(equity_days.c.day)).all()
        return tuple(Day(row.day, row.start_equity, close[row.day]) for row in rows if row.day in close)

    def newest(self) -> EquityPoint | None:
        """The last equity that was written down; None before the first."""
        last = select(equity_points.c.at, equity_points.c.equity).order_by(equity_points.c.at.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(last).one_or_none()
        return None if row is None else EquityPoint(*row)

    def _starts(self, now: datetime, equity: Decimal | None) -> Starts:
        today = self.day_of(now)
        monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
        since = min(monday, first)
        with self._database.reading() as connection:
            rows = [_DayRow(*row) for row in _DAYS_SINCE.rows(connection, since)]
            # Money on record has moved, also where a clock that went back says that it will.
            moved = [(self.day_of(at), amount) for at, amount in _MOVED.rows(connection, self._begin(since))]

        def start(begin: date) -> Decimal | None:
            row = next((row for row in rows if begin <= row.day <= today), None)
            if row is None:
                carried = self._carried(self._begin(begin), now)
                return equity if carried is None else carried
            # Transfers of the row's own day have moved the row already.
            started: Decimal = row.start_equity
            return sum((amount for day, amount in moved if day > row.day), started)

        day = start(today)
        # A day that a clock has opened too early is as good as today: its best has been seen.
        return Starts(
            day, start(monday), start(first), _highest(day, equity, *(r.peak_equity for r in rows if r.day >= today))
        )

    def _raise_peak(self, day: date, equity: Decimal) -> None:
        row = equity_days.c.day == day
        with self._database.transaction() as connection:
            if equity > connection.execute(select(equity_days.c.peak_equity).where(row)).scalar_one():
                connection.execute(equity_days.update().where(row).values(peak_equity=equity))

    def _carried(self, begin: datetime, at: datetime) -> Decimal | None:
        """Equity at the last point before ``begin``, moved by what was transferred since; None without any."""
        earlier = select(equity_points).where(equity_points.c.at < begin)
        with self._database.reading() as connection:
            last = connection.execute(earlier.order_by(equity_points.c.at.desc()).limit(1)).one_or_none()
            if last is None:
                return None
            moved = select(transfers.c.amount).where(transfers.c.at > last.at, transfers.c.at <= at)
            equity: Decimal = last.equity
            return sum(connection.execute(moved).scalars(), equity)

    def _losing_streaks(self, now: datetime) -> Streaks:
        columns = (trades.c.strategy, trades.c.pnl, trades.c.closed_at, trades.c.entry_qty)
        closed = select(*columns).where(trades.c.closed_at >= now - STREAK_REMEMBERED)
        newest = closed.order_by(trades.c.closed_at.desc()).limit(LONGEST_STREAK)
        with self._database.reading() as connection:
            # One whose shares all vanished by an adjustment was neither lost nor won.
            rows = [row for row in connection.execute(newest) if row.entry_qty != ZERO]
        losses = list(takewhile(lambda row: row.pnl < 0, rows))
        by_strategy = _by_strategy((row.strategy, row.pnl) for row in rows)
        return Streaks(len(losses), losses[0].closed_at if losses else None, by_strategy)

    def _peak(self) -> Decimal | None:
        with self._database.reading() as connection:
            row = _PEAK.first(connection)
        return None if row is None else row[0]

    def _set_peak(self, peak: Decimal) -> None:
        with self._database.transaction() as connection:
            if not connection.execute(high_water.update().values(peak_equity=peak)).rowcount:
                connection.execute(high_water.insert().values(id=1, peak_equity=peak))


def _by_strategy(newest_first: Iterable[tuple[str, Decimal]]) -> dict[str, int]:
    """Losses of each strategy since it last won or broke even: what others won in between ends no row of its own."""
    streaks: dict[str, int] = {}
    ended: set[str] = set()
    for strategy, pnl in newest_first:
        if pnl >= 0:
            ended.add(strategy)
        elif strategy not in ended:
            streaks[strategy] = streaks.get(strategy, 0) + 1
    return streaks


def highest(first: Decimal | None, points: Iterable[EquityPoint], moved: Iterable[Moved]) -> Decimal | None:
    """The best of ``first`` and the points after it, moved by what was paid in or out since; all in order.

    100 first, then a point of 90, +50, and a point of 145: 150. A point holds what moved at its own moment.
    """
    best, left = first, deque(moved)
    for at, equity in points:
        while left and left[0].at <= at:
            amount = left.popleft().amount
            best = None if best is None else best + amount
        best = equity if best is None else max(best, equity)
    return best if best is None else sum((each.amount for each in left), best)


def _highest(*values: Decimal | None) -> Decimal | None:
    return max((value for value in values if value is not None), default=None)


_DAYS_SINCE = Query(
    select(*(equity_days.c[name] for name in _DayRow._fields))
    .where(equity_days.c.day >= given("since"))
    .order_by(equity_days.c.day),
    "since",
)
_MOVED = Query(select(transfers.c.at, transfers.c.amount).where(transfers.c.at >= given("since")), "since")
_PEAK = Query(select(high_water.c.peak_equity))
