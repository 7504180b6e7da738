"""What orders are judged by, put together: the control plane, the book, and the entries that their cycle has made.

    moment       that of the broker's answer as it was taken up: orders that are refused together have it in common
    control      read for every order, and what this process runs likewise: whoever kills, halts, pauses or puts
                 another release in force is heard before the next one
    book         what the broker told and what our own record says, read once for as long as neither has moved
    entries      likewise

A look belongs to one transaction, and what is written between two of its orders is that the gates refused the first,
which neither book nor entries know of. So whoever writes an order looks anew for the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from domain.book import Book
from domain.case import Approval, Case, Control, MarketView, Proposal, Release
from domain.ids import ClientOrderId
from domain.orders import Order, OrderIntent
from domain.ports import Clock
from domain.verdicts import Evaluation, Outcome
from policies.evaluate import evaluate
from policies.measures.standing import Standing
from policies.policy import Policy
from trading.execution.account import BrokerState, book_of
from trading.store.accounts.equity import EquityStore
from trading.store.control import ControlStore
from trading.store.orders import OrderStore

_SENT = (Outcome.PASS, Outcome.REDUCE)


class OrderRequest(NamedTuple):
    """An intent with all that was given along with it."""

    intent: OrderIntent
    market: MarketView
    proposal: Proposal | None = None
    approval: Approval | None = None
    cycle_id: str = ""
    parent: ClientOrderId | None = None


class ShownCase(NamedTuple):
    """A case, and the gates' answer where they have refused it already."""

    case: Case
    refusal: Evaluation | None = None


class _Seen(NamedTuple):
    """A book, and of what it was made."""

    told: BrokerState
    market: MarketView
    book: Book


class CaseReader:
    """Reads the books once for several orders; ``told`` is asked for each of them, so that no answer grows old."""

    def __init__(
        self,
        orders: OrderStore,
        control: ControlStore,
        equity: EquityStore,
        clock: Clock,
        release: Callable[[], Release | None],
        told: Callable[[], BrokerState],
    ) -> None:
        self._orders = orders
        self._control = control
        self._equity = equity
        self._clock = clock
        self._release = release
        self._told = told
        self._at: tuple[BrokerState, datetime] | None = None
        self._shared = False
        self._read: Control | None = None
        self._seen: _Seen | None = None
        self._entries: dict[str, int] = {}
        self._standing: Standing | None = None

    def case(self, request: OrderRequest, *, without: Order | None = None) -> Case:
        """Everything the gates look at; ``without`` is the order's own earlier row, which is not to count twice."""
        told, now = self._moment()
        return Case(
            now=now,
            order=request.intent,
            control=self._control_at(told, now),
            book=self._book(told, request.market, now, without),
            market=request.market,
            proposal=request.proposal,
            approval=request.approval,
            cycle_entries=self._entries_of(request.cycle_id, without),
            release=self._release(),
        )

    def case_to_act_on(self, request: OrderRequest, policy: Policy, *, without: Order | None = None) -> ShownCase:
        """The same; where the gates refuse it, what they said, and what they would let through in a new moment.

        In that of the orders before it a quote, an approval or a session could still stand that is over by now.
        """
        case = self.case(request, without=without)
        if not self._shared:
            return ShownCase(case)
        said = evaluate(case, policy, self.standing(case, policy))
        if said.outcome not in _SENT:
            return ShownCase(case, said)
        self._at, self._seen = None, None
        return ShownCase(self.case(request, without=without))

    def standing(self, case: Case, policy: Policy) -> Standing:
        """What the gates have said of this very snapshot already."""
        if self._standing is None or not self._standing.holds(case, policy):
            self._standing = Standing(case, policy)
        return self._standing

    def _moment(self) -> tuple[BrokerState, datetime]:
        """What the broker told and when it was first looked at: no account may be newer than the moment."""
        told = self._told()
        self._shared = self._at is not None and self._at[0] is told
        if self._at is None or not self._shared:
            self._at = told, self._clock.now()
        return self._at

    def _control_at(self, told: BrokerState, now: datetime) -> Control:
        """The control plane as it is now; where nothing has moved the very value of before, which says so at once."""
        theirs, before = told.time, self._read
        read = self._control.read(broker_time=theirs.at, broker_open=theirs.market_open, at=now)
        self._read = read if before is None or read != before else before
        return self._read

    def _book(self, told: BrokerState, market: MarketView, now: datetime, without: Order | None) -> Book:
        seen = self._seen
        if without is None and seen is not None and seen.told is told and seen.market is market:
            return seen.book
        book = book_of(told, self._orders, self._equity, now=now, market=market, without=without)
        if without is None:
            self._seen = _Seen(told, market, book)
        return book

    def _entries_of(self, cycle_id: str, without: Order | None) -> int:
        """How many entries the cycle has on record already."""
        if without is None and cycle_id in self._entries:
            return self._entries[cycle_id]
        made = self._orders.of_cycle(cycle_id) if cycle_id else ()
        skipped = None if without is None else without.client_order_id
        entries = (each for each in made if each.parent_id is None and not each.reduce_only)
        count = sum(each.client_order_id != skipped for each in entries)
        # Not kept where an own row was left out: for every other order that count would be one short.
        if without is None:
            self._entries[cycle_id] = count
        return count
