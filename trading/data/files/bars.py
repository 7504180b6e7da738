"""Bars from rows: times on the exchange's days, one timeframe a file, bars that neither overlap nor contradict.

Rules:

- A day without time means that exchange day, and so does any time in a file of daily bars: the day as written. The
  bar spans the day's session and is known at its close. A day without a session is quarantined.
- A time inside the day is the start of its bar, on a whole minute. The bar ends one timeframe later, or with the
  session it starts in if that is sooner.
- The timeframe of a file is the stated one, or the most frequent distance between the rows of a symbol.
- Equal rows count once. Rows that give other figures for the same time are all quarantined: nobody can tell which is
  right.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

from domain.errors import DataQualityError
from domain.market import Bar, Session, Symbol, Timeframe, parse_symbol
from domain.ports import Calendar
from trading.data.files.rows import Row
from trading.data.normalise import BrokenRule, Figures, Issue, Moment, Rule, checked_figures, moment, number

SOURCE = "files"
_BY_LENGTH = {timeframe.length: timeframe for timeframe in Timeframe}
_DAY = timedelta(days=1)


class RawBar(NamedTuple):
    """One row with its values read and checked, not yet placed in time."""

    symbol: Symbol
    moment: Moment
    figures: Figures
    place: str


class PlacedBar(NamedTuple):
    """A bar with the place it was read from."""

    bar: Bar
    place: str


def raw_bars(rows: Iterable[Row], name: str, zone: str | None) -> Iterator[RawBar | Issue]:
    """Every row read, or the issue that keeps it out."""
    for row in rows:
        place = f"{name} line {row.line}"
        try:
            yield _raw_bar(row, place, zone)
        except BrokenRule as refused:
            yield refused.at(place)


def _raw_bar(row: Row, place: str, zone: str | None) -> RawBar:
    if not row.whole:
        raise BrokenRule(Rule.MALFORMED, f"{len(row.cells)} of the header's columns, or more than it names")
    cells = row.cells
    try:
        symbol = parse_symbol(cells["symbol"].strip())
    except DataQualityError as error:
        raise BrokenRule(Rule.SYMBOL, cells["symbol"][:40]) from error
    when = moment(cells["time"], cells.get("zone", "").strip() or zone)
    figures = Figures(*(number(cells[column], column) for column in Figures._fields))
    return RawBar(symbol, when, checked_figures(figures), place)


def timeframe_of(raw: Sequence[RawBar], name: str) -> Timeframe:
    """What a file holds: daily bars where mostly days are written, else the most frequent distance between rows."""
    if 2 * sum(each.moment.at is None for each in raw) >= len(raw):
        return Timeframe.DAY_1
    times: dict[Symbol, set[datetime]] = defaultdict(set)
    for each in raw:
        if each.moment.at is not None:
            times[each.symbol].add(each.moment.at)
    # The most frequent and not the smallest: one stray row must not make a file of minutes out of one of hours.
    distances = Counter(after - before for found in times.values() for before, after in pairwise(sorted(found)))
    likely = distances.most_common(1)[0][0] if distances else None
    if likely in _BY_LENGTH:
        return _BY_LENGTH[likely]
    told = f"mostly {likely} apart" if likely is not None else "too few to tell how far apart they are"
    raise DataQualityError(f"the rows of {name} are {told}", f"State timeframe in source.toml: {', '.join(Timeframe)}.")


def placed_bars(raw: Iterable[RawBar], timeframe: Timeframe, calendar: Calendar) -> Iterator[PlacedBar | Issue]:
    """Every row as a bar over its own span, or the issue that keeps it out."""
    sessions: dict[date, Session | None] = {}
    for each in raw:
        try:
            start, end = _span(each.moment, timeframe, calendar, sessions)
        except BrokenRule as refused:
            yield refused.at(each.place)
            continue
        yield PlacedBar(Bar(each.symbol, timeframe, start, end, *each.figures, SOURCE), each.place)


def _span(
    when: Moment, timeframe: Timeframe, calendar: Calendar, sessions: dict[date, Session | None]
) -> tuple[datetime, datetime]:
    if when.day not in sessions:
        sessions[when.day] = session_on(calendar, when.day)
    session = sessions[when.day]
    if timeframe is Timeframe.DAY_1:
        if session is None:
            raise BrokenRule(Rule.NO_SESSION, f"{when.day} at {calendar.name}")
        return session.opens_at, session.closes_at
    if when.at is None:
        raise BrokenRule(Rule.TIME, f"{when.day} names no time for a {timeframe} bar")
    if when.at.second or when.at.microsecond:
        raise BrokenRule(Rule.OFF_GRID, when.at.isoformat())
    end = when.at + timeframe.length
    return when.at, min(end, session.closes_at) if session is not None and session.contains(when.at) else end


def session_on(calendar: Calendar, day: date) -> Session | None:
    """The session of an exchange day; None for a day without one, or that the calendar does not reach."""
    # The port finds sessions by their opening; an exchange's day may open on the UTC day before or after.
    midnight = datetime.combine(day, time(), UTC)
    try:
        near = calendar.sessions(midnight - _DAY, midnight + 2 * _DAY)
    except (DataQualityError, OverflowError):
        return None
    return next((session for session in near if session.day == day), None)


def in_order(placed: Sequence[PlacedBar]) -> Iterator[PlacedBar | Issue]:
    """The bars of one symbol and timeframe by start; duplicates, conflicts and overlaps come as issues."""
    end: datetime | None = None
    ordered = sorted(placed, key=lambda each: each.bar.start)
    for _, group in groupby(ordered, key=lambda each: each.bar.start):
        first, *others = group
        # The whole group goes, the first too: the order of rows in a file says nothing about which one is right.
        if any(each.bar != first.bar for each in others):
            yield from (Issue(Rule.CONFLICT, each.place, _told(each.bar)) for each in (first, *others))
            continue
        yield from (Issue(Rule.DUPLICATE, each.place, _told(each.bar)) for each in others)
        if end is not None and first.bar.start < end:
            yield Issue(Rule.OFF_GRID, first.place, _told(first.bar))
            continue
        end = first.bar.end
        yield first


def oddities(placed: Sequence[PlacedBar]) -> Iterator[Issue]:
    """What is kept but worth knowing of one file's bars, in the file's order: disorder, and moves without volume."""
    last: dict[Symbol, datetime] = {}
    told: set[Symbol] = set()
    for bar, place in placed:
        # Once a symbol: a file that is sorted downward would otherwise bring an issue for every row.
        if bar.symbol in last and bar.start < last[bar.symbol] and bar.symbol not in told:
            told.add(bar.symbol)
            yield Issue(Rule.UNSORTED, place, f"{_told(bar)} and maybe later rows", kept=True)
        last[bar.symbol] = bar.start
        if bar.volume == 0 and bar.high != bar.low:
            yield Issue(Rule.ZERO_VOLUME, place, _told(bar), kept=True)


def _told(bar: Bar) -> str:
    return f"{bar.symbol} {bar.start.isoformat()}"
