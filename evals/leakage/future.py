"""Sources that do what none may do: they tell what came after ``as_of``. One channel at a time over the true ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from domain.context.news import NewsArticle, SocialPost
from domain.market import Bar, EventKind, MarketEvent, Quote, Symbol, Timeframe
from domain.orders import Side
from domain.ports import Market, NewsFeed
from domain.record.entries import ClosedTrade
from domain.signals import Regime
from graphs.deps import CycleDeps
from memory.situation import Situation

# So far from every price that a figure in which it has a part cannot stay the same.
SENTINEL = Decimal("987654.32")
LATER = timedelta(hours=3)


class LaterNews:
    """A feed that also tells one article and one post that nobody has seen yet."""

    def __init__(self, feed: NewsFeed | None, article: NewsArticle | None, post: SocialPost | None) -> None:
        self._feed, self._article, self._post = feed, article, post
        self.name = "later"

    def articles(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[NewsArticle, ...]:
        """What the feed tells, and what will be told."""
        told = () if self._feed is None else self._feed.articles(symbols, since=since, as_of=as_of)
        return told if self._article is None else (*told, self._article)

    def posts(self, symbols: Sequence[Symbol], *, since: datetime, as_of: datetime) -> tuple[SocialPost, ...]:
        """What the feed tells, and what will be told."""
        told = () if self._feed is None else self._feed.posts(symbols, since=since, as_of=as_of)
        return told if self._post is None else (*told, self._post)


class LaterMarket:
    """A market that tells later bars, a later quote, or an event before it was announced."""

    def __init__(self, market: Market, tells: str, at: datetime) -> None:
        self._market, self._tells, self._at = market, tells, at

    # Everything else is the market's own, whatever its port will hold.
    def __getattr__(self, name: str) -> Any:
        return getattr(self._market, name)

    def bars(self, symbol: Symbol, timeframe: Timeframe, *, as_of: datetime, limit: int) -> tuple[Bar, ...]:
        """The bars, and the next one with a price that nobody could know."""
        told = self._market.bars(symbol, timeframe, as_of=as_of, limit=limit)
        if self._tells != "bars" or not told:
            return told
        start = max(self._at, told[-1].end)
        made = replace(told[-1], start=start, end=start + timedelta(hours=1), close=SENTINEL, high=SENTINEL)
        return (*told[1:], made)

    def quote(self, symbol: Symbol, *, as_of: datetime) -> Quote | None:
        """The quote, or a later one."""
        told = self._market.quote(symbol, as_of=as_of)
        if self._tells != "quote" or told is None:
            return told
        return replace(told, bid=SENTINEL, ask=SENTINEL, last=SENTINEL, at=self._at + LATER)

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        """The events, and one that is not announced yet."""
        told = self._market.events(symbol, as_of=as_of, until=until)
        if self._tells != "event":
            return told
        made = MarketEvent(symbol, EventKind.EARNINGS, self._at + LATER, self._at + 12 * LATER, None, "later")
        return (*told, made)


def planted(channel: str, deps: CycleDeps, symbols: Sequence[Symbol], as_of: datetime) -> CycleDeps:
    """The wiring with one channel that tells the future."""
    return _PLANTED[channel](deps, symbols[0], as_of)


def _article(deps: CycleDeps, symbol: Symbol, as_of: datetime) -> CycleDeps:
    at = as_of + LATER
    made = NewsArticle("art-later", (symbol,), f"{symbol} surges, profit beats", "Quillomar", at, at, "later")
    return replace(deps, news=LaterNews(deps.news, made, None))


def _post(deps: CycleDeps, symbol: Symbol, as_of: datetime) -> CycleDeps:
    at = as_of + LATER
    made = SocialPost("post-later", symbol, f"{symbol} surged today. Quillomar", "somebody", 9, at, at, "later")
    return replace(deps, news=LaterNews(deps.news, None, made))


def _market(tells: str) -> Callable[[CycleDeps, Symbol, datetime], CycleDeps]:
    def made(deps: CycleDeps, _symbol: Symbol, as_of: datetime) -> CycleDeps:
        market: Any = LaterMarket(deps.market, tells, as_of)
        return replace(deps, market=market)

    return made


def _memory(deps: CycleDeps, symbol: Symbol, as_of: datetime) -> CycleDeps:
    closed = as_of + LATER
    trade = ClosedTrade(
        # One for each moment, which has to close after it.
        f"trd-later-{as_of:%m%d}",
        symbol,
        "momentum",
        "buy",
        "10",
        "50",
        "99",
        "490",
        as_of,
        closed,
        "dec-later",
        "target",
    )
    if deps.memory is not None:
        situation = Situation(symbol, "momentum", Side.BUY, Regime.TREND_UP, {})
        deps.memory.remember(trade, situation, cycle_id="cyc-later")
    return deps


_PLANTED: Mapping[str, Callable[[CycleDeps, Symbol, datetime], CycleDeps]] = MappingProxyType(
    {
        "article": _article,
        "post": _post,
        "bars": _market("bars"),
        "quote": _market("quote"),
        "event": _market("event"),
        "memory": _memory,
    }
)
CHANNELS = tuple(_PLANTED)
