"""The textual view of one symbol, from the closed read-outs alone: no word of a text comes this far.

    weight of an event = strength x 0.5 ** (age / half-life)        strength: low 0.25, medium 0.5, high 1
    score              = sum(weight x sign) / (1 + sum(weight))     half-life: 24 h for articles, 6 h for posts

The 1 below the line is doubt: one fresh strong article reaches 0.5, three of them 0.75, and none ever 1. Neutral events
add below the line only.

Defences: suspicious texts are counted and score nothing; the same content counts once, however often it is posted;
posts count 0.3 each and together at most 0.5, half of one strong article; a text dated into the future is as old as its
arrival.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from domain.context.news import NewsReading, Strength, Topic
from domain.market import Symbol
from domain.money import ONE, ZERO
from domain.signals import TextSignals

LOOK_BACK = timedelta(hours=72)
ARTICLE_HALF_LIFE = timedelta(hours=24)
POST_HALF_LIFE = timedelta(hours=6)
POST_SHARE = Decimal("0.3")
POSTS_WEIGH_AT_MOST = Decimal("0.5")
STRENGTH = {Strength.LOW: Decimal("0.25"), Strength.MEDIUM: Decimal("0.5"), Strength.HIGH: ONE}
_STEP = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class _Weighed:
    topic: Topic
    weight: Decimal
    sign: int


def text_signals(symbol: Symbol, readings: Sequence[NewsReading], *, as_of: datetime) -> TextSignals:
    """Reduce the ``readings`` of the texts tagged with ``symbol`` to counts and a score, as known at ``as_of``."""
    known = known_readings(readings, as_of=as_of)
    trusted = [reading for reading in known if not reading.suspicious]
    articles = [reading for reading in trusted if not reading.social]
    posts = [reading for reading in trusted if reading.social]
    events = _weigh(symbol, articles, as_of) + _capped(_weigh(symbol, posts, as_of))
    return TextSignals(
        symbol=symbol,
        at=as_of,
        score=_score(events),
        articles=len(articles),
        posts=len(posts),
        strongest_topic=_strongest(events),
        suspicious=len(known) - len(trusted),
        newest_at=max((reading.available_at for reading in trusted), default=None),
    )


def known_readings(readings: Iterable[NewsReading], *, as_of: datetime) -> tuple[NewsReading, ...]:
    """What was known at ``as_of`` and is younger than the look-back, newest first, each content once."""
    first: dict[tuple[str, bool], NewsReading] = {}
    for reading in sorted(readings, key=lambda one: (one.available_at, one.content_digest, one.item_id)):
        if reading.available_at <= as_of and age_of(reading, as_of) <= LOOK_BACK:
            # The earliest stays: to post a text again must not make it young.
            first.setdefault((reading.content_digest, reading.suspicious), reading)
    return tuple(sorted(first.values(), key=lambda one: (age_of(one, as_of), one.content_digest)))


def age_of(reading: NewsReading, as_of: datetime) -> timedelta:
    """How old the text is: since it was published, or since it arrived where it claims a later date."""
    return as_of - min(reading.published_at, reading.available_at)


def _weigh(symbol: Symbol, readings: Sequence[NewsReading], as_of: datetime) -> list[_Weighed]:
    return [
        _Weighed(event.topic, STRENGTH[event.strength] * _freshness(reading, as_of), event.sign)
        for reading in readings
        for event in reading.events
        if event.symbol == symbol
    ]


def _freshness(reading: NewsReading, as_of: datetime) -> Decimal:
    half_life, share = (POST_HALF_LIFE, POST_SHARE) if reading.social else (ARTICLE_HALF_LIFE, ONE)
    hours = Decimal(int(age_of(reading, as_of).total_seconds())) / Decimal(int(half_life.total_seconds()))
    return share * Decimal("0.5") ** hours


def _capped(posts: list[_Weighed]) -> list[_Weighed]:
    """Posts scaled down where together they weigh more than they may."""
    total = sum((post.weight for post in posts), ZERO)
    if total <= POSTS_WEIGH_AT_MOST:
        return posts
    return [_Weighed(post.topic, post.weight * POSTS_WEIGH_AT_MOST / total, post.sign) for post in posts]


def _score(events: Sequence[_Weighed]) -> Decimal:
    signed = sum((event.weight * event.sign for event in events), ZERO)
    return (signed / (1 + sum((event.weight for event in events), ZERO))).quantize(_STEP)


def _strongest(events: Sequence[_Weighed]) -> str | None:
    weights: dict[Topic, Decimal] = defaultdict(Decimal)
    for event in events:
        weights[event.topic] += event.weight
    return min(weights, key=lambda topic: (-weights[topic], topic.value)).value if weights else None
