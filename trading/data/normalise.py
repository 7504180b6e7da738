"""From rows as people write them to values: numbers, times and prices that hold together, or an issue that says why.

Nothing is dropped silently: what cannot be used is quarantined with its place, what is odd but usable is kept and
marked. An issue is a value; only a file without a single usable row is an error.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.clock import in_utc
from domain.errors import DataQualityError

# Wider than ``domain.money`` on purpose: spreadsheets and pandas write exponents. Two digits of them at most, because
# ``Decimal("1e999999999")`` is a number too, and written out it takes a gigabyte.
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# As ``domain.money`` draws the line; more is a slip of the vendor, never a price or a volume.
_LARGEST = Decimal(10) ** 18
_EXAMPLES = 3


class Rule(StrEnum):
    """What was broken."""

    MALFORMED = "malformed"
    SYMBOL = "not a symbol"
    TIME = "not a time"
    ZONE = "time without zone"
    NUMBER = "not a number"
    SIGN = "not positive"
    OHLC = "open, high, low and close contradict each other"
    NO_SESSION = "no session on that day"
    OFF_GRID = "overlaps the bar before or starts inside a minute"
    DUPLICATE = "duplicate"
    CONFLICT = "contradicts another row"
    UNSORTED = "not in order of time"
    ZERO_VOLUME = "price moved without volume"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with an input at ``place`` (file and line). ``kept``: used all the same, only marked."""

    rule: Rule
    place: str
    detail: str
    kept: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.rule.value}: {self.detail}"


class BrokenRule(DataQualityError):
    """Carries the rule a value broke from where it is found to where its place is known and it becomes an issue."""

    def __init__(self, rule: Rule, detail: str) -> None:
        super().__init__(f"{rule.value}: {detail}", "Correct it at its source.")
        self.rule = rule
        self.detail = detail

    def at(self, place: str) -> Issue:
        """The issue, now that the place is known."""
        return Issue(self.rule, place, self.detail)


class Moment(NamedTuple):
    """A time as written: the day it names, and the moment in UTC unless only a day was written."""

    day: date
    at: datetime | None


class Figures(NamedTuple):
    """Prices and volume of one row, checked against each other."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


def number(text: str, name: str) -> Decimal:
    """A finite number exactly as written; blanks, NaN, infinities and anything else are refused."""
    text = text.strip()
    if not _NUMBER.fullmatch(text) or abs(value := Decimal(text)) >= _LARGEST:
        raise BrokenRule(Rule.NUMBER, f"{name} {text[:40]!r}")
    return value


def moment(text: str, zone: str | None) -> Moment:
    """A day like 2025-04-03, a time with its offset, or a time without one in the stated ``zone``."""
    text = text.strip()
    try:
        # Before ``datetime.fromisoformat``, which reads a bare day as its midnight: a moment nobody wrote.
        if _DAY.fullmatch(text):
            return Moment(date.fromisoformat(text), None)
        written = datetime.fromisoformat(text)
    except ValueError:
        raise BrokenRule(Rule.TIME, f"{text[:40]!r}") from None
    if written.tzinfo is None:
        written = written.replace(tzinfo=_zone(zone, text))
    try:
        # The day as written, not that of UTC: an evening in New York is the next day there.
        return Moment(written.date(), in_utc(written))
    except DataQualityError:
        raise BrokenRule(Rule.TIME, f"{text[:40]!r}") from None


def _zone(name: str | None, text: str) -> ZoneInfo:
    if not name:
        raise BrokenRule(
            Rule.ZONE, f"{text[:40]!r} has no offset, and there is no zone column and no zone in source.toml"
        )
    try:
        return ZoneInfo(name)
    # ZoneInfo opens a file by this name: "../x" is a ValueError, a folder like "America" an OSError.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BrokenRule(Rule.ZONE, f"{name[:40]!r} is not a zone") from None


def checked_figures(figures: Figures) -> Figures:
    """The same figures; refused where a price is not positive, or high and low do not enclose open and close."""
    if min(figures[:4]) <= 0 or figures.volume < 0:
        raise BrokenRule(Rule.SIGN, f"{_listed(figures)} volume {figures.volume}")
    if figures.low > min(figures.open, figures.close) or figures.high < max(figures.open, figures.close):
        raise BrokenRule(Rule.OHLC, _listed(figures))
    return figures


def _listed(figures: Figures) -> str:
    return f"open {figures.open} high {figures.high} low {figures.low} close {figures.close}"


def described(issues: Iterable[Issue]) -> tuple[str, ...]:
    """One line a rule for the operator: how many, whether kept, and the first places."""
    found = tuple(issues)
    lines = []
    # One line a rule: a wrong column breaks every row, and nobody reads a million lines.
    for (rule, kept), count in Counter((issue.rule, issue.kept) for issue in found).most_common():
        places = [issue.place for issue in found if (issue.rule, issue.kept) == (rule, kept)][:_EXAMPLES]
        more = ", ..." if count > len(places) else ""
        fate = "kept" if kept else "left out"
        lines.append(f"{count} {'row' if count == 1 else 'rows'} {fate}: {rule.value} ({', '.join(places)}{more})")
    return tuple(lines)
