"""Time is passed in: the one place where Sage reads a clock, and the one reader of written times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from domain.errors import DataQualityError


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still: cycles in simulated time, replays and tests."""

    at: datetime

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.at


def parse_time(text: str, *, name: str = "time") -> datetime:
    """Read an ISO 8601 time that names its zone; ``2026-03-17T15:00:00Z`` -> aware UTC. Raises DataQualityError."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise DataQualityError(
            f"{name} {text!r} is not a time", "Write it like 2026-03-17T15:00:00Z, with a zone."
        ) from error
    return in_utc(moment, name=name)


def in_utc(moment: datetime, *, name: str = "time") -> datetime:
    """The same moment in UTC; refuses a time without zone rather than guess one."""
    # A tzinfo may answer None for its offset, and such a time compares as one without zone.
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise DataQualityError(f"{name} {moment.isoformat()} names no zone", "Add one, for example Z for UTC.")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise DataQualityError(f"{name} {moment.isoformat()} is beyond all calendars", "Write a real time.") from error
