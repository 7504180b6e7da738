"""The ports: what the deterministic half needs from outside, as Protocols with few methods.

Every method that answers about the market takes ``as_of`` from the runtime and answers as if it were that moment.
A port that cannot answer raises ``SourceUnavailable``; one that answers rubbish raises ``DataQualityError``; a question
that has no answer (unknown symbol, no quote) returns None or an empty tuple.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from domain.book import Account, BrokerTime, Charge, Position, Transfer
from domain.context.news import NewsArticle, SocialPost
from domain.ids import ClientOrderId
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
from domain.orders import ApprovedOrder, Fill, OrderClass, OrderReport
from domain.record.entries import LedgerEntry, RecordKind


class Clock(Protocol):
    """Where the present comes from."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class BarFeed(Protocol):
    """Completed bars."""

    @property
    def name(self) -> str:
        """The source's name in evidence, e.g. ``simulated`` or ``alpaca``."""
        ...

    def bars(self, symbol: Symbol, timeframe: Timeframe, *, as_of: datetime, limit: int) -> tuple[Bar, ...]:
        """The last ``limit`` bars with ``end <= as_of``, oldest first."""
        ...


class QuoteFeed(Protocol):
    """The present price."""

    def quote(self, symbol: Symbol, *, as_of: datetime) -> Quote | None:
        """The newest quote at or before ``as_of``."""
        ...


class InstrumentFeed(Protocol):
    """What can be traded and whether it trades."""

    def symbols(self) -> tuple[Symbol, ...]:
        """All symbols the source knows, sorted."""
        ...

    def instrument(self, symbol: Symbol) -> Instrument | None:
        """The instrument, or None for a symbol the source does not know."""
        ...

    def status(self, symbol: Symbol, *, as_of: datetime) -> TradingStatus | None:
        """Whether it is halted at ``as_of``; None when the source cannot tell."""
        ...


class EventFeed(Protocol):
    """Scheduled events and corporate actions."""

    def event_kinds(self, symbol: Symbol, *, as_of: datetime) -> frozenset[EventKind]:
        """Kinds it tells of before they take effect: of these alone, no event in the answer means that none is due."""
        ...

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        """Events announced at or before ``as_of`` that take effect in [as_of - 7 days, until], oldest first."""
        ...


class Market(BarFeed, QuoteFeed, InstrumentFeed, EventFeed, Protocol):
    """One source that answers all four."""

    @property
    def supplies(self) -> frozenset[MarketInput]:
        """What it can tell of its symbols at all; a gate that needs more is not covered by this source."""
        ...

    @property
    def index(self) -> Symbol | None:
        """The symbol whose bars and quotes stand for the whole market; None where it has none."""
        ...


class NewsFeed(Protocol):
    """Articles and posts."""

    @property
    def name(self) -> str:
        """The source's name in evidence."""
        ...

    def articles(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[NewsArticle, ...]:
        """Articles first seen in (since, as_of], oldest first, each once."""
        ...

    def posts(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[SocialPost, ...]:
        """Posts first seen in (since, as_of], oldest first; empty for sources without any."""
        ...


class Calendar(Protocol):
    """Exchange sessions."""

    @property
    def name(self) -> str:
        """Calendar name, e.g. ``XNYS``."""
        ...

    def session_at(self, at: datetime) -> Session | None:
        """The session open at ``at``, or None."""
        ...

    def sessions(self, start: datetime, end: datetime) -> tuple[Session, ...]:
        """Sessions that open in [start, end), in order."""
        ...

    def session_after(self, at: datetime) -> Session | None:
        """The first session that opens after ``at``; None where none is known."""
        ...


class Broker(Protocol):
    """Where orders go. Adapters check the permit and the kill switch themselves, just before the order leaves."""

    @property
    def name(self) -> str:
        """``paper``, ``alpaca`` ..."""
        ...

    @property
    def paper(self) -> bool:
        """True where no real money is behind it."""
        ...

    @property
    def fractional(self) -> frozenset[OrderClass]:
        """The classes of orders that it takes in fractions of a share."""
        ...

    def account(self) -> Account:
        """Account truth, with its age."""
        ...

    def positions(self) -> tuple[Position, ...]:
        """All holdings."""
        ...

    def orders(self) -> tuple[OrderReport, ...]:
        """Every order the broker still works on, protective legs included."""
        ...

    def find(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """The order of that id in any state, or None when the broker proves it never arrived."""
        ...

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """Send an approved order. Raises RetryableError when the outcome is ambiguous."""
        ...

    def cancel(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """Ask to cancel; the answer is the order as it stands afterwards."""
        ...

    def replace(self, client_order_id: ClientOrderId, approved: ApprovedOrder) -> OrderReport:
        """Put an approved order in the place of a working one; the answer is the new order as it stands.

            old   working      ends as REPLACED with what it had filled; its executions stay its own
                  over         stays as it is, and the new order is REJECTED: there is nothing to take the place of
            new   its own client id, its own permit, and the whole of ``approved.intent.qty`` to fill: what the old one
                  filled does not count towards it, and whoever asks subtracts it first

        The two never work at the same time. Symbol and side are the old one's, else the new order is REJECTED. A
        protective leg that is replaced stays the leg of its entry: it is moved, still cancels its sibling and still
        never holds more than the position.

        Worked: a buy of 100 at 50.00 has filled 40. Replacing it by a buy of 60 at 50.10 leaves the old one REPLACED
        with 40 filled and the new one ACCEPTED with 60 open. Until the answer is in both count as exposure, so that a
        fill of the old one that crosses the request is inside the limits: the gates saw 60 + 60 on top of 40.

        Like ``submit`` it redeems the permit just before anything leaves, answers for a new id that is known already
        with what it became, and raises RetryableError where the outcome is ambiguous: then ``find`` is asked for both
        ids, and nothing is sent again. A broker that cannot replace says so by rejecting the new order.
        """
        ...

    def fills(self, *, since: datetime) -> tuple[Fill, ...]:
        """Executions after ``since``, oldest first."""
        ...

    def charges(self, *, since: datetime) -> tuple[Charge, ...]:
        """Fees that no execution carries, from the day of ``since`` on, oldest first; some twice is no harm."""
        ...

    def transfers(self, *, since: datetime) -> tuple[Transfer, ...]:
        """Money paid in or out, from the day of ``since`` on, oldest first; some twice is no harm."""
        ...

    def time(self) -> BrokerTime:
        """The broker's own clock, and whether it says that the market is open."""
        ...


class Ledger(Protocol):
    """The append-only record."""

    def append(
        self, kind: RecordKind, subject: str, body: Any, *, at: datetime, cycle_id: str = "", cause: str = ""
    ) -> None:
        """Chain one fact durably; raises when it cannot be written, and then nothing may follow from it."""
        ...

    def entries(
        self, *, subject: str | None = None, cycle_id: str | None = None, kind: RecordKind | None = None
    ) -> tuple[LedgerEntry, ...]:
        """Matching facts in order."""
        ...

    def backwards(
        self, kind: RecordKind, *, subject: str | None = None, cycle_id: str | None = None, after: int = 0
    ) -> Iterator[LedgerEntry]:
        """Facts of a kind, newest first, down to the number ``after``; read as far as somebody looks."""
        ...

    def head(self) -> str:
        """Hash of the newest entry."""
        ...
