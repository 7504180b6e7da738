"""The sector of well-known US listings, for sources that name none. Funds are classes of their own, ``ETF ...``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources

from domain.market import Instrument, Symbol

CURRENCY = "USD"
"""The same letters name another company on another exchange, so only what trades in dollars is looked up."""


INDEX_FUND = Symbol("SPY")
"""The fund that stands for the whole market, for sources of US listings."""


def sector_of(symbol: Symbol) -> str | None:
    """The sector of a US listing; None for one that the list does not have."""
    return _sectors().get(symbol)


def with_sector(instrument: Instrument) -> Instrument:
    """The instrument with the list's sector where its source named none."""
    if instrument.sector is not None or instrument.currency != CURRENCY:
        return instrument
    return replace(instrument, sector=sector_of(instrument.symbol))


@cache
def _sectors() -> Mapping[str, str]:
    text = resources.files("trading.data").joinpath("sectors.toml").read_text(encoding="utf-8")
    return {symbol: sector for sector, symbols in tomllib.loads(text).items() for symbol in symbols}
