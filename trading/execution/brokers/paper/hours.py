"""When the paper market trades an order: regular sessions, auctions at their two ends, and the hours around them.

day                 until the close of the session it is given in, or of the next one
good till date      until its date
opening auction     given between sessions; over with the first bar of the next one
closing auction     given in a session; over with its last bar
extended hours      4:00 to 9:30 and 16:00 to 20:00 in New York, 5.5 hours before and 4 after a session
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.market import Session
from domain.orders import OrderIntent, TimeInForce
from domain.ports import Calendar
from trading.execution.brokers.paper.settings import PaperSettings

BEFORE, AFTER = timedelta(hours=5, minutes=30), timedelta(hours=4)
# Longer than any closure of an exchange.
_NEXT_SESSION = timedelta(days=14)


class PaperHours:
    """The calendar as orders see it."""

    def __init__(self, calendar: Calendar, settings: PaperSettings) -> None:
        self._calendar = calendar
        self._settings = settings

    def regular(self, at: datetime) -> bool:
        """True in a regular session."""
        return self._calendar.session_at(at) is not None

    def open(self, at: datetime, *, extended: bool) -> bool:
        """True where an order may trade, one that is good for the extended hours also around a session."""
        return self.regular(at) or (extended and self._settings.extended_hours and self._around(at) is not None)

    def expiry(self, intent: OrderIntent, now: datetime) -> datetime | None:
        """When the order's time in force ends; None where it does not end by itself."""
        match intent.tif:
            case TimeInForce.DAY:
                session = self._day(now)
                late = AFTER if intent.extended_hours and self._settings.extended_hours else timedelta(0)
                return None if session is None else session.closes_at + late
            case TimeInForce.GTD:
                return intent.expires_at
            case TimeInForce.OPG:
                session = self._next(now)
                return None if session is None else min(session.opens_at + self._length, session.closes_at)
            case TimeInForce.CLS:
                session = self._calendar.session_at(now)
                return None if session is None else session.closes_at
        return None

    def arrival(self, now: datetime) -> datetime | None:
        """When an order given now reaches the market; None for at once."""
        arrives = now + self._settings.latency
        session = self._calendar.session_at(arrives)
        if self._settings.next_bar and session is not None:
            # Counted from the opening, as bars are: a session does not begin at a full hour everywhere.
            arrives = session.opens_at + self._length * ((arrives - session.opens_at) // self._length + 1)
        return None if arrives == now else arrives

    @property
    def _length(self) -> timedelta:
        return self._settings.timeframe.length

    def _day(self, now: datetime) -> Session | None:
        """The session that a day order given now lives in."""
        session = self._calendar.session_at(now)
        if session is None and self._settings.extended_hours:
            session = self._around(now)
        return self._next(now) if session is None else session

    def _next(self, now: datetime) -> Session | None:
        return next(iter(self._calendar.sessions(now, now + _NEXT_SESSION)), None)

    def _around(self, at: datetime) -> Session | None:
        near = self._calendar.sessions(at - timedelta(days=1), at + timedelta(days=1))
        return next((day for day in near if day.opens_at - BEFORE <= at < day.closes_at + AFTER), None)
