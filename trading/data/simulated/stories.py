"""What happens to the companies and when it is told: the timetable, scheduled events and the stories of a session.

The price path and the news feed both read this, so that news comes first and the price follows. Every random choice
comes from a generator seeded with the seed, the company and the day: nothing depends on what was asked before.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from domain.context.news import Strength, Topic
from domain.market import EventKind, MarketEvent, Session, Symbol
from domain.ports import Calendar
from trading.data.simulated.universe import FIRST_DAY, LAST_DAY, SCRIPTED, Company, Halt, Story

SOURCE = "simulated"
WEEK = timedelta(days=7)
AFTER_CLOSE = timedelta(minutes=15)
ANNOUNCED = {EventKind.EARNINGS: 4 * WEEK, EventKind.SPLIT: 3 * WEEK, EventKind.DIVIDEND: 2 * WEEK}
ANNOUNCED_MACRO = 8 * WEEK
DIVIDEND_MONTHS, DIVIDEND_DAY = (3, 6, 9, 12), 20
INFLATION_DAY, RATES_DAY = 10, 22
RATES_STEP = 18
"""A rate decision comes 18 steps of 15 minutes after the opening: 14:00 in New York."""

_IMPACTS = {Strength.LOW: (30, 80), Strength.MEDIUM: (100, 250), Strength.HIGH: (300, 600)}
_STRENGTHS = (Strength.LOW, Strength.LOW, Strength.MEDIUM, Strength.MEDIUM, Strength.HIGH)
_TOPICS = (
    Topic.PRODUCT, Topic.SUPPLY, Topic.RATING, Topic.LEGAL,
    Topic.MANAGEMENT, Topic.MERGER, Topic.CAPITAL, Topic.GUIDANCE,
)  # fmt: skip
_HOSTILE = ("hostile_notice", "hostile_authority", "hostile_hidden", "hostile_orders")
_ONE_IN = {"story": 14, "neutral": 9, "chatter": 5, "hostile": 70, "hostile_post": 50, "halt": 240}


class Timetable(NamedTuple):
    """The sessions of simulated time with their days and openings beside them, all in order."""

    sessions: tuple[Session, ...]
    days: tuple[date, ...]
    openings: tuple[datetime, ...]

    def on_or_after(self, day: date) -> Session | None:
        """The first session from ``day`` on; None after the last."""
        place = bisect_left(self.days, day)
        return self.sessions[place] if place < len(self.sessions) else None

    def on(self, day: date) -> Session | None:
        """The session of that day."""
        session = self.on_or_after(day)
        return session if session is not None and session.day == day else None


@dataclass(frozen=True, slots=True)
class Agenda:
    """Everything scheduled for one company, oldest first, with what the price path needs by day."""

    events: tuple[MarketEvent, ...]
    report_days: frozenset[date]
    dividend_days: frozenset[date]


def timetable(calendar: Calendar) -> Timetable:
    """All sessions of simulated time."""
    start = datetime.fromisoformat(f"{FIRST_DAY}T00:00:00+00:00")
    end = datetime.fromisoformat(f"{LAST_DAY}T23:59:59+00:00")
    sessions = calendar.sessions(start, end)
    return Timetable(sessions, tuple(each.day for each in sessions), tuple(each.opens_at for each in sessions))


def agenda(company: Company, table: Timetable) -> Agenda:
    """Reports every 13 weeks after the close, dividends at the opening of their ex-day, splits likewise."""
    # Eight reports, 13 weeks apart, reach the end of simulated time; a day behind it has no session and is left out.
    reports = [s for n in range(8) if (s := table.on_or_after(company.reports + 13 * n * WEEK)) is not None]
    dividends = _monthly(table, DIVIDEND_DAY, DIVIDEND_MONTHS) if company.dividend > 0 else ()
    splits = [(s, split.ratio) for split in company.splits if (s := table.on_or_after(split.day)) is not None]
    events = [
        *(_event(company.symbol, EventKind.EARNINGS, each.closes_at + AFTER_CLOSE) for each in reports),
        *(
            _event(company.symbol, EventKind.DIVIDEND, each.opens_at, Decimal(company.dividend) / 100)
            for each in dividends
        ),
        *(_event(company.symbol, EventKind.SPLIT, each.opens_at, Decimal(ratio)) for each, ratio in splits),
    ]
    return Agenda(
        tuple(sorted(events, key=lambda event: event.effective_at)),
        frozenset(each.day for each in reports),
        frozenset(each.day for each in dividends),
    )


def _event(symbol: Symbol, kind: EventKind, at: datetime, figure: Decimal | None = None) -> MarketEvent:
    return MarketEvent(symbol, kind, at - ANNOUNCED[kind], at, figure, SOURCE)


def _monthly(table: Timetable, day: int, months: tuple[int, ...] = tuple(range(1, 13))) -> tuple[Session, ...]:
    years = range(FIRST_DAY.year, LAST_DAY.year + 1)
    found = (table.on_or_after(date(year, month, day)) for year in years for month in months)
    return tuple(dict.fromkeys(session for session in found if session is not None))


def macro_steps(table: Timetable) -> dict[date, int]:
    """Days with a macro release, and the step in which the whole market hears of it; 0 is the opening."""
    inflation = {each.day: 0 for each in _monthly(table, INFLATION_DAY)}
    return inflation | {each.day: RATES_STEP for each in _monthly(table, RATES_DAY)}


def macro_events(table: Timetable) -> tuple[MarketEvent, ...]:
    """Inflation an hour before the opening, rate decisions in the afternoon; both known eight weeks before."""
    moments = (
        *(each.opens_at - timedelta(hours=1) for each in _monthly(table, INFLATION_DAY)),
        *(each.opens_at + RATES_STEP * timedelta(minutes=15) for each in _monthly(table, RATES_DAY)),
    )
    return tuple(
        MarketEvent(None, EventKind.MACRO, moment - ANNOUNCED_MACRO, moment, None, SOURCE) for moment in sorted(moments)
    )


def stories_of(seed: int, company: Company, session: Session, *, reports: bool) -> tuple[Story, ...]:
    """What is told about a company on one session's day and may move its price."""
    told = [story for story in company.stories if story.at.date() == session.day]
    if reports:
        told.append(_report(seed, company, session))
    if not _is_scripted(session.day):
        told += _random_stories(Random(f"{seed}/story/{company.symbol}/{session.day}"), company, session)
    return tuple(told)


def texts_of(seed: int, company: Company, session: Session, *, reports: bool) -> tuple[Story, ...]:
    """Everything told on one session's day, oldest first: the stories, noise, chatter and what is hostile.

    The additions have a generator of their own and an impact of zero: they say nothing about the price.
    """
    told = list(stories_of(seed, company, session, reports=reports))
    if not _is_scripted(session.day):
        told += _noise(Random(f"{seed}/noise/{company.symbol}/{session.day}"), company, session)
    return tuple(sorted(told, key=lambda story: (story.at, story.text)))


def halts_of(seed: int, company: Company, session: Session) -> tuple[Halt, ...]:
    """The scripted halts of a session's day, otherwise now and then a volatility pause of one to three steps."""
    scripted = tuple(halt for halt in company.halts if halt.at.date() == session.day)
    rng = Random(f"{seed}/halt/{company.symbol}/{session.day}")
    if scripted or _is_scripted(session.day) or rng.randrange(_ONE_IN["halt"]) > 0:
        return scripted
    at = session.opens_at + rng.randrange(1, 10) * timedelta(minutes=15)
    return (Halt(at, 1 + rng.randrange(3), "volatility pause"),)


def _is_scripted(day: date) -> bool:
    return SCRIPTED[0] <= day <= SCRIPTED[1]


def _report(seed: int, company: Company, session: Session) -> Story:
    rng = Random(f"{seed}/report/{company.symbol}/{session.day}")
    sign = 1 if rng.randrange(100) < 58 else -1
    strength, impact = _weight(rng)
    at = session.closes_at + AFTER_CLOSE + timedelta(minutes=2)
    return Story(
        company.symbol, at, f"earnings_{_way(sign)}", Topic.EARNINGS, sign, strength, sign * (impact + 120), copies=1
    )


def _random_stories(rng: Random, company: Company, session: Session) -> list[Story]:
    if rng.randrange(_ONE_IN["story"]) > 0:
        return []
    topic, sign = _TOPICS[rng.randrange(len(_TOPICS))], 1 if rng.randrange(2) == 0 else -1
    strength, impact = _weight(rng)
    text, copies = f"{topic.value}_{_way(sign)}", rng.randrange(3) // 2
    return [Story(company.symbol, _moment(rng, session), text, topic, sign, strength, sign * impact, copies=copies)]


def _noise(rng: Random, company: Company, session: Session) -> list[Story]:
    symbol, told = company.symbol, []
    if rng.randrange(_ONE_IN["neutral"]) == 0:
        told.append(Story(symbol, _moment(rng, session), "neutral"))
    if rng.randrange(_ONE_IN["chatter"]) == 0:
        told.append(Story(symbol, _moment(rng, session), "chatter", Topic.OPINION, social=True))
    if rng.randrange(_ONE_IN["hostile"]) == 0:
        told.append(Story(symbol, _moment(rng, session), _HOSTILE[rng.randrange(len(_HOSTILE))]))
    if rng.randrange(_ONE_IN["hostile_post"]) == 0:
        told.append(Story(symbol, _moment(rng, session), "hostile_pump", social=True))
    return told


def _weight(rng: Random) -> tuple[Strength, int]:
    strength = _STRENGTHS[rng.randrange(len(_STRENGTHS))]
    least, most = _IMPACTS[strength]
    return strength, least + rng.randrange(most - least + 1)


def _moment(rng: Random, session: Session) -> datetime:
    return session.opens_at + timedelta(minutes=rng.randrange(-120, 345))


def _way(sign: int) -> str:
    return "up" if sign > 0 else "down"
