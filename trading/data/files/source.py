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

[[events]], [[halts]] and [[covers]], which claims less than event_kinds, are told in ``events.py``: the files that
SAGE_EVENTS names have them too, and of all the rest only ``zone`` and facts about instruments.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from domain.errors import ConfigurationError, DataQualityError
from domain.market import AssetClass, EventKind, Instrument, MarketEvent, Symbol, Timeframe
from trading.data.events.source import Claim
from trading.data.files.events import NEW_YORK, CoverNotes, EventNotes, HaltNotes, line_of, parsed, undated
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


class SourceNotes(BaseModel):
    """All that is stated about a folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: str | None = None
    calendar: str | None = None
    timeframe: Timeframe | None = None
    spread_bp: Decimal = Field(Decimal(5), ge=0, le=1000)
    instruments: dict[str, InstrumentNotes] = {}
    event_kinds: frozenset[EventKind] = frozenset()
    stated_at: AwareDatetime | None = None
    covers: tuple[CoverNotes, ...] = ()
    events: tuple[EventNotes, ...] = ()
    halts: tuple[HaltNotes, ...] = ()

    @field_validator("instruments")
    @classmethod
    def _symbols(cls, instruments: dict[str, InstrumentNotes]) -> dict[str, InstrumentNotes]:
        return {parsed(name): notes for name, notes in instruments.items()}

    def instrument(self, symbol: Symbol) -> Instrument:
        """The instrument, with defaults for what is not stated."""
        return with_sector(self.instruments.get(symbol, InstrumentNotes()).instrument(symbol))

    def listed(self, source: str) -> tuple[MarketEvent, ...]:
        """Every listed event that is a reason to wait, in order of its time."""
        # A zone that only rows of bars need is looked at there, row by row.
        zone = _zone(self.zone) if any(notes.day is not None for notes in self.events) else ZoneInfo(NEW_YORK)
        found = (
            event for notes in self.events for event in notes.events(source, self._since(notes.announced_at), zone)
        )
        return tuple(sorted(found, key=lambda event: (event.effective_at, event.kind)))

    def claims(self) -> tuple[Claim, ...]:
        """How far these notes claim to know."""
        return tuple(notes.claim(self._since(notes.stated_at)) for notes in self.covers)

    def halt(self, symbol: Symbol, as_of: datetime) -> str | None:
        """Why trading is halted; None where no halt is listed."""
        return next((each.reason for each in self.halts if each.holds(symbol, as_of)), None)

    def _since(self, own: datetime | None) -> datetime:
        # ``read_notes`` refuses notes that know neither; by then a late date would only hide them.
        known = own or self.stated_at
        if known is None:
            raise DataQualityError("an event says not when it was announced", "Write announced_at or stated_at.")
        return known


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or NEW_YORK)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(f"{name!r} is not a zone", "Write one like America/New_York.") from error


def read_notes(directory: Path) -> SourceNotes:
    """The notes of a folder; none where there is no source.toml. A wrong one is a ConfigurationError."""
    if not directory.is_dir():
        raise ConfigurationError(f"there is no folder {directory}", "Name a folder that holds bars/ or news/.")
    path = directory / "source.toml"
    return read_file(path) if path.exists() else SourceNotes()


def read_file(path: Path) -> SourceNotes:
    """The notes of one file; ConfigurationError, with the line where it can be told, for a wrong one."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        # ``parse_float``: a tick of 0.01 is money, and must not pass through a float on its way.
        notes = SourceNotes.model_validate(tomllib.loads(text, parse_float=Decimal))
    # Before ValueError, of which pydantic's ValidationError is a kind.
    except ValidationError as error:
        first = error.errors()[0]
        # What is wrong, without the words that pydantic puts before a complaint of ours.
        told = first["msg"].removeprefix("Value error, ").replace("Input should be", "it should be", 1)
        raise refused(path, text, first["loc"], told) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", "It has to be a TOML file in UTF-8.") from error
    fault = undated(notes.events, notes.covers) if notes.stated_at is None else None
    if fault is not None:
        raise refused(path, text, *fault)
    return notes


def refused(path: Path, text: str, place: Sequence[str | int], told: str) -> ConfigurationError:
    """The complaint about one place of a file, with its line."""
    line = line_of(text, place)
    where = f"{path} line {line}" if line is not None else str(path)
    return ConfigurationError(f"{where}: {'.'.join(map(str, place))}: {told}", "Correct it, or leave it out.")


def files_in(directory: Path, folder: str, endings: tuple[str, ...]) -> tuple[Path, ...]:
    """The files of a folder in order of their names; none at all is a ConfigurationError."""
    # Sorted: the order of a folder is the file system's, and of equal ids the first one read stays.
    found = tuple(sorted(path for path in (directory / folder).glob("*") if path.suffix in endings and path.is_file()))
    if not found:
        kinds = " or ".join(f"*{ending}" for ending in endings)
        raise ConfigurationError(f"{directory} holds no {folder}/{kinds}", "Put files there, or name another folder.")
    return found
