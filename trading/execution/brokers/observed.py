"""Any broker, with the outcome of every call written down: gate F9 stops entries while too many of them fail.

    failed   no answer in time, an answer that makes no sense, or an error that nobody expected
    neither  what the adapter itself refuses before anything leaves: a permit that is not good, the kill switch; and
             what failed for a broker of several alone that was not asked, because its silence was known

A success is written along with whatever this process writes next, so that asking costs no commit of its own; of those
that nothing followed the share of failures is a little too high, never too low. A failure may be the reason why the
transaction around it is rolled back: it is written in one of its own, at once or when that one is over, with the
successes before it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from domain.book import Account, BrokerTime, Charge, Position, Transfer
from domain.errors import IntegrityError, ManualActionError, RetryableError, SourceUnavailable
from domain.ids import ClientOrderId
from domain.orders import ApprovedOrder, Fill, OrderClass, OrderReport
from domain.ports import Broker, Clock
from trading.store.activity import ActivityStore, BrokerCall
from trading.store.database import Database

MOST_WAITING = 1_000
"""Calls kept while the database is away: the newest, for F9 looks back an hour."""


class ObservedBroker:
    """``domain.ports.Broker`` in front of another one."""

    def __init__(self, broker: Broker, database: Database, clock: Clock) -> None:
        self._broker = broker
        self._database = database
        self._activity = ActivityStore(database)
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[BrokerCall] = deque(maxlen=MOST_WAITING)
        database.along(self._write)

    @property
    def name(self) -> str:
        """The name of the broker behind."""
        return self._broker.name

    @property
    def paper(self) -> bool:
        """Whether real money is behind the broker behind."""
        return self._broker.paper

    @property
    def fractional(self) -> frozenset[OrderClass]:
        """What the broker behind takes in fractions."""
        return self._broker.fractional

    def account(self) -> Account:
        """Account truth."""
        with self._watched("account"):
            return self._broker.account()

    def positions(self) -> tuple[Position, ...]:
        """All holdings."""
        with self._watched("positions"):
            return self._broker.positions()

    def orders(self) -> tuple[OrderReport, ...]:
        """Every working order."""
        with self._watched("orders"):
            return self._broker.orders()

    def find(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """The order of that id in any state; that there is none is an answer too."""
        with self._watched("find"):
            return self._broker.find(client_order_id)

    def submit(self, approved: ApprovedOrder) -> OrderReport:
        """Send; a rejection is an answer."""
        with self._watched("submit"):
            return self._broker.submit(approved)

    def cancel(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """Ask to cancel."""
        with self._watched("cancel"):
            return self._broker.cancel(client_order_id)

    def replace(self, client_order_id: ClientOrderId, approved: ApprovedOrder) -> OrderReport:
        """Put one order in the place of another."""
        with self._watched("replace"):
            return self._broker.replace(client_order_id, approved)

    def fills(self, *, since: datetime) -> tuple[Fill, ...]:
        """Executions after ``since``."""
        with self._watched("fills"):
            return self._broker.fills(since=since)

    def charges(self, *, since: datetime) -> tuple[Charge, ...]:
        """Fees that no execution carries."""
        with self._watched("charges"):
            return self._broker.charges(since=since)

    def transfers(self, *, since: datetime) -> tuple[Transfer, ...]:
        """Money paid in or out."""
        with self._watched("transfers"):
            return self._broker.transfers(since=since)

    def time(self) -> BrokerTime:
        """The broker's own clock."""
        with self._watched("time"):
            return self._broker.time()

    @contextmanager
    def _watched(self, what: str) -> Iterator[None]:
        # False from the start, so that an error that nobody listed counts as a failure too.
        ok: bool | None = False
        try:
            yield
            ok = True
        # Raised before anything leaves: it says nothing about the broker, and must not feed the breaker.
        except (IntegrityError, ManualActionError):
            ok = None
            raise
        except SourceUnavailable as silent:
            ok = False if silent.asked else None
            raise
        finally:
            if ok is not None:
                with self._lock:
                    self._waiting.append(BrokerCall(self._clock.now(), what, ok))
            # ``afterwards`` and not here: the transaction around it is about to be rolled back, and the count with it.
            if ok is False:
                self._database.afterwards(self._write)

    def _write(self) -> None:
        with self._lock:
            calls = tuple(self._waiting)
            self._waiting.clear()
        if not calls:
            return
        try:
            self._activity.called(calls, now=self._clock.now())
        except RetryableError:
            # The broker's answer matters more than the count of it, and the count is only late.
            with self._lock:
                self._waiting = deque((*calls, *self._waiting), maxlen=MOST_WAITING)
