"""What stands beside a market and tells of what is scheduled: events, halts, and how far it claims to know.

    market's own answer  +  sources beside it  ->  merged.py, one ``Market`` again

An empty list says nothing by itself. What makes it an answer is a claim: everything about these subjects, of these
symbols, from here to there, is listed. Gates look up to a week to either side of the present, so at ``as_of`` a subject
counts as known only where claims reach from a week before to a week after it. Worked: a claim until 22 May is good for
entries up to 15 May, whatever the blackout of the policy is. A halt is a matter of the moment alone: there the claim
has to hold now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from domain.market import EventKind, MarketEvent, Symbol

WEEK = timedelta(days=7)
"""As far as any blackout reaches, and as far as a market is asked for events, to either side."""
_FOREVER = datetime(1, 1, 1, tzinfo=UTC)


class Subject(StrEnum):
    """What a source may claim to list: every kind of event, the two parts of the macro events, and halts."""

    EARNINGS = "earnings"
    SPLIT = "split"
    DIVIDEND = "dividend"
    SYMBOL_CHANGE = "symbol_change"
    MERGER = "merger"
    MACRO = "macro"
    RATE_DECISIONS = "rate_decisions"
    RELEASES = "releases"
    HALTS = "halts"


MACRO_PARTS = frozenset({Subject.RATE_DECISIONS, Subject.RELEASES})
"""Who tells both has told of everything that moves the whole market."""
_KINDS = {Subject(kind.value): kind for kind in EventKind}


class Claim(NamedTuple):
    """From ``start`` (None: ever) to ``until`` everything about ``subjects`` is listed, and that is said ``stated_at``.

    ``symbols`` None means all of them.
    """

    subjects: frozenset[Subject]
    symbols: frozenset[Symbol] | None
    stated_at: datetime
    start: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stated about an instrument beyond its events; it fills in what the market does not tell."""

    sector: str | None = None
    listed_on: date | None = None
    market_cap: Decimal | None = None
    leverage: Decimal | None = None


NO_FACTS = Facts()


class EventSource(Protocol):
    """A source of scheduled events beside a market."""

    @property
    def name(self) -> str:
        """The source as the operator knows it: a file's name, or a vendor's."""
        ...

    @property
    def trouble(self) -> str:
        """Why it last failed to answer, for the operator; empty where it did not."""
        ...

    @property
    def subjects(self) -> frozenset[Subject]:
        """What it tells of at all, whether or not its claims hold at the moment."""
        ...

    def claims(self, *, as_of: datetime) -> tuple[Claim, ...]:
        """What it claimed by then."""
        ...

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        """Events announced at or before ``as_of`` that take effect in [as_of - 7 days, until]."""
        ...

    def halt(self, symbol: Symbol, *, as_of: datetime) -> str | None:
        """Why trading is halted, in a few words; None where no halt is listed."""
        ...

    def facts(self, symbol: Symbol) -> Facts:
        """What it states about the instrument."""
        ...


def known_until(claims: Iterable[Claim], subject: Subject, symbol: Symbol, *, as_of: datetime) -> datetime | None:
    """Up to when a subject counts as known without a gap, or None where it does not at ``as_of``.

    It is the end of what is listed without a gap, and of events a week less.
    """
    reach = timedelta(0) if subject is Subject.HALTS else WEEK
    spans = sorted((each.start or _FOREVER, each.until) for each in claims if _speaks(each, subject, symbol))
    first, last = as_of - reach, as_of - reach
    for start, until in spans:
        # Claims that meet count as one: a file a quarter must not leave a hole of two weeks between quarters.
        if start <= last:
            last = max(last, until)
    # ``until`` of a halt is the first moment that nothing is said about; an event's week may end right on it.
    enough = last > as_of if subject is Subject.HALTS else last >= as_of + reach
    return last - reach if enough and last > first else None


def _speaks(claim: Claim, subject: Subject, symbol: Symbol) -> bool:
    return subject in claim.subjects and (claim.symbols is None or symbol in claim.symbols)


def macro_until(claims: Iterable[Claim], symbol: Symbol, *, as_of: datetime) -> datetime | None:
    """The same for all macro events: stated as one, or by both of their parts."""
    claims = tuple(claims)
    whole = known_until(claims, Subject.MACRO, symbol, as_of=as_of)
    parts = [known_until(claims, part, symbol, as_of=as_of) for part in sorted(MACRO_PARTS)]
    together = min((each for each in parts if each is not None), default=None) if None not in parts else None
    return max((each for each in (whole, together) if each is not None), default=None)


def kinds_claimed(subjects: Iterable[frozenset[Subject]]) -> frozenset[EventKind]:
    """The kinds of events that are claimed at all, whenever and of whatever symbol."""
    every = frozenset().union(*subjects)
    found = {kind for subject, kind in _KINDS.items() if subject in every}
    return frozenset(found | ({EventKind.MACRO} if every >= MACRO_PARTS else set()))


def kinds_known(claims: Iterable[Claim], symbol: Symbol, *, as_of: datetime) -> frozenset[EventKind]:
    """The kinds of events in which the claims are complete at ``as_of``."""
    claims = tuple(claims)
    found = {kind for subject, kind in _KINDS.items() if known_until(claims, subject, symbol, as_of=as_of) is not None}
    if macro_until(claims, symbol, as_of=as_of) is not None:
        found.add(EventKind.MACRO)
    return frozenset(found)
