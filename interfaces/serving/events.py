"""Events that may start a cycle between two of its times: collected from wherever they are told, used up by a run.

    fill     the broker's stream, or another process by the bus
    news     a reading of high strength: by the bus, or by our own look at new texts
    alert    a scanner, in our own look at the newest bars
    breach   trading is no longer active, here or by an alert of another process; a position lies unprotected

An event has the time at which the thing happened, so one that the last cycle could have seen starts none.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from domain.case import TradingState
from domain.context.news import NewsReading, Strength
from domain.errors import DataQualityError, RetryableError
from domain.ids import CycleId, derive
from domain.market import Symbol
from domain.record.alerts import Alert, AlertCode
from graphs.nodes.observe import bars_of, readings_of
from graphs.nodes.read_news import read_texts
from interfaces.runtime import Runtime
from interfaces.scheduler.jobs import Trigger
from trading.bus.messages import BusTopic, Message
from trading.scanners.registry import scan

LOOK_EVERY = timedelta(minutes=5)
OF_USE = timedelta(minutes=30)
"""An event that no cycle has come to for so long is left to the timetable's next run."""
MOST_KEPT = 200
BREACHES = frozenset(
    {AlertCode.REDUCING, AlertCode.DRAWDOWN, AlertCode.HALTED, AlertCode.INCIDENT, AlertCode.UNPROTECTED}
)
"""Alerts after which positions want a look."""
_log = logging.getLogger(__name__)


class Inbox:
    """Events by kind, the newest of each; ``heard`` is told of every one that counts."""

    def __init__(self, wanted: frozenset[Trigger], heard: Callable[[str], None]) -> None:
        self._wanted = wanted
        self._heard = heard
        self._events: dict[Trigger, list[datetime]] = {trigger: [] for trigger in wanted}
        self._lock = threading.Lock()

    @property
    def wanted(self) -> frozenset[Trigger]:
        """The kinds that count here."""
        return self._wanted

    def add(self, trigger: Trigger, at: datetime) -> None:
        """Something happened."""
        if trigger not in self._wanted:
            return
        with self._lock:
            # The bus tells at least once, and our own look sees the same alert again until a bar follows.
            if at in self._events[trigger]:
                return
            self._events[trigger] = [*self._events[trigger], at][-MOST_KEPT:]
        self._heard(trigger)

    def waiting(self) -> tuple[tuple[datetime, Trigger], ...]:
        """What no cycle has used up, oldest first."""
        with self._lock:
            return tuple(sorted((at, trigger) for trigger, times in self._events.items() for at in times))

    def use_up(self, until: datetime) -> None:
        """A cycle as of ``until`` has seen everything up to then."""
        with self._lock:
            for trigger, times in self._events.items():
                self._events[trigger] = [at for at in times if at > until]

    def message(self, message: Message) -> None:
        """A fact from the bus, ours or another process's."""
        if message.topic is BusTopic.TRADE_EXECUTED:
            self.add(Trigger.FILL, message.at)
        elif isinstance(message.body, Alert) and message.body.code in BREACHES:
            self.add(Trigger.BREACH, message.body.at)
        elif isinstance(message.body, NewsReading) and is_strong(message.body):
            self.add(Trigger.NEWS, message.body.available_at)

    def listen(self, runtime: Runtime) -> None:
        """Hear what the bus tells from now on."""
        for topic in (BusTopic.TRADE_EXECUTED, BusTopic.RISK_ALERT, BusTopic.SIGNAL_NEWS_NLP):
            runtime.bus.subscribe(topic, self.message)


class Lookout:
    """Our own look, every few minutes of a session: new alerts, new strong texts, a stop of trading."""

    def __init__(self, runtime: Runtime, universe: tuple[Symbol, ...], inbox: Inbox) -> None:
        self._runtime = runtime
        self._universe = universe
        self._inbox = inbox
        self._looked: datetime | None = None
        self._seen: datetime | None = None
        self._active = True

    def look(self, now: datetime) -> None:
        """Tell the inbox what is new."""
        self._look_at_state(now)
        if self._looked is not None and now - self._looked < LOOK_EVERY:
            return
        if self._runtime.deps.calendar.session_at(now) is None:
            return
        self._seen = max(self._seen or now - LOOK_EVERY, now - OF_USE)
        self._looked, missing = now, self._missing(self._seen, now)
        if missing:
            # When to look again is settled, what was seen is not: the next look reaches back behind this one.
            _log.warning("not everything could be looked at for events: %s", "; ".join(missing))
        else:
            self._seen = now

    def _missing(self, since: datetime, now: datetime) -> list[str]:
        """Look at bars and texts; the answer is what could not be looked at."""
        missing: list[str] = []
        try:
            if Trigger.ALERT in self._inbox.wanted:
                missing += self._look_at_bars(since, now)
            if Trigger.NEWS in self._inbox.wanted and self._runtime.deps.news is not None:
                missing += self._look_at_news(since, now)
        except (RetryableError, DataQualityError) as error:
            missing.append(error.what)
        return missing

    def _look_at_state(self, now: datetime) -> None:
        active = self._runtime.deps.stores.control.read(at=now).trading_state is TradingState.ACTIVE
        if self._active and not active:
            self._inbox.add(Trigger.BREACH, now)
        self._active = active

    def _look_at_bars(self, since: datetime, now: datetime) -> list[str]:
        missing: list[str] = []
        for alert in scan(bars_of(self._runtime.deps, self._universe, now, missing)):
            if alert.at > since:
                self._inbox.add(Trigger.ALERT, alert.at)
        return missing

    def _look_at_news(self, since: datetime, now: datetime) -> list[str]:
        """Read what nobody has read yet; the next cycle finds it read, so that no text is paid for twice."""
        watch = CycleId(derive("watch", now))
        missing = read_texts(self._runtime.deps, watch, self._universe, now)
        for readings in readings_of(self._runtime.deps, self._universe, now).values():
            for reading in readings:
                if reading.available_at > since and is_strong(reading):
                    self._inbox.add(Trigger.NEWS, reading.available_at)
        return missing


def is_strong(reading: NewsReading) -> bool:
    """News of high impact: an event that the text itself calls strong, and no text that talks to machines."""
    return not reading.suspicious and any(event.strength is Strength.HIGH for event in reading.events)
