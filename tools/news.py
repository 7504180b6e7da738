"""What is in the news, in closed words only: no character of a text from outside gets through here.

``news.1@AAPL`` says, for example, ``earnings, good, high, fresh``: topic, sign and strength of the strongest event of a
reading, and its age. Suspicious readings are left out; ``text.suspicious`` counts them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.context.news import NewsEvent, NewsReading
from domain.evidence import Evidence
from domain.market import Symbol
from tools.environment import Environment
from tools.tool import SymbolArgument, figure, tool
from trading.signals.text import STRENGTH, age_of, known_readings

SHOWN = 5
_SIGNS = {-1: "bad", 0: "neutral", 1: "good"}
_AGES = ((timedelta(hours=6), "fresh"), (timedelta(hours=24), "today"))


@tool
def news(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """Up to five newest trusted readings in closed words."""
    known = known_readings(env.readings.get(symbol, ()), as_of=env.as_of)
    told = [(reading, event) for reading in known if (event := _strongest(reading, symbol)) is not None][:SHOWN]
    return tuple(
        figure(
            f"news.{place}",
            f"{event.topic.value}, {_SIGNS[event.sign]}, {event.strength.value}, {_age(reading, env.as_of)}",
            "text",
            source="post" if reading.social else "article",
            at=reading.available_at,
            symbol=symbol,
            # A source may date a text after we saw it, and nothing is observed later than it is known.
            observed_at=min(reading.published_at, reading.available_at),
        )
        for place, (reading, event) in enumerate(told, start=1)
    )


def _strongest(reading: NewsReading, symbol: Symbol) -> NewsEvent | None:
    if reading.suspicious:
        return None
    events = [event for event in reading.events if event.symbol == symbol]
    return max(events, key=lambda event: (STRENGTH[event.strength], abs(event.sign)), default=None)


def _age(reading: NewsReading, as_of: datetime) -> str:
    age = age_of(reading, as_of)
    return next((word for limit, word in _AGES if age <= limit), "older")
