"""What is in the news, in closed words only: no character of a text from outside gets through here.

``news.1@AAPL`` says, for example, ``earnings, good, high, fresh``: topic, sign and strength of the strongest event of a
reading, and its age. Suspicious readings are left out; ``text.suspicious`` counts them.

An event that a source would have told of and did not is ``none announced``; one that no source tells of is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from domain.evidence import Evidence, Value
from domain.market import EventKind, MarketEvent, Symbol
from domain.money import rounded
from domain.news import NewsEvent, NewsReading
from tools.environment import Environment
from tools.tool import SymbolArgument, figure, tool
from trading.portfolio.exposure import view_of
from trading.signals.text import STRENGTH, age_of, known_readings

SHOWN = 5
NONE_ANNOUNCED = "none announced"
EARNINGS, ACTIONS = frozenset({EventKind.EARNINGS}), frozenset({EventKind.SPLIT, EventKind.DIVIDEND})
_SIGNS = {-1: "bad", 0: "neutral", 1: "good"}
_AGES = ((timedelta(hours=6), "fresh"), (timedelta(hours=24), "today"))


@tool
def news(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """Up to five newest trusted readings in closed words, hours to the next earnings report, corporate actions."""
    known = known_readings(env.readings.get(symbol, ()), as_of=env.as_of)
    told = [(reading, event) for reading in known if (event := _strongest(reading, symbol)) is not None][:SHOWN]
    items = tuple(
        figure(
            f"news.{place}",
            f"{event.topic.value}, {_SIGNS[event.sign]}, {event.strength.value}, {_age(reading, env.as_of)}",
            "text",
            source="post" if reading.social else "article",
            at=reading.available_at,
            symbol=symbol,
            observed_at=min(reading.published_at, reading.available_at),
        )
        for place, (reading, event) in enumerate(told, start=1)
    )
    return (*items, *_scheduled(env, symbol))


def _strongest(reading: NewsReading, symbol: Symbol) -> NewsEvent | None:
    if reading.suspicious:
        return None
    events = [event for event in reading.events if event.symbol == symbol]
    return max(events, key=lambda event: (STRENGTH[event.strength], abs(event.sign)), default=None)


def _age(reading: NewsReading, as_of: datetime) -> str:
    age = age_of(reading, as_of)
    return next((word for limit, word in _AGES if age <= limit), "older")


def _scheduled(env: Environment, symbol: Symbol) -> tuple[Evidence, ...]:
    view = view_of(env.market, symbol)

    def told(name: str, unit: str, kinds: frozenset[EventKind], tell: Callable[[MarketEvent], Value]) -> Evidence:
        event = _next(view.events, kinds, env.as_of)
        if event is not None:
            return figure(name, tell(event), unit, source=event.source, at=event.announced_at, symbol=symbol)
        if kinds <= view.event_kinds:
            return figure(name, NONE_ANNOUNCED, unit, source="calendar", at=env.as_of, symbol=symbol)
        return figure(name, None, unit, source="missing", at=env.as_of, symbol=symbol)

    return (
        told("event.earnings_in", "hours", EARNINGS, lambda event: _hours_to(event, env.as_of)),
        told("event.action", "text", ACTIONS, lambda event: event.kind.value),
    )


def _hours_to(event: MarketEvent, as_of: datetime) -> Value:
    return rounded((event.effective_at - as_of).total_seconds() / 3600)


def _next(events: Iterable[MarketEvent], kinds: frozenset[EventKind], as_of: datetime) -> MarketEvent | None:
    """The next announced event of these kinds."""
    ahead = [event for event in events if event.kind in kinds and event.announced_at <= as_of <= event.effective_at]
    return min(ahead, key=lambda event: (event.effective_at, event.kind), default=None)
