"""Rules of a timetable, and the moments they mean: pure functions over the exchange calendar.

    open+30m   close-15m     so long after the opening or before the close of each session, wherever those lie that day
    open-15m   close+15m     before the opening, after the close: for what does not trade
    every 15m                every 15 minutes after the opening, as long as the session lasts
    17:30 America/New_York   every day at that local time; with ``sessions`` behind it on days with a session only

A moment inside a session stays inside: of a session of 3.5 hours ``open+4h`` is left out, and ``close-15m`` follows an
early close. A local time that a change of clocks skips is taken as long after midnight as on any other day (02:30 is
03:30 then), and one that comes twice counts the first time: a daily rule has one moment a day.

Worked: on 2026-11-27 New York closes at 13:00, 18:00Z. ``close-15m`` is 17:45Z, ``every 60m`` is 15:30, 16:30 and
17:30Z.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import ConfigurationError
from domain.market import Session
from domain.ports import Calendar

LONGEST_OFFSET = timedelta(hours=24)
SHORTEST_STEP = timedelta(minutes=1)
_REACH = timedelta(days=2)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
_EDGE = re.compile(r"(?P<edge>open|close)(?:(?P<sign>[+-])(?P<number>\d{1,4})(?P<unit>[mh]))?")
_EVERY = re.compile(r"every (?P<number>\d{1,4})(?P<unit>[mh])")
_TIME = re.compile(r"(?P<hour>\d{2}):(?P<minute>\d{2}) (?P<zone>[A-Za-z_+/-]+[\w/+-]*)(?P<sessions> sessions)?")
REMEDY = "Write open+30m, close-15m, every 15m, or 17:30 America/New_York."


@dataclass(frozen=True, slots=True)
class AtEdge:
    """Once a session, ``offset`` from its opening or its close."""

    edge: Literal["open", "close"]
    offset: timedelta

    def __str__(self) -> str:
        sign, minutes = ("-" if self.offset < timedelta(0) else "+"), abs(self.offset) // timedelta(minutes=1)
        return self.edge if not minutes else f"{self.edge}{sign}{minutes}m"


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again while the session lasts; the first time ``step`` after its opening."""

    step: timedelta

    def __str__(self) -> str:
        return f"every {self.step // timedelta(minutes=1)}m"


@dataclass(frozen=True, slots=True)
class AtTime:
    """Once a day at a local time, on days with a session or on all."""

    at: time
    zone: ZoneInfo
    sessions: bool = False

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.zone.key}{' sessions' if self.sessions else ''}"


Rule = AtEdge | Every | AtTime


def parse_rule(text: str) -> Rule:
    """A rule in the words above; ConfigurationError for anything else."""
    words = " ".join(text.split())
    if (edge := _EDGE.fullmatch(words)) is not None:
        return _edge(edge, words)
    if (every := _EVERY.fullmatch(words)) is not None:
        return _every(every, words)
    if (at := _TIME.fullmatch(words)) is not None:
        return _time(at, words)
    raise ConfigurationError(f"{text!r} is no time of a schedule", REMEDY)


def moments(rule: Rule, calendar: Calendar, after: datetime, until: datetime) -> tuple[datetime, ...]:
    """Every moment of the rule in ``(after, until]``, in order, each once."""
    if until <= after:
        return ()
    sessions = calendar.sessions(after - _REACH, until + _REACH)
    if isinstance(rule, AtTime):
        found = _local(rule, sessions, after, until)
    else:
        found = (at for session in sessions for at in _in_session(rule, session))
    return tuple(sorted({at for at in found if after < at <= until}))


def _in_session(rule: AtEdge | Every, session: Session) -> Iterator[datetime]:
    if isinstance(rule, Every):
        at = session.opens_at + rule.step
        # Not at the close itself: what is ordered then meets no market.
        while at < session.closes_at:
            yield at
            at += rule.step
        return
    opens = rule.edge == "open"
    at = (session.opens_at if opens else session.closes_at) + rule.offset
    inward = rule.offset > timedelta(0) if opens else rule.offset < timedelta(0)
    if not inward or session.opens_at <= at < session.closes_at:
        yield at


def _local(rule: AtTime, sessions: tuple[Session, ...], after: datetime, until: datetime) -> Iterator[datetime]:
    days = {session.day for session in sessions}
    day, last = (after - _REACH).astimezone(rule.zone).date(), (until + _REACH).astimezone(rule.zone).date()
    while day <= last:
        if not rule.sessions or day in days:
            # ``fold`` is 0: of a time that comes twice the first, and one that is skipped by the offset of before the
            # change.
            yield datetime.combine(day, rule.at, rule.zone).astimezone(UTC)
        day += timedelta(days=1)


def _edge(found: re.Match[str], words: str) -> AtEdge:
    edge: Literal["open", "close"] = "open" if found["edge"] == "open" else "close"
    offset = timedelta(0) if found["sign"] is None else int(found["number"]) * _UNITS[found["unit"]]
    if offset > LONGEST_OFFSET:
        raise ConfigurationError(f"{words!r} is more than a day from its session", REMEDY)
    return AtEdge(edge, -offset if found["sign"] == "-" else offset)


def _every(found: re.Match[str], words: str) -> Every:
    step = int(found["number"]) * _UNITS[found["unit"]]
    if not SHORTEST_STEP <= step <= LONGEST_OFFSET:
        raise ConfigurationError(f"{words!r} is not between a minute and a day", REMEDY)
    return Every(step)


def _time(found: re.Match[str], words: str) -> AtTime:
    try:
        at = time(int(found["hour"]), int(found["minute"]))
        return AtTime(at, ZoneInfo(found["zone"]), found["sessions"] is not None)
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise ConfigurationError(f"{words!r} names no time or no zone", REMEDY) from error
