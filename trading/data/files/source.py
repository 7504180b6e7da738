"""``source.toml`` in a ``files:DIR`` folder: what its owner states about the files beside it. All of it is optional.

zone = "America/New_York"     for times that carry no offset; without it such times are refused
calendar = "XNYS"             exchange whose sessions the days mean; otherwise the one Sage runs with
timeframe = "1Day"            otherwise inferred from the distances between rows
spread_bp = "5"               spread of modelled quotes in basis points

[instruments.AAPL]
name = "Apple"                otherwise the symbol
sector = "Technology"         otherwise unknown
tick = "0.01"                 the defaults of an instrument: cents, whole shares, USD, equity
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from domain.errors import ConfigurationError, DataQualityError
from domain.market import AssetClass, Instrument, Symbol, Timeframe, parse_symbol


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

    def instrument(self, symbol: Symbol) -> Instrument:
        """The instrument these notes describe."""
        return Instrument(
            symbol, self.name or symbol, self.asset_class, self.currency, self.tick, self.lot, self.sector,
            self.tradable, self.fractionable, self.shortable,
        )  # fmt: skip


class SourceNotes(BaseModel):
    """All that is stated about a folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: str | None = None
    calendar: str | None = None
    timeframe: Timeframe | None = None
    spread_bp: Decimal = Field(Decimal(5), ge=0, le=1000)
    instruments: dict[str, InstrumentNotes] = {}

    @field_validator("instruments")
    @classmethod
    def _symbols(cls, instruments: dict[str, InstrumentNotes]) -> dict[str, InstrumentNotes]:
        try:
            return {parse_symbol(name): notes for name, notes in instruments.items()}
        except DataQualityError as error:
            raise ValueError(error.what) from error

    def instrument(self, symbol: Symbol) -> Instrument:
        """The instrument, with defaults for what is not stated."""
        return self.instruments.get(symbol, InstrumentNotes()).instrument(symbol)


def read_notes(directory: Path) -> SourceNotes:
    """The notes of a folder; none where there is no source.toml. A wrong one is a ConfigurationError."""
    if not directory.is_dir():
        raise ConfigurationError(f"there is no folder {directory}", "Name a folder that holds bars/ or news/.")
    path = directory / "source.toml"
    if not path.exists():
        return SourceNotes()
    try:
        return SourceNotes.model_validate(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {name}: {first['msg']}", "Correct it, or leave it out.") from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", "It has to be a TOML file in UTF-8.") from error


def files_in(directory: Path, folder: str, endings: tuple[str, ...]) -> tuple[Path, ...]:
    """The files of a folder in order of their names; none at all is a ConfigurationError."""
    found = tuple(sorted(path for path in (directory / folder).glob("*") if path.suffix in endings and path.is_file()))
    if not found:
        kinds = " or ".join(f"*{ending}" for ending in endings)
        raise ConfigurationError(f"{directory} holds no {folder}/{kinds}", "Put files there, or name another folder.")
    return found
