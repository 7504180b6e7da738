"""What a market says: instruments, bars, quotes, sessions and events. Prices and volumes are Decimals, times UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NewType

from domain.errors import DataQualityError

Symbol = NewType("Symbol", str)
MarketInput = Literal[
    "quote", "instrument", "sector", "status", "bars", "adv", "earnings", "macro", "corporate_actions", "returns",
    "index", "second_price", "borrow", "listing", "market_cap", "leverage",
]  # fmt: skip
"""What gates need from a market source. A source names those it can supply; nobody may take silence for an answer."""

_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{0,9}([./-][A-Z0-9]{1,5})?", re.ASCII)
_LONGEST_SYMBOL = 15


def parse_symbol(text: object) -> Symbol:
    """A ticker after the one documented normalisation: upper case, nothing else.

    Homoglyphs, full-width letters, zero-width and control characters, blanks and anything longer than 15 are refused,
    so that a name that only looks like a listed one never matches it.
    """
    # ASCII before upper case: the long s and the dotless i become plain S and I by it.
    name = text.upper() if isinstance(text, str) and text.isascii() else ""
    if not _SYMBOL.fullmatch(name) or len(name) > _LONGEST_SYMBOL:
        raise DataQualityError(f"{text!r} is not a symbol", "Write a ticker like AAPL or BRK.B.")
    return Symbol(name)


class Timeframe(StrEnum):
    """Length of a bar."""

    MIN_1 = "1Min"
    MIN_5 = "5Min"
    MIN_15 = "15Min"
    HOUR_1 = "1Hour"
    DAY_1 = "1Day"

    @property
    def length(self) -> timedelta:
        """How long a whole bar is; one that its session cuts short, as the bar of a day, spans less."""
        return _LENGTHS[self]


_LENGTHS = {
    Timeframe.MIN_1: timedelta(minutes=1),
    Timeframe.MIN_5: timedelta(minutes=5),
    Timeframe.MIN_15: timedelta(minutes=15),
    Timeframe.HOUR_1: timedelta(hours=1),
    Timeframe.DAY_1: timedelta(days=1),
}


class AssetClass(StrEnum):
    """What kind of thing is traded."""

    EQUITY = "equity"
    ETF = "etf"
    CRYPTO = "crypto"


@dataclass(frozen=True, slots=True)
class Instrument:
    """What may be traded and in which steps: ``tick`` for prices, ``lot`` for quantities."""

    symbol: Symbol
    name: str
    asset_class: AssetClass = AssetClass.EQUITY
    currency: str = "USD"
    tick: Decimal = Decimal("0.01")
    lot: Decimal = Decimal(1)
    sector: str | None = None
    tradable: bool = True
    fractionable: bool = False
    shortable: bool = False
    listed_on: date | None = None
    market_cap: Decimal | None = None
    leverage: Decimal | None = None
    """Of a fund, against what it follows: 1 is plain, 2 or -1 are not. None is unknown."""
    margin_rate: Decimal | None = None
    """Share of the value that the broker wants as maintenance margin. None is unknown."""
    easy_to_borrow: bool | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One completed bar over ``[start, end)``; nobody may know it before ``end``."""

    symbol: Symbol
    timeframe: Timeframe
    start: datetime
    end: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The best bid and ask at ``at``. ``modelled`` marks a quote derived from a bar, where the source has none."""

    symbol: Symbol
    bid: Decimal
    ask: Decimal
    last: Decimal
    at: datetime
    source: str
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    modelled: bool = False

    @property
    def mid(self) -> Decimal:
        """Middle of bid and ask."""
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True)
class TradingStatus:
    """Whether a symbol trades at ``at``: a halt names its reason. ``short_restricted`` None is unknown."""

    symbol: Symbol
    at: datetime
    halted: bool
    reason: str = ""
    short_restricted: bool | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One regular session of an exchange day; an early close simply ends sooner."""

    day: date
    opens_at: datetime
    closes_at: datetime

    def contains(self, at: datetime) -> bool:
        """True from the opening up to, but not at, the close."""
        return self.opens_at <= at < self.closes_at


class EventKind(StrEnum):
    """Dated facts around a symbol or the whole market."""

    EARNINGS = "earnings"
    SPLIT = "split"
    DIVIDEND = "dividend"
    SYMBOL_CHANGE = "symbol_change"
    MERGER = "merger"
    MACRO = "macro"


@dataclass(frozen=True, slots=True)
class MarketEvent:
    """A scheduled event or corporate action, known since ``announced_at`` and taking effect at ``effective_at``.

    ``figure`` is the split ratio (new shares an old one) or the dividend in currency a share.
    """

    symbol: Symbol | None
    kind: EventKind
    announced_at: datetime
    effective_at: datetime
    figure: Decimal | None = None
    source: str = ""
