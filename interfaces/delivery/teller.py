"""The teller: reads on where it stopped in the ledger, looks at how things stand, and says what people should know.

    ledger entries after the cursor -> notices -> outbox, and the cursor, in one transaction
    every minute: limits that are close, sources that do not answer, the newest cycle
    every five seconds: what is held and may go, what nobody has acknowledged

Because the record is the source, it does not matter which process raised an alert, or whether this one died before it
told: the next look finds it. A home that is told about for the first time begins with what is open now.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.errors import OversightError
from domain.ports import Clock
from domain.record.entries import LedgerEntry, RecordKind
from interfaces.delivery.notices import (
    READ,
    Notice,
    NoticeSources,
    of_alert,
    of_cycle,
    of_dependency,
    of_entry,
    of_headroom,
)
from interfaces.delivery.post import Post
from interfaces.runtime import Runtime
from interfaces.telling.explaining import decisions_for
from interfaces.telling.gates.rooms import room_left
from interfaces.telling.looking import health_of, last_report, risk
from interfaces.telling.reporting import facts_of, told
from interfaces.views.plain import short_figures
from interfaces.views.state import State
from trading.monitor.alerts import SEEN
from trading.store.messages.tellings import Bookmark

READER = "notices"
MOST = 200
LOOK_S = 0.5
STATE_EVERY, TEND_EVERY = timedelta(minutes=1), timedelta(seconds=5)
TIGHT_PCT = Decimal(20)
UNUSED = (State.OFF, State.IDLE)
OF_THE_BOOK = frozenset({*(f"C{number}" for number in range(4, 16)), "C18", "D1", "D2", "D3", "D4"})
"""Gates whose room says something about the whole book, with the losses of family G and the orders of a day.

The others are about one order at one moment: a full position leaves no room for the next share, and is no news.
"""
_log = logging.getLogger(__name__)


class Teller:
    """One for each process that tells; two that read at once put each message once."""

    def __init__(self, runtime: Runtime, post: Post, wall: Clock) -> None:
        self._runtime = runtime
        self._post = post
        self._wall = wall
        self._notice_sources = NoticeSources(self._why, runtime.deps.stores.approvals.get)
        self._looked_at: datetime | None = None
        self._tended_at: datetime | None = None
        self._doubted: frozenset[str] = frozenset()
        self._awake = threading.Event()

    def wake(self) -> None:
        """Something has happened: look now."""
        self._awake.set()

    def live(self, over: Callable[[], bool], *, look_s: float = LOOK_S) -> None:
        """Look until it is over."""
        while not over():
            self._awake.clear()
            try:
                self.look()
            except OversightError as error:
                _log.warning("nobody could be told: %s", error)
            if not over():
                self._awake.wait(look_s)

    def look(self) -> int:
        """One look at everything; how many messages are new."""
        now = self._wall.now()
        new = self.read_on(now)
        if self._looked_at is None or now - self._looked_at >= STATE_EVERY:
            self._looked_at = now
            new += self.look_at_state(now)
        if self._tended_at is None or now - self._tended_at >= TEND_EVERY:
            self._tended_at = now
            new += self._post.gather(now) + self._post.escalate(now)
        if new:
            self._post.nudge()
        return new

    def read_on(self, now: datetime) -> int:
        """What came on record since the last time."""
        tellings = self._post.tellings
        at = tellings.told(READER)
        if at is None:
            return self._begin(now)
        last = tellings.last()
        if last == at.cursor:
            return 0
        entries = tellings.entries(at.cursor, READ, MOST)
        notices = [notice for entry in entries for notice in self._of(entry)]
        seen = any(entry.kind is RecordKind.ALERT and entry.body == SEEN for entry in entries)
        # A full page may have more behind it; a short one lets the cursor pass every other kind too.
        cursor = entries[-1].seq if len(entries) == MOST else last
        with self._runtime.deps.stores.database.transaction():
            if tellings.told(READER) != at:
                return 0  # another process has read it meanwhile
            if seen:
                self._post.outbox.acknowledge_all("resume", now)
            tellings.tell(READER, at._replace(cursor=cursor))
            return sum(self._post.say(notice, now) for notice in notices)

    def look_at_state(self, now: datetime) -> int:
        """What is in no single record: the newest cycle, sources that went or came back, limits that are close."""
        with self._runtime.deps.stores.database.reading():
            at = self._post.tellings.told(READER)
        if at is None:
            return 0
        body = dict(at.body)
        notices = [*self._cycle(body), *self._sources(body), *self._headroom(now)]
        with self._runtime.deps.stores.database.transaction():
            present = self._post.tellings.told(READER)
            if present is None or present.body != at.body:
                return 0
            self._post.tellings.tell(READER, present._replace(body=body))
            return sum(self._post.say(notice, now) for notice in notices)

    def _begin(self, now: datetime) -> int:
        stores = self._runtime.deps.stores
        with stores.database.transaction():
            if self._post.tellings.told(READER) is not None:
                return 0
            newest = last_report(self._runtime)
            body: dict[str, Any] = {"cycle": newest["cycle_id"] if newest else "", "down": [], "changes": 0}
            self._post.tellings.tell(READER, Bookmark(self._post.tellings.last(), body))
            return sum(self._post.say(of_alert(alert), now) for alert in stores.control.alerts.open())

    def _of(self, entry: LedgerEntry) -> Iterator[Notice]:
        try:
            notice = of_entry(entry, self._notice_sources)
        except OversightError as error:
            # Left out: one entry that cannot be read must not hold back all behind it.
            _log.warning("entry %d cannot be told: %s", entry.seq, error)
            return
        if notice is not None:
            yield notice

    def _why(self, decision_id: str) -> str:
        try:
            found = decisions_for(self._runtime, decision_id)
        except OversightError:
            return ""  # an order by hand has no decision of the agents behind it
        reasons = [line for each in found for line in told(each.reasons, facts_of(self._runtime, each))]
        return short_figures(reasons[0]) if reasons else ""

    def _cycle(self, body: dict[str, Any]) -> Iterator[Notice]:
        report = last_report(self._runtime)
        if report is not None and report["cycle_id"] != body["cycle"]:
            body["cycle"] = report["cycle_id"]
            yield of_cycle(report)

    def _sources(self, body: dict[str, Any]) -> Iterator[Notice]:
        """A source counts as gone, or back, once two looks in a row found it so."""
        found = {each.name: each for each in health_of(self._runtime, self._runtime.deps.clock.now())}
        down = set(body["down"])
        changed = frozenset(name for name, each in found.items() if each.ok == (name in down))
        for name in sorted(changed & self._doubted):
            body["changes"] += 1
            yield of_dependency(name, ok=found[name].ok, note=found[name].note, number=body["changes"])
        body["down"] = sorted(down ^ (changed & self._doubted))
        self._doubted = changed

    def _headroom(self, now: datetime) -> Sequence[Notice]:
        try:
            rows = risk(self._runtime).risk
        except OversightError as error:
            _log.info("the room under the limits is not known: %s", error)
            return ()
        tight = [
            (row.gate, row.name, room_left(row))
            for row in rows
            if watched(row.gate)
            and row.headroom_pct is not None
            and row.headroom_pct < TIGHT_PCT
            and row.state not in UNUSED
        ]
        notice = of_headroom(tight, now)
        return () if notice is None else (notice,)


def watched(gate: str) -> bool:
    """Whether people want to hear that this gate leaves little room."""
    return gate.partition("_")[0] in OF_THE_BOOK or gate.startswith("G") or gate == "F1_day"
