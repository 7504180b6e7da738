"""What is in the news, in closed words only: no character of a text from outside gets through here.

``news.1@AAPL`` says, for example, ``earnings, good, high, fresh``: topic, sign and strength of the strongest event of a
reading, and its age. Suspicious readings are left out; ``text.suspicious`` counts them.
"""

from __future__ import annotations

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
    earnings, action = _next(env, symbol, EventKind.EARNINGS), _next(env, symbol, EventKind.SPLIT, EventKind.DIVIDEND)
    hours = None if earnings is None else rounded((earnings.effective_at - env.as_of).total_seconds() / 3600)
    kind = None if action is None else action.kind.value
    return (
        _event("event.earnings_in", hours, "hours", earnings, env, symbol),
        _event("event.action", kind, "text", action, env, symbol),
    )


def _next(env: Environment, symbol: Symbol, *kinds: EventKind) -> MarketEvent | None:
    """The next announced event of these kinds."""
    ahead = [
        event
        for event in view_of(env.market, symbol).events
        if event.kind in kinds and event.announced_at <= env.as_of <= event.effective_at
    ]
    return min(ahead, key=lambda event: (event.effective_at, event.kind), default=None)


def _event(name: str, value: Value, unit: str, event: MarketEvent | None, env: Environment, symbol: Symbol) -> Evidence:
    source, at = ("missing", env.as_of) if event is None else (event.source, event.announced_at)
    return figure(name, value, unit, source=source, at=at, symbol=symbol)
