"""A market together with the sources beside it: one ``Market`` that knows what either of them knows.

Events are the union of what everybody lists. Two who name different days for the same report are both believed: entries
stop around both. A halt that anybody lists is a halt. Facts fill in what the market does not tell about an instrument,
and contradict nothing that it does. Prices are the market's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from itertools import chain

from domain.errors import DataQualityError, SourceUnavailable
from domain.market import (
    Bar,
    EventKind,
    Instrument,
    MarketEvent,
    MarketInput,
    Quote,
    Symbol,
    Timeframe,
    TradingStatus,
)
from domain.ports import Market
from trading.data.events.source import (
    NO_FACTS,
    Claim,
    EventSource,
    Facts,
    Subject,
    kinds_claimed,
    kinds_known,
    known_until,
)

SILENT = (SourceUnavailable, DataQualityError)
"""How a source says that it cannot answer."""
_INPUTS: tuple[tuple[MarketInput, frozenset[EventKind]], ...] = (
    ("earnings", frozenset({EventKind.EARNINGS})),
    ("macro", frozenset({EventKind.MACRO})),
    ("corporate_actions", frozenset({EventKind.SPLIT, EventKind.DIVIDEND})),
)


class MarketWithEvents:
    """The ``Market`` port over ``prices`` and the sources beside it."""

    def __init__(self, prices: Market, sources: Sequence[EventSource]) -> None:
        self.prices = prices
        self.sources = tuple(sources)

    @property
    def name(self) -> str:
        """The market's own: prices are what evidence is named after."""
        return self.prices.name

    @property
    def supplies(self) -> frozenset[MarketInput]:
        """What the market supplies, and what the sources tell of at all; whether they do now is told by ``cover``."""
        subjects = frozenset(subject for each in self.sources for subject in each.subjects)
        kinds = kinds_claimed([subjects])
        found: set[MarketInput] = {name for name, needed in _INPUTS if needed <= kinds}
        if Subject.HALTS in subjects:
            found.add("status")
        return self.prices.supplies | found

    @property
    def index(self) -> Symbol | None:
        """The market's own."""
        return self.prices.index

    def symbols(self) -> tuple[Symbol, ...]:
        """Those of the market."""
        return self.prices.symbols()

    def instrument(self, symbol: Symbol) -> Instrument | None:
        """The market's instrument, with stated facts where it tells none."""
        known = self.prices.instrument(symbol)
        if known is None:
            return None
        own = Facts(known.sector, known.listed_on, known.market_cap, known.leverage)
        told = _filled(own, stated_of(self, symbol))
        return replace(
            known,
            sector=told.sector,
            listed_on=told.listed_on,
            market_cap=told.market_cap,
            leverage=told.leverage,
        )

    def bars(self, symbol: Symbol, timeframe: Timeframe, *, as_of: datetime, limit: int) -> tuple[Bar, ...]:
        """The market's own."""
        return self.prices.bars(symbol, timeframe, as_of=as_of, limit=limit)

    def quote(self, symbol: Symbol, *, as_of: datetime) -> Quote | None:
        """The market's own."""
        return self.prices.quote(symbol, as_of=as_of)

    def status(self, symbol: Symbol, *, as_of: datetime) -> TradingStatus | None:
        """Halted where anybody says so; trading where the market says so, or a claim about halts lists none."""
        told = self.prices.status(symbol, as_of=as_of)
        if told is not None and told.halted:
            return told
        try:
            halts = [source.halt(symbol, as_of=as_of) for source in self.sources]
        except SILENT:
            # What the source beside would have said may be a halt. Unknown denies entries, and no exit.
            return None
        reason = next((each for each in halts if each is not None), None)
        if reason is not None:
            short_restricted = None if told is None else told.short_restricted
            return TradingStatus(symbol, as_of, halted=True, reason=reason, short_restricted=short_restricted)
        if told is None and known_until(self.claims(as_of=as_of), Subject.HALTS, symbol, as_of=as_of) is not None:
            return TradingStatus(symbol, as_of, halted=False)
        return told

    def event_kinds(self, symbol: Symbol, *, as_of: datetime) -> frozenset[EventKind]:
        """Kinds of which the market or the claims of the sources together list all."""
        return self.prices.event_kinds(symbol, as_of=as_of) | kinds_known(self.claims(as_of=as_of), symbol, as_of=as_of)

    def events(self, symbol: Symbol, *, as_of: datetime, until: datetime) -> tuple[MarketEvent, ...]:
        """What any of them lists, oldest first; of one moment told by several the one that was announced first."""
        found: dict[tuple[datetime, EventKind, Symbol | None], MarketEvent] = {}
        beside = (each.events(symbol, as_of=as_of, until=until) for each in self.sources)
        for event in chain(self.prices.events(symbol, as_of=as_of, until=until), *beside):
            place = (event.effective_at, event.kind, event.symbol)
            before = found.get(place)
            if before is None or event.announced_at < before.announced_at:
                found[place] = event
        return tuple(sorted(found.values(), key=lambda event: (event.effective_at, event.kind)))

    def claims(self, *, as_of: datetime) -> tuple[Claim, ...]:
        """What all sources claimed by then."""
        return tuple(claim for source in self.sources for claim in source.claims(as_of=as_of))


def stated_of(market: Market, symbol: Symbol) -> Facts:
    """What the sources beside a market state about an instrument, without asking the market."""
    sources = market.sources if isinstance(market, MarketWithEvents) else ()
    try:
        return reduce(_filled, (each.facts(symbol) for each in sources), NO_FACTS)
    except SILENT:
        # An instrument that nobody knows cannot be left either: what the market tells has to stay.
        return NO_FACTS


def _filled(known: Facts, more: Facts) -> Facts:
    """The first who tells of something is believed."""
    return Facts(
        sector=more.sector if known.sector is None else known.sector,
        listed_on=more.listed_on if known.listed_on is None else known.listed_on,
        market_cap=more.market_cap if known.market_cap is None else known.market_cap,
        leverage=more.leverage if known.leverage is None else known.leverage,
    )


def prices_of(market: Market) -> Market:
    """The market itself, without the sources beside it."""
    return market.prices if isinstance(market, MarketWithEvents) else market
