"""Every store test runs on both databases."""

from collections.abc import Iterator

import pytest

from tests.builders.execution import own_schema
from trading.store.database import Database, open_database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'sage.db'}"
    return own_schema(request.getfixturevalue("postgres_url"), "store")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """An open, empty database."""
    opened = open_database(url)
    yield opened
    opened.close()
