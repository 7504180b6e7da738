"""News and posts about the simulated companies: the stories their prices follow, noise, and texts that lie in wait.

An article is published when its story happens and seen by the feed within three minutes, before any price moves on it.
Some stories are repeated word for word by a second source later on. Texts come from ``simulated/texts.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from random import Random
from string import Template
from typing import NamedTuple

from domain.clock import in_utc
from domain.context.news import NewsArticle, SocialPost
from domain.ids import derive
from domain.market import Session, Symbol
from domain.ports import Calendar
from trading.data.simulated.stories import SOURCE, agenda, texts_of, timetable
from trading.data.simulated.universe import COMPANIES, FIRST_DAY, LAST_DAY, Company, Story

WIRES = ("Harborline Wire", "Tapewatch", "Meridian Desk", "Street Ledger")
SOCIAL = "Tickertalk"
_DAY = timedelta(days=1)


class Wording(NamedTuple):
    """One variant of a text."""

    headline: str
    body: str


class NewsOfDay(NamedTuple):
    """All that is told about one company on one day."""

    articles: tuple[NewsArticle, ...]
    posts: tuple[SocialPost, ...]


class SimulatedNews:
    """The ``NewsFeed`` port over the stories of a seed."""

    def __init__(self, seed: int, calendar: Calendar) -> None:
        self._seed = seed
        self._calendar = calendar
        self._told: dict[tuple[Symbol, date], NewsOfDay] = {}
        self._reports: dict[Symbol, frozenset[date]] = {}

    @property
    def name(self) -> str:
        """``simulated``."""
        return SOURCE

    def articles(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[NewsArticle, ...]:
        """Articles first seen in (since, as_of], oldest first."""
        found = [article for told in self._days(symbols, since, as_of) for article in told.articles]
        shown = [article for article in found if since < article.first_seen_at <= as_of]
        return tuple(sorted(shown, key=lambda article: (article.first_seen_at, article.article_id)))

    def posts(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[SocialPost, ...]:
        """Posts first seen in (since, as_of], oldest first."""
        found = [post for told in self._days(symbols, since, as_of) for post in told.posts]
        shown = [post for post in found if since < post.first_seen_at <= as_of]
        return tuple(sorted(shown, key=lambda post: (post.first_seen_at, post.post_id)))

    def _days(self, symbols: Sequence[Symbol], since: datetime, as_of: datetime) -> Iterator[NewsOfDay]:
        """What is told on every session's day that can have been seen in (since, as_of]."""
        wanted = set(symbols)
        # A story may be told two hours before its session opens or long after its close, and is seen later still.
        for session in self._calendar.sessions(in_utc(since) - _DAY, in_utc(as_of) + _DAY):
            if FIRST_DAY <= session.day <= LAST_DAY:
                yield from (self._on(company, session) for company in COMPANIES if company.symbol in wanted)

    def _on(self, company: Company, session: Session) -> NewsOfDay:
        key = (company.symbol, session.day)
        if key not in self._told:
            stories = texts_of(self._seed, company, session, reports=session.day in self._report_days(company))
            self._told[key] = _tell(self._seed, company, stories)
        return self._told[key]

    def _report_days(self, company: Company) -> frozenset[date]:
        if company.symbol not in self._reports:
            self._reports[company.symbol] = agenda(company, timetable(self._calendar)).report_days
        return self._reports[company.symbol]


def _tell(seed: int, company: Company, stories: Sequence[Story]) -> NewsOfDay:
    articles: list[NewsArticle] = []
    posts: list[SocialPost] = []
    for story in stories:
        # Seeded by the story: what was asked before, or for which other symbols, must not change a word. A text as the
        # seed is hashed by Python itself, with SHA-512, the same in every process.
        rng = Random(f"{seed}/words/{story.symbol}/{story.at.isoformat()}/{story.text}")
        wording = _wording(company, story, rng)
        if story.social:
            posts.append(_post(story, wording, rng))
        else:
            articles += _articles(story, wording, rng)
    return NewsOfDay(tuple(articles), tuple(posts))


def _wording(company: Company, story: Story, rng: Random) -> Wording:
    # Recorded answers are keyed by these texts: one draw more, or in another order, changes what follows in every
    # story.
    variants = texts()[story.text]
    chosen = variants[rng.randrange(len(variants))]
    slots = {
        "name": company.name, "symbol": company.symbol, "product": company.product, "sector": company.sector,
        "pct": str(3 + rng.randrange(12)), "count": str(10 * (2 + rng.randrange(18))),
    }  # fmt: skip
    return Wording(Template(chosen.headline).substitute(slots), Template(chosen.body).substitute(slots))


def _articles(story: Story, wording: Wording, rng: Random) -> Iterator[NewsArticle]:
    """The article, and its word-for-word copies by other sources six to forty minutes later."""
    first = rng.randrange(len(WIRES))
    published = story.at
    for number in range(1 + story.copies):
        name = derive("art", story.symbol, story.at, story.text, number)
        seen = published + timedelta(seconds=20 + rng.randrange(160))
        source = WIRES[(first + number) % len(WIRES)]
        yield NewsArticle(name, (story.symbol,), wording.headline, wording.body, published, seen, source)
        published += timedelta(minutes=6 + rng.randrange(35))


def _post(story: Story, wording: Wording, rng: Random) -> SocialPost:
    name = derive("post", story.symbol, story.at, story.text)
    seen = story.at + timedelta(seconds=5 + rng.randrange(40))
    author, engagement = f"user{rng.randrange(10_000):04d}", (1 + rng.randrange(40)) * (1 + rng.randrange(60))
    return SocialPost(name, story.symbol, wording.headline, author, engagement, story.at, seen, SOCIAL)


@lru_cache(maxsize=1)
def texts() -> Mapping[str, tuple[Wording, ...]]:
    """All wordings by the name a story gives."""
    raw = tomllib.loads(files("trading.data.simulated").joinpath("texts.toml").read_text(encoding="utf-8"))
    return {
        name: tuple(Wording(each["headline"], each.get("body", "")) for each in variants)
        for name, variants in raw.items()
    }
