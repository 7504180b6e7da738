"""``source.toml`` in a ``files:DIR`` folder: what its owner states about the files beside it. All of it is optional.

zone = "America/New_York"     for times that carry no offset; without it such times are refused
calendar = "XNYS"             exchange whose sessions the days mean; otherwise the one Sage runs with
timeframe = "1Day"            otherwise inferred from the distances between rows
spread_bp = "5"               spread of modelled quotes in basis points

[instruments.AAPL]
name = "Apple"                otherwise the symbol
sector = "Technology"         otherwise that of the shipped list of US listings, else unknown
tick = "0.01"                 the defaults of an instrument: cents, whole shares, USD, equity
listed_on = 1980-12-12        unknown unless stated, like market_cap, leverage (of a fund), margin_rate (0.25 is 25 %)
                              and easy_to_borrow

event_kinds = ["earnings"]    kinds of which ALL events of all symbols are listed: without it silence means unknown

[[events]]
symbol = "AAPL"               left out for an event of the whole market
kind = "earnings"             earnings, split, dividend or macro
announced_at = 2025-04-03T20:30:00Z
effective_at = 2025-05-01T20:30:00Z
figure = "4"                  new shares an old one, or the dividend a share; only where there is one
"""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from domain.clock import in_utc
from domain.errors import ConfigurationError, DataQualityError
from domain.market import AssetClass, EventKind, Instrument, MarketEvent, Symbol, Timeframe, parse_symbol
from trading.data.sectors import with_sector


class InstrumentNotes(BaseModel):
    """What is stated about one symbol."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    asset_class: AssetClass = AssetClass.EQUITY
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$")
    tick: Decimal = Field(Decimal("0.01"), gt=0)
    lot: Decimal = Field(Decimal(1), gt=0)
    sector: str | None = None
    tradable: bool = True
    fractionable: bool = False
    shortable: bool = False
    listed_on: date | None = None
    market_cap: Decimal | None = Field(None, gt=0)
    leverage: Decimal | None = None
    margin_rate: Decimal | None = Field(None, gt=0, le=1)
    easy_to_borrow: bool | None = None

    def instrument(self, symbol: Symbol) -> Instrument:
        """The instrument these notes describe."""
        return Instrument(
            symbol, self.name or symbol, self.asset_class, self.currency, self.tick, self.lot, self.sector,
            self.tradable, self.fractionable, self.shortable, self.listed_on, self.market_cap, self.leverage,
            self.margin_rate, self.easy_to_borrow,
        )  # fmt: skip


class EventNotes(BaseModel):
    """One event as it is listed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbol: str | None = None
    kind: EventKind
    announced_at: AwareDatetime
    effective_at: AwareDatetime
    figure: Decimal | None = Field(None, gt=0)

    @field_validator("symbol")
    @classmethod
    def _symbol(cls, symbol: str | None) -> str | None:
        return None if symbol is None else _parsed(symbol)

    def event(self, source: str) -> MarketEvent:
        """The event these notes describe, its times in UTC."""
        symbol = None if self.symbol is None else parse_symbol(self.symbol)
        announced_at, effective_at = in_utc(self.announced_at), in_utc(self.effective_at)
        return MarketEvent(symbol, self.kind, announced_at, effective_at, self.figure, source)


class SourceNotes(BaseModel):
    """All that is stated about a folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: str | None = None
    calendar: str | None = None
    timeframe: Timeframe | None = None
    spread_bp: Decimal = Field(Decimal(5), ge=0, le=1000)
    instruments: dict[str, InstrumentNotes] = {}
    event_kinds: frozenset[EventKind] = frozenset()
    events: tuple[EventNotes, ...] = ()

    @field_validator("instruments")
    @classmethod
    def _symbols(cls, instruments: dict[str, InstrumentNotes]) -> dict[str, InstrumentNotes]:
        return {_parsed(name): notes for name, notes in instruments.items()}

    def instrument(self, symbol: Symbol) -> Instrument:
        """The instrument, with defaults for what is not stated."""
        return with_sector(self.instruments.get(symbol, InstrumentNotes()).instrument(symbol))


def _parsed(name: str) -> Symbol:
    """A symbol; what is none is told in the way that pydantic understands."""
    try:
        return parse_symbol(name)
    except DataQualityError as error:
        raise ValueError(error.what) from error


def read_notes(directory: Path) -> SourceNotes:
    """The notes of a folder; none where there is no source.toml. A wrong one is a ConfigurationError."""
    if not directory.is_dir():
        raise ConfigurationError(f"there is no folder {directory}", "Name a folder that holds bars/ or news/.")
    path = directory / "source.toml"
    if not path.exists():
        return SourceNotes()
    try:
        # ``parse_float``: a tick of 0.01 is money, and must not pass through a float on its way.
        return SourceNotes.model_validate(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    # Before ValueError, of which pydantic's ValidationError is a kind.
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        # What is wrong, without the words that pydantic puts before a complaint of ours.
        told = first["msg"].removeprefix("Value error, ").replace("Input should be", "it should be", 1)
        raise ConfigurationError(f"{path}: {name}: {told}", "Correct it, or leave it out.") from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", "It has to be a TOML file in UTF-8.") from error


def files_in(directory: Path, folder: str, endings: tuple[str, ...]) -> tuple[Path, ...]:
    """The files of a folder in order of their names; none at all is a ConfigurationError."""
    # Sorted: the order of a folder is the file system's, and of equal ids the first one read stays.
    found = tuple(sorted(path for path in (directory / folder).glob("*") if path.suffix in endings and path.is_file()))
    if not found:
        kinds = " or ".join(f"*{ending}" for ending in endings)
        raise ConfigurationError(f"{directory} holds no {folder}/{kinds}", "Put files there, or name another folder.")
    return found
