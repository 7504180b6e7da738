"""The market as files tell it: ``files:DIR`` with ``bars/*.csv`` or ``bars/*.parquet``, so that anyone can bring data.

Columns ``symbol, time, open, high, low, close, volume``, and optionally ``zone`` (see ``files/source.py`` for what
else can be stated). The files are read once, when the source is made: a file that cannot be used stops the start, a row
that cannot be used is left out and listed in ``issues``.

Point in time: a bar is known from its end on. Files have no quotes, so quotes are *modelled*: the open of the bar that
is under way, as if it were the price now, with a small spread (5 basis points unless stated); between bars the last
close with the time of that close. A symbol counts as trading while a bar of it is under way; otherwise nobody knows.
Corporate actions and scheduled events are those that source.toml lists. A kind that it does not state to be complete is
unknown, not absent.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TypeVar

from domain.clock import in_utc
from domain.errors import DataQualityError
from domain.market import (
    AssetClass,
    Bar,
    EventKind,
    Instrument,
    MarketEvent,
    MarketInput,
    Quote,
    Symbol,
    Timeframe,
    TradingStatus,
)
from domain.money import ceil_to, floor_to
from domain.ports import Calendar
from trading.data.calendar import ExchangeCalendar
from trading.data.events.source import kinds_claimed, kinds_known
from trading.data.files.bars import SOURCE, PlacedBar, in_order, oddities, placed_bars, raw_bars, timeframe_of
from trading.data.files.rows import rows_of
from trading.data.files.source import SourceNotes, files_in, read_notes
from trading.data.normalise import Issue
from trading.data.sectors import INDEX_FUND

T = TypeVar("T")
ENDINGS = (".csv", ".parquet")
WEEK = timedelta(days=7)
_COMPLETE_IN: Mapping[MarketInput, frozenset[EventKind]] = {
    "earnings": frozenset({EventKind.EARNINGS}),
    "macro": frozenset({EventKind.MACRO}),
    "corporate_actions": frozenset({EventKind.SPLIT, EventKind.DIVIDEND}),
}


class Series(NamedTuple):
    """The bars of one symbol and timeframe in order, with their ends beside them for bisection."""

    bars: tuple[Bar, ...]
    ends: tuple[datetime, ...]

    def known(self, as_of: datetime) -> int:
        """How many of them had ended."""
        return bisect_right(self.ends, as_of)


class FilesMarket:
    """The ``Market`` port over one folder."""

    def __init__(self, directory: Path, calendar: Calendar) -> None:
        self._notes = read_notes(directory)
        stated = self._notes.calendar
        read = _read(directory, self._notes, ExchangeCalendar(stated) if stated is not None else calendar)
        self._series, self._issues = read.series, read.issues
        self._symbols = tuple(sorted({symbol for symbol, _ in self._series}))
        self._events, self._claims = self._notes.listed(SOURCE), self._notes.claims()

    @property
    def name(self) -> str:
        """``files``."""
        return SOURCE

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Everything wrong or odd in the files, row by row."""
        return self._issues

    @property
    def timeframes(self) -> tuple[Timeframe, ...]:
        """The bar lengths that the files hold: those of most symbols first, of equals the longest."""
        counts = Counter(timeframe for _, timeframe in self._series)
        # ``sorted`` is stable: of equally many symbols the longest stays in front.
        longest_first = [timeframe for timeframe in reversed(Timeframe) if timeframe in counts]
        return tuple(sorted(longest_first, key=lambda timeframe: -counts[timeframe]))

    def event_kinds(self, symbol: Symbol, *, as_of: datetime) -> frozenset[EventKind]:
        """Kinds that source.toml states to be listed completely, for ever or as far as it claims."""
        as_of = in_utc(as_of)
        claims = (each for each in self._claims if each.stated_at <= as_of)
        return self._notes.event_kinds | kinds_known(claims, symbol, as_of=as_of)

    @property
    def supplies(self) -> frozenset[MarketInput]:
        """What bars tell, volumes and returns of days where they are daily; and what source.toml tells of all."""
        found: set[MarketInput] = {"bars", "quote", "instrument", "sector", "status"}
        if Timeframe.DAY_1 in self.timeframes:
            found.add("adv")
            found.add("returns")
        claimed = kinds_claimed(each.subjects for each in self._claims)
        for name, kinds in _COMPLETE_IN.items():
            if kinds <= self._notes.event_kinds | claimed:
                found.add(name)
        known = [self._notes.instrument(symbol) for symbol in self._symbols]
        stated: dict[MarketInput, bool] = {
            "index": self.index is not None,
            "listing": all(each.listed_on is not None for each in known),
            "market_cap": all(each.market_cap is not None for each in known),
            "leverage": all(each.asset_class is not AssetClass.ETF or each.leverage is not None for each in known),
        }
        return frozenset(found) | {name for name, told in stated.items() if told}

    @property
    def index(self) -> Symbol | None:
        """The fund on the S&P 500, where the files hold its daily bars."""
        return INDEX_FUND if (INDEX_FUND, Timeframe.DAY_1) in self._series else None

    def symbols(self) -> tuple[Symbol, ...]:
        """All symbols with at least one usable bar, sorted."""
        return self._symbols

    def instrument(self, symbol: Symbol) -> Instrument | None:
        """The instrument with what source.toml states, its sector else from the list; None for one without bars."""
        return self._notes.instrument(symbol) if symbol in self._symbols else None

    def bars(self, symbol: Symbol, timeframe: Timeframe, *, as_of: datetime, limit: int) -> tuple[Bar, ...]:
        """The last ``limit`` bars with ``end <= as_of``; empty for a timeframe the files do not hold."""
        series = self._series.get((symbol, timeframe))
        if series is None or limit <= 0:
            return ()
        known = series.known(in_utc(as_of))
        return series.bars[max(0, known - limit) : known]

    def quote(self, symbol: Symbol, *, as_of: datetime) -> Quote | None:
        """A modelled quote at the open of the bar under way, else at the last close with its own time."""
        as_of = in_utc(as_of)
        current = self._under_way(symbol, as_of)
        if current is not None:
            return self._modelled(symbol, current.open, as_of)
        ended = [series.bars[known - 1] for series in self._of(symbol) if (known := series.known(as_of)) > 0]
        if not ended:
            return None
        # With its own time, so that the gates see how old it is instead of a fresh price at ``as_of``.
        last = max(ended, key=lambda bar: bar.end)
        return self._modelled(symbol, last.close, last.end)

    def status(self, symbol: Symbol, *, as_of: datetime) -> TradingStatus | None:
        """Trading while a bar is under way, unless source.toml lists a halt; None otherwise."""
        as_of = in_utc(as_of)
        halt = self._notes.halt(symbol, as_of)
        if halt is not None:
            return TradingStatus(symbol, as_of, halted=True, reason=halt)
        return TradingStatus(symbol, as_of, halted=False) if self._under_way(symbol, as_of) is not None else None

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        """What source.toml lists of the symbol and of the whole market, as far as announced."""
        as_of, until = in_utc(as_of), in_utc(until)
        return tuple(
            event
            for event in self._events
            if event.symbol in (symbol, None)
            and event.announced_at <= as_of
            and as_of - WEEK <= event.effective_at <= until
        )

    def _of(self, symbol: Symbol) -> list[Series]:
        """The symbol's series, shortest bars first."""
        return [self._series[symbol, each] for each in Timeframe if (symbol, each) in self._series]

    def _under_way(self, symbol: Symbol, as_of: datetime) -> Bar | None:
        for series in self._of(symbol):
            known = series.known(as_of)
            if known < len(series.bars) and series.bars[known].start <= as_of:
                return series.bars[known]
        return None

    def _modelled(self, symbol: Symbol, price: Decimal, at: datetime) -> Quote:
        """Half the spread to each side, outward to whole ticks; the bid stays at least one tick."""
        tick = self._notes.instrument(symbol).tick
        # Basis points are ten-thousandths, and each side gets half of them.
        half = price * self._notes.spread_bp / 20_000
        bid, ask = max(tick, floor_to(price - half, tick)), ceil_to(price + half, tick)
        return Quote(symbol, bid, ask, price, at, SOURCE, modelled=True)


class _Read(NamedTuple):
    series: Mapping[tuple[Symbol, Timeframe], Series]
    issues: tuple[Issue, ...]


def _read(directory: Path, notes: SourceNotes, calendar: Calendar) -> _Read:
    issues: list[Issue] = []
    found: dict[tuple[Symbol, Timeframe], list[PlacedBar]] = defaultdict(list)
    for path in files_in(directory, "bars", ENDINGS):
        placed = _read_file(path, notes, calendar, issues)
        for each in placed:
            found[each.bar.symbol, each.bar.timeframe].append(each)
    series = {}
    for key, all_placed in found.items():
        bars = tuple(each.bar for each in _usable(in_order(all_placed), issues))
        if bars:
            series[key] = Series(bars, tuple(bar.end for bar in bars))
    return _Read(series, tuple(issues))


def _read_file(path: Path, notes: SourceNotes, calendar: Calendar, issues: list[Issue]) -> list[PlacedBar]:
    """The usable bars of one file; a file without any is refused with the first of its issues."""
    # Issues name ``bars/x.csv``: a whole path would differ from machine to machine.
    name = f"{path.parent.name}/{path.name}"
    found: list[Issue] = []
    raw = _usable(raw_bars(rows_of(path, name), name, notes.zone), found)
    placed: list[PlacedBar] = []
    if raw:
        timeframe = notes.timeframe or timeframe_of(raw, name)
        placed = _usable(placed_bars(raw, timeframe, calendar), found)
    if not placed:
        why = f": {found[0]}" if found else ""
        raise DataQualityError(f"{path} holds no usable row{why}", "Correct the file, or take it away.")
    # Only now: a file that is refused says so by its error, and must not be told row by row as well.
    issues += found
    issues += oddities(placed)
    return placed


def _usable(items: Iterable[T | Issue], issues: list[Issue]) -> list[T]:
    """What is not an issue; the issues are noted."""
    usable: list[T] = []
    for item in items:
        if isinstance(item, Issue):
            issues.append(item)
        else:
            usable.append(item)
    return usable
