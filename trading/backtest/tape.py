"""What the sources hold for a period, and the digest of everything a run over it could be told.

The digest covers, symbol by symbol: the instrument, bars of every length up to the end of the period with the history
before it, and the quote, status and events at each moment at which a cycle looks; and all texts of the time. What comes
after the period is no part of it. Two folders with the same content have the same digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.market import Bar, Session, Symbol, Timeframe
from domain.ports import Market, NewsFeed
from domain.record.canonical import digest, plain

HISTORY = 301
"""Bars before the first session: as many as a cycle asks for, and the one that a return begins with."""
EVENTS_AHEAD = timedelta(days=7)
NEWS_BEFORE = timedelta(hours=72)
# Of a session of 390 minutes; the seventh hour is a half one.
_BARS_A_SESSION = {Timeframe.MIN_1: 390, Timeframe.MIN_5: 78, Timeframe.MIN_15: 26, Timeframe.HOUR_1: 7}


@dataclass(frozen=True, slots=True)
class Tape:
    """The sessions of a period, the moment of the cycle in each, and the bars of every symbol inside them."""

    sessions: tuple[Session, ...]
    looks: tuple[datetime, ...]
    bars: Mapping[Symbol, tuple[Bar, ...]]


def tape_of(
    market: Market, symbols: Sequence[Symbol], timeframe: Timeframe, sessions: Sequence[Session], after_open: timedelta
) -> Tape:
    """The period as far as there are bars of it: sessions before the first one and after the last one are left out."""
    bars = {symbol: within(market, symbol, timeframe, sessions) for symbol in symbols}
    starts = [each[0].start for each in bars.values() if each]
    ends = [each[-1].end for each in bars.values() if each]
    kept = tuple(each for each in sessions if starts and each.closes_at > min(starts) and each.opens_at < max(ends))
    return Tape(kept, tuple(each.opens_at + after_open for each in kept), bars)


def within(market: Market, symbol: Symbol, timeframe: Timeframe, sessions: Sequence[Session]) -> tuple[Bar, ...]:
    """Bars of a symbol that lie in these sessions."""
    if not sessions:
        return ()
    most = _BARS_A_SESSION.get(timeframe, 1) * len(sessions)
    found = market.bars(symbol, timeframe, as_of=sessions[-1].closes_at, limit=most)
    return tuple(bar for bar in found if bar.start >= sessions[0].opens_at)


def data_digest(market: Market, news: NewsFeed | None, symbols: Sequence[Symbol], tape: Tape) -> str:
    """The digest of what can be known during the period."""
    asked = sorted({*symbols, *(() if market.index is None else (market.index,))})
    told = {symbol: digest(list(_told(market, symbol, tape))) for symbol in asked}
    return digest({"symbols": told, "news": _texts(news, symbols, tape)})


def _told(market: Market, symbol: Symbol, tape: Tape) -> Iterator[Any]:
    yield plain(market.instrument(symbol))
    end, count = tape.sessions[-1].closes_at, len(tape.sessions)
    for timeframe in Timeframe:
        most = HISTORY + _BARS_A_SESSION.get(timeframe, 1) * count
        yield plain(market.bars(symbol, timeframe, as_of=end, limit=most))
    for look in tape.looks:
        yield plain(
            (
                market.quote(symbol, as_of=look),
                market.status(symbol, as_of=look),
                market.events(symbol, as_of=look, until=look + EVENTS_AHEAD),
                # Of what is not listed completely, silence denies: the same events may mean another run.
                sorted(market.event_kinds(symbol, as_of=look)),
            )
        )


def _texts(news: NewsFeed | None, symbols: Sequence[Symbol], tape: Tape) -> Any:
    if news is None:
        return None
    since, until = tape.looks[0] - NEWS_BEFORE, tape.sessions[-1].closes_at
    return plain((news.articles(symbols, since=since, as_of=until), news.posts(symbols, since=since, as_of=until)))
