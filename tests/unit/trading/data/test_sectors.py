import tomllib
from collections import Counter
from dataclasses import replace
from importlib import resources

import pytest

from domain.market import Symbol, parse_symbol
from tests.builders.market import an_instrument
from trading.data.sectors import sector_of, with_sector

LIST = tomllib.loads(resources.files("trading.data").joinpath("sectors.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("symbol", "sector"),
    [
        pytest.param("AAPL", "Technology", id="share"),
        pytest.param("BRK.B", "Financials", id="share_class"),
        pytest.param("SPY", "ETF US Market", id="fund"),
        pytest.param("XLK", "ETF Technology", id="a_fund_of_shares_of_one_sector_is_not_in_it"),
        pytest.param("HEXAR", None, id="unlisted"),
    ],
)
def test_the_sector_of_a_symbol(symbol, sector):
    assert sector_of(Symbol(symbol)) == sector


def test_every_symbol_is_a_ticker_and_listed_once():
    counts = Counter(parse_symbol(symbol) for symbols in LIST.values() for symbol in symbols)
    assert {symbol for symbol, count in counts.items() if count > 1} == set()
    assert len(counts) > 120


@pytest.mark.parametrize(
    ("instrument", "sector"),
    [
        pytest.param(an_instrument(sector=None), "Technology", id="unknown_to_its_source"),
        pytest.param(an_instrument(sector="Fruit"), "Fruit", id="known_to_its_source"),
        pytest.param(an_instrument(sector=None, currency="EUR"), None, id="listed_elsewhere"),
        pytest.param(an_instrument(Symbol("HEXAR"), sector=None), None, id="in_no_list"),
    ],
)
def test_an_instrument_takes_the_lists_sector_where_it_has_none(instrument, sector):
    assert with_sector(instrument) == replace(instrument, sector=sector)
