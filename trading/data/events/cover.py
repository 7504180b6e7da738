"""How far a market and the sources beside it know what is scheduled: by subject, for whom, by whom, until when.

    earnings dates: all 2 symbols by events.toml; entries until 2026-05-15 00:00 UTC

What a market tells itself has no end. What a source beside it claims ends, and a file that nobody renews is silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.market import MarketInput, Symbol
from domain.ports import Market
from trading.data.events.merged import SILENT, MarketWithEvents, stated_of
from trading.data.events.source import MACRO_PARTS, Claim, EventSource, Subject, known_until, macro_until

Until = Callable[[tuple[Claim, ...], Symbol, datetime], datetime | None]


class Told(NamedTuple):
    """One kind of question: what gates call it, how people call it, what has to be claimed, and until when it is."""

    needed: MarketInput
    words: str
    subjects: frozenset[Subject]
    until: Until


class Cover(NamedTuple):
    """Who tells of ``words``, of which symbols and until when; without ``until`` there is no end.

    Where nothing is ``known``, those in ``by`` claim something that does not hold at the moment.
    """

    needed: MarketInput
    words: str
    known: tuple[Symbol, ...]
    unknown: tuple[Symbol, ...]
    by: tuple[str, ...]
    until: datetime | None


def _all_of(*subjects: Subject) -> Until:
    def until(claims: tuple[Claim, ...], symbol: Symbol, as_of: datetime) -> datetime | None:
        ends = [known_until(claims, subject, symbol, as_of=as_of) for subject in subjects]
        return None if None in ends else min(end for end in ends if end is not None)

    return until


def _macro(claims: tuple[Claim, ...], symbol: Symbol, as_of: datetime) -> datetime | None:
    return macro_until(claims, symbol, as_of=as_of)


_ACTIONS = (Subject.SPLIT, Subject.DIVIDEND)
QUESTIONS: tuple[Told, ...] = (
    Told("earnings", "earnings dates", frozenset({Subject.EARNINGS}), _all_of(Subject.EARNINGS)),
    Told("macro", "macro events", frozenset({Subject.MACRO}) | MACRO_PARTS, _macro),
    Told("corporate_actions", "splits and dividends", frozenset(_ACTIONS), _all_of(*_ACTIONS)),
    Told("status", "trading halts", frozenset({Subject.HALTS}), _all_of(Subject.HALTS)),
)


def covers(market: Market, symbols: Sequence[Symbol], *, as_of: datetime) -> tuple[Cover, ...]:
    """One row a question. A source that fails to answer claims nothing at the moment; its ``trouble`` tells why."""
    prices = market.prices if isinstance(market, MarketWithEvents) else market
    sources = market.sources if isinstance(market, MarketWithEvents) else ()
    claims = tuple((source.name, _claims_of(source, as_of)) for source in sources)
    every = tuple(claim for _, made in claims for claim in made)
    return tuple(_cover(each, prices, claims, every, tuple(symbols), as_of) for each in QUESTIONS)


def _claims_of(source: EventSource, as_of: datetime) -> tuple[Claim, ...]:
    try:
        return source.claims(as_of=as_of)
    except SILENT:
        return ()


def _cover(
    told: Told,
    prices: Market,
    claims: tuple[tuple[str, tuple[Claim, ...]], ...],
    every: tuple[Claim, ...],
    symbols: tuple[Symbol, ...],
    as_of: datetime,
) -> Cover:
    if told.needed in prices.supplies:
        return Cover(told.needed, told.words, symbols, (), (prices.name,), None)
    ends = {symbol: told.until(every, symbol, as_of) for symbol in symbols}
    known = tuple(symbol for symbol, end in ends.items() if end is not None)
    by = tuple(name for name, made in claims if any(claim.subjects & told.subjects for claim in made))
    unknown = tuple(symbol for symbol in symbols if symbol not in known)
    return Cover(told.needed, told.words, known, unknown, by, min((e for e in ends.values() if e), default=None))


def supplied(market: Market, symbols: Sequence[Symbol], *, as_of: datetime) -> frozenset[MarketInput]:
    """What the market and the sources beside it supply at ``as_of`` of at least one of the symbols."""
    if not isinstance(market, MarketWithEvents):
        return market.supplies
    silent = {each.needed for each in covers(market, symbols, as_of=as_of) if not each.known}
    return market.prices.supplies | (market.supplies - silent) | _stated(market, symbols)


def _stated(market: MarketWithEvents, symbols: Sequence[Symbol]) -> frozenset[MarketInput]:
    """Facts that are stated of every symbol."""
    facts = [stated_of(market, symbol) for symbol in symbols]
    stated: dict[MarketInput, bool] = {
        "listing": all(each.listed_on is not None for each in facts),
        "market_cap": all(each.market_cap is not None for each in facts),
        "leverage": all(each.leverage is not None for each in facts),
    }
    return frozenset(name for name, told in stated.items() if told and facts)
