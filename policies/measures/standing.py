"""What stands before the next order is asked about: everything the gates have said that it cannot change.

    reads nothing   kill switch, day loss, drawdown, ...     asked once for a snapshot
    reads subject   quote age, events, grounding, ...        asked once for a symbol, side, origin, proposal, approval
    reads book      order rate, entries today, ...           asked once for a snapshot
    reads order     sizes, exposures, prices, ...            asked for every order

One order costs what the last line costs once the others have answered: the largest order that passes is found by asking
a dozen times about one snapshot, and a cut order is asked about twice. After an order was sent the book is another one,
and everything is asked again: what was read before a send is never what a send is judged by.

Gates are shown no more than they say they read: in place of the order a ``Subject``, or nothing; in place of the book
what no order sent changes. One that reads more than it says fails, and a gate that fails has denied, so that a verdict
can be old but never one on another order. And a standing answers for the very book, market, control, time, release and
policy it was made from, by identity; for any other case ``evaluate`` makes a new one. Books and views are values:
whoever changes one in place has made a new book.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from domain.book import Account, Book, Counters, Performance
from domain.case import Approval, Case, Control, MarketView, Proposal, Release
from domain.market import Instrument, Quote, Symbol
from domain.orders import OrderIntent, Origin, Side
from policies.answers import Said, ask
from policies.gate import Groups
from policies.measures.worst_case import Holdings, WorstCase, holdings_of
from policies.policy import Policy


class Snapshot(NamedTuple):
    """A case without its order."""

    now: datetime
    control: Control
    book: Book
    market: MarketView
    cycle_entries: int
    release: Release | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What an order is about, in its place: without quantity, prices and form."""

    symbol: Symbol
    side: Side
    origin: Origin
    strategy: str
    currency: str


@dataclass(frozen=True, slots=True)
class StillCounters:
    """Those counters that sending an order does not move."""

    round_trips_5d: int | None
    round_trips_today: Any
    last_exit_at: Any
    last_stop_at: Any
    last_reject_at: Any
    last_loss_on: Any
    rejects_in_row: int | None
    api_error_pct: Decimal | None
    slippage_pct: Decimal | None


@dataclass(frozen=True, slots=True)
class StillBook:
    """As much of a book as stays the same when an order is sent."""

    account: Account
    performance: Performance
    counters: StillCounters


@dataclass(frozen=True, slots=True)
class StillCase:
    """What gates are shown that read nothing of orders."""

    now: datetime
    control: Control
    book: StillBook
    market: MarketView
    release: Release | None


@dataclass(frozen=True, slots=True)
class SubjectCase:
    """What gates are shown that read what an order is about."""

    now: datetime
    control: Control
    book: StillBook
    market: MarketView
    release: Release | None
    order: Subject
    proposal: Proposal | None
    approval: Approval | None


@dataclass(frozen=True, slots=True)
class SubjectFigures:
    """Those figures of the worst case that no quantity, no price and no other order changes."""

    instrument: Instrument | None
    quote: Quote | None
    equity: Decimal | None
    reduces_risk: bool
    step: Decimal
    fractions: bool
    buys: bool


@dataclass(frozen=True, slots=True)
class BookCase:
    """What gates are shown that read the book, and nothing of the order asked about."""

    now: datetime
    control: Control
    book: Book
    market: MarketView
    cycle_entries: int
    release: Release | None


class BookFigures(NamedTuple):
    """The figures of the book alone."""

    holdings: Holdings


class About(NamedTuple):
    """What gates that read the subject are shown besides the snapshot; a symbol's answers stand while it is this."""

    side: Side
    origin: Origin
    strategy: str
    currency: str
    proposal: Proposal | None
    approval: Approval | None
    reduces_risk: bool


class Standing:
    """What was said about one snapshot, and about the last subject of each symbol."""

    def __init__(self, case: Case | Snapshot, policy: Policy) -> None:
        """Nothing is computed before it is asked for."""
        self.policy = policy
        self.snapshot = Snapshot(case.now, case.control, case.book, case.market, case.cycle_entries, case.release)
        self._nothing: dict[bool, Said] = {}
        self._subjects: dict[Symbol, tuple[About, Said]] = {}
        self._book: dict[bool, Said] = {}

    @cached_property
    def holdings(self) -> Holdings:
        """The figures of the book."""
        return holdings_of(self.snapshot.book, self.snapshot.market, self.policy.slippage)

    @cached_property
    def _still(self) -> StillBook:
        return still(self.snapshot.book)

    def holds(self, case: Case, policy: Policy) -> bool:
        """True for the very snapshot and policy that this was made from."""
        now, control, book, market, entries, release = self.snapshot
        return (
            book is case.book
            and market is case.market
            and control is case.control
            and now is case.now
            and entries is case.cycle_entries
            and release is case.release
            and policy is self.policy
        )

    def case(self, order: OrderIntent, proposal: Proposal | None = None, approval: Approval | None = None) -> Case:
        """An order on this very snapshot."""
        now, control, book, market, entries, release = self.snapshot
        return Case(now, order, control, book, market, proposal, approval, entries, release)

    def about(self, case: Case, worst: WorstCase) -> tuple[Said, Said, Said]:
        """What gates say that do not read the order: of nothing, of its subject, of the book."""
        order, leaving = case.order, worst.reduces_risk
        nothing = self._nothing.get(leaving)
        if nothing is None:
            nothing = self._nothing[leaving] = self._ask_about_nothing(leaving)
        found = self._book.get(leaving)
        if found is None:
            found = self._book[leaving] = self._ask_about_the_book(leaving)
        known = self._subjects.get(order.symbol)
        if known is not None:
            side, origin, strategy, currency, proposal, approval, reduces_risk = known[0]
            # By identity, because what is not the very same thing may differ, and comparing nonsense may raise.
            if (
                side is order.side
                and origin is order.origin
                and strategy is order.strategy
                and currency is order.currency
                and proposal is case.proposal
                and approval is case.approval
                and reduces_risk is leaving
            ):
                return nothing, known[1], found
        about = About(order.side, order.origin, order.strategy, order.currency, case.proposal, case.approval, leaving)
        said = self._ask_about_a_subject(order.symbol, about, worst)
        self._subjects[order.symbol] = (about, said)
        return nothing, said, found

    def _ask_about_nothing(self, leaving: bool) -> Said:
        now, control, _, market, _, release = self.snapshot
        return ask(self._groups(leaving).nothing, StillCase(now, control, self._still, market, release), None)

    def _ask_about_the_book(self, leaving: bool) -> Said:
        return ask(self._groups(leaving).book, BookCase(*self.snapshot), BookFigures(self.holdings))

    def _ask_about_a_subject(self, symbol: Symbol, about: About, worst: WorstCase) -> Said:
        now, control, _, market, _, release = self.snapshot
        side, origin, strategy, currency, proposal, approval, leaving = about
        subject = Subject(symbol, side, origin, strategy, currency)
        case = SubjectCase(now, control, self._still, market, release, subject, proposal, approval)
        figures = SubjectFigures(
            worst.instrument, worst.quote, worst.equity, leaving, worst.step, worst.fractions, worst.buys
        )
        return ask(self._groups(leaving).subject, case, figures)

    def _groups(self, leaving: bool) -> Groups:
        return self.policy.leaving if leaving else self.policy.entering


def still(book: Book) -> StillBook:
    """What stays of a book when an order is sent; what are no counters at all has nothing to leave out."""
    found: Any = book.counters
    return StillBook(book.account, book.performance, _still(found) if isinstance(found, Counters) else found)


def _still(found: Counters) -> StillCounters:
    return StillCounters(
        found.round_trips_5d, found.round_trips_today, found.last_exit_at, found.last_stop_at, found.last_reject_at,
        found.last_loss_on, found.rejects_in_row, found.api_error_pct, found.slippage_pct,
    )  # fmt: skip
