"""The embedded market: twelve invented companies in real exchange sessions, the same for everybody with one seed.

Rules of this source:

- A bar is known from its end on; 15Min, 1Hour and 1Day bars are made of the same steps, so they agree exactly. A
  longer horizon never changes the past.
- Prices before a split are divided by its ratio, and volumes multiplied, for everybody who asks at or after the split;
  whoever asks as of an earlier moment sees the shares of that moment. Dividends are not adjusted for.
- Inside a session the quote is the price of this second, on the way from the open to the close of the current step.
  Between sessions, and while trading is halted, it is the last one, with its own old time.
- Steps of a halt have no bar.
- Its index is what all prices have in common; it has bars and quotes, and is no instrument.
- A share that has lost a tenth against its last close may be sold short at the bid neither for the rest of that session
  nor in the next one, after SEC Rule 201 of Regulation SHO (2010).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from threading import Lock
from typing import NamedTuple, get_args

from domain.clock import in_utc
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
from domain.ports import Calendar
from trading.data.simulated.path import (
    MICROS_A_CENT,
    STEP,
    PriceStory,
    SessionPath,
    Step,
    lowest_by,
    market_moves,
    over_steps,
    push_of,
    stretch_at,
    walk,
    walk_of_market,
)
from trading.data.simulated.stories import (
    SOURCE,
    WEEK,
    Agenda,
    Timetable,
    agenda,
    halts_of,
    macro_events,
    macro_steps,
    stories_of,
    timetable,
)
from trading.data.simulated.universe import COMPANIES, INDEX, LISTINGS, Company, Halt

_STEPS_OF = {Timeframe.MIN_15: 1, Timeframe.HOUR_1: 4, Timeframe.DAY_1: 26}


class TradedPrice(NamedTuple):
    """A traded price in cents with the moment it was traded and the spare bits of its step."""

    cents: int
    at: datetime
    spare: int


class SimulatedMarket:
    """The ``Market`` port over the simulated companies. Prices are found when first asked for, and kept."""

    def __init__(self, seed: int, calendar: Calendar) -> None:
        self._seed = seed
        self._calendar = calendar
        self._companies = {company.symbol: company for company in COMPANIES}
        self._shown = {**self._companies, INDEX.symbol: INDEX}
        self._paths: dict[Symbol, list[SessionPath]] = {symbol: [] for symbol in self._shown}
        self._agendas: dict[Symbol, Agenda] = {}
        self._moves: dict[date, tuple[int, ...]] = {}
        # Paths are asked for by several threads, and each session is walked on from the last price of the one before.
        self._extending = Lock()

    @property
    def name(self) -> str:
        """``simulated``."""
        return SOURCE

    def event_kinds(self, symbol: Symbol, *, as_of: datetime) -> frozenset[EventKind]:
        """All of them."""
        return frozenset(EventKind)

    @property
    def supplies(self) -> frozenset[MarketInput]:
        """Everything a gate asks for, but for the price at a second source."""
        return frozenset(get_args(MarketInput)) - {"second_price"}

    @property
    def index(self) -> Symbol | None:
        """The common part of all prices."""
        return INDEX.symbol

    def symbols(self) -> tuple[Symbol, ...]:
        """All twelve, sorted."""
        return tuple(sorted(self._companies))

    def instrument(self, symbol: Symbol) -> Instrument | None:
        """The company's share; None for any other symbol."""
        company = self._companies.get(symbol)
        if company is None:
            return None
        listing = LISTINGS[symbol]
        return Instrument(
            symbol, company.name, lot=Decimal(company.lot), sector=company.sector, fractionable=company.fractionable,
            shortable=listing.easy_to_borrow, easy_to_borrow=listing.easy_to_borrow, listed_on=listing.listed_on,
            market_cap=Decimal(listing.market_cap) * 1_000_000, leverage=Decimal(1),
            margin_rate=Decimal(listing.margin) / 100,
        )  # fmt: skip

    def bars(self, symbol: Symbol, timeframe: Timeframe, *, as_of: datetime, limit: int) -> tuple[Bar, ...]:
        """The last ``limit`` bars with ``end <= as_of``; this market has 15Min, 1Hour and 1Day bars."""
        company, span = self._shown.get(symbol), _STEPS_OF.get(timeframe)
        if company is None or span is None:
            return ()
        as_of = in_utc(as_of)
        found: list[Bar] = []
        for path in reversed(self._walked(company, as_of)):
            ratio = self._ratio(company, path.session.day, as_of)
            # Newest first, so that a question for a few bars touches a few sessions and not two years of them.
            for start, end, step in reversed(list(_spans(path, span))):
                if len(found) >= limit:
                    return tuple(reversed(found))
                if end <= as_of:
                    found.append(_bar(symbol, timeframe, start, end, step, ratio))
        return tuple(reversed(found))

    def quote(self, symbol: Symbol, *, as_of: datetime) -> Quote | None:
        """The newest quote at or before ``as_of``; None before the first session."""
        company = self._shown.get(symbol)
        if company is None:
            return None
        as_of = in_utc(as_of).replace(microsecond=0)
        for path in reversed(self._walked(company, as_of)):
            price = _last_price(path, as_of)
            if price is not None:
                return _quote(company, price)
        return None

    def status(self, symbol: Symbol, *, as_of: datetime) -> TradingStatus | None:
        """Whether trading in it is halted; None for an unknown symbol."""
        company = self._companies.get(symbol)
        if company is None:
            return None
        as_of = in_utc(as_of)
        session = self._calendar.session_at(as_of)
        halts = halts_of(self._seed, company, session) if session is not None else ()
        halt = next((each for each in halts if each.at <= as_of < each.at + each.steps * STEP), None)
        reason = halt.reason if halt is not None else ""
        return TradingStatus(symbol, as_of, halt is not None, reason, self._short_restricted(company, as_of))

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        """The company's reports, splits and dividends, and macro releases, as far as announced."""
        company = self._companies.get(symbol)
        if company is None:
            return ()
        as_of, until = in_utc(as_of), in_utc(until)
        known = (*self._agenda(company).events, *self._macro)
        found = [each for each in known if each.announced_at <= as_of and as_of - WEEK <= each.effective_at <= until]
        return tuple(sorted(found, key=lambda event: event.effective_at))

    @cached_property
    def _table(self) -> Timetable:
        return timetable(self._calendar)

    @cached_property
    def _macro(self) -> tuple[MarketEvent, ...]:
        return macro_events(self._table)

    @cached_property
    def _releases(self) -> dict[date, int]:
        return macro_steps(self._table)

    def _agenda(self, company: Company) -> Agenda:
        if company.symbol not in self._agendas:
            self._agendas[company.symbol] = agenda(company, self._table)
        return self._agendas[company.symbol]

    def _walked(self, company: Company, as_of: datetime) -> list[SessionPath]:
        """The paths of all sessions that opened at or before ``as_of``."""
        needed = bisect_right(self._table.openings, as_of)
        paths = self._paths[company.symbol]
        with self._extending:
            while len(paths) < needed:
                paths.append(self._next(company, len(paths), paths))
        return paths[:needed]

    def _short_restricted(self, company: Company, as_of: datetime) -> bool:
        """Whether the restriction was set off in the last session, or in the one before while that last one is on."""
        paths = self._walked(company, as_of)
        # Rule 201 holds for the rest of its day and the next: while a session is on, the one before may have set it
        # off.
        count = 2 if paths and as_of < paths[-1].session.closes_at else 1
        return any(
            (low := lowest_by(path, as_of)) is not None
            # Multiplied out in whole numbers; low is in cents and the last price in millionths of a dollar.
            and low * 10 * MICROS_A_CENT <= 9 * self._opening(company, path.session, before.last)
            for before, path in pairwise(paths[-count - 1 :])
        )

    def _next(self, company: Company, place: int, paths: list[SessionPath]) -> SessionPath:
        session = self._table.sessions[place]
        if company is INDEX:
            last = paths[-1].last if paths else company.start * MICROS_A_CENT
            return walk_of_market(session, last, self._market(session))
        # Stories told after the last step of the session before move the opening of this one.
        previous = self._table.sessions[place - 1] if place > 0 else None
        start = paths[-1].last if paths else company.start * MICROS_A_CENT
        stretch = stretch_at(company, session.day)
        left = bisect_right(self._table.days, stretch.last_day) - place
        return walk(
            company, self._seed, session, self._opening(company, session, start), stretch=stretch, sessions_left=left,
            market=self._market(session), push=push_of(self._told(company, previous, session), previous, session),
            halted=_halted_steps(halts_of(self._seed, company, session), session),
        )  # fmt: skip

    def _opening(self, company: Company, session: Session, last: int) -> int:
        """The last price in today's shares, without a dividend that is paid to yesterday's holders."""
        # The dividend is in the shares of before the split, so it comes off first.
        if session.day in self._agenda(company).dividend_days:
            last -= company.dividend * MICROS_A_CENT
        for split in company.splits:
            if session.day == split.day:
                last //= split.ratio
        return last

    def _told(self, company: Company, previous: Session | None, session: Session) -> list[PriceStory]:
        reports = self._agenda(company).report_days
        return [
            PriceStory(story.at, story.impact, story.strength)
            for day in (previous, session)
            if day is not None
            for story in stories_of(self._seed, company, day, reports=day.day in reports)
            if story.impact != 0
        ]

    def _market(self, session: Session) -> tuple[int, ...]:
        if session.day not in self._moves:
            self._moves[session.day] = market_moves(self._seed, session, self._releases.get(session.day))
        return self._moves[session.day]

    def _ratio(self, company: Company, day: date, as_of: datetime) -> int:
        """How many of today's shares a share of ``day`` has become."""
        ratio = 1
        for split in company.splits:
            opening = self._table.on_or_after(split.day)
            if opening is not None and day < split.day and opening.opens_at <= as_of:
                ratio *= split.ratio
        return ratio


def _halted_steps(halts: tuple[Halt, ...], session: Session) -> frozenset[int]:
    first = [(halt, (halt.at - session.opens_at) // STEP) for halt in halts]
    return frozenset(place for halt, start in first for place in range(start, start + halt.steps))


def _spans(path: SessionPath, span: int) -> Iterator[tuple[datetime, datetime, Step]]:
    """Start, end and content of every bar of a session; the last bar ends with the session."""
    opens, closes = path.session.opens_at, path.session.closes_at
    # Early closes have fewer steps than a day is made of: the day is whole all the same.
    if span >= len(path.steps):
        if path.whole is not None:
            yield opens, closes, path.whole
        return
    for first in range(0, len(path.steps), span):
        step = over_steps(path.steps[first : first + span])
        if step is not None:
            yield opens + first * STEP, min(opens + (first + span) * STEP, closes), step


def _bar(symbol: Symbol, timeframe: Timeframe, start: datetime, end: datetime, step: Step, ratio: int) -> Bar:
    cents = 100 * ratio
    return Bar(
        symbol, timeframe, start, end, Decimal(step.open) / cents, Decimal(step.high) / cents,
        Decimal(step.low) / cents, Decimal(step.close) / cents, Decimal(step.volume * ratio), SOURCE,
    )  # fmt: skip


def _last_price(path: SessionPath, at: datetime) -> TradedPrice | None:
    """The last traded price of a session at ``at``; None where a halt has covered all of it so far."""
    place = min((at - path.session.opens_at) // STEP, len(path.steps) - 1)
    for current in range(place, -1, -1):
        step = path.steps[current]
        if step is not None:
            start = path.session.opens_at + current * STEP
            return TradedPrice(_on_the_way(step, at - start), min(at, start + STEP), step.spare)
    return None


def _on_the_way(step: Step, elapsed: timedelta) -> int:
    return step.open + (step.close - step.open) * min(elapsed, STEP).seconds // STEP.seconds


def _quote(company: Company, price: TradedPrice) -> Quote:
    """Bid and ask around a price: the company's usual spread in basis points, at least a cent, at times one more."""
    spread = max(1, price.cents * company.spread // 10_000) + (price.spare & 1)
    bid = price.cents - spread // 2
    return Quote(
        company.symbol, Decimal(bid) / 100, Decimal(bid + spread) / 100, Decimal(price.cents) / 100, price.at, SOURCE,
        bid_size=_size(company, price.spare >> 1), ask_size=_size(company, price.spare >> 8),
    )  # fmt: skip


def _size(company: Company, bits: int) -> Decimal:
    """Shares on one side of the book: up to about a tenth of a per mille of a session's volume."""
    return Decimal(100 * (1 + (bits & 63) * company.volume // 40_000_000))
