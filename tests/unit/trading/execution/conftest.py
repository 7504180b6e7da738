"""A house to trade in: desk, paper broker and books on one database."""

from collections.abc import Iterator

import pytest

from tests.builders.execution import House, a_house
from trading.store.database import Database, open_database


@pytest.fixture
def database(tmp_path) -> Iterator[Database]:
    """An empty SQLite file."""
    opened = open_database(f"sqlite:///{tmp_path / 'sage.db'}")
    yield opened
    opened.close()


@pytest.fixture
def house(database, tmp_path) -> House:
    """Mode paper, 100,000 USD, AAPL and MSFT at 99.99 to 100.01, noon."""
    return a_house(database, tmp_path)
