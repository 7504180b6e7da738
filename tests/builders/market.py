"""Bars, quotes, instruments, sessions, and a market that answers from a table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar, get_args

from domain.clock import parse_time
from domain.market import (
    Bar,
    EventKind,
    Instrument,
    MarketEvent,
    MarketInput,
    Quote,
    Session,
    Symbol,
    Timeframe,
    TradingStatus,
)

T = TypeVar("T")
AAPL = Symbol("AAPL")
MSFT = Symbol("MSFT")
NOON = parse_time("2026-03-17T15:00:00Z")
"""A Tuesday, an hour and a half after the opening in New York."""


def known(value: T | None) -> T:
    """The value, which has to be there: a figure that is unknown fails the test that reads it."""
    assert value is not None, "unknown"
    return value


def at(text: str) -> datetime:
    """``at("2026-03-17T15:00")`` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_session(day: str = "2026-03-17", opens: str = "13:30", closes: str = "20:00") -> Session:
    """A session by its day and its times in UTC."""
    return Session(at(f"{day}T00:00").date(), at(f"{day}T{opens}"), at(f"{day}T{closes}"))


def an_instrument(symbol: Symbol = AAPL, **changes) -> Instrument:
    """A common share."""
    return replace(Instrument(symbol, f"{symbol} Inc", sector="Technology"), **changes)


def a_bar(symbol: Symbol = AAPL, **changes) -> Bar:
    """A daily bar of 2026-03-16 that ends with the session; prices may be given as text."""
    session = a_session("2026-03-16")
    bar = Bar(
        symbol, Timeframe.DAY_1, session.opens_at, session.closes_at, Decimal(100), Decimal(102), Decimal(99),
        Decimal(101), Decimal(1_000_000), "table",
    )  # fmt: skip
    return replace(bar, **_with_decimals(changes, ("open", "high", "low", "close", "volume")))


def _with_decimals(changes: dict[str, Any], prices: tuple[str, ...]) -> dict[str, Any]:
    return {key: Decimal(value) if key in prices and value is not None else value for key, value in changes.items()}


def daily_bars(closes: Iterable[object], symbol: Symbol = AAPL, *, width: str = "1", volume: int = 1_000_000):
    """One bar a weekday, the last one on 2026-03-16; high and low lie ``width`` beyond open and close."""
    figures = [Decimal(str(close)) for close in closes]
    days = weekdays_before(NOON, len(figures))
    before = figures[:1] + figures[:-1]
    return tuple(
        a_bar(
            symbol,
            start=day.opens_at,
            end=day.closes_at,
            open=start,
            close=close,
            volume=volume,
            high=max(start, close) + Decimal(width),
            low=min(start, close) - Decimal(width),
        )
        for day, start, close in zip(days, before, figures, strict=True)
    )


def weekdays_before(moment: datetime, count: int) -> list[Session]:
    """The last ``count`` weekdays before the day of ``moment``, oldest first, as sessions 13:30 to 20:00 UTC."""
    found: list[Session] = []
    day = moment
    while len(found) < count:
        day -= timedelta(days=1)
        if day.weekday() < 5:
            found.append(a_session(day.date().isoformat()))
    return found[::-1]


def a_quote(symbol: Symbol = AAPL, **changes) -> Quote:
    """99.99 to 100.01 at noon; prices may be given as text."""
    quote = Quote(symbol, Decimal("99.99"), Decimal("100.01"), Decimal(100), NOON, "table", Decimal(500), Decimal(500))
    return replace(quote, **_with_decimals(changes, ("bid", "ask", "last", "bid_size", "ask_size")))


class WeekdayCalendar:
    """The ``Calendar`` port where every weekday has a session from 13:30 to 20:00 UTC."""

    name = "WEEK"

    def session_at(self, at: datetime) -> Session | None:
        day = a_session(at.date().isoformat())
        return day if at.weekday() < 5 and day.contains(at) else None

    def sessions(self, start: datetime, end: datetime) -> tuple[Session, ...]:
        count = (end.date() - start.date()).days + 1
        days = (start.date() + timedelta(days=number) for number in range(count))
        found = (a_session(day.isoformat()) for day in days if day.weekday() < 5)
        return tuple(session for session in found if start <= session.opens_at < end)

    def session_after(self, at: datetime) -> Session | None:
        return next(session for session in self.sessions(at, at + timedelta(days=5)) if session.opens_at > at)


@dataclass(frozen=True)
class TableMarket:
    """The ``Market`` port over what it is given; a symbol in ``failing`` raises its error on every question."""

    quotes: Mapping[Symbol, Quote] = field(default_factory=dict)
    series: Mapping[Symbol, tuple[Bar, ...]] = field(default_factory=dict)
    scheduled: tuple[MarketEvent, ...] = ()
    halted: frozenset[Symbol] = frozenset()
    failing: Mapping[Symbol, Exception] = field(default_factory=dict)
    name: str = "table"
    kinds: frozenset[EventKind] = frozenset(EventKind)
    supplies: frozenset[MarketInput] = frozenset(get_args(MarketInput))
    index: Symbol | None = None

    def _answer(self, symbol: Symbol) -> None:
        if symbol in self.failing:
            raise self.failing[symbol]

    def symbols(self) -> tuple[Symbol, ...]:
        return tuple(sorted({*self.quotes, *self.series}))

    def instrument(self, symbol: Symbol) -> Instrument | None:
        self._answer(symbol)
        return an_instrument(symbol) if symbol in self.symbols() else None

    def bars(self, symbol: Symbol, timeframe: Timeframe, *, as_of: datetime, limit: int) -> tuple[Bar, ...]:
        self._answer(symbol)
        known = [bar for bar in self.series.get(symbol, ()) if bar.end <= as_of and bar.timeframe is timeframe]
        return tuple(known[-limit:])

    def quote(self, symbol: Symbol, *, as_of: datetime) -> Quote | None:
        self._answer(symbol)
        return self.quotes.get(symbol)

    def status(self, symbol: Symbol, *, as_of: datetime) -> TradingStatus | None:
        self._answer(symbol)
        return TradingStatus(symbol, as_of, symbol in self.halted) if symbol in self.symbols() else None

    def event_kinds(self, symbol: Symbol, *, as_of: datetime) -> frozenset[EventKind]:
        self._answer(symbol)
        return self.kinds

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        self._answer(symbol)
        return tuple(each for each in self.scheduled if each.symbol in (symbol, None) and each.effective_at <= until)
