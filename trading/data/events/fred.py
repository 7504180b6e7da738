"""Days of economic releases from FRED, the database of the Federal Reserve Bank of St. Louis: inflation, jobs, growth.

- FRED tells days and no hours. All releases asked for here come at 08:30 in New York, as their publishers have done for
  decades; that hour is ours.
- Meetings of the Federal Open Market Committee are not taken from here: the dates under its press release (101) are not
  known to be those of the meetings. The claim is ``releases`` alone, and macro events are complete only where somebody
  else claims ``rate_decisions``.
- Days ahead are listed as far as the publishers have announced them. What is claimed ends with the last day of that
  release whose list ends first.
- Nothing tells when a day was announced: it is known from when we asked, and not before, so the past stays unknown.
- An answer is renewed after three hours and good for six. A question that fails is not repeated within a minute; when
  the six hours are over, its releases are unknown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from domain.errors import ConfigurationError, OversightError
from domain.market import EventKind, MarketEvent, Symbol
from domain.ports import Clock
from trading.data.events.source import NO_FACTS, WEEK, Claim, Facts, Subject
from trading.data.vendors.news_text import LIVE
from trading.data.vendors.wire import MISREAD, Patience, Vendor, bounded_session

T = TypeVar("T")
SOURCE = "fred"
FRED = Vendor("FRED", "FRED_API_KEY", "FRED_BASE_URL")
RELEASES: Mapping[int, str] = {
    10: "Consumer Price Index",
    46: "Producer Price Index",
    50: "Employment Situation",
    53: "Gross Domestic Product",
    54: "Personal Income and Outlays",
    9: "Advance Monthly Sales for Retail and Food Services",
}
"""The releases that move the whole market, by FRED's numbers."""
AT = time(8, 30)
NEW_YORK = ZoneInfo("America/New_York")
GOOD_FOR = timedelta(hours=6)
AGAIN_AFTER = timedelta(minutes=1)
BACK = timedelta(days=14)
"""Two weeks, of which the gates look at one."""


SHORT = Patience(read_s=8.0, retries=1, whole_s=10.0)
"""For each of six questions, one after the other, while a cycle waits."""


@dataclass(frozen=True, slots=True)
class FredConfig:
    """Key and address."""

    key: str = field(repr=False)
    base_url: str = "https://api.stlouisfed.org"
    patience: Patience = SHORT


class Listing(NamedTuple):
    """What FRED listed when it was asked: moments of releases from ``start`` on, complete until ``until``."""

    asked_at: datetime
    start: datetime
    until: datetime
    moments: tuple[datetime, ...]


def parse_days(raw: object, release: int) -> tuple[date, ...]:
    """The days of ``{"release_dates": [{"release_id": 10, "date": "2026-04-10"}, ...]}``, in order."""
    rows = raw.get("release_dates") if isinstance(raw, dict) else None
    if not isinstance(rows, list):
        raise FRED.garbage("no list of dates")
    if any(row["release_id"] != release for row in rows):
        raise FRED.garbage("another release")
    return tuple(sorted({date.fromisoformat(row["date"]) for row in rows}))


def listing_of(days: Mapping[int, tuple[date, ...]], *, asked_at: datetime, start: datetime) -> Listing:
    """Their moments, and how far all of them together reach; a release without a day reaches nowhere."""
    ends = [found[-1] if found else date.min for found in days.values()]
    # The last day itself is listed, and nobody knows the one after it.
    until = _moment(min(ends)) if date.min not in ends else start
    return Listing(asked_at, start, until, tuple(sorted({_moment(day) for found in days.values() for day in found})))


def _moment(day: date) -> datetime:
    return datetime.combine(day, AT, NEW_YORK).astimezone(UTC)


def ask(question: Callable[[], T]) -> T:
    """Ask, read the answer, and translate whatever requests or a strange answer raises."""
    from requests.exceptions import RequestException

    try:
        return question()
    except (RequestException, *MISREAD) as error:
        raise FRED.failure(error) from None  # the cause would name the address, and with it the key


class FredEvents:
    """The ``EventSource`` over FRED's release dates."""

    def __init__(self, config: FredConfig, clock: Clock) -> None:
        if not config.key:
            raise FRED.without_key()
        self._config, self._clock = config, clock
        self._session = bounded_session(config.patience)
        self._trouble = ""
        self._listing: Listing | None = None
        self._failed_at: datetime | None = None
        # Cycles look at their symbols in several threads; one of them asks, and the others wait for its answer.
        self._asking = threading.Lock()

    @property
    def name(self) -> str:
        """``fred``."""
        return SOURCE

    @property
    def trouble(self) -> str:
        """Why it did not answer when asked last."""
        return self._trouble

    @property
    def subjects(self) -> frozenset[Subject]:
        """Releases, and no rate decisions."""
        return frozenset({Subject.RELEASES})

    def claims(self, *, as_of: datetime) -> tuple[Claim, ...]:
        """That its releases are listed from two weeks back to the end of the shortest list."""
        found = self._known(as_of)
        if found is None:
            return ()
        return (Claim(self.subjects, None, min(found.asked_at, as_of), found.start, found.until),)

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        """The releases of those days, for whatever symbol."""
        found = self._known(as_of)
        if found is None:
            return ()
        known_at = min(found.asked_at, as_of)
        return tuple(
            MarketEvent(None, EventKind.MACRO, known_at, at, None, SOURCE)
            for at in found.moments
            if as_of - WEEK <= at <= until
        )

    def halt(self, symbol: Symbol, *, as_of: datetime) -> str | None:
        """FRED tells of no halts."""
        return None

    def facts(self, symbol: Symbol) -> Facts:
        """FRED tells nothing about instruments."""
        return NO_FACTS

    def _known(self, as_of: datetime) -> Listing | None:
        """What was known at ``as_of``: asked for now where that is the present, and never for the past."""
        now = self._clock.now()
        with self._asking:
            if now - as_of <= LIVE:
                self._refresh(now)
                found = self._listing
                return found if found is not None and now - found.asked_at <= GOOD_FOR else None
            found = self._listing
            good = found is not None and found.asked_at <= as_of <= found.asked_at + GOOD_FOR
            return found if good else None

    def _refresh(self, now: datetime) -> None:
        """Ask again where the answer is old, unless it failed just now."""
        if self._listing is not None and now - self._listing.asked_at <= GOOD_FOR / 2:
            return
        if self._failed_at is not None and now - self._failed_at < AGAIN_AFTER:
            return
        try:
            start = now - BACK
            days = {release: self._days(release, start.astimezone(NEW_YORK).date()) for release in RELEASES}
            self._listing, self._failed_at, self._trouble = listing_of(days, asked_at=now, start=start), None, ""
        except OversightError as error:
            # Told by the doctor, and by the gate that then denies: a key that is wrong here must not keep an exit
            # from its prices.
            self._failed_at, self._trouble = now, str(error)

    def _days(self, release: int, since: date) -> tuple[date, ...]:
        def question() -> tuple[date, ...]:
            response = self._session.get(
                f"{self._config.base_url.rstrip('/')}/fred/release/dates",
                params={
                    "release_id": str(release),
                    "api_key": self._config.key,
                    "file_type": "json",
                    "realtime_start": since.isoformat(),
                    "realtime_end": "9999-12-31",
                    "sort_order": "asc",
                    # Without it FRED lists nothing that is still to come.
                    "include_release_dates_with_no_data": "true",
                },
            )
            if response.status_code == 400:
                # FRED answers so to a key that it does not know, and to nothing else that is asked here.
                raise ConfigurationError("FRED refuses the key or the question (HTTP 400)", f"Check {FRED.keys}.")
            if response.status_code != 200:
                raise FRED.refusal(response.status_code)
            return parse_days(response.json(), release)

        return ask(question)
