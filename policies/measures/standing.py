"""What stands before the next order is asked about: everything the gates have said that it cannot change.

    reads nothing   day loss, drawdown, order rate, ...          asked once for a snapshot
    reads subject   kill switch, quote age, grounding, ...       asked once for a symbol, side, origin, proposal, ...
    reads order     sizes, exposures, prices, ...                asked for every order

One order costs what the last line costs once the others have answered: the largest order that passes is found by asking
a few times about one snapshot, and a cut order is asked about twice. After an order was sent the book is another one,
and everything is asked again: what was read before a send is never what a send is judged by.

Gates are shown no more of the order than they say they read: a ``Subject`` in its place, or nothing. One that reads
more than it says fails, and a gate that fails has denied, so that a verdict can be old but never one on another order.
And a standing answers for the very book, market, control, time, release and policy it was made from, by identity; for
any other case ``evaluate`` makes a new one. Books and views are values: whoever changes one in place has made a new
book.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from domain.book import Book
from domain.case import Approval, Case, Control, MarketView, Proposal, Release
from domain.market import Instrument, Quote, Symbol
from domain.orders import Origin, Side, TimeInForce
from policies.answers import GroupAnswer, ask
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


class SnapshotFigures(NamedTuple):
    """Those figures of the worst case that no order changes."""

    holdings: Holdings


class Subject(NamedTuple):
    """What an order is about, in its place: without quantity and prices, and without what names this one order."""

    symbol: Symbol
    side: Side
    origin: Origin
    strategy: str
    currency: str
    tif: TimeInForce
    created_at: datetime
    expires_at: datetime | None
    extended_hours: bool


class SubjectCase(NamedTuple):
    """What gates are shown that read what an order is about."""

    now: datetime
    order: Subject
    control: Control
    book: Book
    market: MarketView
    proposal: Proposal | None
    approval: Approval | None
    release: Release | None


class SubjectFigures(NamedTuple):
    """Those figures of the worst case that no quantity and no price changes."""

    instrument: Instrument | None
    quote: Quote | None
    equity: Decimal | None
    held: Decimal | None
    closable: Decimal
    reduces_risk: bool
    holdings: Holdings


class About(NamedTuple):
    """What gates that read the subject are shown besides the snapshot; a symbol's answers stand while it is this."""

    subject: Subject
    proposal: Proposal | None
    approval: Approval | None
    reduces_risk: bool


class Standing:
    """What was said about one snapshot, and about the last subject of each symbol."""

    def __init__(self, case: Case, policy: Policy) -> None:
        """Nothing is computed before it is asked for."""
        self.policy = policy
        self.snapshot = Snapshot(case.now, case.control, case.book, case.market, case.cycle_entries, case.release)
        self._holdings: Holdings | None = None
        self._nothing: dict[bool, GroupAnswer] = {}
        self._subjects: dict[Symbol, tuple[About, GroupAnswer]] = {}

    @property
    def holdings(self) -> Holdings:
        """The figures of the book."""
        if self._holdings is None:
            self._holdings = holdings_of(self.snapshot.book, self.snapshot.market, self.policy.slippage)
        return self._holdings

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

    def about(self, case: Case, worst: WorstCase) -> tuple[GroupAnswer, GroupAnswer]:
        """What gates say that do not read the whole order: of nothing of it, and of its subject."""
        order, leaving = case.order, worst.reduces_risk
        nothing = self._nothing.get(leaving)
        if nothing is None:
            figures = SnapshotFigures(self.holdings)
            nothing = self._nothing[leaving] = ask(self._groups(leaving).nothing, self.snapshot, figures)
        known = self._subjects.get(order.symbol)
        if known is not None and _is_about(known[0], case, leaving):
            return nothing, known[1]
        subject = Subject(
            order.symbol, order.side, order.origin, order.strategy, order.currency, order.tif, order.created_at,
            order.expires_at, order.extended_hours,
        )  # fmt: skip
        about = About(subject, case.proposal, case.approval, leaving)
        said = self._ask_about_a_subject(about, worst)
        self._subjects[order.symbol] = about, said
        return nothing, said

    def _ask_about_a_subject(self, about: About, worst: WorstCase) -> GroupAnswer:
        now, control, book, market, _, release = self.snapshot
        subject, proposal, approval, leaving = about
        case = SubjectCase(now, subject, control, book, market, proposal, approval, release)
        figures = SubjectFigures(
            worst.instrument, worst.quote, worst.equity, worst.held, worst.closable, leaving, worst.holdings
        )
        return ask(self._groups(leaving).subject, case, figures)

    def _groups(self, leaving: bool) -> Groups:
        return self.policy.leaving if leaving else self.policy.entering


def _is_about(about: About, case: Case, leaving: bool) -> bool:
    """True for the very subject of before: what is not the same thing may differ, and comparing nonsense may raise."""
    order, subject = case.order, about.subject
    return (
        subject.side is order.side
        and subject.origin is order.origin
        and subject.strategy is order.strategy
        and subject.currency is order.currency
        and subject.tif is order.tif
        and subject.created_at is order.created_at
        and subject.expires_at is order.expires_at
        and subject.extended_hours is order.extended_hours
        and about.proposal is case.proposal
        and about.approval is case.approval
        and about.reduces_risk is leaving
    )
