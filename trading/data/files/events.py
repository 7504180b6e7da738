"""Events, halts and claims as a file lists them, of ``source.toml`` and of the files that SAGE_EVENTS names.

stated_at = 2026-04-20T12:00:00Z   when this was written down: nothing of it was known before, unless it says so itself

[[covers]]                    how far the file claims to know; outside of it everything stays unknown
kinds = ["earnings"]          earnings, split, dividend, symbol_change, merger, macro (or its parts rate_decisions and
                              releases) and halts
symbols = ["AAPL", "MSFT"]    left out: every symbol
from = 2026-04-13T00:00:00Z   left out: however far back
until = 2026-07-01T00:00:00Z
stated_at = ...               left out: that of the file

[[events]]
symbol = "AAPL"               left out for an event of the whole market
kind = "earnings"             earnings, split, dividend, symbol_change, merger or macro
effective_at = 2026-04-30T20:30:00Z
announced_at = ...            left out: the file's stated_at
figure = "4"                  new shares an old one, or the dividend a share; only where there is one
name = "FOMC"                 for people
importance = "high"           low and medium ones are listed for people, and stop no entry

[[events]]                    of a report whose hour nobody told
symbol = "MSFT"
kind = "earnings"
day = 2026-04-29
session = "after"             before (counts as 09:30), after (16:00), or unknown (09:30, 13:00 and 16:00, all three)

[[halts]]
symbol = "AAPL"
from = 2026-04-21T14:05:00Z
until = 2026-04-21T14:10:00Z  left out: until further notice
reason = "LULD"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.clock import in_utc
from domain.errors import DataQualityError
from domain.market import EventKind, MarketEvent, Symbol, parse_symbol
from trading.data.events.source import Claim, Subject

NEW_YORK = "America/New_York"
_HOURS = {
    "before": (time(9, 30),),
    "after": (time(16),),
    # Three, so that no blackout of two hours or more has a hole between them.
    "unknown": (time(9, 30), time(13), time(16)),
}


def parsed(name: str) -> Symbol:
    """A symbol; what is none is told in the way that pydantic understands."""
    try:
        return parse_symbol(name)
    except DataQualityError as error:
        raise ValueError(error.what) from error


class EventNotes(BaseModel):
    """One event as it is listed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbol: str | None = None
    kind: EventKind
    announced_at: AwareDatetime | None = None
    effective_at: AwareDatetime | None = None
    day: date | None = None
    session: Literal["before", "after", "unknown"] = "unknown"
    figure: Decimal | None = Field(None, gt=0)
    name: str = Field("", max_length=80)
    importance: Literal["high", "medium", "low"] = "high"

    @field_validator("symbol")
    @classmethod
    def _symbol(cls, symbol: str | None) -> str | None:
        return None if symbol is None else parsed(symbol)

    @model_validator(mode="after")
    def _one_time(self) -> EventNotes:
        if (self.effective_at is None) is (self.day is None):
            raise ValueError("it takes either effective_at or day")
        if "session" in self.model_fields_set and self.day is None:
            raise ValueError("session belongs to day, and there is none")
        return self

    def events(self, source: str, announced_at: datetime, zone: ZoneInfo) -> Iterator[MarketEvent]:
        """The event, or one for every hour at which it may be, in UTC; none of one that is no reason to wait."""
        if self.importance != "high":
            return
        symbol = None if self.symbol is None else parse_symbol(self.symbol)
        for at in self._moments(zone):
            yield MarketEvent(symbol, self.kind, in_utc(announced_at), in_utc(at), self.figure, source)

    def _moments(self, zone: ZoneInfo) -> Iterator[datetime]:
        if self.effective_at is not None:
            yield self.effective_at
        elif self.day is not None:
            yield from (datetime.combine(self.day, hour, zone).astimezone(UTC) for hour in _HOURS[self.session])


class CoverNotes(BaseModel):
    """How far a file claims to know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: frozenset[Subject] = Field(min_length=1)
    symbols: frozenset[str] | None = Field(None, min_length=1)
    start: AwareDatetime | None = Field(None, alias="from")
    until: AwareDatetime
    stated_at: AwareDatetime | None = None

    @field_validator("symbols")
    @classmethod
    def _symbols(cls, symbols: frozenset[str] | None) -> frozenset[str] | None:
        return None if symbols is None else frozenset(parsed(each) for each in symbols)

    @model_validator(mode="after")
    def _in_order(self) -> CoverNotes:
        if self.start is not None and self.start >= self.until:
            raise ValueError("until is not after from")
        return self

    def claim(self, stated_at: datetime) -> Claim:
        """The claim of these notes, in UTC."""
        symbols = None if self.symbols is None else frozenset(map(parse_symbol, self.symbols))
        start = None if self.start is None else in_utc(self.start)
        return Claim(self.kinds, symbols, in_utc(stated_at), start, in_utc(self.until))


class HaltNotes(BaseModel):
    """One halt of trading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbol: str
    start: AwareDatetime = Field(alias="from")
    until: AwareDatetime | None = None
    reason: str = Field("halt listed in the events file", max_length=80)

    @field_validator("symbol")
    @classmethod
    def _symbol(cls, symbol: str) -> str:
        return parsed(symbol)

    @model_validator(mode="after")
    def _in_order(self) -> HaltNotes:
        if self.until is not None and self.start >= self.until:
            raise ValueError("until is not after from")
        return self

    def holds(self, symbol: Symbol, as_of: datetime) -> bool:
        """True from its first moment up to, but not at, its end."""
        return self.symbol == symbol and self.start <= as_of and (self.until is None or as_of < self.until)


def undated(events: Sequence[EventNotes], covers: Sequence[CoverNotes]) -> tuple[tuple[str | int, ...], str] | None:
    """The place of the first event or claim that does not say since when it is known, in a file that does not either;
    and the complaint."""
    for number, event in enumerate(events):
        if event.announced_at is None:
            return ("events", number), "it says not when it was announced; write announced_at, or stated_at at the top"
    for number, cover in enumerate(covers):
        if cover.stated_at is None:
            return ("covers", number), "it says not when it was stated; write stated_at, here or at the top"
    return None


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """The line of a TOML text where the key of this place stands, else its table, else None.

    ``("events", 2, "kind")`` is the ``kind`` of the third ``[[events]]``.
    """
    lines = text.splitlines()
    start, rest = _table(lines, place)
    keys = [str(each) for each in rest if isinstance(each, str)]
    for number in range(start, len(lines)) if keys else ():
        if lines[number].lstrip().startswith("["):
            break
        if re.match(rf"""\s*["']?{re.escape(keys[0])}["']?\s*=""", lines[number]):
            return number + 1
    return start or None


def _table(lines: Sequence[str], place: Sequence[str | int]) -> tuple[int, Sequence[str | int]]:
    """The number of the line of the table's header, 1 for the first, and what is left of the place; 0 at the top."""
    if len(place) >= 2:
        name, key = re.escape(str(place[0])), place[1]
        counted = isinstance(key, int)
        quoted = rf"""["']?{re.escape(str(key))}["']?"""
        header = rf"\s*\[\[\s*{name}\s*\]\]" if counted else rf"\s*\[\s*{name}\s*\.\s*{quoted}\s*\]"
        found = [number for number, line in enumerate(lines, 1) if re.match(header, line)]
        nth = key if isinstance(key, int) else 0
        if nth < len(found):
            return found[nth], place[2:]
    return 0, place
