"""Profit and loss by exchange days: of a period, by day, week, month or symbol; or of one symbol, by period.

Time is told from the equity of each exchange day, today's as the broker tells it now, so open positions are in it.
Symbols are told from fills and from what is held at the price at which it could be sold; fees that belong to no fill
count in the time and in no symbol.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from domain.errors import UsageError
from domain.market import Symbol, parse_symbol
from domain.money import ZERO
from interfaces.runtime import Runtime
from interfaces.telling.looking import positions
from interfaces.views.profits import ProfitRow, ProfitsView
from trading.execution.account import read_book, unrealized_pnl
from trading.portfolio.performance import Day
from trading.portfolio.periods import Gain, Period, Unit, first_day, gain, gains, start_of, until_now
from trading.store.trades import BEGINNING, Trade

UNITS = {
    Period.DAY: Unit.SYMBOL, Period.WEEK: Unit.DAY, Period.MONTH: Unit.DAY, Period.YTD: Unit.MONTH,
    Period.TOTAL: Unit.MONTH,
}  # fmt: skip
"""What a period is shown by where nobody says."""


class Money(NamedTuple):
    """The account as it is told now, and its exchange days up to today."""

    now: datetime
    today: date
    currency: str
    days: tuple[Day, ...]
    unrealized: Decimal | None


def profits(runtime: Runtime, what: str, by: Unit | None) -> ProfitsView:
    """Of a period or a symbol; UsageError for a symbol that nobody knows."""
    # Once, and before anything is reckoned: all lines are of one moment.
    money = money_of(runtime)
    if what in set(Period):
        period = Period(what)
        return of_period(runtime, period, by or UNITS[period], money)
    if what.upper() not in runtime.deps.market.symbols():
        periods = ", ".join(Period)
        raise UsageError(f"{what!a} is no period and no symbol of this market", f"Write one of {periods}, or a symbol.")
    return of_symbol(runtime, parse_symbol(what), money)


def money_of(runtime: Runtime) -> Money:
    """Asked of the broker once."""
    deps, now = runtime.deps, runtime.deps.clock.now()
    book = read_book(deps.broker, deps.stores.orders, deps.stores.equity, now=now)
    today = deps.stores.equity.day_of(now)
    start, equity = book.performance.day_start_equity, book.account.equity
    days = until_now(deps.stores.equity.days(), today, start, equity)
    return Money(now, today, book.account.currency, days, unrealized_pnl(book.account, tuple(book.positions.values())))


def begin_of(runtime: Runtime, period: Period, today: date) -> datetime:
    """The moment at which a period begins at the exchange."""
    return BEGINNING if period is Period.TOTAL else runtime.deps.stores.equity.begin(first_day(period, today))


def of_period(runtime: Runtime, period: Period, by: Unit, money: Money) -> ProfitsView:
    """What a period brought, line by line."""
    stores, first = runtime.deps.stores, first_day(period, money.today)
    begin = begin_of(runtime, period, money.today)
    days = tuple(each for each in money.days if each.day >= first)
    closed, whole = tuple(each for each in stores.trades.closed(since=begin) if each.traded), gain(first, days)
    rows = symbol_rows(runtime, begin, closed) if by is Unit.SYMBOL else time_rows(runtime, days, by, closed)
    return ProfitsView(
        as_of=money.now,
        currency=money.currency,
        what=period.value,
        by=by,
        since=None if period is Period.TOTAL else first,
        pnl=whole.pnl,
        pnl_pct=whole.pct,
        realized_pnl=stores.trades.realized(begin),
        unrealized_pnl=money.unrealized,
        trades=len(closed),
        wins=won(closed),
        rows=rows,
    )


def time_rows(runtime: Runtime, days: tuple[Day, ...], by: Unit, closed: tuple[Trade, ...]) -> tuple[ProfitRow, ...]:
    """A line for each day, week or month with an equity, newest first."""

    def row(one: Gain) -> ProfitRow:
        mine = [trade for trade in closed if one.first == start_of(by, closing_day(runtime, trade))]
        name = f"{one.first:%Y-%m}" if by is Unit.MONTH else f"{one.first}"
        return ProfitRow(name, one.pnl, one.pct, len(mine), won(mine))

    return tuple(map(row, gains(days, by)))


def closing_day(runtime: Runtime, trade: Trade) -> date:
    """The exchange day on which a finished round trip ended."""
    return runtime.deps.stores.equity.day_of(trade.closed_at or trade.opened_at)


def symbol_rows(runtime: Runtime, begin: datetime, closed: tuple[Trade, ...]) -> tuple[ProfitRow, ...]:
    """A line for each symbol with a fill or a holding, the best first."""
    made, open_now = realized_by_symbol(runtime, begin), open_by_symbol(runtime)
    rows = [
        symbol_row(symbol, made.get(symbol, ZERO), open_now.get(symbol, ZERO), closed)
        for symbol in sorted({*made, *open_now})
    ]
    # What nobody can tell stands last.
    return tuple(sorted(rows, key=lambda one: (one.pnl is None, -(one.pnl or ZERO), one.name)))


def symbol_row(symbol: Symbol, realized: Decimal, unrealized: Decimal | None, closed: Iterable[Trade]) -> ProfitRow:
    """Realised and unrealised of one symbol."""
    mine = [trade for trade in closed if trade.symbol == symbol]
    whole = None if unrealized is None else realized + unrealized
    return ProfitRow(symbol, whole, None, len(mine), won(mine), realized, unrealized)


def of_symbol(runtime: Runtime, symbol: Symbol, money: Money) -> ProfitsView:
    """What one symbol brought, by period; what is open counts in its sum."""
    rows = []
    for period in Period:
        begin = begin_of(runtime, period, money.today)
        ended = runtime.deps.stores.trades.closed(since=begin)
        closed = [one for one in ended if one.symbol == symbol and one.traded]
        realized = realized_by_symbol(runtime, begin).get(symbol, ZERO)
        rows.append(ProfitRow(period.value, None, None, len(closed), won(closed), realized))
    # The last period is the total.
    whole, open_now = rows[-1], open_by_symbol(runtime).get(symbol, ZERO)
    realized = whole.realized_pnl or ZERO
    return ProfitsView(
        as_of=money.now,
        currency=money.currency,
        what=symbol,
        by=Unit.SYMBOL,
        since=None,
        pnl=None if open_now is None else realized + open_now,
        pnl_pct=None,
        realized_pnl=realized,
        unrealized_pnl=open_now,
        trades=whole.trades,
        wins=whole.wins,
        rows=tuple(rows),
    )


def realized_by_symbol(runtime: Runtime, begin: datetime) -> dict[Symbol, Decimal]:
    """What fills since then made final, by symbol."""
    made: dict[Symbol, Decimal] = {}
    for (_strategy, symbol), amount in runtime.deps.stores.trades.profits(begin).items():
        made[symbol] = made.get(symbol, ZERO) + amount
    return made


def open_by_symbol(runtime: Runtime) -> dict[Symbol, Decimal | None]:
    """What is held at the price at which it could be sold; None where there is no price."""
    return {each.symbol: each.unrealized_pnl for each in positions(runtime).positions if each.broker_qty}


def won(closed: Iterable[Trade]) -> int:
    """Round trips that ended with a profit."""
    return sum(trade.pnl is not None and trade.pnl > 0 for trade in closed)
